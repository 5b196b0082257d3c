"""The search space: ranges, boxes of ranges, points of boxes. Values only; nothing is drawn here.

A range is an `Interval` (continuous or stepped, log-uniform unless said) or a finite `Choices`.
A box names a range for each searched hyperparameter; a point names a value for each. A
hyperparameter with a condition is active, and so in a point, only where the condition holds.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from types import MappingProxyType

from search.errors import KlayerError
from search.runtime.formatting import number

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
        return f"[{number(self.low)}, {number(self.high)}]{scale}"

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
        return f"{{{self.listed}}}"

    @property
    def listed(self) -> str:
        """The values as a study file writes them, but for quotes: `1, true, relu`."""
        return ", ".join(map(_word, self.options))

    def contains(self, value: Value) -> bool:
        """Whether `value` is one of the choices."""
        return value in self.options

    def values(self) -> tuple[Value, ...]:
        """The values a grid takes: all of them."""
        return self.options


Range = Interval | Choices


@dataclass(frozen=True)
class Condition:
    """When a hyperparameter is active: where each of its parents has one of the values given here.

    Attributes:
        values: For each parent, by name, the values that it may have.

    Raises:
        SpaceError: There is no parent, or one without values.
    """

    values: Mapping[str, tuple[Value, ...]]

    def __post_init__(self) -> None:
        if not self.values:
            raise SpaceError("a condition needs at least one hyperparameter to depend on")
        for parent, values in self.values.items():
            if not values:
                raise SpaceError(f"a condition on {parent} needs at least one value of it")
        kept = {parent: tuple(values) for parent, values in self.values.items()}
        object.__setattr__(self, "values", MappingProxyType(kept))

    def __reduce__(self) -> tuple[type["Condition"], tuple[dict[str, tuple[Value, ...]]]]:
        return Condition, (dict(self.values),)

    def __hash__(self) -> int:
        return hash(frozenset(self.values.items()))

    def __str__(self) -> str:
        return " and ".join(
            f"{parent} is {' or '.join(_word(value) for value in values)}"
            for parent, values in self.values.items()
        )

    def within(self, ranges: Mapping[str, Range]) -> "Condition | None":
        """The condition with the values alone that its parents can have; None if it cannot hold."""
        left = {
            parent: tuple(value for value in values if takes(ranges.get(parent), value))
            for parent, values in self.values.items()
        }
        return Condition(left) if all(left.values()) else None


@dataclass(frozen=True)
class Box:
    """A range for each searched hyperparameter, in the order of the study file; never empty.

    Attributes:
        ranges: By name.
        conditions: By name, of those hyperparameters that are not always active. All parents must
            hold; a parent that is itself inactive holds for nothing.
        at_most: By name, the hyperparameter that one never exceeds; see `search.space.order`.
        parents_first: The names, each after those that its condition depends on.

    Raises:
        SpaceError: There is no range; a condition belongs to no range of the box, depends on one
            that is not in the box, or on a value that cannot be; conditions form a cycle; or
            `order_faults` finds something.
    """

    ranges: Mapping[str, Range]
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    at_most: Mapping[str, str] = field(default_factory=dict)
    parents_first: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.ranges:
            raise SpaceError("a box needs at least one hyperparameter")
        object.__setattr__(self, "ranges", MappingProxyType(dict(self.ranges)))
        object.__setattr__(self, "conditions", MappingProxyType(dict(self.conditions)))
        object.__setattr__(self, "at_most", MappingProxyType(dict(self.at_most)))
        for name, condition in self.conditions.items():
            _check(name, condition, self.ranges)
        parents = {name: parents_of(self.conditions.get(name)) for name in self.ranges}
        found = cycle(parents)
        if found:
            raise SpaceError(in_words(found))
        for _, fault in order_faults(self.at_most, self.ranges):
            raise SpaceError(fault)
        order = tuple(TopologicalSorter(parents).static_order())
        object.__setattr__(self, "parents_first", order)

    def __reduce__(self) -> tuple[type["Box"], tuple[dict[str, object], ...]]:
        return Box, (dict(self.ranges), dict(self.conditions), dict(self.at_most))

    def __hash__(self) -> int:
        rest = frozenset(self.conditions.items()), frozenset(self.at_most.items())
        return hash((tuple(self.ranges.items()), rest))

    def always(self, name: str) -> bool:
        """Whether every point of the box has the hyperparameter `name`."""
        return name in self.ranges and name not in self.conditions

    def described(self, name: str) -> str:
        """A range in words, with what it is at most and the condition that it stands under."""
        words = [f"{self.ranges[name]}"]
        if name in self.at_most:
            words.append(f"at most {self.at_most[name]}")
        if name in self.conditions:
            words.append(f"where {self.conditions[name]}")
        return ", ".join(words)

    def active_names(self, point: Point) -> frozenset[str]:
        """The hyperparameters that are active where their parents are as in `point`."""
        active: set[str] = set()
        for name in self.parents_first:
            condition = self.conditions.get(name)
            if condition is None or all(
                parent in active and parent in point and point[parent] in values
                for parent, values in condition.values.items()
            ):
                active.add(name)
        return frozenset(active)

    def active(self, point: Point) -> Point:
        """The box's hyperparameters that `point` has and that are active in it, in box order."""
        active = self.active_names(point)
        return {name: point[name] for name in self.ranges if name in active and name in point}

    def contains(self, point: Point) -> bool:
        """Whether `point` has a value of its range for each hyperparameter that is active in it.

        It must have none for those of the box that are inactive, and none above what bounds it.
        """
        active = self.active_names(point)
        return self.in_order(point) and all(
            (name in point and extent.contains(point[name]))  # type: ignore[arg-type]
            if name in active
            else name not in point
            for name, extent in self.ranges.items()
        )

    def in_order(self, point: Point) -> bool:
        """Whether no value of `point` is above one before it in its chain."""
        values = (
            [point[name] for name in chain if name in point] for chain in chains(self.at_most)
        )
        return all(low <= high for some in values for high, low in pairwise(some))  # type: ignore[operator]


def chains(at_most: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Hyperparameters each of which is at most the one before it, chain by chain."""
    below = {other: name for name, other in at_most.items()}
    found = []
    for first in (other for other in below if other not in at_most):
        chain = [first]
        while chain[-1] in below:
            chain.append(below[chain[-1]])
        found.append(tuple(chain))
    return tuple(found)


def order_faults(
    at_most: Mapping[str, str], ranges: Mapping[str, Range]
) -> Iterator[tuple[str, str]]:
    """What is wrong with bounds between hyperparameters: each with the name that is bounded.

    They must form chains of numbers on one scale, in which neither end of a range is above that of
    the range before it: values of such ranges stay in them when they are put in order.
    """
    circle = cycle({name: (other,) for name, other in at_most.items()})
    if circle:
        yield circle[0], f"{' is at most '.join(circle)}; leave out one of these"
        return
    firsts: dict[str, str] = {}
    for name, other in at_most.items():
        first = firsts.setdefault(other, name)
        extent, above = ranges.get(name), ranges.get(other)
        if extent is None or above is None:
            yield name, f"found {other}, but the box has {', '.join(ranges)}"
        elif first != name:
            yield name, f"found {other}, which {first} is at most already; give {first}"
        elif not (is_of_numbers(extent) and is_of_numbers(above)):
            word = name if not is_of_numbers(extent) else other
            yield name, f"found {other}, but {word} is no number"
        elif len({one.log for one in (extent, above) if isinstance(one, Interval)}) > 1:
            yield name, f"found {other}, but one of the two has a log scale; give both the same"
        else:
            for end, one, most in zip(("begin", "end"), ends(extent), ends(above), strict=True):
                if one > most:
                    found = f"found {other}, whose values {end} at {most:g}, and those of {name}"
                    yield name, f"{found} at {one:g}; let them {end} at {most:g} or below"


def is_of_numbers(extent: Range) -> bool:
    """Whether all values of the range are numbers."""
    return isinstance(extent, Interval) or not any(
        isinstance(one, str | bool) for one in extent.options
    )


def ends(extent: Range) -> tuple[float, float]:
    """The smallest and the largest value of a range of numbers."""
    if isinstance(extent, Choices):
        numbers = [float(one) for one in extent.options]
        return min(numbers), max(numbers)
    past = (extent.high - extent.low) % extent.step if extent.step is not None else 0
    return extent.low, extent.high - past


def cycle(parents: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Names each of which depends on the next, the first once more at the end; () if none do.

    Args:
        parents: By name, what a hyperparameter depends on.
    """
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def in_words(cycle: Sequence[str]) -> str:
    """What is wrong with a `cycle` of conditions, and what would be right."""
    way = ", which depends on ".join(cycle[1:])
    return f"{cycle[0]} depends on {way}; leave out one of these conditions"


def _check(name: str, condition: Condition, ranges: Mapping[str, Range]) -> None:
    if name not in ranges:
        raise SpaceError(f"{name} has a condition, but no range in the box; give it one")
    for parent, values in condition.values.items():
        extent = ranges.get(parent)
        if extent is None:
            known = ", ".join(one for one in ranges if one != name) or "no other"
            raise SpaceError(f"{name} depends on {parent}, but the box has {known}; add {parent}")
        if not is_discrete(extent):
            raise SpaceError(
                f"{name} depends on {parent}, a continuous range, which has a given value only by "
                "chance; list its values"
            )
        for value in values:
            if not takes(extent, value):
                raise SpaceError(
                    f"{name} depends on {parent} being {_word(value)}, which it cannot be; give "
                    f"values of {extent}"
                )


def parents_of(condition: Condition | None) -> tuple[str, ...]:
    """What a hyperparameter depends on by a condition; () without one."""
    return () if condition is None else tuple(condition.values)


def is_discrete(extent: Range) -> bool:
    """Whether a condition can depend on the range: it is a list, or one of whole numbers."""
    return isinstance(extent, Choices) or extent.step is not None


def takes(extent: Range | None, value: Value) -> bool:
    """Whether a condition can depend on a hyperparameter of this range having this value."""
    if isinstance(extent, Choices):
        return any(option == value and _alike(option, value) for option in extent.options)
    if extent is None or extent.step is None or isinstance(value, str | bool):
        return False
    return extent.contains(value) and (value - extent.low) % extent.step == 0


def _alike(one: Value, other: Value) -> bool:
    """Whether both are true or false, or neither is: True equals 1."""
    return isinstance(one, bool) == isinstance(other, bool)


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
