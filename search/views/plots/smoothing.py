"""Curves that are drawn smoothed: an exponential mean over the steps before."""

import numpy as np

NONE = "none"
WEIGHTS = {NONE: 0.0, "0.6": 0.6, "0.9": 0.9, "0.97": 0.97}
"""What a reader may choose: the weight that the mean so far has at each step."""


def weight_of(chosen: str | None) -> float:
    """The weight of a reader's choice; 0 for whatever is none."""
    return WEIGHTS.get(chosen or NONE, 0.0)


def smoothed(y: np.ndarray, weight: float, *, log: bool = False) -> np.ndarray:
    """The exponential mean of a curve, step by step, corrected for its beginning.

    Each is the mean of the values so far whose weights fall by `weight` a step and add up to one
    (the bias correction of Adam: Kingma, Ba, 2015).

    Args:
        y: The curve, (steps,); NaN for a gap, which stays one and counts for nothing.
        weight: From 0, which changes nothing, up to below 1.
        log: Whether its axis is a log one, on which the mean is a geometric one; `y` is above 0.
    """
    values = np.log(y) if log else y
    found = np.full(y.shape, np.nan, y.dtype)
    total = share = 0.0
    for place in np.flatnonzero(np.isfinite(values)):
        total = weight * total + (1 - weight) * float(values[place])
        share = weight * share + (1 - weight)
        found[place] = total / share
    return np.exp(found) if log else found
