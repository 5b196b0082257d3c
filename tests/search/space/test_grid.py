"""Grids: every combination that differs in what is active, once, in order."""

import itertools

import pytest
from hypothesis import given, settings

from search.space.grid import combinations, grid
from search.space.space import Box, Choices, Condition, Interval, SpaceError
from tests.search.space.boxes import boxes

NORMED = Box(
    {
        "gain": Choices((1, 2)),
        "norm": Choices((True, False)),
        "activation": Choices(("relu", "elu")),
        "alpha": Interval(0.1, 1.0, log=False, points=2),
    },
    {
        "gain": Condition({"norm": (True,)}),
        "alpha": Condition({"activation": ("elu",)}),
    },
)


def test_inactive_values_make_no_further_points() -> None:
    assert [tuple(point.items()) for point in grid(NORMED)][:4] == [
        (("gain", 1), ("norm", True), ("activation", "relu")),
        (("gain", 1), ("norm", True), ("activation", "elu"), ("alpha", 0.1)),
        (("gain", 1), ("norm", True), ("activation", "elu"), ("alpha", 1.0)),
        (("norm", False), ("activation", "relu")),
    ]
    assert len(grid(NORMED)) == combinations(NORMED) == 9


@settings(deadline=None, derandomize=True, max_examples=200)
@given(boxes())
def test_a_grid_is_the_whole_product_with_each_active_combination_once(box: Box) -> None:
    product = itertools.product(*(extent.values() for extent in box.ranges.values()))
    active = [box.active(dict(zip(box.ranges, values, strict=True))) for values in product]
    once = list({tuple(point.items()): point for point in active}.values())
    points = grid(box)
    assert [list(point.items()) for point in points] == [list(point.items()) for point in once]
    assert combinations(box) == len(points)


def test_a_large_grid_is_counted_without_making_it() -> None:
    wide = {f"p{place}": Interval(1, 1_000_000, log=False, step=1) for place in range(8)}
    assert combinations(Box(wide)) == 10**48
    under = Box({**wide, "q": Choices((1, 2))}, {"p0": Condition({"q": (1,)})})
    assert combinations(under) == 10**42 * (10**6 + 1)


def test_a_continuous_range_needs_a_number_of_points() -> None:
    box = Box({"rate": Interval(0.1, 1.0)})
    for of in (grid, combinations):
        with pytest.raises(SpaceError, match="points = N"):
            of(box)
