"""Activation functions of a stack, each a `forward` and a `backward` side by side.

All take x (m, n, h) and a shape parameter (m, 1, 1), one value a member, which ReLU ignores.

Sources: ReLU, V. Nair & G. Hinton, ICML 2010; leaky ReLU, A. Maas et al., ICML 2013, equation 2;
ELU, D.-A. Clevert et al., ICLR 2016, equation 15.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.arrays import Booleans, Floats, per_unit

Kind = Literal["relu", "leaky_relu", "elu"]


@dataclass(frozen=True)
class ActivationCache:
    """What `backward` needs: where x was positive, and dy/dx everywhere, (m, n, h) each.

    Slopes are put together from products with 0 and 1: `np.where` takes ten times as long.
    """

    positive: Booleans
    slope: Floats


def relu_forward(x: Floats, _: Floats) -> tuple[Floats, ActivationCache]:
    """y = max(x, 0)."""
    positive = x > 0
    return np.maximum(x, 0), ActivationCache(positive, positive.astype(x.dtype))


def leaky_relu_forward(x: Floats, negative_slope: Floats) -> tuple[Floats, ActivationCache]:
    """y = x where x > 0, else s x; 0 ≤ s < 1, so that the slope is the larger of s and 0 or 1."""
    positive = x > 0
    slope = positive.astype(x.dtype)
    np.maximum(slope, per_unit(negative_slope, x.shape[2]), out=slope)
    return x * slope, ActivationCache(positive, slope)


def elu_forward(x: Floats, alpha: Floats) -> tuple[Floats, ActivationCache]:
    """y = x where x > 0, else a (exp(x) − 1), whose slope a exp(x) is y + a."""
    positive = x > 0
    below = alpha * np.expm1(np.minimum(x, 0))  # 0 where x > 0
    return np.maximum(x, 0) + below, ActivationCache(
        positive, positive + ~positive * (below + alpha)
    )


def backward(dy: Floats, cache: ActivationCache) -> Floats:
    """dx = dy times the slope; (m, n, h)."""
    return dy * cache.slope


FORWARD: dict[Kind, Callable[[Floats, Floats], tuple[Floats, ActivationCache]]] = {
    "relu": relu_forward,
    "leaky_relu": leaky_relu_forward,
    "elu": elu_forward,
}
