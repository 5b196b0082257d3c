"""Promise 1: the same trials, values and curves, bit for bit, for any number of workers."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.runs import Run, assert_whole

Expected = list[tuple[Any, ...]]


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_nothing(
    begin: Callable[..., Run], expected: Expected, workers: int
) -> None:
    run = begin(workers)
    status, said = run.end()
    assert (status, said) == (0, "")
    assert_whole(run.storage, expected)


def test_one_worker_does_every_trial_of_the_plan(faultless: str, expected: Expected) -> None:
    counts = Counter(stage for stage, *_ in expected)
    assert counts == {"coarse": 8, "fine": 4, "finalists": 4, "final": 2}
    assert {state for _, _, state, *_ in expected} == {"complete"}
    assert_whole(faultless, expected)


def test_two_runs_of_one_search_at_once_share_its_work(
    begin: Callable[..., Run], expected: Expected
) -> None:
    one = begin(2)
    other = begin(1, one.storage)
    assert [run.end() for run in (one, other)] == [(0, ""), (0, "")]
    assert_whole(one.storage, expected)
