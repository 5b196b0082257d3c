"""A command, ready to train in the process of a worker."""

import os
import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

from search.errors import KlayerError
from search.objective.data_card import DataCard
from search.objective.port import Reports
from search.objective.report import Assignment, Evaluation, Report
from search.objectives.command.objective import CommandObjective
from search.objectives.command.program import Program, TrialPlace, run
from search.objectives.declared.environment import variables
from search.objectives.declared.tables import TrainingTable
from search.objectives.declared.trials import TICK_SECONDS, Attempt, Cohort, Given, Rules
from search.objectives.faults import TrialError

SEEDS = 2**32
"""Seeds of users' programs lie below it: many libraries take no others."""


@dataclass(frozen=True)
class CommandTrainer:
    """Fulfils `search.objective.port.Trainer`."""

    objective: CommandObjective
    program: Program

    @classmethod
    def opened(cls, objective: CommandObjective, devices: Sequence[str] | None) -> "CommandTrainer":
        """With its program found.

        Raises:
            TrialError: The program or its folder is not there.
            KlayerError: The worker has too few GPUs.
        """
        table = objective.program
        program = Program(
            table.command,
            objective.folder,
            variables(objective.resources, table.environment, devices),
            table.time_limit_seconds,
        )
        _check(program)
        return cls(objective, program)

    @property
    def card(self) -> DataCard:
        """As `Trainer.card`."""
        return self.objective.card

    def train(
        self,
        training: TrainingTable,
        trials: Sequence[Assignment],
        order_seed: int,  # noqa: ARG002 (of draws that trials of a stack share)
        start: Sequence[bytes] = (),
        until: int | None = None,
    ) -> Reports:
        """As `Trainer.train`, of one trial."""
        objective = self.objective
        rules = Rules(objective.judge(), objective.program.tries, training.steps, until)
        points = [{**training.parameters, **trial.parameters} for trial in trials]
        seeds = [trial.seed % SEEDS for trial in trials]
        return Cohort(self._attempt, rules, points, seeds, start).train()

    def evaluate(
        self, training: TrainingTable, trials: Sequence[Assignment], order_seed: int
    ) -> Generator[Mapping[int, Report], Sequence[int] | None, Evaluation]:
        """Nothing is evaluated at the end.

        Raises:
            KlayerError: Always.
        """
        raise KlayerError("a command has nothing to evaluate at the end of a search")

    def close(self) -> None:
        """Nothing is open between trials."""

    def _attempt(
        self, given: Sequence[Given], _until: int | None, enough: Callable[[], bool]
    ) -> Attempt:
        for place, one in enumerate(given):
            trial = TrialPlace(one.parameters, one.seed, one.checkpoints, one.scratch)
            for record in run(self.program, trial, TICK_SECONDS, enough):
                yield None if record is None else (place, record)
        return [None] * len(given)


def _check(program: Program) -> None:
    folder, name = program.folder, program.arguments[0]
    if not folder.is_dir():
        raise TrialError(f"objective.folder: there is no folder {folder}; give one that is there")
    if "{" in name:
        return  # it depends on the trial
    path = program.environment.get("PATH", os.environ.get("PATH", os.defpath))
    if "/" in name:
        found = os.access(folder / name, os.X_OK) and (folder / name).is_file()
    else:
        found = shutil.which(name, path=path) is not None
    if not found:
        where = f"in {folder}" if "/" in name else "in PATH"
        right = "give a program in PATH, or the path of an executable file such as ./train.sh"
        raise TrialError(f'objective.command: there is no program "{name}" {where}; {right}')
