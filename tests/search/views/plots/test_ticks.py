"""Round numbers to mark axes with."""

import pytest

from search.views.plots.ticks import decades, round_marks, told_apart, written


def test_decades_are_few_and_filled_up_where_there_is_one() -> None:
    assert decades(-3, 0) == [-3, -2, -1, 0]
    assert len(decades(-12, 0)) <= 7
    assert [round(10**mark, 6) for mark in decades(0.1, 1.1)] == [2, 5, 10]
    assert decades(0.01, 0.02) == [0.01, 0.02]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (3, 97), (-2, 2), (0.001, 0.0042)])
def test_round_marks_lie_between(low: float, high: float) -> None:
    marks = round_marks(low, high)
    assert 2 <= len(marks) <= 7
    assert all(low - 1e-9 <= mark <= high + 1e-9 for mark in marks)


def test_far_powers_are_written_as_powers() -> None:
    assert [written(value) for value in (0.001, 0.01, 1.0, 1000.0, 1500.0, 0.0)] == [
        "10<sup>-3</sup>",
        "0.01",
        "1",
        "10<sup>3</sup>",
        "1,500",
        "0",
    ]


def test_marks_of_one_scale_are_told_apart() -> None:
    assert told_apart([11_010.0, 11_020.0, 11_030.0]) == ["11,010", "11,020", "11,030"]
    assert told_apart([0.9812, 0.98125, 0.9813]) == ["0.9812", "0.98125", "0.9813"]
    assert told_apart([0.0, 2.5, 5.0]) == ["0", "2.5", "5"]
    assert told_apart([0.0, 25.0, 50.0]) == ["0", "25", "50"]
    assert told_apart([1e-9, 2e-9]) == ["1e-09", "2e-09"]
    assert told_apart([7.0]) == ["7"]
