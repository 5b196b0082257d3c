"""A command, ready to train in the process of a worker."""

import os
import shutil
from collections.abc import Sequence

from search.errors import KlayerError
from search.objectives.command.objective import CommandObjective
from search.objectives.command.program import OUTPUT, Program, TrialPlace, run
from search.objectives.declared.environment import variables
from search.objectives.declared.trainer import DeclaredTrainer
from search.objectives.declared.trials import TICK_SECONDS, Asked, Attempt, Given, Paused
from search.objectives.faults import TrialError
from search.objectives.output import last_lines


class CommandTrainer(DeclaredTrainer):
    """A program that is started for each trial.

    Raises:
        TrialError: The program or its folder is not there.
        KlayerError: The worker has too few GPUs.
    """

    def __init__(self, objective: CommandObjective, devices: Sequence[str] | None) -> None:
        super().__init__(objective)
        table = objective.program
        self._program = Program(
            table.command,
            objective.folder,
            variables(objective.resources, table.environment, devices),
            table.time_limit_seconds,
        )
        _check(self._program)

    def attempt(self, given: Sequence[Given], _until: int | None, asked: Asked) -> Attempt:
        """Run the program for each of the trials, one after another.

        Raises:
            TrialError: The program fails, reports what it should not, or takes too long.
            KlayerError: The program or its folder is not there any more, so that every trial would
                fail.
        """
        try:
            _check(self._program)
        except TrialError as error:
            raise KlayerError(str(error)) from error
        for place, one in enumerate(given):
            trial = TrialPlace(one.parameters, one.seed, one.checkpoints, one.scratch)
            for event in run(self._program, trial, TICK_SECONDS, asked):
                if isinstance(event, list):
                    yield Paused([(place, record) for record in event])
                else:
                    yield None if event is None else (place, event)
        return [None] * len(given)

    def printed(self, given: Given) -> str:
        """As `DeclaredTrainer.printed`."""
        return last_lines(given.scratch / OUTPUT)


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
