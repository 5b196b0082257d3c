"""Places in the unit cube: each range of numbers is a side, on its own scale.

Each whole number is an equal piece of its side, and its place the middle of that.
"""

from search.space.space import Interval


def value_at(side: Interval, place: float) -> float | int:
    """The value at a place from 0 to 1."""
    if side.step is not None:
        values = range(int(side.low), int(side.high) + 1, side.step)
        return values[min(int(place * len(values)), len(values) - 1)]
    first, last = side.scaled(side.low), side.scaled(side.high)
    value = side.unscaled(first + (last - first) * place)
    return float(min(max(value, side.low), side.high))


def place_of(side: Interval, value: float) -> float:
    """The place of a value, which lies beyond 0 or 1 where the value lies beyond the range."""
    if side.step is not None:
        count = len(range(int(side.low), int(side.high) + 1, side.step))
        return ((value - side.low) / side.step + 0.5) / count
    first, last = side.scaled(side.low), side.scaled(side.high)
    return (side.scaled(float(value)) - first) / (last - first) if first < last else 0.5
