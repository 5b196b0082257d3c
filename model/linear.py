"""The linear layer, z = x W + b, for a whole stack of members.

The first layer's input is the same for all members, so its `x` has no member axis. Then one product
(n, d) @ (d, m·h) serves the whole stack, which a BLAS does at full speed; it costs no copy when the
weights lie in memory in the order (d, m, h), as `first_layer_order` lays them out.

Source: I. Goodfellow, Y. Bengio, A. Courville, Deep Learning (2016), section 6.5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from model.arrays import Floats


@dataclass(frozen=True)
class LinearCache:
    """What `backward` needs of `forward`: x (n, d) or (m, n, d), and W (m, d, h)."""

    x: Floats
    weights: Floats


def first_layer_order(members: int, inputs: int, units: int, dtype: DTypeLike) -> Floats:
    """Zeros (m, d, h) that lie in memory in the order (d, m, h)."""
    return np.zeros((inputs, members, units), dtype).transpose(1, 0, 2)


def forward(x: Floats, weights: Floats, bias: Floats) -> tuple[Floats, LinearCache]:
    """z = x W + b.

    Args:
        x: (n, d) shared by all members, or (m, n, d).
        weights: W (m, d, h).
        bias: b (m, 1, h).

    Returns:
        z (m, n, h) and the cache for `backward`.
    """
    if x.ndim == 2:
        m, d, h = weights.shape
        product = x @ weights.transpose(1, 0, 2).reshape(d, m * h)  # (n, m·h)
        z = product.reshape(len(x), m, h).transpose(1, 0, 2)  # (m, n, h)
    else:
        z = x @ weights
    z += bias
    return z, LinearCache(x, weights)


def backward(dz: Floats, cache: LinearCache) -> tuple[Floats, Floats]:
    """Gradients of the parameters: dW = xᵀ dz, db = Σ_n dz.

    Args:
        dz: (m, n, h), the loss's gradient at z.
        cache: From `forward`.

    Returns:
        dW (m, d, h) and db (m, 1, h).
    """
    x = cache.x
    if x.ndim == 2:
        m, n, h = dz.shape
        product = x.T @ dz.transpose(1, 0, 2).reshape(n, m * h)  # (d, m·h)
        d_weights = product.reshape(-1, m, h).transpose(1, 0, 2)  # (m, d, h)
    else:
        d_weights = x.transpose(0, 2, 1) @ dz
    return d_weights, dz.sum(axis=1, keepdims=True)


def backward_input(dz: Floats, cache: LinearCache) -> Floats:
    """The gradient at x, dx = dz Wᵀ: (m, n, d). The first layer doesn't need it."""
    return dz @ cache.weights.transpose(0, 2, 1)
