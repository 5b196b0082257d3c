"""The points of a grid: every combination of the ranges' values, each that differs once.

Values of a hyperparameter that is inactive make no difference, so they make no further points. What
is at most another hyperparameter never exceeds it.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from search.space.space import Box, Point, Value, chains


def grid(box: Box) -> list[Point]:
    """The points, the first hyperparameter changing slowest.

    Raises:
        SpaceError: A continuous range says no number of points.
    """
    places = {
        name: {value: place for place, value in enumerate(extent.values())}
        for name, extent in box.ranges.items()
    }

    def order(point: Point) -> list[int]:
        return [places[name][point[name]] if name in point else 0 for name in places]

    return [box.active(point) for point in sorted(_combined(box, box.parents_first), key=order)]


def combinations(box: Box) -> int:
    """How many points the grid has, without making them.

    Raises:
        SpaceError: A continuous range says no number of points.
    """
    counts = {name: len(extent.values()) for name, extent in box.ranges.items()}
    parents = {parent for condition in box.conditions.values() for parent in condition.values}
    first = [name for name in box.parents_first if name in parents]
    falls = chains(box.at_most)
    chained = {name for chain in falls for name in chain}
    total = 0
    for point in _combined(box, first):
        active = box.active_names(point)
        alone = (counts[name] for name in active if name not in parents | chained)
        falling = (
            _falling([_values(box, point, name) for name in chain if name in active])
            for chain in falls
        )
        total += math.prod(alone) * math.prod(falling)
    return total


def _values(box: Box, point: Point, name: str) -> list[float]:
    """The values of a number that is in a chain, falling; the one that the point has, if it has."""
    values = (point[name],) if name in point else box.ranges[name].values()
    return sorted((float(value) for value in values), reverse=True)


def _falling(columns: Sequence[Sequence[float]]) -> int:
    """In how many ways one value of each column can be taken, none above the one before it."""
    before: Sequence[float] = ()
    ways = [1]
    for column in columns:
        sums = [0, *accumulate(ways)] if before else [1]
        negated = [-value for value in before]
        ways = [sums[bisect_right(negated, -value)] for value in column]
        before = column
    return sum(ways)


def _combined(box: Box, names: Iterable[str]) -> Iterator[Point]:
    """Every combination of the values of some hyperparameters that come after their parents."""
    points: list[dict[str, Value]] = [{}]
    for name in names:
        values = box.ranges[name].values()
        points = [
            wider
            for point in points
            for wider in (
                [point | {name: value} for value in values]
                if name not in box.conditions or name in box.active_names(point)
                else [point]
            )
            if box.in_order(wider)
        ]
    yield from points
