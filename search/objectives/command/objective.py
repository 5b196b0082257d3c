"""A command as an objective."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from search.objectives.command.tables import CommandTable
from search.objectives.declared.objective import DeclaredObjective


@dataclass(frozen=True, eq=False)
class CommandObjective(DeclaredObjective):
    """A program that is run once for each trial."""

    kind: ClassVar[str] = "command"
    PROGRAM: ClassVar[type[CommandTable]] = CommandTable

    @property
    def what(self) -> str:
        """The command as a shell would have it."""
        return shlex.join(self.program.command)

    @property
    def reads(self) -> Sequence[Path]:
        """As `Objective.reads`: the words of the command that are files."""
        named = (self.folder / word for word in self.program.command)
        return [path for path in named if path.is_file()]

    def open(
        self, _seed: int, _data_folder: Path | None, devices: Sequence[str] | None = None
    ) -> Any:
        """As `Objective.open`.

        Raises:
            TrialError: The program or its folder is not there.
            KlayerError: The worker has too few GPUs.
        """
        from search.objectives.command.trainer import CommandTrainer

        return CommandTrainer(self, devices)
