"""A surface through trials: where configurations are likely to do well, given those trained.

A Gaussian process (`search.plan.gaussian_process`) on the places of the points. Only the order of
the trials counts: it is told the normal score of each rank, so that one training that diverged, or
one value far from the others, does not bend it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from search.plan import gaussian_process
from search.plan.gaussian_process import Process
from search.plan.places import place_of, value_at
from search.plan.ranking import Ranking
from search.plan.samplers import inside
from search.plan.trial import Trial
from search.space.space import Box, Choices, Point, Range, Value

Array = npt.NDArray[np.float64]

MOST_TOLD = 512
"""Trials that a surface is laid through; a fit takes about a second for so many."""

_DEVIATIONS = 2.0  # by which a point that is not yet tried may be better than expected
_WIDE, _NEAR = 512, 32  # points that are looked at: anywhere, or 4 for each that is asked for if
# that is more; and near each of the leaders
_LEADERS = 8
_NEARBY = 0.1  # standard deviation of the places near a leader
_OTHER_CHOICE = 0.15  # how often a point near a leader has another value of a list


@dataclass(frozen=True)
class Surface:
    """A surface over a box.

    Attributes:
        box: Whose ranges span it; points beyond them have a place, too.
        process: The process, told of places and of normal scores, of which less is better.
        told: The points of the trials that it was told of, the best first.
    """

    box: Box
    process: Process
    told: tuple[Point, ...]

    def expected(self, points: Sequence[Point]) -> list[float]:
        """The expected normal score at each point; less is better."""
        found: list[float] = self.process.mean(_places(self.box, points)).tolist()
        return found

    def ask(self, count: int, seed: int) -> list[Point]:
        """Points of the box to try next: likely to be good, or little known, and apart.

        A point that was tried is asked for again only where the box has not enough others.
        """
        random = np.random.default_rng(seed)
        drawn = self._drawn(random, max(_WIDE, 4 * count))
        tried = {_key(point) for point in self.told}
        distinct = list({_key(point): point for point in drawn}.values())
        fresh = [point for point in distinct if _key(point) not in tried]
        offered = fresh if len(fresh) >= count else drawn
        chosen = self.process.apart(_places(self.box, offered), count, _DEVIATIONS)
        return [offered[place] for place in chosen]

    def _drawn(self, random: np.random.Generator, wide: int) -> list[Point]:
        points = [
            {name: _at(extent, random.random()) for name, extent in self.box.ranges.items()}
            for _ in range(wide)
        ]
        order = np.argsort(self.expected(self.told), kind="stable")[:_LEADERS]
        for place in order:
            leader = self.told[place]
            points += [
                {
                    name: _near(extent, leader.get(name), random)
                    for name, extent in self.box.ranges.items()
                }
                for _ in range(_NEAR)
            ]
        return [inside(self.box, point) for point in points]


def surface(box: Box, told: Sequence[Trial], ranking: Ranking) -> Surface:
    """The surface through finished trials, one at least, in any order.

    Trials that halving dropped rank behind all others, and trials without a value last, as in
    `Ranking.ranks`. Of more than `MOST_TOLD`, the best half of so many are told, and as many of the
    others, spread evenly over their ranks.
    """
    ranks = ranking.ranks(told)
    order = sorted(range(len(told)), key=lambda place: (ranks[place], told[place].number))
    if len(order) > MOST_TOLD:
        best, others = order[: MOST_TOLD // 2], order[MOST_TOLD // 2 :]
        spread = np.linspace(0, len(others) - 1, MOST_TOLD - len(best)).round().astype(int)
        order = best + [others[place] for place in spread]
    points = tuple(told[place].parameters for place in order)
    normal = NormalDist()
    scores = [normal.inv_cdf((ranks[place] + 0.5) / len(told)) for place in order]
    process = gaussian_process.fit(_places(box, points), np.array(scores))
    return Surface(box, process, points)


def _places(box: Box, points: Sequence[Point]) -> Array:
    """Where points lie, (n, d): a column a range of numbers, one an option of a list.

    A list of two options has one column. Different options of a list are 1 apart. What has a
    condition has a column more, which says whether it is active; where it is not, it lies in the
    middle.
    """
    columns = [
        column
        for name, extent in box.ranges.items()
        for column in _columns(box, name, extent, points)
    ]
    return np.array(columns or [[0.0] * len(points)]).T


def _columns(box: Box, name: str, extent: Range, points: Sequence[Point]) -> list[list[float]]:
    values = [point.get(name) for point in points]
    active = [[float(value is not None) for value in values]] if name in box.conditions else []
    if not isinstance(extent, Choices):
        if extent.low == extent.high:
            return active
        return [[0.5 if v is None else place_of(extent, float(v)) for v in values], *active]
    if len(extent.options) <= 2:
        options = extent.options[1:]
        return [*([float(value == one) for value in values] for one in options), *active]
    side = 0.5**0.5
    return [*([side * (value == one) for value in values] for one in extent.options), *active]


def _at(extent: Range, place: float) -> Value:
    if isinstance(extent, Choices):
        return extent.options[int(place * len(extent.options))]
    return value_at(extent, place)


def _near(extent: Range, value: Value | None, random: np.random.Generator) -> Value:
    """A value near another one; any where the leader has none."""
    anywhere, step, other = random.random(), random.normal(), random.random()
    if value is None:
        return _at(extent, anywhere)
    if isinstance(extent, Choices):
        return _at(extent, anywhere) if other < _OTHER_CHOICE else value
    return value_at(extent, min(max(place_of(extent, float(value)) + _NEARBY * step, 0.0), 1.0))


def _key(point: Mapping[str, Value]) -> frozenset[tuple[str, Value]]:
    return frozenset(point.items())
