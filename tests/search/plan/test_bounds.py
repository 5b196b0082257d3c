"""The room of one range: edges, limits, steps."""

import sys

import pytest

from search.errors import KlayerError
from search.plan.bounds import Bound, bounds, length, settled, within
from search.space.space import Interval
from search.study.zoom_rules import Limits

DECAY = Interval(1e-6, 1e-1)
WIDTH = Interval(10, 59, log=False, step=10)


def test_inside_the_range_its_ends_bound() -> None:
    room = bounds("weight_decay", DECAY, 1e-3, 0.05, [Limits(low=1e-9)])
    assert (room.low, room.high) == (Bound(1e-6, False, False), Bound(1e-1, False, False))


def test_on_the_edge_the_tightest_limit_bounds() -> None:
    limits = [Limits(low=1e-8), Limits(low=0.0), Limits(low=1e-7)]
    room = bounds("weight_decay", DECAY, 1e-6, 0.05, limits)
    assert room.low == Bound(1e-7, True, True)


def test_the_edge_is_a_share_of_the_length_in_decades() -> None:
    near, far = 10 ** (-6 + 0.24), 10 ** (-6 + 0.26)
    assert bounds("weight_decay", DECAY, near, 0.05, []).low.on_edge
    assert not bounds("weight_decay", DECAY, far, 0.05, []).low.on_edge


def test_the_last_value_that_the_steps_reach_is_an_edge() -> None:
    room = bounds("width_1", WIDTH, 50, 0.0, [Limits(low=1)])
    assert room.high == Bound(sys.float_info.max, True, True)
    assert room.low == Bound(10, False, False)


def test_limits_apart_from_the_old_range_bound_alone() -> None:
    room = bounds("weight_decay", DECAY, 1e-3, 0.05, [Limits(low=1.0, high=10.0)])
    assert (room.low.value, room.high.value) == (1.0, 10.0)


def test_limits_that_exclude_each_other_are_an_error() -> None:
    with pytest.raises(KlayerError, match=r"limits of momentum .*: low 2 lies above high 0\.9"):
        bounds("momentum", DECAY, 1e-3, 0.05, [Limits(low=2.0), Limits(high=0.9)])


@pytest.mark.parametrize(
    ("extent", "expected"),
    [
        (DECAY, 5.0),
        (Interval(1e-3, 1e-3), 1.0),
        (WIDTH, 40.0),
        (Interval(64, 64, log=False, step=8), 8.0),
        (Interval(-3.0, -3.0, log=False), 3.0),
        (Interval(0.0, 0.0, log=False), 1.0),
    ],
)
def test_lengths(extent: Interval, expected: float) -> None:
    assert length(extent) == pytest.approx(expected)


def test_a_far_position_ends_at_the_bound_without_overflow() -> None:
    room = bounds("weight_decay", DECAY, 1e-1, 0.05, [])
    moved = within(DECAY, [1e-1], -1000.0, 1000.0, room)
    assert (moved.low, moved.high) == (1e-6, sys.float_info.max)


def test_whole_numbers_are_rounded_outwards_to_steps_from_the_best() -> None:
    room = bounds("width_1", WIDTH, 30, 0.05, [])
    moved = within(WIDTH, [30], 29.0, 41.0, room)
    assert moved == Interval(20, 50, log=False, step=10)
    assert type(moved.low) is int
    assert within(WIDTH, [30], 20.0, 30.0, room).values() == (20, 30)


def test_whole_numbers_stay_on_their_steps_at_a_limit_between_two() -> None:
    room = bounds("width_1", WIDTH, 50, 0.05, [Limits(low=1, high=75)])
    assert within(WIDTH, [50], 40.0, 500.0, room).values() == (40, 50, 60, 70)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [(Limits(low=44), 50), (Limits(high=26), 20), (Limits(low=20, high=30), 30)],
)
def test_a_whole_number_settles_on_the_nearest_step_inside(limits: Limits, expected: int) -> None:
    room = bounds("width_1", WIDTH, 30, 0.05, [limits])
    assert settled("width_1", WIDTH, 30, room) == expected


def test_a_continuous_value_settles_on_the_bound() -> None:
    room = bounds("weight_decay", DECAY, 1e-3, 0.05, [Limits(high=1e-4)])
    assert settled("weight_decay", DECAY, 1e-3, room) == 1e-4
    assert settled("weight_decay", DECAY, 1e-5, room) == 1e-5


def test_limits_between_two_steps_are_an_error() -> None:
    room = bounds("width_1", WIDTH, 30, 0.05, [Limits(low=31, high=38)])
    with pytest.raises(KlayerError, match=r"limits of width_1, 31 to 38, hold none of its values"):
        settled("width_1", WIDTH, 30, room)
