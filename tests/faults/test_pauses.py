"""A worker that is stopped for longer than its lease, and wakes: what it writes then is void."""

import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import text

from search.ledger.ledger import Ledger
from tests.faults.databases import mostly_sqlite
from tests.faults.outcome import Table
from tests.faults.runs import LONG, TINY
from tests.faults.watch import Watch, wait_until
from tests.faults.workers import Pool

PoolOf = Callable[..., Pool]
AssertWhole = Callable[..., None]
LEASE_SECONDS = 1.0
SLOW = ("training.schedule.half_cycle_epochs=40",)  # so that there is time to stop a worker in

HELD = """
    SELECT klayer_cohorts.id FROM klayer_cohorts WHERE owner = '{owner}' AND state = 'claimed'
    AND EXISTS (SELECT 1 FROM klayer_trials JOIN klayer_reports
        ON klayer_reports.trial_id = klayer_trials.id
        WHERE klayer_trials.cohort_id = klayer_cohorts.id)
"""
TAKEN = "SELECT count(*) FROM klayer_cohorts WHERE id = {cohort} AND owner != '{owner}'"


def is_true(watch: Watch, statement: str) -> bool:
    return watch.ask(statement) == [1]


@pytest.mark.long
@mostly_sqlite
def test_a_worker_that_wakes_behind_its_lease_writes_nothing(
    pool_of: PoolOf,
    storage: str,
    undisturbed: Callable[..., Table],
    assert_whole: AssertWhole,
) -> None:
    expected = undisturbed(TINY, *SLOW)
    pool, watch = pool_of(LEASE_SECONDS, TINY, *SLOW), Watch(storage)
    paused, _ = pool.start(2)
    assert paused.pid is not None
    for _ in range(50):
        wait_until(lambda: bool(watch.ask(HELD.format(owner="worker 0"))), "training")
        os.kill(paused.pid, signal.SIGSTOP)
        time.sleep(LEASE_SECONDS / 2)
        held = watch.ask(HELD.format(owner="worker 0"))
        taken = TAKEN.format(cohort=held[0] if held else 0, owner="worker 0")
        try:
            others_took_over = partial(is_true, watch, taken)
            wait_until(others_took_over, "others to take over", 4 * LEASE_SECONDS)
        except TimeoutError:  # it was stopped amid a transaction, whose locks keep others out
            os.kill(paused.pid, signal.SIGCONT)
            continue
        break
    os.kill(paused.pid, signal.SIGCONT)
    assert pool.end() == {0}, pool.said()
    watch.close()
    with Ledger(storage) as ledger, ledger.database.reading() as connection:
        query = text("SELECT owner, attempt FROM klayer_cohorts WHERE id = :id")
        owner, attempt = connection.execute(query, {"id": held[0]}).one()
    assert (owner, attempt) == ("worker 1", 2)
    assert_whole(storage, expected, "SIGSTOP past the lease, then SIGCONT", 1)


@pytest.mark.long
def test_workers_stopped_past_their_lease_again_and_again(
    pool_of: PoolOf,
    storage: str,
    undisturbed: Callable[..., Table],
    assert_whole: AssertWhole,
) -> None:
    expected = undisturbed(TINY, *LONG)
    pool, watch, chance, times = (
        pool_of(LEASE_SECONDS, TINY, *LONG),
        Watch(storage),
        random.Random(4),
        0,
    )
    pool.start(3)
    while not watch.is_over():
        alive = pool.alive()
        if not alive:
            break
        pid = chance.choice(alive).pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        time.sleep(2 * LEASE_SECONDS)
        os.kill(pid, signal.SIGCONT)
        time.sleep(LEASE_SECONDS / 2)
        times += 1
    assert pool.end() == {0}, pool.said()
    watch.close()
    assert_whole(storage, expected, "SIGSTOP of a random worker past its lease, SIGCONT", times)
