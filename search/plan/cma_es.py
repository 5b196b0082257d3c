"""CMA-ES on a box: each generation drawn from a normal distribution that the earlier ones shaped.

Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, with the `cmaes` library. It is
used without Optuna, whose sampler keeps the strategy's state beside trials. Here the state follows
from the results alone: it is made again from the first generation on, in less than a millisecond
for each.

A point is a place in the unit cube (see `search.plan.places`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.errors import KlayerError
from search.plan.places import place_of, value_at
from search.plan.ranking import Ranking
from search.plan.trial import Trial
from search.space.order import ordered
from search.space.space import Box, Interval, Point

Place = NDArray[np.float64]

# Of the first generation, on a side of length 1: the tutorial's advice, σ = 0.3 (b - a).
_FIRST_DEVIATION = 0.3


def ask(
    box: Box, told: Sequence[Trial], count: int, population: int, seed: int, ranking: Ranking
) -> list[Point]:
    """The next points.

    The strategy is told the order of each generation and no values, since it looks at nothing else:
    trials that halving dropped stand behind the others (see `Ranking`), diverged ones behind all.
    A generation that diverged as a whole teaches nothing. A strategy that has come to its end, by
    the library's criteria, is followed by a new one.

    Args:
        box: Ranges of numbers.
        told: The box's trials of all earlier generations, by number.
        count: How many points, `population` at most.
        population: Trials of a whole generation of the box, 4 or more.
        seed: Of this generation.
        ranking: By which trials rank.

    Raises:
        KlayerError: The `cmaes` library is not installed.
    """
    sides = {
        name: extent
        for name, extent in box.ranges.items()
        if isinstance(extent, Interval) and extent.low < extent.high
    }
    strategy = _strategy(len(sides), population)
    order = [*ranking.ranked(told), *(result for result in told if result.value is None)]
    ranks = {result.number: float(rank) for rank, result in enumerate(order)}
    for first in range(0, len(told), population):
        trials = told[first : first + population]
        if any(trial.value is not None for trial in trials):
            strategy.tell([(_place(sides, one.parameters), ranks[one.number]) for one in trials])
        if strategy.should_stop():
            strategy = _strategy(len(sides), population)
    strategy.reseed_rng(seed % 2**32)
    return [_point(box, sides, strategy.ask()) for _ in range(count)]


def _strategy(dimensions: int, population: int) -> Any:
    try:
        from cmaes import CMA
    except ImportError as error:
        raise KlayerError(
            'sampler = "cmaes" needs a library that is not installed here; install it with '
            "`pip install cmaes`"
        ) from error
    # A box of single values has no side; the strategy needs one, which then means nothing.
    sides = max(dimensions, 1)
    return CMA(
        mean=np.full(sides, 0.5),
        sigma=_FIRST_DEVIATION,
        bounds=np.tile([0.0, 1.0], (sides, 1)),
        population_size=population,
        n_max_resampling=10 * sides,
    )


def _place(sides: dict[str, Interval], point: Point) -> Place:
    if not sides:
        return np.array([0.5])
    return np.array([place_of(side, float(point[name])) for name, side in sides.items()])


def _point(box: Box, sides: dict[str, Interval], place: Place) -> Point:
    positions = dict(zip(sides, place.tolist(), strict=False))
    point = {
        name: value_at(extent, positions.get(name, 0.0))
        for name, extent in box.ranges.items()
        if isinstance(extent, Interval)
    }
    return ordered(box, point)
