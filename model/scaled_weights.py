"""Weights kept as W = s V, so that a decay W ← f W costs no pass over them.

s is a number for each member, (m, 1, 1), in float64, and f is multiplied into it. What else is
added to W is divided by s. In between, `parameters` hold V; `fold` makes them W again.
"""

import numpy as np

from model.arrays import Booleans, Floats
from model.parameters import Parameters

# V is made W again before s leaves this range, so that neither of them loses precision.
_SCALES = (1e-3, 1e3)
_ROUNDINGS = 8


def shrink(scale: Floats, parameters: Parameters, factor: Floats) -> None:
    """Multiply all weights by a factor (m, 1, 1), by `scale` where that stays within its range."""
    scale *= factor
    outside = outside_range(scale)
    if outside.any():
        _fold(scale, parameters, outside)


def fold(scale: Floats, parameters: Parameters) -> None:
    """Make the weights of `parameters` W, to rounding, and the scales (m, 1, 1) nearly 1."""
    # To multiply by less than some roundings would be to round, and no longer to decay.
    least = _ROUNDINGS * np.finfo(parameters[0].weights.dtype).eps
    _fold(scale, parameters, np.abs(scale - 1) > least)


def outside_range(scale: Floats) -> Booleans:
    """Which members' scales (m, 1, 1) have come too far from 1."""
    low, high = _SCALES
    size = np.abs(scale)
    return ~((size > low) & (size < high))


def _fold(scale: Floats, parameters: Parameters, members: Booleans) -> None:
    """Move the scale of some members (m, 1, 1) into their weights.

    What rounding the factor to the weights' precision loses stays in the scale.
    """
    factor = np.where(members, scale, 1.0).astype(parameters[0].weights.dtype)
    for layer in parameters:
        np.multiply(layer.weights, factor, out=layer.weights)
    sound = members & (factor != 0)
    scale[sound] /= factor[sound]
    scale[members & ~sound] = 1
