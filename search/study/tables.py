"""The tables of a study file as they are written, before stages are resolved against each other."""

from typing import Any

from pydantic import Field, model_validator

from search.study.budget import Budget
from search.study.faults import faulty
from search.study.race import Round, race_faults, rounds
from search.study.stage_table import StageTable
from search.study.table import List, Name, Table

NOT_READ = ("published", "gradient_checks")
"""Tables of what was published of a search, which `search.reproduce` reads; a search does not."""


class Final(Table):
    """`[final]` of the file: what follows the last stage; kinds of objectives add keys.

    `training` is the whole training of the finalists and of the winner.
    """

    finalists: int = Field(
        default=1,
        ge=1,
        le=1_000,
        description="how many of the best configurations are trained again; they come from the "
        "last stage, and from those before it that search the same hyperparameters with the same "
        "`training`",
    )
    candidates: int | None = Field(
        default=None,
        ge=2,
        le=1_000,
        description="how many of the best configurations race for the places of the finalists, "
        "more than those; unless said, the best become finalists without a race",
    )
    seeds: int = Field(
        default=1,
        ge=0,
        le=1_000,
        description="fresh seeds that each finalist is trained with; with 0 none is run again, and "
        "the winner is the best trial",
    )
    training: Any = Field(
        description="keys of [training] that differ for the finalists and the last training"
    )

    @model_validator(mode="after")
    def _can_race(self) -> "Final":
        if faults := [*race_faults(self.candidates, self.finalists, self.seeds)]:
            raise faulty(faults)
        return self

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds in which finalists are trained over fresh seeds; () where none are."""
        if self.finalists * self.seeds <= 1:
            return ()
        return rounds(self.candidates or self.finalists, self.finalists, self.seeds)

    def canonical(self) -> dict[str, Any]:
        """The final as a file would write it, with every default."""
        return self.model_dump(mode="json", exclude_none=True)


class Document(Table):
    """A whole study file; each kind of objective adds its tables."""

    name: Name = Field(description="the name of the search; the file's name without .toml")
    description: str = Field(default="", max_length=1_000, description="what it is for")
    seed: int = Field(
        default=1, ge=0, le=2**63 - 1, description="what all random draws are derived from"
    )
    budget: Budget | None = Field(default=None, description="what the search may cost")
    training: Any = Field(description="one training, where a stage does not search it")
    stages: List[StageTable] = Field(
        min_length=1, max_length=100, strict=False, description="the steps of the search, in order"
    )
    final: Final = Field(description="what follows the last stage")

    @model_validator(mode="before")
    @classmethod
    def _spread_training(cls, raw: object) -> object:
        """Gives each stage and the final a whole [training], their own keys on top."""
        if not isinstance(raw, dict):
            return raw
        raw = {key: value for key, value in raw.items() if key not in NOT_READ}
        base = raw.get("training", {})
        stages = raw.get("stages")
        if isinstance(stages, list | tuple):
            raw = {**raw, "stages": [_with_training(base, stage) for stage in stages]}
        return {**raw, "training": base, "final": _with_training(base, raw.get("final", {}))}


def _with_training(base: object, table: object) -> object:
    if not isinstance(table, dict):
        return table
    own: Any = table.get("training", {})
    if not isinstance(own, dict):
        return table
    return {**table, "training": {**base, **own} if isinstance(base, dict) else own}
