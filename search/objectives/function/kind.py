"""How a function is declared in a study file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from search.objective.port import Objective
from search.objectives.declared import kind as declared
from search.objectives.declared.kind import registry, stage_faults
from search.objectives.function.objective import FunctionObjective
from search.objectives.function.tables import FunctionDocument
from search.space.space import Box
from search.study.faults import Fault
from search.study.stages import Stage
from search.study.tables import Document, Final

__all__ = ["DOCUMENT", "faults_between", "objective", "recorded", "registry", "stage_faults"]

DOCUMENT = FunctionDocument


def objective(tables: Document, folder: Path) -> FunctionObjective:
    """The function of a document that stands in a folder."""
    return FunctionObjective.of(declared.own(tables), folder)


def recorded(form: Mapping[str, Any]) -> FunctionObjective:
    """What `FunctionObjective.recorded` wrote, unchecked."""
    return declared.recorded(FunctionObjective, form)


def faults_between(
    tables: Document,
    objective: Objective,
    stages: Sequence[Stage],
    _final: Final,
    boxes: Mapping[str, Box],
) -> Iterator[Fault]:
    """What of the stages does not fit the training that is declared."""
    return declared.faults_between(tables, objective, stages, boxes)
