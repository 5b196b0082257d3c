"""Trains by a user's function, which is called in a process of its own.

The process is started when the first trial needs it, serves one trial after another, and is
replaced when it dies or a trial cannot be stopped.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from search.objectives.declared.trials import MOST_NEWS, SETTLE_SECONDS, Event, Paused
from search.objectives.faults import TrialError
from search.objectives.function.process import Process

# For a function that is asked to stop: until its next report, and for what it does then.
STOP_SECONDS = 5.0
# For an idle process that is to end: for what the user's libraries do at exit.
EXIT_SECONDS = 1.0

Result = float | Mapping[str, float] | None
Training = Generator[Event, None, list[Result]]


class FunctionError(TrialError):
    """The function cannot be found, loaded or called, so that every trial would fail alike."""


class Host:
    """A user's function, in a process of its own. Not for several threads at once.

    Args:
        function: As "train.py:train" or "package.module:train".
        python: The user's interpreter: a name in PATH, or a path from the folder.
        folder: The working folder: that of the study file.
        environment: All of the environment of the process.
        cohort: Whether the function takes lists of points.

    Attributes:
        printed: The last lines that the last trial has printed.
    """

    def __init__(
        self,
        function: str,
        python: str,
        folder: Path,
        environment: Mapping[str, str],
        *,
        cohort: bool = False,
    ) -> None:
        self._function, self._python, self._folder = function, python, folder
        self._environment, self._kind = environment, "cohort" if cohort else "trial"
        self._process: Process | None = None
        self.printed = ""

    def check(self) -> None:
        """Load the function, without calling it.

        Raises:
            FunctionError: It cannot be loaded, or takes other arguments.
            TrialError: The process ended.
        """
        for _ in self._loaded(tick_seconds=60.0):
            pass

    def train(
        self,
        points: Sequence[Mapping[str, object]],
        seeds: Sequence[int],
        checkpoints: Sequence[Path | None],
        tick_seconds: float,
        until: int | None = None,
        pause: Callable[[], bool] = lambda: False,
    ) -> Training:
        """Call the function for a trial, or for the trials of a cohort.

        Closing the generator stops them: the function's next report raises an exception. If it has
        not returned after `STOP_SECONDS`, the process is ended.

        Args:
            points: The hyperparameters of each trial. One trial, unless the function takes lists.
            seeds: Of each trial.
            checkpoints: The folder of each trial, for functions that take `checkpoints`.
            tick_seconds: The longest time without a yield.
            until: The step that each trial is to come to: the report by which the last of them
                does stops them all. None to call the function to its end.
            pause: Asked after each report, whether to hold the process still for a moment.

        Yields:
            The place of a trial in `points`, and a report of it: the step and the metrics. None if
            nothing was reported for `tick_seconds`. `Paused` while the process is held still,
            behind all that it has reported.

        Returns:
            What the function returned for each trial; None for each where they were stopped.

        Raises:
            FunctionError: The function cannot be loaded, or takes other arguments.
            TrialError: The function raised an exception, or the process ended.
        """
        self.printed = ""
        process = yield from self._loaded(tick_seconds)
        folders = [folder and str(folder) for folder in checkpoints]
        request = {"points": points, "seeds": seeds, "checkpoints": folders, "until": until}
        process.send(request)
        try:
            reply = yield from self._records(process, tick_seconds, pause)
        except BaseException:
            if self._process is process:
                self.printed = process.printed()
                if not _stopped(process):
                    self._end(0)
            raise
        self.printed = process.printed(reply.get("traceback"))
        process.forget_printed()
        if not reply.get("sound", True):
            self._end(EXIT_SECONDS)
        if "error" in reply:
            fault = process.fault(f"{self._function} raised {reply['error']}", self.printed)
            if process.has_failed:
                self._end(EXIT_SECONDS)
            process.has_failed = True
            raise fault
        results: list[Result] = reply.get("results", [None] * len(points))
        return results

    def close(self) -> None:
        """End the process. Another trial would start a new one."""
        self._end(EXIT_SECONDS)

    def _loaded(self, tick_seconds: float) -> Generator[None, None, Process]:
        """The process, once it has loaded the function."""
        if self._process is not None and self._process.ended_between_trials():
            self._end(0)  # which is no fault of the trial that comes
        if self._process is None:
            arguments = (self._kind, self._function)
            self._process = Process(self._python, arguments, self._folder, self._environment)
        process = self._process
        if not process.loaded:
            reply = yield from self._reply(process, tick_seconds)
            if "fault" in reply:
                output = process.printed(reply.get("traceback"))
                self._end(EXIT_SECONDS)
                raise FunctionError(reply["fault"], output)
            process.loaded = True
        return process

    def _records(
        self, process: Process, tick_seconds: float, pause: Callable[[], bool]
    ) -> Generator[Event, None, Any]:
        """Yield what is reported; the reply that is no record."""
        news = 0  # records since it was held still
        while True:
            reply = self._received(process, SETTLE_SECONDS if news else tick_seconds)
            if reply is not None:
                if "record" not in reply:
                    return reply
                yield reply["place"], reply["record"]
                news += 1
            if news and (reply is None or news > MOST_NEWS) and pause():
                records: list[tuple[int, Mapping[str, object]]] = []
                with process.paused() as still:
                    reply = None
                    while still and (reply := self._received(process, 0.0)) is not None:
                        if "record" not in reply:
                            break
                        records.append((reply["place"], reply["record"]))
                    if still and reply is None:
                        yield Paused(records)
                        records = []
                news = 0
                yield from records
                if reply is not None:
                    return reply
            if reply is None:
                yield None

    def _reply(self, process: Process, tick_seconds: float) -> Generator[None, None, Any]:
        """The next reply; None for each time that passes without one."""
        while (reply := self._received(process, tick_seconds)) is None:
            yield None
        return reply

    def _received(self, process: Process, seconds: float) -> Any:
        """The next reply; None where some time passes without one.

        Raises:
            FunctionError: The process ended before it had loaded the function.
            TrialError: It ended.
        """
        try:
            return process.receive(seconds)
        except EOFError:
            output = process.printed()
            reason = f"the process of {self._function} {self._end(EXIT_SECONDS)}"
            if process.loaded:
                raise process.fault(reason, output) from None
            raise FunctionError(
                f"{reason} (before the function was loaded; it takes Python 3.9 or later)", output
            ) from None

    def _end(self, seconds: float) -> str:
        """End the process, which has some seconds to do so itself; how it ended."""
        process, self._process = self._process, None
        return "ended" if process is None else process.close(seconds)


def _stopped(process: Process) -> bool:
    """Stop a trial; whether the process can train another one."""
    process.send({"stop": True})
    until = time.monotonic() + STOP_SECONDS
    with suppress(EOFError):
        while (seconds := until - time.monotonic()) > 0:
            reply = process.receive(seconds)
            if reply is not None and "record" not in reply:
                process.forget_printed()
                return bool(reply.get("sound", True))
    return False
