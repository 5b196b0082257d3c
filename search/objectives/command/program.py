"""Train one trial with a program: start it, hand on its reports as they come, see to its end.

The program reads its parameters from its arguments or from the file that KLAYER_PARAMETERS names,
and appends its reports to the file that KLAYER_REPORT names. What it prints is its own: it is kept
in a file, and its last lines are shown when the trial fails. The values of a report are judged
elsewhere.
"""

import json
import signal
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from search.objectives.command.arguments import filled
from search.objectives.command.report_file import ReportFile
from search.objectives.declared.trials import MOST_NEWS, SETTLE_SECONDS, Asked, Record
from search.objectives.faults import TrialError
from search.objectives.output import bound, last_lines
from search.objectives.supervised import Supervised, start, users_environment

Said = Record | list[Record] | None

OUTPUT = "output.txt"
LOOK_SECONDS = 0.02  # how often the report file is looked at; its end is noticed at once


@dataclass(frozen=True)
class Program:
    """What is run for each trial.

    Attributes:
        arguments: The program and its arguments, with placeholders of hyperparameters, and of
            `seed`, `checkpoints` (a folder) and `parameters` (a file).
        folder: The working folder.
        environment: Variables besides the worker's own.
        time_limit_seconds: Of one trial; None for none.
    """

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    time_limit_seconds: float | None = None


@dataclass(frozen=True)
class TrialPlace:
    """What one trial is given.

    Attributes:
        parameters: Its hyperparameters.
        seed: For all of its randomness.
        checkpoints: A folder that outlives the program; made where it is missing.
        scratch: An own folder of this run, which holds its files; made where it is missing.
    """

    parameters: Mapping[str, object]
    seed: int
    checkpoints: Path
    scratch: Path


def run(
    program: Program,
    place: TrialPlace,
    tick_seconds: float = 0.5,
    asked: Asked = Asked(),  # noqa: B008 (frozen)
) -> Generator[Said, None, None]:
    """Run a trial's program. Closing the generator ends the program and all that it started.

    Args:
        program: What is run.
        place: What the trial is given.
        tick_seconds: The longest time without a yield.
        asked: Asked after each record. Once it is enough, the program is ended, and what it has
            reported until then is yielded still.

    Yields:
        Each record that the program reports; None after each `tick_seconds` without one; the list
        of those that were not yielded yet while the program is held still.

    Raises:
        TrialError: If the program fails, reports what is no record, or passes its time limit.
    """
    report, printed = place.scratch / "report.jsonl", place.scratch / OUTPUT
    parameters = place.scratch / "parameters.json"
    for folder in (place.checkpoints, place.scratch):
        folder.mkdir(parents=True, exist_ok=True)
    for file in (report, printed):
        file.write_bytes(b"")
    parameters.write_text(json.dumps(dict(place.parameters), indent=1), "utf-8")
    given = {
        "parameters": str(parameters.absolute()),
        "seed": place.seed,
        "checkpoints": str(place.checkpoints.absolute()),
    }
    environment = users_environment(program.environment)
    environment |= {f"KLAYER_{name.upper()}": str(value) for name, value in given.items()}
    environment["KLAYER_REPORT"] = str(report.absolute())
    values = {**place.parameters, **given}
    if not filled(program.arguments[:1], values):
        raise TrialError(f'this trial has no value for the program "{program.arguments[0]}"')
    arguments = filled(program.arguments, values)

    try:
        with (
            printed.open("a+b") as output,
            ReportFile(report) as reports,
            start(arguments, program.folder, environment, output) as running,
        ):
            files = reports, output.fileno()
            yield from _records(running, *files, program.time_limit_seconds, tick_seconds, asked)
    except TrialError as error:
        raise TrialError(error.reason, last_lines(printed)) from error


def _records(
    running: Supervised,
    reports: ReportFile,
    output: int,
    limit: float | None,
    tick_seconds: float,
    asked: Asked,
) -> Generator[Said, None, None]:
    begun = told = time.monotonic()
    news = 0  # records since it was held still
    while not running.wait(LOOK_SECONDS):
        bound(output)
        for record in reports.records():
            yield record
            told = time.monotonic()
            news += 1
        settled = time.monotonic() - told >= SETTLE_SECONDS or news > MOST_NEWS
        if news and settled and asked.pause():
            begun += yield from _held_still(running, reports)  # which is not of its time
            news = 0
            yield None
        if asked.enough():
            running.end()
            with suppress(TrialError):  # of a line where the program was ended
                yield from reports.records(complete=True)
            return
        now = time.monotonic()
        if limit is not None and now - begun > limit:
            raise TrialError(f"it ran for longer than its time limit of {limit:g} seconds")
        if now - told >= tick_seconds:
            yield None
            told = time.monotonic()
    status = running.poll()
    try:
        yield from reports.records(complete=True)
    except TrialError:
        if not status:  # otherwise that line is where the program broke off
            raise
    if status:
        raise TrialError(_failure(status))


def _held_still(running: Supervised, reports: ReportFile) -> Generator[list[Record], None, float]:
    """Yield what a program has reported while it stands still; for how many seconds it did."""
    began = time.monotonic()
    with running.paused() as still:
        if still:
            yield list(reports.records())
    return time.monotonic() - began


def _failure(status: int) -> str:
    if status > 0:
        return f"the program ended with exit status {status}; 0 is success"
    number = -status
    known = {one.value: one.name for one in signal.Signals}
    cause = ", as the system does where memory runs out" if number == signal.SIGKILL else ""
    return f"the program was ended by {known.get(number, f'signal {number}')}{cause}"
