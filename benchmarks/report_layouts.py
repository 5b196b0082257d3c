"""Which layout of the reports' table is fast and small: all of them side by side, in one run.

    python -m benchmarks.report_layouts
    python -m benchmarks.report_layouts --quick  # tries everything; its figures mean nothing

Each layout of `benchmarks.layouts` has a database of its own, on SQLite as the ledger opens it and
on a PostgreSQL server, filled with the same reports of 8 metrics. Layouts take turns at every
measurement, and their curves are compared bit for bit.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection

from benchmarks.filled_layouts import COHORT, KINDS, Filled, Sizes, filled, metrics_of, say
from benchmarks.layouts import LAYOUTS, METRICS, Layout
from benchmarks.report import Table
from benchmarks.rounds import ratio, turn
from benchmarks.timing import NotMeasuredError
from search.errors import KlayerError
from search.ledger.database import Database

BINS = 50
FEW, MANY = 40, 1_000  # trials whose curves are read
QUICK = Sizes(trials=64, steps=10, rounds=2, writes=12)

Found = dict[str, dict[str, list[float]]]  # figures by what was measured and the layout's name


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report_layouts")
    parser.add_argument("--trials", type=int, help=f"whole cohorts of {COHORT}")
    parser.add_argument("--steps", type=int, help="of each trial")
    parser.add_argument("--quick", action="store_true", help="small: figures mean nothing")
    parser.add_argument("--only", choices=KINDS, help="one of the databases")
    given = parser.parse_args(arguments)
    usual = QUICK if given.quick else Sizes()
    sizes = Sizes(
        given.trials or usual.trials, given.steps or usual.steps, usual.rounds, usual.writes
    )
    if sizes.trials < 1 or sizes.trials % COHORT or sizes.steps < 2:
        parser.error(
            f"--trials {sizes.trials} --steps {sizes.steps}: trials come in cohorts of "
            f"{COHORT}, with 2 steps or more"
        )
    for kind in [given.only] if given.only else KINDS:
        try:
            found = measured(kind, sizes)
        except (NotMeasuredError, KlayerError) as error:
            sys.exit(f"benchmarks.report_layouts: {error}")
        sys.stdout.write(f"{page(kind, found, sizes)}\n\n")
        sys.stdout.flush()


def measured(kind: str, sizes: Sizes) -> Found:
    """What one kind of database gives.

    Raises:
        NotMeasuredError: There is no PostgreSQL here.
        KlayerError: Two layouts do not read the same.
    """
    with filled(kind, sizes) as layouts:
        size = {one.layout.name: [one.size()] for one in layouts}
        every = list(range(1, sizes.trials + 1))
        few, many = every[:: max(1, len(every) // FEW)][:FEW], every[: min(MANY, len(every))]
        _check_alike(layouts, few)
        say(f"{kind}: measuring")
        # Trials that come in while the others are there: a cohort for every 100 steps.
        cohorts = [sizes.trials // COHORT + 1 + number for number in range(sizes.writes // 100 + 1)]
        coming = list(metrics_of(0, 100, COHORT))

        def store(layout: Layout, connection: Connection, number: int) -> None:
            metrics = dict(enumerate(coming[number % 100]))
            layout.record(connection, cohorts[number // 100], metrics, number % 100 + 1)

        reading, writing = Database.reading, Database.writing
        half, rounds, writes = sizes.steps // 2, sizes.rounds, sizes.writes
        return {
            "store a step of 8 trials": _take_turns(layouts, writes, writing, store),
            f"read the curves of {len(few)} trials here and there": _take_turns(
                layouts, rounds, reading, lambda one, c, _: one.curves(c, few)
            ),
            f"count the scores of all {sizes.trials:,} trials": _take_turns(
                layouts, rounds, reading, lambda one, c, _: one.counts(c, every, BINS)
            ),
            f"read the curves of the first {len(many):,} trials": _take_turns(
                layouts, rounds, reading, lambda one, c, _: one.curves(c, many)
            ),
            "size": size,
            "delete half of a trial's steps": _take_turns(
                layouts,
                min(writes, sizes.trials),
                writing,
                lambda one, c, number: one.forget(c, every[-1 - number], half),
            ),
        }


def _take_turns(
    filled: Sequence[Filled],
    rounds: int,
    transaction: Callable[[Database], Any],
    work: Callable[[Layout, Connection, int], object],
) -> dict[str, list[float]]:
    """Seconds of each layout's transactions, a first one not counted where they read."""
    found: dict[str, list[float]] = {one.layout.name: [] for one in filled}
    warm = transaction is Database.reading
    for number in range(-1 if warm else 0, rounds):
        for place in turn([str(place) for place in range(len(filled))], number):
            one = filled[int(place)]
            began = time.perf_counter()
            with transaction(one.database) as connection:
                work(one.layout, connection, number)
            if number >= 0:
                found[one.layout.name].append(time.perf_counter() - began)
    return found


def _check_alike(filled: Sequence[Filled], trials: Sequence[int]) -> None:
    """Whether all layouts read the same; numbers that are equal and not zero have equal bits."""
    first = None
    for one in filled:
        with one.database.reading() as connection:
            read = (
                one.layout.curves(connection, trials),
                one.layout.counts(connection, trials, BINS),
            )
        first = first or read
        if read[0] != first[0] or not np.array_equal(read[1], first[1]):
            raise KlayerError(f"{one.layout.name}: reads other curves than {LAYOUTS[0].name}")


def page(kind: str, found: Found, sizes: Sizes) -> str:
    """The figures of one kind of database as Markdown, and how many times layout a's they are."""
    names = [layout.name for layout in LAYOUTS]
    rows = []
    for what, figures in found.items():
        cells = []
        for name in names:
            middle, least = statistics.median(figures[name]), min(figures[name])
            told = f"{middle / 1e6:.1f} MB"
            if what != "size":
                told = f"{1e3 * middle:.2f} / {1e3 * least:.2f} ms"
            cells.append(f"{told} ({ratio(figures[name], figures[names[0]]).median:.2f})")
        rows.append([what, *cells])
    caption = (
        f"{kind}: {sizes.trials:,} trials of {sizes.steps} steps and {len(METRICS)} metrics. "
        f"Median / least of {sizes.rounds} readings and {sizes.writes} writes; in brackets the "
        "median of the rounds' ratios to layout a. Load of the machine, average of 1 min: "
        f"{os.getloadavg()[0]:.1f}."
    )
    return Table(["", *names], rows, caption).text()


if __name__ == "__main__":
    main()
