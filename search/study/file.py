"""A study: everything that one study file asks for, as one frozen value that is valid as it stands.

A study is read by `search.study.reading.load`, written by `Study.canonical` and read back from
that, exactly, by `Study.from_canonical`.
"""

from importlib import import_module
from typing import Any

from pydantic import Field, ValidationError, model_validator

from search.errors import StudyFileError
from search.study.checks import faults_between
from search.study.contenders import contenders
from search.study.faults import Fault, faulty
from search.study.keys import written
from search.study.lineage import natural_limits, reach
from search.study.schedule import CyclesSchedule
from search.study.sections import DataSection, NetworkSection, TrainingSection
from search.study.sentences import faults_of
from search.study.stages import Final, Stage, resolve
from search.study.table import List, Name, Table
from search.study.tables import Document
from search.study.zoom_rules import Limits

__all__ = ["FaultyStudyError", "Final", "Stage", "Study", "resolved", "study_of", "tables_of"]


class FaultyStudyError(StudyFileError):
    """A study that is not valid.

    Attributes:
        faults: All that was found, each at its key.
    """

    def __init__(self, faults: list[Fault], document: dict[str, Any]) -> None:
        self.faults = tuple(faults)
        lines = (f"{written(fault.key, document)}: {fault.text}" for fault in faults)
        super().__init__("\n".join(lines))


class Study(Table):
    """Everything that one study file asks for, resolved.

    Attributes:
        name: The name of the search.
        description: What it is for, in the file's own words.
        seed: What all random draws are derived from.
        data: Which images.
        network: The network, where a stage does not search its hyperparameters.
        training: What [training] says; stages and final hold their own, whole ones.
        stages: The steps of the search, in order; never empty.
        final: What follows the last stage.
    """

    name: Name
    description: str = ""
    seed: int = Field(default=1, ge=0)
    data: DataSection
    network: NetworkSection
    training: TrainingSection
    stages: List[Stage] = Field(min_length=1, strict=False)
    final: Final

    @model_validator(mode="after")
    def _holds_together(self) -> "Study":
        faults = faults_between(
            self.data.rows, self.network, self.training, self.stages, self.final
        )
        if faults:
            raise faulty(faults)
        return self

    @property
    def objective(self) -> Any:
        """What its trials train."""
        objectives = import_module("search.objectives.network.objective")
        return objectives.NetworkObjective(self)

    def natural_limits(self, stage: Stage) -> dict[str, Limits]:
        """The bounds that the zoomed ranges of one of the stages must keep to, by name.

        A rule's own limits lie within them. Where the final trains in cycles, the learning rates of
        stages that finalists come from stay above its floor too.
        """
        box = reach(self.stages)[stage.name]
        final = self.final.training
        reads_floor = isinstance(final.schedule, CyclesSchedule)
        own_floor = "learning_rate_min" in box.ranges  # which a finalist brings with it
        if reads_floor and not own_floor and stage.name in self.contenders():
            return natural_limits(stage, box, [final.learning_rate_min])
        return natural_limits(stage, box)

    def contenders(self) -> tuple[str, ...]:
        """The stages that finalists come from: the last, and those that compare with it."""
        return contenders(self.stages)

    def canonical(self) -> dict[str, Any]:
        """The study as plain values for JSON: a study file with every default written out."""
        return {
            "name": self.name,
            "description": self.description,
            "seed": self.seed,
            "data": self.data.model_dump(mode="json"),
            "network": self.network.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json", exclude_none=True),
            "stages": [stage.canonical() for stage in self.stages],
            "final": self.final.canonical(),
        }

    @classmethod
    def from_canonical(cls, canonical: dict[str, Any]) -> "Study":
        """The study that `canonical` was written from; the exact inverse.

        Raises:
            StudyFileError: It is no valid study.
        """
        return study_of(canonical)


def study_of(document: dict[str, Any]) -> Study:
    """The study that a document, as `tomllib` reads it from a study file, asks for.

    Raises:
        FaultyStudyError: It is no valid study; every fault that was found is in it.
    """
    return resolved(tables_of(document), document)


def tables_of(document: dict[str, Any]) -> Document:
    """The tables of a document, each right on its own.

    Raises:
        FaultyStudyError: As `study_of`.
    """
    try:
        return Document.model_validate(document)
    except ValidationError as error:
        raise FaultyStudyError(_without_echoes(faults_of(error, Document)), document) from None


def resolved(tables: Document, document: dict[str, Any]) -> Study:
    """The study that the tables of a document ask for.

    Raises:
        FaultyStudyError: As `study_of`.
    """
    stages: list[Stage] = []
    for place, table in enumerate(tables.stages, start=1):
        stages.append(resolve(table, place, stages[-1].name if stages else None))
    try:
        return Study(
            name=tables.name,
            description=tables.description,
            seed=tables.seed,
            data=tables.data,
            network=tables.network,
            training=tables.training,
            stages=tuple(stages),
            final=Final(**{name: getattr(tables.final, name) for name in Final.model_fields}),
        )
    except ValidationError as error:
        raise FaultyStudyError(faults_of(error, Document), document) from None


def _without_echoes(faults: list[Fault]) -> list[Fault]:
    """`faults` without those that a stage or the final only takes over from [training]."""
    base = {(fault.key[1:], fault.text) for fault in faults if fault.key[:1] == ("training",)}
    return [fault for fault in faults if (_inside_training(fault), fault.text) not in base]


def _inside_training(fault: Fault) -> tuple[str | int, ...] | None:
    """The part of the key inside a stage's or the final's training, if it lies there."""
    for outer in (2, 1):
        if fault.key[0] in ("stages", "final") and fault.key[outer : outer + 1] == ("training",):
            return fault.key[outer + 1 :]
    return None
