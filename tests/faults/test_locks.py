"""Somebody else locks the database for some time, amid a search; workers wait."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from tests.faults.outcome import Table
from tests.faults.watch import Watch, wait_until
from tests.faults.workers import Pool


@pytest.mark.parametrize(
    ("seconds", "times"),
    [
        pytest.param(1.5, 2, marks=pytest.mark.long),
        pytest.param(3.0, 3, marks=pytest.mark.long),
        # Longer than SQLite waits for a lock, and than a lease.
        pytest.param(75.0, 1, marks=pytest.mark.long),
    ],
)
def test_a_database_that_is_locked(
    pool_of: Callable[..., Pool],
    storage: str,
    expected: Table,
    assert_whole: Callable[..., None],
    seconds: float,
    times: int,
) -> None:
    pool, watch = pool_of(), Watch(storage)
    pool.start(2)
    for _ in range(times):
        wait_until(watch.is_training, "training")
        lock(storage, seconds)
    assert pool.end() == {0}, pool.said()
    watch.close()
    assert_whole(storage, expected, f"database locked for {seconds:g} s", times)


@pytest.mark.long
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite locks no rows
def test_rows_of_optuna_s_that_a_stranger_locks(
    pool_of: Callable[..., Pool],
    storage: str,
    expected: Table,
    assert_whole: Callable[..., None],
) -> None:
    """Amid a transaction, as a notebook or Optuna's dashboard may leave it."""
    pool, watch = pool_of(), Watch(storage)
    pool.start(2)
    wait_until(watch.is_training, "training")
    with psycopg.connect(storage) as connection:
        connection.execute("SELECT trial_id FROM trials FOR UPDATE")
        time.sleep(130.0)
    assert pool.end() == {0}, pool.said()
    watch.close()
    assert_whole(storage, expected, "Optuna's rows locked for 130 s", 1)


def lock(storage: str, seconds: float) -> None:
    """Keep others from writing; on PostgreSQL, also from looking for work."""
    if storage.startswith("sqlite"):
        with closing(sqlite3.connect(storage[10:], timeout=60, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            other.execute("ROLLBACK")
        return
    with psycopg.connect(storage) as connection:
        connection.execute("LOCK TABLE klayer_cohorts IN ACCESS EXCLUSIVE MODE")
        time.sleep(seconds)
