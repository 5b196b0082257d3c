"""A Python function as an objective."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from search.objective.fit import Fit
from search.objectives.declared.objective import DeclaredObjective
from search.objectives.declared.tables import TrainingTable
from search.objectives.function.tables import FunctionTable
from search.space.space import Point


@dataclass(frozen=True, eq=False)
class FunctionObjective(DeclaredObjective):
    """A function that is called for each trial, or for several trials at once."""

    kind: ClassVar[str] = "function"
    PROGRAM: ClassVar[type[FunctionTable]] = FunctionTable

    @property
    def what(self) -> str:
        """The function as the file names it."""
        name: str = self.program.function
        return name

    @property
    def reads(self) -> Sequence[Path]:
        """As `Objective.reads`: the file of the function."""
        module = self.program.function.partition(":")[0].removesuffix(".py")
        return [self.folder / f"{module.replace('.', '/')}.py"]

    @property
    def python(self) -> str:
        """The interpreter: a name in PATH, or a path."""
        given: str | None = self.program.python
        if given is None:
            return sys.executable
        return str(Path(self.base, given)) if "/" in given else given

    def fit(self, _training: TrainingTable, _point: Point) -> Fit:
        """As `Objective.fit`: any trials, as many as the function takes."""
        return Fit(None, most=self.program.cohort)

    def open(
        self, _seed: int, _data_folder: Path | None, devices: Sequence[str] | None = None
    ) -> Any:
        """As `Objective.open`.

        Raises:
            TrialError: The function cannot be loaded.
            KlayerError: The worker has too few GPUs.
        """
        from search.objectives.function.trainer import FunctionTrainer

        return FunctionTrainer(self, devices)
