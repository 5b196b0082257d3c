"""The ledger under load: trials that take no time, beside Optuna's ask and tell in the same run.

    python -m benchmarks.ledger --output docs/reliability.md

On SQLite and on a PostgreSQL server of its own, with few and many trials in the search, few and
many workers, each a process. Contenders take turns, so that the machine's drift is theirs alike.
"""

import argparse
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks import goals, ledger_tables, machine, postgresql_server, report
from benchmarks.ledger_klayer import Klayer
from benchmarks.ledger_optuna import Optuna
from benchmarks.ledger_pool import Cell, Contender, Pool, Tally
from benchmarks.ledger_tables import CONTENDERS, GOAL_WORKERS, PEER, RECORDED, SINGLE, STACK, Found
from benchmarks.rounds import counted, turn
from benchmarks.setting import say
from benchmarks.timing import NotMeasuredError

TARGET = "bench-ledger"  # of make
DATABASES = ("SQLite", "PostgreSQL")
PACKAGES = ("optuna", "sqlalchemy", "psycopg")
# Each of Optuna's processes keeps a copy of all trials, 1 MB of every 130: 64 copies of 100,000
# trials would be 48 GB.
MOST_KEPT = 1_000_000  # trials times workers
UNLIKE = (
    "Each as it comes. On SQLite klayer writes a log ahead, whose last moments the crash of a "
    "machine may cost; Optuna waits for the disk at each commit. On PostgreSQL klayer tries its "
    "connection before each transaction, Optuna does not. Optuna draws at random, which is the "
    "cheapest of its samplers. Its study has the trials from the beginning, all finished, filled "
    "by SQL, and grows by those that are measured. Of klayer's searches of more than 100 trials a "
    "quarter is finished, by SQL as well, and the others are worked on; searches of 100 are worked "
    "on one after another."
)
ALIKE = (
    "Workers are forked from a process that has all at hand: libraries, compiled statements and, "
    "for Optuna, its copy of all trials, which a worker would read first (part 3). The first claim "
    "of each is not counted. A trial counts when it is handed in before the time is over. A claim "
    "is klayer's `next_work`, for a whole cohort, and Optuna's `ask`, for one trial and its two "
    "parameters."
)


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        trials: In a search, in rising order.
        workers: At once, in rising order.
        rounds: How often contenders take turns.
        seconds: Of each cell.
        alone_seconds: Of the cell in which one worker's memory is watched.
    """

    trials: Sequence[int] = (100, 10_000, 100_000)
    workers: Sequence[int] = (1, 8, 32, 64)
    rounds: int = 3
    seconds: float = 2.0
    alone_seconds: float = 15.0


QUICK = Sizes((100, 10_000), (1, GOAL_WORKERS), 1, 0.5, 1.0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, print it, and write it to a page."""
    given = _arguments(arguments)
    report.ready("benchmarks.ledger", given.output, TARGET)
    # Whoever ends this process ends the server and the other processes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("benchmarks.ledger: ended"))
    sizes = QUICK if given.quick else replace(Sizes(), rounds=given.rounds)
    began = time.monotonic()
    found, missing = [], []
    for name in given.only or DATABASES:
        try:
            found.append(measured(name, sizes))
        except NotMeasuredError as error:
            missing.append(f"**{name} was not measured: {error}**")
    text = page(found, sizes, time.monotonic() - began, [*missing, *_warning(given.quick)])
    report.publish(text, given.output, TARGET)
    if missing:
        sys.exit("benchmarks.ledger: not all was measured")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ledger", description="The ledger beside Optuna's storage."
    )
    parser.add_argument("--only", action="append", choices=DATABASES, help="on this database")
    parser.add_argument("--rounds", type=int, default=Sizes().rounds, help="(%(default)s)")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, one round: figures mean nothing"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="page whose generated section is rewritten"
    )
    given = parser.parse_args(arguments)
    if given.rounds < 1:
        parser.error(f"--rounds must be 1 or more, not {given.rounds}")
    return given


def measured(name: str, sizes: Sizes) -> Found:
    """All cells on one database.

    Raises:
        NotMeasuredError: There is no such database here.
    """
    with _DATABASES[name]() as (about, new):
        found = Found(name, about, sizes.trials, sizes.workers)
        for trials in sizes.trials:
            _measure_among(found, sizes, trials, new)
    return found


def _measure_among(found: Found, sizes: Sizes, trials: int, new: Callable[[str], str]) -> None:
    """All cells with so many trials in the search; each contender's process lives for these."""
    makers: Mapping[str, Callable[[], Contender]] = {
        STACK: partial(Klayer, new(f"stack-{trials}"), trials, 8),
        SINGLE: partial(Klayer, new(f"single-{trials}"), trials, 1),
        PEER: partial(Optuna, new(f"optuna-{trials}"), trials),
    }
    with ExitStack() as pools:
        made = {label: pools.enter_context(Pool(make)) for label, make in makers.items()}
        for label, pool in made.items():
            say(f"{found.name}, {trials:,} trials: {label} prepares")
            found.prepared[label, trials] = pool.prepare()
        recording = trials == sizes.trials[min(1, len(sizes.trials) - 1)]
        for number in range(sizes.rounds):
            say(f"{found.name}, {trials:,} trials: round {number + 1}/{sizes.rounds}")
            for workers in sizes.workers:
                for label in turn(CONTENDERS, number):
                    key = label, trials, workers
                    _add(found, found.cells, key, made[label], Cell(workers, sizes.seconds))
            for label in turn((STACK, PEER), number) if recording else ():
                workers = GOAL_WORKERS
                cell = Cell(workers, sizes.seconds, RECORDED)
                _add(found, found.recorded, (label, trials, workers), made[label], cell)
    for label, make in makers.items() if trials == sizes.trials[-1] else ():
        say(f"{found.name}, {trials:,} trials: one worker of {label}")
        with Pool(make) as pool:
            pool.take_up()
            found.alone[label] = pool.measure(Cell(1, sizes.alone_seconds))


def _add(
    found: Found,
    cells: dict[ledger_tables.Cell, list[Tally]],
    key: ledger_tables.Cell,
    pool: Pool,
    cell: Cell,
) -> None:
    label, trials, workers = key
    if label == PEER and trials * workers > MOST_KEPT:
        found.reasons[key] = "each process would keep a copy of all trials (part 3)"
    if key in found.reasons:
        return
    try:
        cells.setdefault(key, []).append(pool.measure(cell))
    except NotMeasuredError as error:
        found.reasons[key] = str(error)
        cells.pop(key, None)


@contextmanager
def _sqlite() -> Iterator[tuple[str, Callable[[str], str]]]:
    with tempfile.TemporaryDirectory(prefix="klayer-ledger-") as place:
        yield sqlite3.sqlite_version, lambda name: f"sqlite:///{place}/{name}.db"


@contextmanager
def _postgresql() -> Iterator[tuple[str, Callable[[str], str]]]:
    with postgresql_server.running() as server:
        yield server.about, server.new_database


_DATABASES = dict(zip(DATABASES, (_sqlite, _postgresql), strict=True))


def page(found: Sequence[Found], sizes: Sizes, seconds: float, said: Sequence[str]) -> str:
    """The generated section of a page."""
    made = ledger_tables.sections(found, counted(sizes.rounds).capitalize())
    held = goals.table(ledger_tables.figures(found), ledger_tables.goals(found))
    return "\n\n".join(
        [
            *said,
            f"Measured {time.strftime('%Y-%m-%d')}, in {seconds / 60:.0f} minutes, "
            f"{sizes.seconds:g} seconds a cell; medians over the rounds, and in brackets the least "
            "and the greatest. A ratio is the median of the rounds' own ratios.",
            "\n".join(f"- {line}" for line in machine.system(PACKAGES)),
            UNLIKE,
            ALIKE,
            *(section.text() for section in made),
            f"### Goals\n\n{held.text()}",
        ]
    )


def _warning(quick: bool) -> list[str]:
    return ["**A quick run to try the harness: its figures mean nothing.**"] if quick else []


if __name__ == "__main__":
    main()
