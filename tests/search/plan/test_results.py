"""The order of finished trials, and what a result may be."""

import math

import pytest

from search.errors import KlayerError
from search.plan.results import Result, ranked
from search.space.space import Box, Interval

BOX = Box({"weight_decay": Interval(1e-6, 1e-1)})


def result(stage: str, number: int, value: float | None, pruned_after: int | None = None) -> Result:
    return Result(stage, number, {"weight_decay": 1e-3}, value, BOX, pruned_after)


def test_the_largest_value_is_first_and_diverged_trials_are_left_out() -> None:
    given = [result("a", 0, 0.1), result("a", 1, None), result("a", 2, 0.3), result("a", 3, 0.2)]
    assert [one.number for one in ranked(given)] == [2, 3, 0]


def test_ties_go_by_the_order_of_stages_then_by_number() -> None:
    given = [
        result("fine", 4, 0.5),
        result("coarse", 9, 0.5),
        result("coarse", 0, 0.5),
        result("fine", 1, 0.5),
    ]
    order = [("fine", 1), ("fine", 4), ("coarse", 0), ("coarse", 9)]
    assert [(one.stage, one.number) for one in ranked(given)] == order


def test_a_trial_that_went_further_ranks_before_any_that_was_dropped_earlier() -> None:
    given = [
        result("a", 0, 0.9, 2),
        result("a", 1, 0.1),
        result("a", 2, 0.8, 4),
        result("a", 3, None),
        result("a", 4, 0.7, 4),
    ]
    assert [one.number for one in ranked(given)] == [1, 2, 4, 0]


def test_nothing_finished_ranks_nothing() -> None:
    assert ranked([]) == []
    assert ranked([result("a", 0, None)]) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_cannot_be_ranked_is_refused(value: float) -> None:
    with pytest.raises(KlayerError, match="coarse #3: the value must be a finite number, or None"):
        result("coarse", 3, value)
