"""Losses of a stack over scores s (m, n, c) and targets y: for each member a mean over rows.

Targets of classification are labels (n,), those of regression are values (n, c); where members have
rows of their own, labels (m, n) and values (m, n, c). Rows that have a class may have weights w:
then the loss is Σ w_i L_i / n. As in Keras it is divided by the number of rows, and not by Σ w_i as
in PyTorch: so the mean of the batches' gradients is the gradient over all rows, whichever classes a
batch has, and a batch whose weights are all 0 is no 0 / 0.

With label smoothing ε the target of a row is no longer its class alone: each of c classes has ε / c
of it, and its own class 1 − ε more.

Sources: softmax cross-entropy, C. Bishop, Pattern Recognition and Machine Learning (2006),
equations 4.104 and 4.108; multi-class hinge, J. Weston & C. Watkins, ESANN 1999, with margin 1;
label smoothing, C. Szegedy et al., CVPR 2016, section 7;
Huber's function, P. Huber, Annals of Mathematical Statistics 35 (1964), page 75, with k = 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from model.arrays import Booleans, Floats, Integers
from model.errors import ModelError

Kind = Literal["cross_entropy", "hinge", "squared_error", "huber"]

REGRESSION: frozenset[Kind] = frozenset({"squared_error", "huber"})
"""The kinds whose targets are values (n, c) and not labels (n,)."""


@dataclass(frozen=True)
class LossCache:
    """What `backward` needs, and what a finite difference must know.

    Attributes:
        d_scores: The gradient of each row's own loss at its scores, (m, n, c).
        sides: On which side of the loss's kink each score is, (m, n, c); None for a smooth loss.
    """

    d_scores: Floats
    sides: Booleans | None = None


def softmax(scores: Floats) -> Floats:
    """exp(s) / Σ_c exp(s), shifted by the largest score of each row so that nothing overflows."""
    exponentials: Floats = np.exp(scores - scores.max(axis=-1, keepdims=True))
    exponentials /= exponentials.sum(axis=-1, keepdims=True)
    return exponentials


def cross_entropy_forward(
    scores: Floats,
    labels: Integers,
    weights: Floats | None = None,
    smoothing: Floats | None = None,
) -> tuple[Floats, LossCache]:
    """Mean of −log softmax(s)_y; smoothed, of (1 − ε) times that and ε times its mean over all y.

    Args:
        scores: (m, n, c).
        labels: (n,) or (m, n), 0 … c − 1.
        weights: (n,) or (m, n), of the rows, in the precision of the scores; None for 1.
        smoothing: ε (m, 1), in the precision of the scores; None for 0.

    Returns:
        The loss (m,) and the cache for `backward`.
    """
    rows = np.arange(labels.shape[-1])
    # With the classes first, a sum over them adds whole (m, n) arrays, and not ten numbers a time.
    shifted = np.array(scores.transpose(2, 0, 1), order="C")
    shifted -= shifted.max(axis=0)
    own = (labels, np.arange(len(scores))[:, None], rows)  # where each row's class is, (m, n)
    picked = shifted[labels, :, rows].T if labels.ndim == 1 else shifted[own]
    if smoothing is not None:
        picked = (1 - smoothing) * picked + smoothing * shifted.mean(axis=0)
    exponentials = np.exp(shifted, out=shifted)
    totals = exponentials.sum(axis=0)
    row_losses = np.log(totals) - picked
    d_scores = np.divide(exponentials, totals, out=exponentials)
    at = (labels, slice(None), rows) if labels.ndim == 1 else own
    if smoothing is None:
        d_scores[at] -= 1
    else:
        d_scores -= smoothing / d_scores.dtype.type(len(d_scores))
        d_scores[at] -= (1 - smoothing).T if labels.ndim == 1 else 1 - smoothing
    if weights is not None:
        row_losses *= weights
        d_scores *= weights
    return row_losses.mean(axis=1), LossCache(d_scores.transpose(1, 2, 0))


def hinge_forward(
    scores: Floats, labels: Integers, weights: Floats | None = None
) -> tuple[Floats, LossCache]:
    """Mean of Σ_{j ≠ y} max(0, s_j − s_y + 1); arguments and result as `cross_entropy_forward`."""
    members = slice(None) if labels.ndim == 1 else np.arange(len(scores))[:, None]
    own = (members, np.arange(labels.shape[-1]), labels)  # where each row's class is, (m, n)
    margins = scores - scores[own][..., None] + 1  # (m, n, c)
    margins[own] = 0
    positive = margins > 0
    d_scores = positive.astype(scores.dtype)
    d_scores[own] = -d_scores.sum(axis=-1)
    # np.maximum keeps NaN, so that a diverged member shows.
    row_losses = np.maximum(margins, 0).sum(axis=-1)
    if weights is not None:
        row_losses *= weights
        d_scores *= weights[..., None]
    return row_losses.mean(axis=1), LossCache(d_scores, positive)


def squared_error_forward(scores: Floats, values: Floats) -> tuple[Floats, LossCache]:
    """Mean over rows and outputs of (s − y)².

    Args:
        scores: (m, n, c).
        values: (n, c) or (m, n, c).

    Returns:
        The loss (m,) and the cache for `backward`.

    Raises:
        ModelError: The values are of another shape.
    """
    residuals = _residuals(scores, values)
    losses = np.square(residuals).mean(axis=(1, 2))
    return losses, LossCache(residuals * (2 / scores.shape[-1]))


def huber_forward(scores: Floats, values: Floats) -> tuple[Floats, LossCache]:
    """Mean of r² where |r| ≤ 1, else 2 |r| − 1, with r = s − y: twice Huber's function.

    Arguments, result and error are those of `squared_error_forward`.
    """
    residuals = _residuals(scores, values)
    clipped = np.clip(residuals, -1, 1)  # keeps NaN
    # r (2 r − r) = r², and ±1 (2 r ∓ 1) = 2 |r| − 1.
    losses = (clipped * (2 * residuals - clipped)).mean(axis=(1, 2))
    return losses, LossCache(clipped * (2 / scores.shape[-1]), clipped == residuals)


def _residuals(scores: Floats, values: Floats) -> Floats:
    """The scores less the values, (m, n, c), in the precision of the scores."""
    if values.shape not in (scores.shape[1:], scores.shape):
        raise ModelError(f"values to learn must be (n, c) = {scores.shape[1:]}, not {values.shape}")
    residuals: Floats = scores - values.astype(scores.dtype, copy=False)
    return residuals


def backward(cache: LossCache) -> Floats:
    """The gradient of the mean loss at the scores, (m, n, c)."""
    return cache.d_scores / cache.d_scores.dtype.type(cache.d_scores.shape[1])


def forward(
    kind: Kind,
    scores: Floats,
    targets: Any,
    weights: Floats | None = None,
    smoothing: Floats | None = None,
) -> tuple[Floats, LossCache]:
    """The loss of this kind, as its own function gives it; only cross-entropy reads `smoothing`.

    Args:
        kind: Which loss.
        scores: (m, n, c).
        targets: Labels (n,) or (m, n), or values (n, c) or (m, n, c) of a regression.
        weights: Of the rows, shaped as their labels; None where all weigh 1.
        smoothing: As of `cross_entropy_forward`.

    Raises:
        ModelError: Rows of a regression have weights.
    """
    if kind == "cross_entropy":
        weights = None if weights is None else weights.astype(scores.dtype, copy=False)
        return cross_entropy_forward(scores, targets, weights, smoothing)
    if weights is None:
        return FORWARD[kind](scores, targets)
    if kind in REGRESSION:
        raise ModelError(f"weights are of rows that have a class; {kind} learns values")
    return hinge_forward(scores, targets, weights.astype(scores.dtype, copy=False))


def between(
    own: tuple[Floats, LossCache], other: tuple[Floats, LossCache], share: float
) -> tuple[Floats, LossCache]:
    """`share` of one loss (m,) of some scores, and the rest of another one of the same kind."""
    (losses, cache), (other_losses, other_cache) = own, other
    part, rest = losses.dtype.type(share), losses.dtype.type(1 - share)
    sides = None
    if cache.sides is not None and other_cache.sides is not None:
        sides = np.concatenate([cache.sides, other_cache.sides], axis=-1)
    d_scores = part * cache.d_scores + rest * other_cache.d_scores
    return part * losses + rest * other_losses, LossCache(d_scores, sides)


def balanced(labels: Integers, classes: int) -> Floats:
    """The weight of each class, (classes,), with which all classes weigh alike: n / (c n_c).

    As scikit-learn's "balanced": c classes occur, of n_c rows each. One that does not occur has 0.
    """
    counts = np.bincount(labels, minlength=classes)
    there = counts > 0
    return np.where(there, len(labels) / (there.sum() * np.maximum(counts, 1)), 0.0)


# The targets are labels or values, as each kind has them.
FORWARD: dict[Kind, Callable[[Floats, Any], tuple[Floats, LossCache]]] = {
    "cross_entropy": cross_entropy_forward,
    "hinge": hinge_forward,
    "squared_error": squared_error_forward,
    "huber": huber_forward,
}
