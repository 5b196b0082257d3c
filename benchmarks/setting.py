"""What a part is told: how large, how often, where images lie, where it tells how far it is."""

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.problem import Problem
from benchmarks.timing import Work, measure

QUICK = Problem(rows=600, validation=100, inputs=64, widths=(20, 20))


@dataclass(frozen=True)
class Setting:
    """One run of the benchmarks.

    Attributes:
        folder: For images and databases, removed afterwards.
        quick: Small sizes, to try the harness; its figures mean nothing.
        rounds: How often contenders take turns.
        processes: As many as the machine has cores.
        data: Folder of the real images, for the part that uses them.
    """

    folder: Path
    quick: bool
    rounds: int
    processes: int
    data: Path | None

    @property
    def problem(self) -> Problem:
        """The standard problem."""
        return QUICK if self.quick else Problem()

    @property
    def images(self) -> Path:
        """Where the standard problem's images lie."""
        return self.folder / "images"

    def seconds(
        self, work: Work, processes: int, times: int, problem: Problem | None = None
    ) -> list[list[float]]:
        """Seconds of each timed step in each process; see `timing.measure`."""
        given: Mapping[str, Any] = {
            "folder": str(self.images),
            "problem": asdict(problem or self.problem),
        }
        return measure(work, given, processes, times)

    def without_validation(self) -> Problem:
        """The standard problem as training alone, without any evaluation."""
        return replace(self.problem, validation=0)


def say(text: str) -> None:
    """Tell on standard error how far the run is."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()
