"""How a command is declared in a study file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search.objectives.command.objective import CommandObjective
from search.objectives.command.tables import CommandDocument
from search.objectives.declared import kind as declared
from search.objectives.declared.kind import faults_between, registry
from search.study.tables import Document

__all__ = ["DOCUMENT", "faults_between", "objective", "recorded", "registry"]

DOCUMENT = CommandDocument


def objective(
    tables: Document,
    folder: Path,
    _data_folder: Path | None = None,
) -> CommandObjective:
    """The command of a document that stands in a folder."""
    return CommandObjective.of(declared.own(tables), folder)


def recorded(form: Mapping[str, Any]) -> CommandObjective:
    """What `CommandObjective.recorded` wrote, unchecked."""
    return declared.recorded(CommandObjective, form)
