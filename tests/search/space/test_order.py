"""What is at most another hyperparameter never exceeds it, and nothing else of a point changes."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.space.grid import combinations, grid
from search.space.joining import fitted, hull, overlaid
from search.space.order import ordered
from search.space.space import (
    Box,
    Choices,
    Condition,
    Interval,
    Range,
    SpaceError,
)

CHAIN = {"b": "a", "c": "b"}
NAMES = ("a", "b", "c")


def whole(low: int, high: int, step: int = 1) -> Interval:
    return Interval(low, high, log=False, step=step)


def chained(*extents: Range, depth: bool = False) -> Box:
    """A chain a, b, c of these ranges; with `depth` as many of them are active as that says."""
    ranges = dict(zip(NAMES, extents, strict=True))
    if not depth:
        return Box(ranges, at_most=CHAIN)
    when = {"b": Condition({"depth": (2, 3)}), "c": Condition({"depth": (3,)})}
    return Box({"depth": Choices((1, 2, 3)), **ranges}, when, CHAIN)


def test_values_are_sorted_the_largest_first() -> None:
    box = chained(whole(1, 9), whole(1, 9), whole(1, 9))
    assert ordered(box, {"a": 2, "b": 9, "c": 4}) == {"a": 9, "b": 4, "c": 2}
    assert ordered(box, {"a": 2, "c": 4}) == {"a": 4, "c": 2}
    same = {"a": 9, "b": 9, "c": 1}
    assert ordered(box, same) is same
    assert box.contains(same)
    assert not box.contains({"a": 2, "b": 9, "c": 4})


@pytest.mark.parametrize(
    ("extents", "point", "expected"),
    [
        ((whole(10, 50, 20), whole(5, 50, 15), whole(5, 5)), (10, 50, 5), (50, 5, 5)),
        ((Choices((8, 64)), Choices((8, 16, 64)), Choices((8,))), (8, 16, 8), (8, 8, 8)),
        (
            (Interval(1.0, 8.0), Interval(0.5, 8.0), Interval(0.5, 8.0)),
            (1.0, 8.0, 0.5),
            (8, 1, 0.5),
        ),
    ],
)
def test_a_value_that_its_new_range_lacks_becomes_a_lower_one(
    extents: tuple[Range, ...], point: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    box = chained(*extents)
    found = ordered(box, dict(zip(NAMES, point, strict=True)))
    assert tuple(found.values()) == expected
    assert box.contains(found)


@st.composite
def chains(draw: st.DrawFn) -> Box:
    """Three ranges of numbers whose ends never rise, lists and steps among them."""
    lows = sorted(draw(st.tuples(*[st.integers(1, 6)] * 3)), reverse=True)
    highs = sorted(draw(st.tuples(*[st.integers(6, 12)] * 3)), reverse=True)
    extents: list[Range] = []
    for low, high in zip(lows, highs, strict=True):
        if draw(st.booleans()):
            inner = draw(st.sets(st.integers(low, high)))
            extents.append(Choices(tuple(draw(st.permutations(sorted({low, high} | inner))))))
        else:
            step = draw(st.sampled_from([s for s in (1, 2, 3) if (high - low) % s == 0]))
            extents.append(whole(low, high, step))
    return chained(*extents, depth=draw(st.booleans()))


@settings(deadline=None, derandomize=True, max_examples=150)
@given(chains(), st.data())
def test_an_ordered_point_is_in_its_box_and_stays_as_it_is(box: Box, data: st.DataObject) -> None:
    drawn = {n: data.draw(st.sampled_from(one.values())) for n, one in box.ranges.items()}
    found = ordered(box, box.active(drawn))
    assert box.contains(found)
    assert ordered(box, found) == found
    assert found.get("depth") == box.active(drawn).get("depth")


@settings(deadline=None, derandomize=True, max_examples=100)
@given(chains())
def test_a_grid_has_the_combinations_in_order_each_once(box: Box) -> None:
    points = grid(box)
    assert len(points) == combinations(box)
    every = itertools.product(*(one.values() for one in box.ranges.values()))
    active = (box.active(dict(zip(box.ranges, values, strict=True))) for values in every)
    expected = {tuple(one.items()) for one in active if box.in_order(one)}
    assert {tuple(point.items()) for point in points} == expected
    assert len(points) == len(expected)


def test_a_grid_of_very_many_is_counted_and_not_made() -> None:
    box = chained(*[whole(1, 10_000)] * 3)
    assert combinations(box) == 10_000 * 10_001 * 10_002 // 6


def test_a_parent_in_a_chain_is_counted_with_each_of_its_values() -> None:
    extents = {name: whole(1, 4) for name in NAMES}
    box = Box({**extents, "d": whole(1, 5)}, {"d": Condition({"b": (2, 3)})}, CHAIN)
    assert combinations(box) == len(grid(box))


def test_sorting_keeps_even_points_even() -> None:
    """Cutting would make half of the pairs equal; of sorted ones as few are as among all pairs."""
    box = Box({"a": whole(1, 50), "b": whole(1, 50)}, at_most={"b": "a"})
    drawn = np.random.default_rng(0).integers(1, 51, (2000, 2))
    found = [ordered(box, {"a": int(a), "b": int(b)}) for a, b in drawn]
    assert sum(one["a"] == one["b"] for one in found) < 80


@pytest.mark.parametrize(
    ("ranges", "at_most", "message"),
    [
        ({"a": whole(1, 9)}, {"a": "b"}, "found b, but the box has a"),
        (
            {"a": whole(1, 9), "b": Choices(("x",))},
            {"a": "b"},
            "found b, but b is no number",
        ),
        (
            {"a": whole(1, 9), "b": Choices((True, False))},
            {"b": "a"},
            "found a, but b is no number",
        ),
        (
            {"a": whole(1, 9), "b": whole(1, 9)},
            {"a": "b", "b": "a"},
            "is at most a; leave out one of these",
        ),
        (
            {"a": whole(1, 9), "b": whole(1, 9), "c": whole(1, 9)},
            {"b": "a", "c": "a"},
            "found a, which b is at most already; give b",
        ),
        (
            {"a": whole(1, 9), "b": whole(2, 9)},
            {"b": "a"},
            "found a, whose values begin at 1, and those of b at 2; let them begin at 1 or below",
        ),
        (
            {"a": whole(1, 9, 4), "b": Choices((1, 10))},
            {"b": "a"},
            "found a, whose values end at 9, and those of b at 10; let them end at 9 or below",
        ),
    ],
)
def test_what_cannot_be_in_order_is_refused(
    ranges: dict[str, Range], at_most: dict[str, str], message: str
) -> None:
    with pytest.raises(SpaceError) as caught:
        Box(ranges, at_most=at_most)
    assert message in str(caught.value)


def test_ranges_that_moved_are_put_in_order_by_whole_steps() -> None:
    moved = {"a": whole(20, 40), "b": whole(31, 61, 10), "c": Choices((32, 33, 128))}
    box = fitted({**moved, "d": whole(1, 2)}, {}, {**CHAIN, "e": "d"})
    assert dict(box.ranges) == {
        "a": whole(20, 40),
        "b": whole(11, 31, 10),
        "c": Choices((11,)),
        "d": whole(1, 2),
    }
    assert dict(box.at_most) == CHAIN
    real = fitted({"a": Interval(0.1, 2.0), "b": Interval(0.5, 3.0)}, {}, {"b": "a"})
    assert real.ranges["b"] == Interval(0.1, 2.0)


def test_boxes_are_joined_and_overlaid_with_their_order() -> None:
    low, high = (chained(*[whole(*ends)] * 3) for ends in ((1, 5), (4, 9)))
    assert hull((low, high)) == chained(*[whole(1, 9)] * 3)
    alone = Box({name: whole(1, 5) for name in NAMES})
    with pytest.raises(SpaceError, match="differ in what b is at most; give one rule"):
        hull((low, alone))
    assert dict(overlaid(low, Box({"b": whole(1, 3)})).at_most) == {"c": "b"}
    again = overlaid(low, high)
    assert again == high
    assert hash(again) == hash(high) != hash(Box(high.ranges))
    assert pickle.loads(pickle.dumps(high)) == high
    assert high.described("b") == "[4, 9], at most a"
