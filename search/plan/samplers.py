"""The points of a stage whose sampler does not learn, as a pure function of its boxes and a seed.

Optuna's samplers are asked through a study in memory that lives for one call. A stage's boxes share
its trials as evenly as can be; trial i is drawn from box i modulo the number of boxes, and each box
has a seed of its own. So a random or Sobol stage that gets more trials keeps the ones it had.

Optuna takes half a second to import: it is imported only to draw or to make distributions.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from search.errors import KlayerError
from search.plan.seeds import derive
from search.space.grid import grid
from search.space.joining import hull
from search.space.order import ordered
from search.space.space import Box, Choices, Interval, Point, Range, Value

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution, IntDistribution

Sampler = Literal["random", "sobol", "grid", "points"]


@dataclass(frozen=True)
class Drawn:
    """A point to train: its parameters, as plain Python values, and the index of its box."""

    parameters: Point
    box: int


def draw(
    sampler: Sampler,
    boxes: tuple[Box, ...],
    trials: int,
    seed: int,
    points: Sequence[Point] = (),
) -> tuple[Drawn, ...]:
    """The points of a stage, in the order of its trials.

    Args:
        sampler: `random` draws independently, uniformly on each range's own scale; `sobol` takes a
            scrambled Sobol sequence; both draw a value for every hyperparameter and drop those
            that are inactive, so that conditions change no other draw. `grid` takes every
            combination of the ranges' values that differs in what is active, the first
            hyperparameter changing slowest; `points` takes `points`.
        boxes: The stage's boxes.
        trials: How many points `random` and `sobol` draw. `grid` and `points` know their own
            number (a grid that follows a zoom learns it only then), and do not read it.
        seed: The stage's seed; `grid` and `points` do not read it.
        points: For `points`, the points; a point's box is the first that holds it.

    Raises:
        KlayerError: There is no box; a point lies in none; a grid meets a continuous range without
            a number of points.
    """
    if not boxes:
        raise KlayerError(f"the {sampler} sampler needs at least one box to draw from, got none")
    if sampler == "points":
        return tuple(Drawn(dict(point), _home(point, boxes)) for point in points)
    if sampler == "grid":
        return _interleaved([_grid(box) for box in boxes])
    counts = [len(range(index, trials, len(boxes))) for index in range(len(boxes))]
    return _interleaved(
        [
            _sampled(sampler, box, count, derive(seed, "box", index))
            for index, (box, count) in enumerate(zip(boxes, counts, strict=True))
        ]
    )


def distributions(boxes: tuple[Box, ...], *, listed: bool = False) -> dict[str, "BaseDistribution"]:
    """Optuna's distribution of each hyperparameter of a stage, fixed for all of its trials.

    Each covers the range in every box. The step of whole numbers is kept where the boxes lie on one
    grid and is 1 where they do not; the upper bound is then the last value of that grid, as Optuna
    wants it.

    Args:
        boxes: The stage's boxes.
        listed: Whether lists of numbers are points of a range, as those of finalists are, and not
            choices.

    Raises:
        KlayerError: There is no box.
        SpaceError: The boxes differ in their hyperparameters or in the kind of a range.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if not boxes:
        raise KlayerError("a stage needs at least one box, got none")
    found: dict[str, BaseDistribution] = {}
    for name, extent in hull(boxes).ranges.items():
        if listed and isinstance(extent, Choices) and (numbers := _numbers(extent)):
            found[name] = _over(numbers)
        elif isinstance(extent, Choices):
            found[name] = CategoricalDistribution(extent.options)
        elif extent.step is None:
            found[name] = FloatDistribution(extent.low, extent.high, log=extent.log)
        else:
            found[name] = _whole(extent, [box.ranges[name] for box in boxes if name in box.ranges])
    return found


def _numbers(extent: Choices) -> list[int | float]:
    """The options of a list of numbers; none of another."""
    found = [one for one in extent.options if isinstance(one, int | float)]
    numbers = [one for one in found if not isinstance(one, bool)]
    return numbers if len(numbers) == len(extent.options) else []


def _over(numbers: Sequence[int | float]) -> "BaseDistribution":
    from optuna.distributions import FloatDistribution, IntDistribution

    low, high = min(numbers), max(numbers)
    if all(isinstance(one, int) for one in numbers):
        return IntDistribution(int(low), int(high))
    return FloatDistribution(low, high)


def _whole(joined: Interval, parts: Sequence[Range]) -> "IntDistribution":
    from optuna.distributions import IntDistribution

    low, high, step = int(joined.low), int(joined.high), joined.step or 1
    lows = [int(part.low) for part in parts if isinstance(part, Interval)]
    if any((start - low) % step for start in lows):
        step = 1
    return IntDistribution(low, high - (high - low) % step, step=step)


def _interleaved(columns: Sequence[Sequence[Point]]) -> tuple[Drawn, ...]:
    """The boxes' points by turns; a box that has no more is passed over."""
    return tuple(
        Drawn(point, index)
        for row in itertools.zip_longest(*columns)
        for index, point in enumerate(row)
        if point is not None
    )


def _home(point: Point, boxes: tuple[Box, ...]) -> int:
    for index, box in enumerate(boxes):
        if box.contains(point):
            return index
    raise KlayerError(f"the point {dict(point)} lies in none of the stage's {len(boxes)} boxes")


def _grid(box: Box) -> list[Point]:
    return [
        {name: _inside(box.ranges[name], value) for name, value in point.items()}
        for point in grid(box)
    ]


def _sampled(sampler: Literal["random", "sobol"], box: Box, count: int, seed: int) -> list[Point]:
    space = distributions((box,))
    from search.plan import optuna_samplers

    asked = optuna_samplers.ask(sampler, space, count, seed)
    return [inside(box, point) for point in asked]


def inside(box: Box, point: Point) -> Point:
    """What is active of the point, in the box's order, in plain numbers, each in its range.

    What is at most another hyperparameter does not exceed it (see `search.space.order`).

    Args:
        box: What was drawn from.
        point: A value for each hyperparameter of the box, active or not.
    """
    whole = {name: _inside(extent, point[name]) for name, extent in box.ranges.items()}
    active = box.active(whole) if box.conditions else whole
    return ordered(box, active) if box.at_most else active


def _inside(extent: Range, value: Value) -> Value:
    """`value` as a plain number, moved into its range where rounding has carried it out."""
    if isinstance(extent, Choices) or isinstance(value, str):
        return value
    kept = min(max(value, extent.low), extent.high)
    return float(kept) if extent.step is None else int(kept)
