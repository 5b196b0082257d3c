"""Activations against their definitions, with a shape parameter for each member."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from model.activation import FORWARD, Kind, backward

X = np.array([-800.0, -2.0, -1e-9, 0.0, 1e-9, 3.0])
SHAPES = (0.0, 0.3)
VALUE: dict[Kind, Callable[[float, float], float]] = {
    "relu": lambda x, _: x if x > 0 else 0.0,
    "leaky_relu": lambda x, s: x if x > 0 else s * x,
    "elu": lambda x, a: x if x > 0 else a * math.expm1(x),
}
SLOPE: dict[Kind, Callable[[float, float], float]] = {
    "relu": lambda x, _: 1.0 if x > 0 else 0.0,
    "leaky_relu": lambda x, s: 1.0 if x > 0 else s,
    "elu": lambda x, a: 1.0 if x > 0 else a * math.exp(x),
}


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
def test_values_and_slopes(kind: Kind) -> None:
    x = np.broadcast_to(X[:, None], (2, 6, 1))
    y, cache = FORWARD[kind](x, np.reshape(SHAPES, (2, 1, 1)))
    dx = backward(np.full_like(x, 2.0), cache)
    for member, shape in enumerate(SHAPES):
        expected = [VALUE[kind](value, shape) for value in X]
        np.testing.assert_allclose(y[member, :, 0], expected, rtol=1e-15, atol=0)
        slopes = [2 * SLOPE[kind](value, shape) for value in X]
        np.testing.assert_allclose(dx[member, :, 0], slopes, rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_stays(kind: Kind, dtype: type) -> None:
    y, cache = FORWARD[kind](X.reshape(1, -1, 1).astype(dtype), np.full((1, 1, 1), 0.1, dtype))
    assert y.dtype == dtype
    assert backward(y, cache).dtype == dtype


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
def test_nan_shows(kind: Kind) -> None:
    y, _ = FORWARD[kind](np.full((1, 1, 1), np.nan), np.full((1, 1, 1), 0.1))
    assert np.isnan(y).all()
