"""The search space: ranges, boxes of ranges, points of boxes. Values only; nothing is drawn here.

A range is an `Interval` (continuous or stepped, log-uniform unless said) or a finite `Choices`.
A box names a range for each searched hyperparameter; a point names a value for each.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from search.errors import KlayerError

Value = float | int | str | bool
Point = Mapping[str, Value]


class SpaceError(KlayerError):
    """A range or a box that holds nothing, or is upside down."""


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`, both included.

    Attributes:
        low: Lower bound, in the hyperparameter's own unit; > 0 where `log` holds.
        high: Upper bound; `low < high`, or equal for a range of one value.
        log: Whether equal ratios (rather than equal differences) are equally likely.
        step: For whole numbers, the distance of neighbouring values, counted from `low`; None for
            a continuous range.
        points: How many values a grid takes from a continuous range, evenly spaced on the range's
            own scale; None where no grid was asked for.

    Raises:
        SpaceError: The bounds are not finite, inverted, or not positive on a log scale; a step or a
            number of points is not positive; a stepped range has bounds that are not whole.
    """

    low: float
    high: float
    log: bool = True
    step: int | None = None
    points: int | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise SpaceError(f"bounds must be finite numbers, not {self.low:g} and {self.high:g}")
        if self.low > self.high:
            raise SpaceError(f"low must not be above high, but {self.low:g} > {self.high:g}")
        if self.log and self.low <= 0:
            raise SpaceError(f"a log range needs low > 0, not {self.low:g}; or say log = false")
        if self.step is not None:
            if self.step < 1:
                raise SpaceError(f"step must be 1 or more, not {self.step}")
            if self.log or self.low != int(self.low) or self.high != int(self.high):
                raise SpaceError("a stepped range needs log = false and whole numbers as bounds")
        if self.points is not None and self.points < 1:
            raise SpaceError(f"points must be 1 or more, not {self.points}")

    def __str__(self) -> str:
        scale = ", log" if self.log else "" if self.step in (None, 1) else f", step {self.step}"
        return f"[{self.low:.4g}, {self.high:.4g}]{scale}"

    def scaled(self, value: float) -> float:
        """`value` on the range's own scale: its decimal logarithm for a log range."""
        return math.log10(value) if self.log else float(value)

    def unscaled(self, position: float) -> float:
        """The value at a place of the range's own scale; the inverse of `scaled`."""
        return 10.0**position if self.log else position

    def contains(self, value: float) -> bool:
        """Whether `value` lies in the range, bounds included."""
        return self.low <= value <= self.high

    def values(self) -> tuple[float | int, ...]:
        """The values a grid takes: every step, or `points` evenly spaced ones.

        Raises:
            SpaceError: The range is continuous and says no number of points.
        """
        if self.step is not None:
            return tuple(range(int(self.low), int(self.high) + 1, self.step))
        if self.points is None:
            raise SpaceError(
                "a grid needs `points = N` (or a list of values) for a continuous range"
            )
        if self.points == 1 or self.low == self.high:
            return (self.low,)
        first, last = self.scaled(self.low), self.scaled(self.high)
        inner = (
            self.unscaled(first + (last - first) * i / (self.points - 1))
            for i in range(1, self.points - 1)
        )
        return (self.low, *inner, self.high)


@dataclass(frozen=True)
class Choices:
    """A finite set of values, each as likely as another, in the order of the study file.

    Raises:
        SpaceError: There is no value, or one stands twice.
    """

    options: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise SpaceError("a list of choices needs at least one value")
        if len(set(self.options)) != len(self.options):
            raise SpaceError(f"a value stands twice in {list(self.options)}; give each once")

    def __str__(self) -> str:
        words = (str(one).lower() if isinstance(one, bool) else str(one) for one in self.options)
        return "{" + ", ".join(words) + "}"

    def contains(self, value: Value) -> bool:
        """Whether `value` is one of the choices."""
        return value in self.options

    def values(self) -> tuple[Value, ...]:
        """The values a grid takes: all of them."""
        return self.options


Range = Interval | Choices


@dataclass(frozen=True)
class Box:
    """A range for each searched hyperparameter, in the order of the study file; never empty.

    Raises:
        SpaceError: There is no range.
    """

    ranges: Mapping[str, Range]

    def __post_init__(self) -> None:
        if not self.ranges:
            raise SpaceError("a box needs at least one hyperparameter")
        object.__setattr__(self, "ranges", MappingProxyType(dict(self.ranges)))

    def __reduce__(self) -> tuple[type["Box"], tuple[dict[str, Range]]]:
        return Box, (dict(self.ranges),)

    def __hash__(self) -> int:
        return hash(tuple(self.ranges.items()))

    def contains(self, point: Point) -> bool:
        """Whether each of the box's hyperparameters has a value of its range in `point`."""
        return all(
            name in point and extent.contains(point[name])  # type: ignore[arg-type]
            for name, extent in self.ranges.items()
        )


def hull(boxes: tuple[Box, ...]) -> Box:
    """The smallest box that holds all of `boxes`; they must agree in names and kinds of range.

    Raises:
        SpaceError: The boxes differ in their hyperparameters, or one is an interval here and a list
            of choices there, or on a log scale here and a linear one there.
    """
    first, *rest = boxes
    merged = dict(first.ranges)
    for box in rest:
        if set(box.ranges) != set(merged):
            raise SpaceError(
                f"the boxes of a stage need the same hyperparameters, but one has "
                f"{', '.join(sorted(merged))} and one {', '.join(sorted(box.ranges))}"
            )
        for name, other in box.ranges.items():
            merged[name] = _join(name, merged[name], other)
    return Box(merged)


def _join(name: str, one: Range, other: Range) -> Range:
    if isinstance(one, Choices) and isinstance(other, Choices):
        return Choices(one.options + tuple(v for v in other.options if v not in one.options))
    if isinstance(one, Interval) and isinstance(other, Interval):
        if (one.log, one.step) != (other.log, other.step):
            raise SpaceError(f"the boxes of a stage differ in the scale or the step of {name}")
        return replace(one, low=min(one.low, other.low), high=max(one.high, other.high))
    raise SpaceError(f"{name} is an interval in one box and a list in another; give one kind")
