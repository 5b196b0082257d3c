"""A study: everything that one study file asks for, as one frozen value that is valid as it stands.

A study is read by `search.study.reading.load`, written by `Study.canonical` and read back from
that by `study_of`. A recorded one is read by `search.study.recorded`, as it was recorded.
"""

from pathlib import Path
from typing import Any

from pydantic import Field, SerializeAsAny, ValidationError
from pydantic_core import PydanticCustomError

from search.errors import StudyFileError
from search.objective.port import Objective
from search.study.checks import faults_between, stage_faults
from search.study.contenders import contenders
from search.study.faults import Fault
from search.study.keys import written
from search.study.kinds import Kind, kind_of
from search.study.lineage import natural_limits, reach
from search.study.messages import faults_of
from search.study.ranges import REGISTRY
from search.study.results import Results, UnusableResultsError, read_results
from search.study.stages import Stage, resolve
from search.study.strategy import as_written, written_out
from search.study.table import List, Name, Table
from search.study.tables import Document, Final
from search.study.zoom_rules import Limits

__all__ = ["FaultyStudyError", "Final", "Stage", "Study", "study_of"]


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
        hours: How long it may be worked on; None for as long as it takes.
        objective: What its trials train.
        stages: The steps of the search, in order; never empty.
        final: What follows the last stage.
    """

    name: Name
    description: str = ""
    seed: int = Field(default=1, ge=0)
    hours: float | None = None
    objective: Any
    stages: List[Stage] = Field(min_length=1, strict=False)
    final: SerializeAsAny[Final]

    def natural_limits(self, stage: Stage) -> dict[str, Limits]:
        """The bounds that the zoomed ranges of one of the stages must keep to, by name.

        A rule's own limits lie within them. The objective may bound stages that finalists come from
        by what the final reads.
        """
        box = reach(self.stages)[stage.name]
        final = self.final.training if stage.name in self.contenders() else None
        return natural_limits(self.objective, stage, box, final)

    def contenders(self) -> tuple[str, ...]:
        """The stages that finalists come from: the last, and those that compare with it."""
        return contenders(self.stages)

    def in_full(self) -> dict[str, Any]:
        """The study as plain values for JSON: a study file with every default written out."""
        objective: Objective = self.objective
        return {
            "name": self.name,
            "description": self.description,
            "seed": self.seed,
            **({} if self.hours is None else {"budget": {"hours": self.hours}}),
            **objective.canonical(),
            "stages": [stage.canonical() for stage in self.stages],
            "final": self.final.canonical(),
        }

    def canonical(self) -> dict[str, Any]:
        """As `in_full`, in the one form that is recorded and hashed.

        A later key is written in all trainings where any of them differs from its default, and else
        in none, so that a study is what it was before there was the key.
        """
        whole = self.in_full()
        parts = [whole, *whole["stages"], whole["final"]]
        trainings = [part["training"] for part in parts if "training" in part]
        table = type(self.stages[0].training)
        for key in table.later:
            if all(one.get(key) == table.model_fields[key].default for one in trainings):
                for one in trainings:
                    one.pop(key, None)
        return whole


def study_of(
    document: dict[str, Any], folder: Path | None = None, data_folder: Path | None = None
) -> Study:
    """The study that a document, as `tomllib` reads it from a study file, asks for.

    Args:
        document: The study file.
        folder: Where it stands, from which its relative paths start; the working folder unless
            given.
        data_folder: Where the user keeps data; None for the usual place.

    Raises:
        FaultyStudyError: It is no valid study; every fault that was found is in it.
    """
    try:
        whole = written_out(document)
        kind = kind_of(whole)
    except PydanticCustomError as error:
        context = error.context or {}
        raise FaultyStudyError(list(context["faults"]), document) from None
    if "strategy" not in document:
        return _study_of(whole, kind, folder, data_folder)
    try:
        return _study_of(whole, kind, folder, data_folder)
    except FaultyStudyError as error:
        faults = [Fault(as_written(fault.key), fault.text) for fault in error.faults]
        raise FaultyStudyError(faults, document) from None


def _study_of(
    document: dict[str, Any], kind: Kind, folder: Path | None, data_folder: Path | None
) -> Study:
    """The study that a document with stages asks for."""
    tables = _tables_of(document, kind)
    objective = kind.objective(tables, (folder or Path()).absolute(), data_folder)
    stages: list[Stage] = []
    given = _results_of(tables, objective, document, folder or Path())
    for place, table in enumerate(tables.stages, start=1):
        before = stages[-1].name if stages else None
        stages.append(
            resolve(table, place, before, objective.units, objective.registry, given.get(place))
        )
    faults = _faults(kind, tables, objective, stages)
    if faults:
        raise FaultyStudyError(faults, document)
    return Study(
        name=tables.name,
        description=tables.description,
        seed=tables.seed,
        hours=None if tables.budget is None else tables.budget.hours,
        objective=objective,
        stages=tuple(stages),
        final=tables.final,
    )


def _results_of(
    tables: Document, objective: Objective, document: dict[str, Any], folder: Path
) -> dict[int, Results]:
    """The results that stages take over, by the places of those.

    Raises:
        FaultyStudyError: They cannot be read, or do not lie in the box of their stage.
    """
    found, faults = dict[int, Results](), list[Fault]()
    for place, table in enumerate(tables.stages, start=1):
        if table.results is None:
            continue
        box = table.boxes[0] if table.box is None else table.box
        try:
            found[place] = read_results(table.results, box, objective.score.name, folder)
        except UnusableResultsError as error:
            faults += [fault.under("stages", place - 1) for fault in error.faults]
    if faults:
        raise FaultyStudyError(faults, document)
    return found


def _faults(kind: Kind, tables: Document, objective: Objective, stages: list[Stage]) -> list[Fault]:
    """Every fault that lies between the tables of a document."""
    if faults := stage_faults(objective, stages):
        return faults  # what follows reads the stages through their zooms
    own = kind.faults_between(tables, objective, stages, reach(stages))
    return [*own, *faults_between(objective, stages, tables.final)]


def _tables_of(document: dict[str, Any], kind: Kind) -> Document:
    """The tables of a document, each right on its own.

    Raises:
        FaultyStudyError: As `study_of`.
    """
    model = kind.DOCUMENT
    try:
        return model.model_validate(document, context={REGISTRY: kind.registry(document)})
    except ValidationError as error:
        faults = _as_written(_without_echoes(faults_of(error, model)), document)
        raise FaultyStudyError(faults, document) from None


def _as_written(faults: list[Fault], document: dict[str, Any]) -> list[Fault]:
    """`faults` in the order in which the file has their tables; what it lacks comes last."""
    places = {key: place for place, key in enumerate(document)}
    return sorted(faults, key=lambda fault: places.get(str(fault.key[0]), len(places)))


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
