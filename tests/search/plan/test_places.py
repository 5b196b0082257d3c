"""Places and values are each other's inverse, and reach beyond a range."""

import pytest

from search.plan.places import place_of, value_at
from search.space.space import Interval

LOG = Interval(1e-4, 1.0)
WHOLE = Interval(10, 50, log=False, step=10)


def test_a_log_range_is_even_in_decades() -> None:
    assert value_at(LOG, 0.5) == pytest.approx(1e-2)
    assert place_of(LOG, 1e-3) == pytest.approx(0.25)
    assert place_of(LOG, 10.0) == pytest.approx(1.25)
    assert (value_at(LOG, 0.0), value_at(LOG, 1.0)) == (1e-4, 1.0)


def test_whole_numbers_are_equal_pieces_and_lie_in_their_middles() -> None:
    assert [value_at(WHOLE, place) for place in (0.0, 0.19, 0.2, 0.99, 1.0)] == [10, 10, 20, 50, 50]
    assert [place_of(WHOLE, value) for value in (10, 50, 60)] == pytest.approx([0.1, 0.9, 1.1])
    assert all(value_at(WHOLE, place_of(WHOLE, value)) == value for value in range(10, 51, 10))


def test_a_range_of_one_value_has_its_place_in_the_middle() -> None:
    assert (value_at(Interval(0.1, 0.1), 0.7), place_of(Interval(0.1, 0.1), 0.1)) == (0.1, 0.5)
