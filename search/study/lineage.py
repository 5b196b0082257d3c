"""What a stage may search before the search has run: its own boxes, and what its zoom carries over.

A zoomed box is known only once its sources have run, but its hyperparameters, their scales and the
bounds that they may reach are known from the file.
"""

import math
from collections.abc import Mapping, Sequence

from search.objective.port import Objective, Training
from search.space.hyperparameters import Number
from search.space.joining import hull, overlaid
from search.space.space import Box, Choices, Interval, Range
from search.study.stages import Stage
from search.study.zoom_rules import Limits


def reach(stages: Sequence[Stage]) -> dict[str, Box]:
    """For each stage, by name, the smallest box that holds all boxes it descends from.

    A stage's own ranges stand before carried ones of the same name. A zoom on an edge may pass the
    bounds, never the names and scales. Hyperparameters whose conditions can never hold beside the
    stage's own ranges are not carried.

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
    if stage.zoom is None:
        return hull(stage.boxes)
    over = carried(stage, known)
    return overlaid(over, hull(stage.boxes)) if stage.boxes else over


def carried(stage: Stage, known: Mapping[str, Box]) -> Box:
    """What a zoomed stage takes over, of `known`, the reach of each earlier stage.

    Raises:
        SpaceError: Its sources differ in their hyperparameters or scales.
    """
    return hull(tuple(known[source] for source in stage.reads))


def natural_limits(
    objective: Objective, stage: Stage, box: Box, final: Training | None = None
) -> dict[str, Limits]:
    """The bounds that a zoom of `stage` must keep to, for each number of `box`.

    They are those of the objective's registry, where an excluded bound becomes the nearest number
    inside, and those that the objective adds.

    Args:
        objective: What is trained.
        stage: The stage whose box is zoomed.
        box: Its `reach`.
        final: The settings of the final, where finalists may come from the stage.
    """
    limits = {
        name: _limits(number, extent)
        for name, extent in box.ranges.items()
        if isinstance(number := objective.registry.find(name), Number)
        and not isinstance(extent, Choices)
    }
    for name, (low, high) in objective.limits(stage.training, box.ranges, final).items():
        if name in limits:
            limits[name] = Limits(low=low, high=high)
    return limits


def _limits(number: Number, extent: Range) -> Limits:
    low = number.low
    if low is not None and not number.low_included:
        low = math.nextafter(low, math.inf)
    if isinstance(extent, Interval) and extent.log and number.low == 0:
        low = None  # 0 has no place on a log scale
    high = number.high
    if high is not None and not number.high_included:
        high = math.nextafter(high, -math.inf)
    return Limits(low=low, high=high)
