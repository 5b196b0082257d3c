"""Batch normalisation of a stack: by the batch in training, by kept statistics in inference.

Source: S. Ioffe & C. Szegedy, ICML 2015, algorithm 1 (forward) and section 3 (backward).
"""

from dataclasses import dataclass

import numpy as np

from model.arrays import Booleans, Floats

# Small enough that layers initialised with σ = 1e-4 are still normalised (their variance is some
# 1e-7), large enough that a unit that hardly ever varies isn't blown up beyond all measure.
EPSILON = 1e-8


@dataclass(frozen=True)
class Statistics:
    """Mean and variance of each unit, (m, 1, h) each; of a batch, or kept for inference."""

    mean: Floats
    variance: Floats

    def of_some(self, members: Booleans, others: "Statistics") -> "Statistics":
        """These of some members, (m, 1, 1), and those of the others."""
        return Statistics(
            np.where(members, self.mean, others.mean),
            np.where(members, self.variance, others.variance),
        )


@dataclass(frozen=True)
class BatchNormCache:
    """What `backward` needs: x̂ (m, n, h), 1/√(variance + ε) (m, 1, h), and γ (m, 1, h) if any."""

    normalised: Floats
    inverse_deviation: Floats
    gamma: Floats | None


def forward(
    x: Floats, gamma: Floats | None, beta: Floats | None
) -> tuple[Floats, BatchNormCache, Statistics]:
    """y = γ x̂ + β with x̂ = (x − mean) / √(variance + ε) over the rows of the batch.

    Args:
        x: (m, n, h).
        gamma: Scale γ (m, 1, h), or None for none.
        beta: Shift β (m, 1, h), or None for none.

    Returns:
        y (m, n, h), the cache for `backward`, and the batch's statistics (biased variance).
    """
    mean = _mean(x)
    centred = x - mean
    variance = _mean(np.square(centred))
    inverse_deviation = 1 / np.sqrt(variance + x.dtype.type(EPSILON))
    normalised = np.multiply(centred, inverse_deviation, out=centred)
    y = normalised if gamma is None else gamma * normalised
    if beta is not None:
        y = y + beta if y is normalised else np.add(y, beta, out=y)
    return y, BatchNormCache(normalised, inverse_deviation, gamma), Statistics(mean, variance)


def backward(dy: Floats, cache: BatchNormCache) -> tuple[Floats, Floats, Floats]:
    """The gradients at x, γ and β.

    dx = (dx̂ − mean(dx̂) − x̂ mean(dx̂ x̂)) / √(variance + ε), which is section 3 of the paper with
    its two paths through mean and variance summed up.

    Args:
        dy: (m, n, h).
        cache: From `forward`.

    Returns:
        dx (m, n, h), dγ (m, 1, h), dβ (m, 1, h); the last two are unused without γ and β.
    """
    d_beta = np.add.reduce(dy, axis=1, keepdims=True)
    d_gamma = np.add.reduce(dy * cache.normalised, axis=1, keepdims=True)
    n = dy.dtype.type(dy.shape[1])
    dx = cache.normalised * (d_gamma / -n)
    dx += dy
    dx -= d_beta / n
    scale = (
        cache.inverse_deviation if cache.gamma is None else cache.gamma * cache.inverse_deviation
    )
    dx *= scale
    return dx, d_gamma, d_beta


def inference(x: Floats, gamma: Floats | None, beta: Floats | None, kept: Statistics) -> Floats:
    """y = γ (x − mean) / √(variance + ε) + β with kept statistics; (m, n, h)."""
    scale = 1 / np.sqrt(kept.variance + x.dtype.type(EPSILON))
    if gamma is not None:
        scale = scale * gamma
    shift = -kept.mean * scale
    if beta is not None:
        shift = shift + beta
    return x * scale + shift


def moving_average(kept: Statistics | None, batch: Statistics, decay: float) -> Statistics:
    """`decay` × kept + (1 − `decay`) × batch; the first batch stands for itself."""
    if kept is None:
        return batch
    old, new = np.asarray(decay, batch.mean.dtype), np.asarray(1 - decay, batch.mean.dtype)
    return Statistics(
        old * kept.mean + new * batch.mean, old * kept.variance + new * batch.variance
    )


def _mean(x: Floats) -> Floats:
    """Over the rows, (m, 1, h)."""
    mean: Floats = np.add.reduce(x, axis=1, keepdims=True)
    mean /= x.dtype.type(x.shape[1])
    return mean
