"""Rounds: who is measured when, and what the figures come to."""

import pytest

from benchmarks.rounds import Spread, counted, ratio, take_turns
from benchmarks.timing import NotMeasuredError


def nothing(_: str) -> None:
    """Tells nobody."""


def test_each_round_begins_with_another_contender() -> None:
    order: list[str] = []

    def measure(name: str) -> int:
        order.append(name)
        return len(order)

    measured = take_turns(["a", "b", "c"], 4, measure, nothing)
    assert "".join(order) == "abcbcacababc"
    assert measured.figures["a"] == [1, 6, 8, 10]


def test_a_contender_that_fails_once_is_left_out_with_its_reason() -> None:
    tried: list[str] = []

    def measure(name: str) -> int:
        tried.append(name)
        if name == "b" and tried.count("b") == 2:
            raise NotMeasuredError("no compiler")
        return 1

    measured = take_turns(["a", "b"], 4, measure, nothing)
    assert measured.figures == {"a": [1, 1, 1, 1]}
    assert measured.reasons == {"b": "no compiler"}
    assert tried.count("b") == 2
    assert measured.of("a") == [1, 1, 1, 1]
    with pytest.raises(NotMeasuredError, match="b: no compiler"):
        measured.of("b")


def test_how_many_rounds_there_were_is_kept_and_told() -> None:
    rounds = [take_turns(["a"], number, len, nothing).rounds for number in (1, 3)]
    assert [counted(number) for number in rounds] == ["1 round", "3 rounds"]


def test_a_ratio_is_taken_round_by_round() -> None:
    drifting = ratio([2.0, 4.0, 9.0], [1.0, 2.0, 3.0])
    assert (drifting.median, drifting.low, drifting.high) == (2.0, 2.0, 3.0)


def test_a_spread_shows_its_range_only_where_there_is_one() -> None:
    assert Spread.of([0.5]).text() == "0.500"
    assert Spread.of([1.0, 2.0, 4.0]).text(1) == "2.0 (1.0 … 4.0)"
