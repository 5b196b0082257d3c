"""The linear layer, z = x W + b, for a whole stack of members.

The first layer's input is the same for all members, so its `x` has no member axis. Then one product
(n, d) @ (d, m·h) serves the whole stack, which a BLAS does at full speed; it costs no copy when the
weights lie in memory in the order (d, m, h), as `first_layer_order` lays them out. What a layer
gives lies in the order (n, m, h), so that each of its rows is one run of memory.

Training keeps weights as W = s V, with a number s for each member (`model.optimizer` says why);
`weights` is V then, and `scale` is s.

Source: I. Goodfellow, Y. Bengio, A. Courville, Deep Learning (2016), section 6.5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from model.arrays import Floats, per_unit


@dataclass(frozen=True)
class LinearCache:
    """What `backward` needs: x (n, d) or (m, n, d), and W or V (m, d, h) with s (m, 1, 1)."""

    x: Floats
    weights: Floats
    scale: Floats | None


@dataclass(frozen=True)
class WeightGradient:
    """dW = xᵀ dz, kept as its factors: x (n, d) or (m, n, d), and dz (m, n, h).

    Of the first layer the product has thirty times the numbers of dz, so whatever multiplies a
    gradient, such as η, is multiplied into dz.
    """

    x: Floats
    dz: Floats

    def times(self, factor: Floats) -> "WeightGradient":
        """The gradient times a factor (m, 1, 1)."""
        return WeightGradient(self.x, self.dz * per_unit(factor, self.dz.shape[2]))

    def squared_norms(self) -> Floats:
        """‖dW‖² of each member, (m,).

        ‖xᵀ dz‖² = Σ_ij (x xᵀ)_ij (dz dzᵀ)_ij, which costs a share of dW where there are fewer rows
        than inputs and units; x xᵀ is the same for all members that share x.
        """
        (m, n, h), d = self.dz.shape, self.x.shape[-1]
        of_inputs = d / m if self.x.ndim == 2 else d
        if n * (of_inputs + h) > d * h:
            product = self.product()
            squares: Floats = np.einsum("mdh,mdh->m", product, product)
            return squares
        of_rows = self.x @ np.swapaxes(self.x, -1, -2)
        of_rows = of_rows * (self.dz @ self.dz.transpose(0, 2, 1))
        sums: Floats = np.maximum(of_rows.sum(axis=(1, 2)), 0)  # 0 or more, but for rounding
        return sums

    def product(self, out: Floats | None = None) -> Floats:
        """dW (m, d, h), in `out` if given, which lies in memory as the layer's weights do."""
        if self.x.ndim == 3:
            return np.matmul(self.x.transpose(0, 2, 1), self.dz, out=out)
        (m, _, h), d = self.dz.shape, self.x.shape[1]
        if out is None:
            out = first_layer_order(m, d, h, self.dz.dtype)
        np.matmul(self.x.T, _side_by_side(self.dz), out=_side_by_side(out, copy=False))
        return out


def first_layer_order(members: int, inputs: int, units: int, dtype: DTypeLike) -> Floats:
    """Zeros (m, d, h) that lie in memory in the order (d, m, h)."""
    return np.zeros((inputs, members, units), dtype).transpose(1, 0, 2)


def forward(
    x: Floats, weights: Floats, bias: Floats, scale: Floats | None = None
) -> tuple[Floats, LinearCache]:
    """z = x W + b, where W = s V.

    Args:
        x: (n, d) shared by all members, or (m, n, d).
        weights: V (m, d, h).
        bias: b (m, 1, h).
        scale: s (m, 1, 1), or None for 1.

    Returns:
        z (m, n, h) and the cache for `backward`.
    """
    m, _, h = weights.shape
    z = np.empty((x.shape[-2], m, h), weights.dtype).transpose(1, 0, 2)
    if x.ndim == 2:
        np.matmul(x, _side_by_side(weights), out=_side_by_side(z, copy=False))
        if scale is not None:  # z is far smaller than V
            z *= per_unit(scale, h)
    else:
        if scale is not None:  # V is smaller than z
            weights, scale = weights * scale, None
        np.matmul(x, weights, out=z)
    z += bias
    return z, LinearCache(x, weights, scale)


def backward(dz: Floats, cache: LinearCache) -> tuple[WeightGradient, Floats]:
    """Gradients of the parameters: dW = xᵀ dz, db = Σ_n dz.

    Args:
        dz: (m, n, h), the loss's gradient at z.
        cache: From `forward`.

    Returns:
        dW (m, d, h) as its factors, and db (m, 1, h).
    """
    return WeightGradient(cache.x, dz), np.add.reduce(dz, axis=1, keepdims=True)


def backward_input(dz: Floats, cache: LinearCache) -> Floats:
    """The gradient at x, dx = dz Wᵀ: (m, n, d). The first layer doesn't need it."""
    (m, n, _), d = dz.shape, cache.weights.shape[1]
    dx = np.empty((n, m, d), dz.dtype).transpose(1, 0, 2)
    np.matmul(dz, cache.weights.transpose(0, 2, 1), out=dx)
    if cache.scale is not None:
        dx *= cache.scale
    return dx


def _side_by_side(array: Floats, *, copy: bool | None = None) -> Floats:
    """(m, a, h) as (a, m·h), a view if it lies in memory in the order (a, m, h).

    Raises:
        ValueError: It does not, and `copy` is False.
    """
    m, a, h = array.shape
    return array.transpose(1, 0, 2).reshape(a, m * h, copy=copy)
