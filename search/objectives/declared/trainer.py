"""A user's training, ready in the process of a worker; commands and functions say how."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from search.errors import KlayerError
from search.objective.data_card import DataCard
from search.objective.port import Reports, Saver
from search.objective.report import Assignment, Evaluation, Report
from search.objectives.declared.objective import DeclaredObjective
from search.objectives.declared.tables import TrainingTable
from search.objectives.declared.trials import Asked, Attempt, Cohort, Given, Rules
from search.runtime.scratch import scratch, sweep

SCRATCH = "klayer-trial-"
SEEDS = 2**32
"""Seeds of users' trainings lie below it: many libraries take no others."""


class DeclaredTrainer(ABC):
    """Fulfils `search.objective.port.Trainer`."""

    def __init__(self, objective: DeclaredObjective) -> None:
        self.objective = objective
        self._cohorts = 0
        self._opened = ExitStack()
        sweep(SCRATCH)
        self._folder: Path | None = None

    @property
    def card(self) -> DataCard:
        """As `Trainer.card`."""
        return self.objective.card

    def train(
        self,
        training: TrainingTable,
        trials: Sequence[Assignment],
        _order_seed: int,
        start: Sequence[bytes] = (),
        until: int | None = None,
        saver: Saver | None = None,
    ) -> Reports:
        """As `Trainer.train`. Trials share no draws."""
        objective = self.objective
        rules = Rules(objective.judge(), objective.program.tries, training.steps, until)
        points = [{**training.parameters, **trial.parameters} for trial in trials]
        seeds = [trial.seed % SEEDS for trial in trials]
        self._cohorts += 1  # a folder each, as one that was given up may still be removed
        if self._folder is None:
            self._folder = self._opened.enter_context(scratch(SCRATCH))
        folder = self._folder / str(self._cohorts)
        cohort = Cohort(self.attempt, rules, points, seeds, start, folder, saver, self.printed)
        return cohort.train()

    def evaluate(
        self, *_: Any
    ) -> Generator[Mapping[int, Report], Sequence[int] | None, Evaluation]:
        """Not for this objective, which says so by `evaluates`.

        Raises:
            KlayerError: Always.
        """
        raise KlayerError(f"a {self.objective.kind} has nothing to evaluate at the end of a search")

    @abstractmethod
    def attempt(self, given: Sequence[Given], until: int | None, asked: Asked) -> Attempt:
        """Train some trials once, as `search.objectives.declared.trials.Run` says."""

    @abstractmethod
    def printed(self, given: Given) -> str:
        """The last lines that the training of a trial has printed, also when it has ended."""

    def close(self) -> None:
        """As `Trainer.close`."""
        self._opened.close()
