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
def test_nan_shows_where_it_is_and_nowhere_else(kind: Kind) -> None:
    x = np.array([[[1.0, np.nan], [-2.0, 3.0]], [[1.0, 2.0], [3.0, -4.0]]])
    y, cache = FORWARD[kind](x, np.full((2, 1, 1), 0.1))
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x))
    dx = backward(np.full_like(x, 2.0), cache)
    assert np.isfinite(dx[~np.isnan(x)]).all()


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
def test_a_gradient_that_is_nan_stays_so_on_both_sides(kind: Kind) -> None:
    _, cache = FORWARD[kind](np.array([[[-1.0, 0.0, 1.0, 2.0]]]), np.full((1, 1, 1), 0.1))
    dx = backward(np.array([[[np.nan, np.nan, np.nan, 5.0]]]), cache)
    np.testing.assert_array_equal(dx, [[[np.nan, np.nan, np.nan, 5.0]]])


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
def test_infinite_values_are_the_limits(kind: Kind) -> None:
    x = np.array([[[np.inf, -np.inf]]])
    y, cache = FORWARD[kind](x, np.full((1, 1, 1), 0.3))
    below, slope = {"relu": (0, 0), "leaky_relu": (-np.inf, 0.3), "elu": (-0.3, 0)}[kind]
    np.testing.assert_array_equal(y, [[[np.inf, below]]])
    np.testing.assert_array_equal(backward(np.ones_like(x), cache), [[[1, slope]]])


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
def test_both_zeros_lie_below_the_kink(kind: Kind) -> None:
    y, cache = FORWARD[kind](np.array([[[0.0, -0.0]]]), np.full((1, 1, 1), 0.3))
    np.testing.assert_array_equal(y, [[[0, 0]]])
    assert not cache.positive.any()
    slope = 0.0 if kind == "relu" else 0.3
    np.testing.assert_array_equal(backward(np.full((1, 1, 2), 2.0), cache), [[[2 * slope] * 2]])


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
def test_values_above_zero_and_their_gradients_are_passed_on_bit_for_bit(kind: Kind) -> None:
    draw = np.random.default_rng(2)
    x = np.exp(draw.uniform(-300, 300, (2, 9, 5)))
    dy = draw.standard_normal(x.shape)
    y, cache = FORWARD[kind](x, np.reshape([0.7, 0.1], (2, 1, 1)))
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(backward(dy, cache), dy)


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
def test_arguments_stay_as_they_were(kind: Kind) -> None:
    x, shape, dy = X.reshape(1, -1, 1).copy(), np.full((1, 1, 1), 0.3), np.ones((1, 6, 1))
    _, cache = FORWARD[kind](x, shape)
    backward(dy, cache)
    np.testing.assert_array_equal(x.ravel(), X)
    assert shape.item() == 0.3
    np.testing.assert_array_equal(dy, np.ones((1, 6, 1)))
