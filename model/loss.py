"""Losses of a stack over scores s (m, n, c) and labels y (n,): for each member a mean over rows.

Sources: softmax cross-entropy, C. Bishop, Pattern Recognition and Machine Learning (2006),
equations 4.104 and 4.108; multi-class hinge, J. Weston & C. Watkins, ESANN 1999, with margin 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from model.arrays import Floats, Integers

Kind = Literal["cross_entropy", "hinge"]


@dataclass(frozen=True)
class LossCache:
    """What `backward` needs: the gradient of each row's own loss at its scores (m, n, c)."""

    d_scores: Floats


def softmax(scores: Floats) -> Floats:
    """exp(s) / Σ_c exp(s), shifted by the largest score of each row so that nothing overflows."""
    exponentials: Floats = np.exp(scores - scores.max(axis=-1, keepdims=True))
    exponentials /= exponentials.sum(axis=-1, keepdims=True)
    return exponentials


def cross_entropy_forward(scores: Floats, labels: Integers) -> tuple[Floats, LossCache]:
    """Mean of −log softmax(s)_y.

    Args:
        scores: (m, n, c).
        labels: (n,), 0 … c − 1.

    Returns:
        The loss (m,) and the cache for `backward`.
    """
    rows = np.arange(len(labels))
    # With the classes first, a sum over them adds whole (m, n) arrays, and not ten numbers a time.
    shifted = np.array(scores.transpose(2, 0, 1), order="C")
    shifted -= shifted.max(axis=0)
    picked = shifted[labels, :, rows].T  # (m, n)
    exponentials = np.exp(shifted, out=shifted)
    totals = exponentials.sum(axis=0)
    row_losses = np.log(totals) - picked
    d_scores = np.divide(exponentials, totals, out=exponentials)
    d_scores[labels, :, rows] -= 1
    return row_losses.mean(axis=1), LossCache(d_scores.transpose(1, 2, 0))


def hinge_forward(scores: Floats, labels: Integers) -> tuple[Floats, LossCache]:
    """Mean of Σ_{j ≠ y} max(0, s_j − s_y + 1); arguments and result as `cross_entropy_forward`."""
    rows = np.arange(len(labels))
    margins = scores - scores[:, rows, labels][..., None] + 1  # (m, n, c)
    margins[:, rows, labels] = 0
    d_scores = (margins > 0).astype(scores.dtype)
    d_scores[:, rows, labels] = -d_scores.sum(axis=-1)
    # np.maximum keeps NaN, so that a diverged member shows.
    return np.maximum(margins, 0).sum(axis=-1).mean(axis=1), LossCache(d_scores)


def backward(cache: LossCache) -> Floats:
    """The gradient of the mean loss at the scores, (m, n, c)."""
    return cache.d_scores / cache.d_scores.dtype.type(cache.d_scores.shape[1])


# The targets are labels or values, as each kind has them.
FORWARD: dict[Kind, Callable[[Floats, Any], tuple[Floats, LossCache]]] = {
    "cross_entropy": cross_entropy_forward,
    "hinge": hinge_forward,
}
