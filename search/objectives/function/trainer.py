"""A function, loaded in a process of its own that the process of a worker asks to train."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing

from search.errors import KlayerError
from search.objectives.declared.environment import variables
from search.objectives.declared.trainer import DeclaredTrainer
from search.objectives.declared.trials import TICK_SECONDS, Asked, Attempt, Event, Given, Record
from search.objectives.faults import TrialError
from search.objectives.function.host_process import FunctionError, Host, Result, Training
from search.objectives.function.objective import FunctionObjective
from search.objectives.supervised import users_environment


class FunctionTrainer(DeclaredTrainer):
    """A function in a process that serves one trial after another.

    Raises:
        TrialError: The function cannot be loaded.
        KlayerError: The worker has too few GPUs.
    """

    def __init__(self, objective: FunctionObjective, devices: Sequence[str] | None) -> None:
        super().__init__(objective)
        table = objective.program
        if not objective.folder.is_dir():
            right = "give one that is there"
            raise TrialError(f"objective.folder: there is no folder {objective.folder}; {right}")
        extra = variables(objective.resources, table.environment, devices)
        self._host = Host(
            table.function,
            objective.python,
            objective.folder,
            users_environment(extra),
            cohort=table.cohort > 1,
        )
        try:
            self._host.check()
        except TrialError as error:
            self.close()
            raise TrialError(f"objective.function: {error.reason}", error.output) from error
        except BaseException:
            self.close()
            raise

    def attempt(self, given: Sequence[Given], until: int | None, asked: Asked) -> Attempt:
        """Call the function for the trials, all at once.

        Raises:
            TrialError: It raised an exception, its process ended, or it took too long.
            KlayerError: It cannot be loaded any more.
        """
        training = self._host.train(
            [one.parameters for one in given],
            [one.seed for one in given],
            [one.checkpoints for one in given],
            TICK_SECONDS,
            until,
            asked.pause,
        )
        try:
            with closing(training):
                results = yield from self._timed(training, asked.enough)
        except FunctionError as error:
            raise KlayerError(str(error)) from error  # so would every trial fail
        score = self.objective.score.name
        return [_named(result, score) for result in results or [None] * len(given)]

    def printed(self, _given: Given) -> str:
        """As `DeclaredTrainer.printed`: of the call that was made last."""
        return self._host.printed

    def close(self) -> None:
        """End the process."""
        self._host.close()
        super().close()

    def _timed(
        self, training: Training, enough: Callable[[], bool]
    ) -> Generator[Event, None, Sequence[Result] | None]:
        """What a training yields, within its time limit; None where it was ended."""
        limit = self.objective.program.time_limit_seconds
        begun = time.monotonic()
        while True:
            try:
                event = next(training)
            except StopIteration as end:
                results: Sequence[Result] = end.value
                return results
            yield event
            if enough():
                return None
            if limit is not None and time.monotonic() - begun > limit:
                raise TrialError(f"it ran for longer than its time limit of {limit:g} seconds")


def _named(result: Result, score: str) -> Record | None:
    """What a trial's function returned, by the metrics' names."""
    return {score: result} if isinstance(result, int | float) else result
