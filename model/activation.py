"""Activation functions of a stack, each a `forward` and a `backward` side by side.

All take x (m, n, h) and a shape parameter (m, 1, 1), one value a member, which ReLU ignores.

Sources: ReLU, V. Nair & G. Hinton, ICML 2010; leaky ReLU, A. Maas et al., ICML 2013, equation 2;
ELU, D.-A. Clevert et al., ICLR 2016, equation 15.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.arrays import Booleans, Floats

Kind = Literal["relu", "leaky_relu", "elu"]


@dataclass(frozen=True)
class ActivationCache:
    """What `backward` needs: where x was positive, and the slope dy/dx elsewhere; None for 0."""

    positive: Booleans
    slope_below: Floats | None


def relu_forward(x: Floats, _: Floats) -> tuple[Floats, ActivationCache]:
    """y = max(x, 0)."""
    return np.maximum(x, 0), ActivationCache(x > 0, None)


def leaky_relu_forward(x: Floats, negative_slope: Floats) -> tuple[Floats, ActivationCache]:
    """y = x where x > 0, else s x; 0 ≤ s < 1, so that y = max(x, s x)."""
    y = x * negative_slope
    return np.maximum(x, y, out=y), ActivationCache(x > 0, negative_slope)


def elu_forward(x: Floats, alpha: Floats) -> tuple[Floats, ActivationCache]:
    """y = x where x > 0, else a (exp(x) − 1), whose slope a exp(x) is y + a."""
    below = alpha * np.expm1(np.minimum(x, 0))  # 0 where x > 0
    return np.maximum(x, 0) + below, ActivationCache(x > 0, below + alpha)


def backward(dy: Floats, cache: ActivationCache) -> Floats:
    """dx = dy where x > 0, else dy times the slope below zero; (m, n, h).

    Products with 0 and 1 take a tenth of the time of `np.where`.
    """
    slope: Floats | Booleans = cache.positive
    if cache.slope_below is not None:
        slope = ~cache.positive * cache.slope_below + cache.positive
    return dy * slope


FORWARD: dict[Kind, Callable[[Floats, Floats], tuple[Floats, ActivationCache]]] = {
    "relu": relu_forward,
    "leaky_relu": leaky_relu_forward,
    "elu": elu_forward,
}
