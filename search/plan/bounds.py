"""How far one range may move: its old ends, its limits, its steps.

A zoomed range stays inside the old one, except at an end on whose edge the best trial lies: there
the optimum may lie beyond, and only the limits hold. "Edge" is measured on the range's own scale,
and, for whole numbers, up to the last value that the steps reach.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.errors import KlayerError
from search.space.space import Interval
from search.study.zoom_rules import Limits


@dataclass(frozen=True)
class Bound:
    """One end of the room that a range may move in.

    Attributes:
        value: The bound, in the hyperparameter's own unit.
        on_edge: Whether the best trial lies on the edge at this end.
        is_limit: Whether it is a limit that bounds, rather than the end of the old range.
    """

    value: float
    on_edge: bool
    is_limit: bool


@dataclass(frozen=True)
class Bounds:
    """Both ends of the room that a range may move in; `low.value <= high.value`."""

    low: Bound
    high: Bound


def length(old: Interval) -> float:
    """The range's length on its own scale, in decades for a log range.

    A range of one value counts as one decade on a log scale, as one step for whole numbers, and
    otherwise as the value itself (1 where that is 0).
    """
    span = old.scaled(_last(old)) - old.scaled(old.low)
    if span > 0:
        return span
    if old.log:
        return 1.0
    return float(old.step) if old.step is not None else abs(old.low) or 1.0


def bounds(name: str, old: Interval, best: float, edge: float, limits: Sequence[Limits]) -> Bounds:
    """The room that the range of hyperparameter `name` may move in.

    Where the limits and the old range share nothing, the limits alone bound.

    Args:
        name: For the message.
        old: The range as it was.
        best: The best trial's value.
        edge: How near to an end counts as on its edge, as a share of the range's length.
        limits: All of them hold; a limit may itself be reached. On a log scale a lower limit of 0
            or less bounds nothing.

    Raises:
        KlayerError: The limits leave no value.
    """
    floor, ceiling = _tightest(name, old, limits)
    last = _last(old)
    near = edge * (old.scaled(last) - old.scaled(old.low))
    on_low = old.scaled(best) - old.scaled(old.low) <= near
    on_high = old.scaled(last) - old.scaled(best) <= near
    low, high = floor if on_low else max(floor, old.low), ceiling if on_high else min(ceiling, last)
    if low > high:
        low, high = floor, ceiling
    return Bounds(
        Bound(low, on_low, is_limit=low == floor),
        Bound(high, on_high, is_limit=high == ceiling),
    )


def settled(name: str, old: Interval, value: float, room: Bounds) -> float:
    """`value` where it lies in the room, else the value of its steps or the bound next to it.

    Raises:
        KlayerError: The room lies between two steps.
    """
    low, high = room.low.value, room.high.value
    if old.step is None or low <= value <= high:
        return min(max(value, low), high)
    if value < low:
        moved = value + math.ceil((low - value) / old.step) * old.step
    else:
        moved = value - math.ceil((value - high) / old.step) * old.step
    if not low <= moved <= high:
        raise KlayerError(
            f"the limits of {name}, {low:.6g} to {high:.6g}, hold none of its values, "
            f"{value:.6g} ± a multiple of {old.step}; widen them or choose another step"
        )
    return moved


def within(old: Interval, kept: Sequence[float], low: float, high: float, room: Bounds) -> Interval:
    """`old` moved to the positions `low` and `high`, as far as there is room.

    For whole numbers the steps are counted from the first of `kept`, and either end is rounded
    outwards to a step.

    Args:
        old: The range as it was; scale, step and number of grid points are kept.
        kept: Settled values of trials, the best first, that the new range holds.
        low: Where the range should begin, on its own scale; not above any of `kept`.
        high: Where it should end, on its own scale; not below any of `kept`.
        room: What it may not leave.
    """
    if old.step is not None:
        return _stepped(old, old.step, kept[0], low, high, room)
    # The minimum and maximum undo the rounding of 10 ** log10(value).
    return replace(
        old,
        low=min(float(_unscaled(old, low, room)), *kept),
        high=max(float(_unscaled(old, high, room)), *kept),
    )


def _last(old: Interval) -> float:
    """The highest value that the range takes; below `high` where the steps do not reach it."""
    return old.high if old.step is None else old.high - (old.high - old.low) % old.step


def _tightest(name: str, old: Interval, limits: Sequence[Limits]) -> tuple[float, float]:
    smallest = sys.float_info.min if old.log else -sys.float_info.max
    floor = max([smallest, *(one.low for one in limits if one.low is not None)])
    ceiling = min([sys.float_info.max, *(one.high for one in limits if one.high is not None)])
    if floor > ceiling:
        raise KlayerError(
            f"the limits of {name} leave no value: low {floor:.4g} lies above high {ceiling:.4g}"
        )
    return floor, ceiling


def _unscaled(old: Interval, position: float, room: Bounds) -> float:
    """The value at `position`, or the bound that it lies beyond; 10 ** position cannot overflow."""
    if position <= old.scaled(room.low.value):
        return room.low.value
    if position >= old.scaled(room.high.value):
        return room.high.value
    return old.unscaled(position)


def _stepped(
    old: Interval, step: int, centre: float, low: float, high: float, room: Bounds
) -> Interval:
    # A billionth of a step is rounding, not a step that is missing.
    down = math.ceil((centre - low) / step - 1e-9)
    up = math.ceil((high - centre) / step - 1e-9)
    down = min(down, math.floor((centre - room.low.value) / step))
    up = min(up, math.floor((room.high.value - centre) / step))
    return replace(old, low=int(centre) - down * step, high=int(centre) + up * step)
