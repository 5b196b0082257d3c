"""Promise 1: the same trials, values and curves, bit for bit, for any number of workers."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.databases import mostly_postgresql
from tests.faults.outcome import Table
from tests.faults.runs import Run
from tests.faults.workers import Pool

AssertWhole = Callable[..., None]


@mostly_postgresql
@pytest.mark.parametrize("workers", [2, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 8))])
def test_the_number_of_workers_and_the_database_change_nothing(
    pool_of: Callable[..., Pool],
    storage: str,
    expected: Table,
    assert_whole: AssertWhole,
    workers: int,
) -> None:
    pool = pool_of()
    pool.start(workers)
    assert pool.end() == {0}, pool.said()
    said = pool.said()
    assert (said.count(": planned "), said.count(": trained in")) == (4, 12)
    assert_whole(storage, expected, f"none; {workers} workers", 0)


def test_every_trial_of_the_plan_is_done(expected: Table) -> None:
    counts = Counter(stage for stage, *_ in expected)
    assert counts == {"coarse": 8, "fine": 4, "finalists": 4, "final": 2}
    assert {state for _, _, state, *_ in expected} == {"complete"}


@pytest.mark.long
@mostly_postgresql
def test_two_runs_of_one_search_at_once_share_its_work(
    begin: Callable[..., Run], expected: Table, assert_whole: AssertWhole
) -> None:
    one, other = begin(1), begin(1)
    assert [run.end() for run in (one, other)] == [(0, ""), (0, "")]
    assert_whole(one.storage, expected, "two `klayer run` of one search at once", 1)
