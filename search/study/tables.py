"""The tables of a study file as they are written, before stages are resolved against each other."""

from typing import Any, Literal

from pydantic import Field, model_validator

from search.study.faults import Fault, faulty
from search.study.ranges import BoxTable, PointTable
from search.study.sections import DataSection, NetworkSection, TrainingSection
from search.study.table import List, Name, Table
from search.study.zoom_rules import ZoomRule

Sampler = Literal["random", "sobol", "grid", "points"]

MOST_TRIALS = 100_000


class StageTable(Table):
    """One `[[stages]]` of the file."""

    name: Name | None = Field(default=None, description="stage-1, stage-2, … unless said")
    sampler: Sampler = Field(default="random", description="how trials are drawn from the boxes")
    trials: int | None = Field(
        default=None,
        ge=1,
        le=MOST_TRIALS,
        description="how many points are trained; for random and sobol, which need it",
    )
    box: BoxTable | None = Field(
        default=None, description="a range for each searched hyperparameter"
    )
    boxes: List[BoxTable] = Field(
        default=(),
        max_length=1_000,
        strict=False,
        description="several boxes; they share the trials",
    )
    zoom: ZoomRule | None = Field(
        default=None, description="how the box follows from the trials of earlier stages"
    )
    points: List[PointTable] = Field(
        default=(),
        max_length=MOST_TRIALS,
        strict=False,
        description='the trials themselves; for sampler = "points"',
    )
    training: TrainingSection = Field(
        default=TrainingSection(), description="keys of [training] that differ in this stage"
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> "StageTable":
        faults = [*_box_faults(self), *_trials_faults(self), *_points_faults(self)]
        if faults:
            raise faulty(faults)
        return self


class FinalTable(Table):
    """`[final]` of the file: what follows the last stage."""

    finalists: int = Field(
        default=1,
        ge=1,
        le=1_000,
        description="how many of the best configurations of all stages are trained again",
    )
    seeds: int = Field(
        default=1, ge=1, le=1_000, description="fresh seeds that each finalist is trained with"
    )
    train_on: Literal["training", "training+validation"] = Field(
        default="training", description="the images that the winner is trained on at last"
    )
    ensemble: bool = Field(
        default=True, description="whether ensembles of snapshots and of finalists are reported"
    )
    training: TrainingSection = Field(
        default=TrainingSection(),
        description="keys of [training] that differ for the finalists and the last training",
    )


class Document(Table):
    """A whole study file."""

    name: Name = Field(description="the name of the search; the file's name without .toml")
    description: str = Field(default="", max_length=1_000, description="what it is for")
    seed: int = Field(
        default=1, ge=0, le=2**63 - 1, description="what all random draws are derived from"
    )
    data: DataSection = DataSection()
    network: NetworkSection = NetworkSection()
    training: TrainingSection = TrainingSection()
    stages: List[StageTable] = Field(min_length=1, max_length=100, strict=False)
    final: FinalTable = FinalTable()

    @model_validator(mode="before")
    @classmethod
    def _spread_training(cls, raw: object) -> object:
        """Gives each stage and the final a whole [training], their own keys on top."""
        if not isinstance(raw, dict):
            return raw
        base = raw.get("training", {})
        stages = raw.get("stages", [])
        if isinstance(stages, list | tuple):
            raw = {**raw, "stages": [_with_training(base, stage) for stage in stages]}
        return {**raw, "final": _with_training(base, raw.get("final", {}))}


def _with_training(base: object, table: object) -> object:
    if not isinstance(table, dict):
        return table
    own: Any = table.get("training", {})
    if not isinstance(own, dict):
        return table
    return {**table, "training": {**base, **own} if isinstance(base, dict) else own}


def _box_faults(stage: StageTable) -> list[Fault]:
    if stage.box is not None and stage.boxes:
        return [Fault(("boxes",), "found box and boxes; give one of the two")]
    boxed = stage.box is not None or bool(stage.boxes)
    if stage.sampler == "points":
        right = "leave it out; the points say it all"
        pairs = [("box", boxed), ("zoom", stage.zoom is not None)]
        return [
            Fault((k,), f'found with sampler = "points"; {right}') for k, there in pairs if there
        ]
    if stage.zoom is None and not boxed:
        right = "give a range for each searched hyperparameter, such as "
        example = "box = {learning_rate = {low = 1e-3, high = 1e-1}}, or a zoom on an earlier stage"
        return [Fault(("box",), f"missing; {right}{example}")]
    if stage.zoom is not None and stage.sampler == "grid":
        right = 'give "random" or "sobol": a zoomed box is not known before the search runs'
        return [Fault(("sampler",), f'found "grid" with a zoom; {right}')]
    if stage.zoom is not None and len(stage.boxes) > 1:
        right = "give one at most, for what the zoom does not carry over"
        return [Fault(("boxes",), f"found {len(stage.boxes)} boxes with a zoom; {right}")]
    return []


def _trials_faults(stage: StageTable) -> list[Fault]:
    drawn = stage.sampler in ("random", "sobol")
    if drawn and stage.trials is None:
        right = f'give how many trials sampler = "{stage.sampler}" draws'
        return [Fault(("trials",), f"missing; {right}")]
    if not drawn and stage.trials is not None:
        reason = (
            "a grid trains every combination" if stage.sampler == "grid" else "points are counted"
        )
        return [Fault(("trials",), f"found {stage.trials}; leave it out: {reason}")]
    return []


def _points_faults(stage: StageTable) -> list[Fault]:
    if stage.sampler != "points":
        right = f'only sampler = "points" reads them, not "{stage.sampler}"'
        return (
            [Fault(("points",), f"found {len(stage.points)} points; {right}")]
            if stage.points
            else []
        )
    if not stage.points:
        right = "give a list of tables, such as points = [{learning_rate = 0.01}]"
        return [Fault(("points",), f"missing; {right}")]
    first = set(stage.points[0])
    return [
        Fault(
            ("points", place),
            f"has {', '.join(sorted(point))}; every point needs {', '.join(sorted(first))} as the "
            "first one has",
        )
        for place, point in enumerate(stage.points)
        if set(point) != first
    ]
