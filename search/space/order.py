"""Points put in order, where hyperparameters are at most others: as widths that never grow.

Values of a chain are sorted, the largest first, and not cut off at one another: points spread
evenly over ranges that are alike stay even over what is in order, where cutting would make every
second pair equal. Whatever drew them, samplers that learn are told of the values that were trained.
"""

import math

from search.space.space import Box, Choices, Point, Range, SpaceError, Value, chains


def ordered(box: Box, point: Point) -> Point:
    """`point` with the values of each chain in order, the largest first; as it is if they are.

    A value that its new range does not have becomes the next lower one that it has, or its lowest.

    Args:
        box: With its chains.
        point: Values of the box's ranges, of its active hyperparameters alone.

    Raises:
        SpaceError: A value of a chain is no number, which no box has.
    """
    if box.in_order(point):
        return point
    values: dict[str, Value] = dict(point)
    for chain in chains(box.at_most):
        names = [name for name in chain if name in point]
        falling = sorted(map(_number, (point[name] for name in names)), reverse=True)
        most = math.inf
        for name, value in zip(names, falling, strict=True):
            most = _down(box.ranges[name], min(value, most))
            values[name] = most
    return values


def _number(value: Value) -> float:
    if isinstance(value, str):
        raise SpaceError(f"only numbers can be in order, not {value!r}")
    return value


def _down(extent: Range, value: float) -> float:
    """The largest value of a range of numbers up to this one; the smallest, if there is none."""
    if isinstance(extent, Choices):
        numbers = list(map(_number, extent.options))
        return max((one for one in numbers if one <= value), default=min(numbers))
    kept = min(max(value, extent.low), extent.high)
    if extent.step is None:
        return float(kept)
    return int(kept - (kept - extent.low) % extent.step)
