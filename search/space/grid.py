"""The points of a grid: every combination of the ranges' values, each that differs once.

Values of a hyperparameter that is inactive make no difference, so they make no further points.
"""

import math
from collections.abc import Iterable, Iterator

from search.space.space import Box, Point, Value


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
    return sum(
        math.prod(counts[name] for name in box.active_names(point) if name not in parents)
        for point in _combined(box, first)
    )


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
        ]
    yield from points
