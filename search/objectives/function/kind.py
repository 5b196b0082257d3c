"""How a function is declared in a study file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search.objectives.declared import kind as declared
from search.objectives.declared.kind import faults_between, registry
from search.objectives.function.objective import FunctionObjective
from search.objectives.function.tables import FunctionDocument
from search.study.tables import Document

__all__ = ["DOCUMENT", "faults_between", "objective", "recorded", "registry"]

DOCUMENT = FunctionDocument


def objective(
    tables: Document,
    folder: Path,
    _data_folder: Path | None = None,
) -> FunctionObjective:
    """The function of a document that stands in a folder."""
    return FunctionObjective.of(declared.own(tables), folder)


def recorded(form: Mapping[str, Any]) -> FunctionObjective:
    """What `FunctionObjective.recorded` wrote, unchecked."""
    return declared.recorded(FunctionObjective, form)
