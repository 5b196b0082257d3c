"""Promises 1 and 2 of samplers that learn: any number of workers, and through any kill."""

import random
from collections.abc import Callable

import pytest

from tests.faults.databases import mostly_postgresql, mostly_sqlite
from tests.faults.outcome import Table
from tests.faults.runs import LEARNING, Run, kill_now_and_then
from tests.faults.watch import Watch, wait_until
from tests.faults.workers import Pool

AssertWhole = Callable[..., None]


@pytest.fixture
def expected(undisturbed: Callable[..., Table]) -> Table:
    """The table of the search with one worker."""
    return undisturbed(LEARNING)


@mostly_postgresql
@pytest.mark.parametrize("workers", [2, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 8))])
@pytest.mark.long
def test_the_number_of_workers_changes_nothing(
    pool_of: Callable[..., Pool],
    storage: str,
    expected: Table,
    assert_whole: AssertWhole,
    workers: int,
) -> None:
    pool = pool_of(60.0, LEARNING)
    pool.start(workers)
    assert pool.end() == {0}, pool.said()
    said = pool.said()
    assert said.count("planned tpe, generation") == said.count("planned cmaes, generation") == 3
    assert_whole(storage, expected, f"none; {workers} workers, samplers that learn", 0)


@pytest.mark.long
@mostly_sqlite
def test_workers_that_are_killed_change_nothing(
    pool_of: Callable[..., Pool], storage: str, expected: Table, assert_whole: AssertWhole
) -> None:
    pool, watch, chance, killed = pool_of(0.6, LEARNING), Watch(storage), random.Random(1), 0
    for trials in range(0, 30, 6):
        pool.start(2 - len(pool.alive()))
        wait_until(lambda: watch.is_over() or watch.finished() > trials, "results")  # noqa: B023
        killed += pool.kill_one(chance)
    pool.start(2)
    pool.end()
    watch.close()
    fault = "SIGKILL of a worker, samplers that learn"
    assert_whole(storage, expected, fault, killed)


@pytest.mark.long
def test_workers_of_a_launcher_that_are_killed_change_nothing(
    begin: Callable[..., Run], expected: Table, assert_whole: AssertWhole
) -> None:
    run = begin(2, LEARNING)
    killed = kill_now_and_then(run, 6)
    assert run.end() == (0, "")
    fault = "SIGKILL of a worker of `klayer run`, samplers that learn"
    assert_whole(run.storage, expected, fault, killed)
