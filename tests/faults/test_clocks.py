"""Clocks that differ between hosts: a worker whose clock is an hour wrong, beside one that is not.

On PostgreSQL leases come from the database's clock, so that a wrong clock takes nobody's work, and
keeps none. On SQLite the database's clock is that of each process; but there all processes are on
one machine, which has one clock. Should they differ all the same, work is taken from others that
are at it; still no result is lost, taken twice, or another one.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from tests.faults.databases import mostly_postgresql
from tests.faults.outcome import Table
from tests.faults.runs import ROOT, Run
from tests.faults.watch import Watch, wait_until
from tests.faults.workers import Pool

PoolOf = Callable[..., Pool]
AssertWhole = Callable[..., None]
Misled = Callable[[str], subprocess.Popen[str]]
LEASE_SECONDS = 1.0
WORKER = """
import select, sys, time
from search.workers import report_writer
from tests.faults.workers import work
report_writer.MOST_WAITING = 0  # without waiting for a time, which is shifted likewise
# libfaketime shifts the end of a sleep, though that is on the clock that it should leave alone.
time.sleep = lambda seconds: select.select([], [], [], seconds)
storage, owner, log = sys.argv[1:]
work(storage, owner, 1.0, log)
"""

HELD = """
    SELECT count(*) FROM klayer_cohorts WHERE state = 'claimed' AND owner = '{owner}'
    AND EXISTS (SELECT 1 FROM klayer_trials JOIN klayer_reports
        ON klayer_reports.trial_id = klayer_trials.id
        WHERE klayer_trials.cohort_id = klayer_cohorts.id)
"""
ATTEMPTS = "SELECT max(attempt) FROM klayer_cohorts"
LOST = "SELECT sum(lost) FROM klayer_cohorts"

LEASES = tuple(f"{one} SET lease_until = lease_until" for one in ("stages", "cohorts"))

hours = pytest.mark.parametrize("offset", ["+1h", "-1h"])


@pytest.fixture
def misled(storage: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a worker whose clock is wrong by so much."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        pytest.skip("needs libfaketime (Debian's package faketime)")
    begun: list[subprocess.Popen[str]] = []
    wrong = {"LD_PRELOAD": str(library), "DONT_FAKE_MONOTONIC": "1", "PYTHONPATH": str(ROOT)}

    def start(offset: str, name: str = "misled") -> subprocess.Popen[str]:
        begun.append(
            subprocess.Popen(
                [sys.executable, "-c", WORKER, storage, name, str(tmp_path / "misled")],
                env=os.environ | wrong | {"FAKETIME": offset},
                text=True,
            )
        )
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def holds(watch: Watch, owner: str) -> Callable[[], bool]:
    """Whether a worker has trained a part of what it holds."""
    return lambda: watch.ask(HELD.format(owner=owner)) == [1]


@pytest.mark.long
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@hours
def test_leases_go_by_the_clock_of_the_server(
    pool_of: PoolOf,
    storage: str,
    misled: Misled,
    expected: Table,
    assert_whole: AssertWhole,
    offset: str,
) -> None:
    pool, watch = pool_of(LEASE_SECONDS), Watch(storage)
    wrong = misled(offset)
    wait_until(holds(watch, "misled"), "the one with a wrong clock")
    (right,) = pool.start()
    for owner in ("worker 0", "misled"):
        wait_until(holds(watch, owner), f"{owner} to train")
    assert watch.ask(ATTEMPTS) == [1]  # each left the other's live lease alone

    wrong.kill()  # its lease ends in its time, which is the server's, and is taken
    wrong.communicate()
    wait_until(lambda: watch.ask(LOST) == [1], "the work of the one with a wrong clock", 20)
    right.kill()  # and so does this one's, and is taken by one with a wrong clock
    assert misled(offset, "misled 2").wait(60) == 0
    assert watch.ask(ATTEMPTS)[0] > 1  # losses are forgotten once a cohort has come further
    watch.close()
    assert_whole(storage, expected, f"a worker's clock is wrong by {offset}, and it is killed", 2)


@pytest.mark.long
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@hours
def test_clocks_that_differ_on_one_machine_change_no_result(
    pool_of: PoolOf,
    storage: str,
    misled: Misled,
    expected: Table,
    assert_whole: AssertWhole,
    offset: str,
) -> None:
    pool = pool_of(LEASE_SECONDS)
    wrong = misled(offset)
    pool.start()
    assert (wrong.wait(60), pool.end()) == (0, {0}), pool.said()
    assert_whole(storage, expected, f"a worker's clock is wrong by {offset}", 1)


@pytest.mark.long
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_killed_worker_with_a_clock_far_ahead_holds_its_cohort_for_a_lease(
    pool_of: PoolOf, storage: str, misled: Misled, expected: Table, assert_whole: AssertWhole
) -> None:
    """The others find out at their heartbeats, and wait for the minute of a usual lease."""
    pool, watch = pool_of(LEASE_SECONDS), Watch(storage)
    wrong = misled("+2h")
    wait_until(holds(watch, "misled"), "the one with a wrong clock")
    wrong.kill()
    wrong.communicate()
    pool.start()
    wait_until(lambda: watch.ask(LOST) == [1], "the work of the one with a wrong clock", 90)
    assert pool.end() == {0}, pool.said()
    watch.close()
    assert_whole(storage, expected, "a worker's clock is ahead by 2h, and it is killed", 1)


@pytest.mark.long
@mostly_postgresql
def test_a_machine_that_sleeps_for_an_hour(
    begin: Callable[..., Run], storage: str, expected: Table, assert_whole: AssertWhole
) -> None:
    """All times that were written are an hour old when it wakes."""
    run, slept = begin(2), 0
    while run.wait_for(run.watch.is_training, "training"):
        make_old(storage)
        slept += 1
        run.wait_for(partial(has_finished_more_than, run.watch.finished(), run.watch), "a result")
    assert run.end() == (0, "")
    assert slept > 2
    assert_whole(storage, expected, "the machine sleeps for an hour", slept)


def make_old(storage: str) -> None:
    """Set back whatever leases go by, at once; again where workers locked rows in another order."""
    done = False
    while not done:
        try:
            with Ledger(storage) as ledger, ledger.database.writing() as connection:
                for what in ("workers SET seen_at = seen_at", *LEASES):
                    connection.execute(text(f"UPDATE klayer_{what} - 3600"))
            done = True
        except DatabaseFaultError as error:
            if not error.passing:
                raise


def has_finished_more_than(trials: int, watch: Watch) -> bool:
    return watch.finished() > trials
