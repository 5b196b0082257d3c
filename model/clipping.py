"""Clipping of gradients: of each member's, where its norm is above a limit, down to that limit.

The norm is that of the gradient of the mean loss at all parameters of the member together; weight
decay is no part of it.

Source: R. Pascanu, T. Mikolov, Y. Bengio, ICML 2013, algorithm 1.
"""

from collections.abc import Sequence

import numpy as np

from model.arrays import Floats
from model.members import Member
from model.parameters import Gradients


def limits(members: Sequence[Member]) -> Floats | None:
    """The limit of each member, (m,), infinite where it has none; None where nobody has one."""
    given = [np.inf if one.clip_norm is None else one.clip_norm for one in members]
    return np.array(given) if np.isfinite(given).any() else None


def norms(gradients: Gradients) -> Floats:
    """The norm of each member's gradient, (m,), in float64."""
    squares = [layer.weights.squared_norms().astype(float) for layer in gradients]
    squares += [
        np.square(vector, dtype=float).sum(axis=(1, 2))
        for layer in gradients
        for vector in layer.vectors()
    ]
    total: Floats = np.sqrt(np.sum(squares, axis=0))
    return total


def clipped(gradients: Gradients, most: Floats) -> Gradients:
    """The gradients, of a norm of at most `most` (m,) in each member.

    A gradient of no finite norm gives NaN, so that a diverged member shows.
    """
    found = norms(gradients)
    over = ~(found <= most)
    if not over.any():
        return gradients
    finite = np.where(np.isinf(found), np.nan, found)  # or its entries might become 0
    factor = np.where(over, most / finite, 1).reshape(-1, 1, 1)
    factor = factor.astype(gradients[0].bias.dtype)
    return tuple(layer.times(factor) for layer in gradients)
