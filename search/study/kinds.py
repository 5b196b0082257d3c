"""Kinds of objectives, as study files name them, and how each is read from its tables.

A kind is found by its name and loaded when a study file asks for it: no room imports one.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from search.objective.port import Objective
from search.space.hyperparameters import Registry
from search.space.space import Box
from search.study.faults import Fault, faulty, near, shown
from search.study.stages import Stage
from search.study.tables import Document

DEFAULT = "network"

_KINDS = {
    "network": "search.objectives.network.kind",
    "command": "search.objectives.command.kind",
    "function": "search.objectives.function.kind",
}


class Kind(Protocol):
    """How one kind of objective is read: the module of its room that is called `kind`."""

    DOCUMENT: type[Document]
    """The tables of its study files."""

    def registry(self, document: Mapping[str, Any]) -> Registry:
        """The hyperparameters that a document may search; of a faulty one, those that are right."""

    def objective(
        self, tables: Document, folder: Path, data_folder: Path | None = None
    ) -> Objective:
        """What a document declares, whose tables are right on their own.

        Args:
            tables: The document.
            folder: That of the study file, from which relative paths start.
            data_folder: Where the user keeps data; None for the usual place.
        """

    def recorded(self, form: Mapping[str, Any]) -> Objective:
        """What `Objective.recorded` wrote, unchecked."""

    def faults_between(
        self,
        tables: Document,
        objective: Objective,
        stages: Sequence[Stage],
        boxes: Mapping[str, Box],
    ) -> Iterator[Fault]:
        """What does not fit together, beyond what holds for every kind.

        Args:
            tables: The document.
            objective: What it declares.
            stages: The resolved stages.
            boxes: The `reach` of each stage, by name.
        """


def kind_of(document: Mapping[str, Any]) -> Kind:
    """The kind that a document asks for in `[objective]`.

    Raises:
        PydanticCustomError: There is no such kind.
    """
    table = document.get("objective", {})
    name = table.get("kind", DEFAULT) if isinstance(table, Mapping) else DEFAULT
    if not isinstance(name, str) or name not in _KINDS:
        hint = near(name, _KINDS) if isinstance(name, str) else f"give one of {', '.join(_KINDS)}"
        found = f"found {shown(name)}, which is no kind of objective; {hint}"
        raise faulty([Fault(("objective", "kind"), found)])
    return kind_named(name)


def kind_named(name: str) -> Kind:
    """The kind of that name, one of those that there are."""
    found: Any = import_module(_KINDS[name])
    return cast(Kind, found)
