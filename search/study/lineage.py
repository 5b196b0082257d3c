"""What a stage may search before the search has run: its own boxes, and what its zoom carries over.

A zoomed box is known only once its sources have run, but its hyperparameters, their scales and the
bounds that they may reach are known from the file.
"""

import math
from collections.abc import Mapping, Sequence

from search.space.space import Box, Choices, Interval, Range, hull
from search.study.schedule import CyclesSchedule
from search.study.searchable import Number, find
from search.study.stages import Stage
from search.study.zoom_rules import Limits


def reach(stages: Sequence[Stage]) -> dict[str, Box]:
    """For each stage, by name, the smallest box that holds all boxes it descends from.

    A stage's own ranges stand before carried ones of the same name. A zoom on an edge may pass the
    bounds, never the names and scales.

    Raises:
        SpaceError: Boxes that are pooled differ in their hyperparameters or scales.
    """
    known: dict[str, Box] = {}
    for stage in stages:
        known[stage.name] = reach_of(stage, known)
    return known


def reach_of(stage: Stage, known: Mapping[str, Box]) -> Box:
    """The reach of one stage, given that of the stages before it.

    Raises:
        SpaceError: As `reach` does.
    """
    ranges = dict(carried(stage, known).ranges) if stage.zoom is not None else {}
    return Box(ranges | (dict(hull(stage.boxes).ranges) if stage.boxes else {}))


def carried(stage: Stage, known: Mapping[str, Box]) -> Box:
    """What a zoomed stage takes over, of `known`, the reach of each earlier stage.

    Raises:
        SpaceError: Its sources differ in their hyperparameters or scales.
    """
    sources = stage.zoom.sources if stage.zoom is not None else ()
    return hull(tuple(known[source] for source in sources))


def lowest(ranges: Mapping[str, Range], name: str, otherwise: float) -> float:
    """The smallest value of the number `name`; `otherwise` where it is not searched."""
    return _bound(ranges, name, otherwise, "low")


def highest(ranges: Mapping[str, Range], name: str, otherwise: float) -> float:
    """The largest value of the number `name`; `otherwise` where it is not searched."""
    return _bound(ranges, name, otherwise, "high")


def _bound(ranges: Mapping[str, Range], name: str, otherwise: float, side: str) -> float:
    extent = ranges.get(name)
    if extent is None:
        return otherwise
    if isinstance(extent, Interval):
        return extent.low if side == "low" else extent.high
    numbers = [float(option) for option in extent.options]
    return min(numbers) if side == "low" else max(numbers)


def natural_limits(stage: Stage, box: Box, floors: Sequence[float] = ()) -> dict[str, Limits]:
    """The bounds that a zoom of `stage` must keep to, for each number of `box`.

    They are those of `search.study.searchable`, where an excluded bound becomes the nearest number
    inside. With cycles, `learning_rate` also stays above every `learning_rate_min` of the stage.

    Args:
        stage: The stage whose box is zoomed.
        box: Its `reach`.
        floors: Learning rates that `learning_rate` must stay above as well.
    """
    limits = {
        name: _limits(number, extent)
        for name, extent in box.ranges.items()
        if isinstance(number := find(name), Number) and not isinstance(extent, Choices)
    }
    floors = list(floors)
    if isinstance(stage.training.schedule, CyclesSchedule):
        floor = highest(box.ranges, "learning_rate_min", stage.training.learning_rate_min)
        floors.append(floor)
        if "learning_rate_min" in limits:
            top = lowest(box.ranges, "learning_rate", stage.training.learning_rate)
            between = floor if "learning_rate" in limits else math.nextafter(top, 0)
            limits["learning_rate_min"] = Limits(high=between)
    if floors and "learning_rate" in limits:
        limits["learning_rate"] = Limits(low=math.nextafter(max(floors), math.inf))
    return limits


def _limits(number: Number, extent: Range) -> Limits:
    low: float | None = number.low if number.low_included else math.nextafter(number.low, math.inf)
    if isinstance(extent, Interval) and extent.log and number.low == 0:
        low = None  # 0 has no place on a log scale
    high = number.high
    if high is not None and not number.high_included:
        high = math.nextafter(high, -math.inf)
    return Limits(low=low, high=high)
