"""A decay goes into the scale, and from there into the weights where it leaves its range."""

import numpy as np
import pytest

from model import scaled_weights
from model.parameters import Layer


def stack() -> tuple[Layer, ...]:
    weights = np.random.default_rng(1).standard_normal((2, 3, 4))
    return (Layer(weights, np.ones((2, 1, 4))),)


def test_a_decay_within_the_range_leaves_the_weights_alone() -> None:
    layers, scale = stack(), np.ones((2, 1, 1))
    scaled_weights.shrink(scale, layers, np.reshape([0.5, 1.0], (2, 1, 1)))
    np.testing.assert_array_equal(layers[0].weights, stack()[0].weights)
    assert scale.ravel().tolist() == [0.5, 1.0]


@pytest.mark.parametrize("far", [1e-4, 1e4, 0.0, -1e-5, np.nan])
def test_a_scale_that_is_too_far_from_one_goes_into_the_weights(far: float) -> None:
    layers, scale = stack(), np.ones((2, 1, 1))
    scaled_weights.shrink(scale, layers, np.reshape([far, 0.5], (2, 1, 1)))
    np.testing.assert_array_equal(layers[0].weights[0], far * stack()[0].weights[0])
    np.testing.assert_array_equal(layers[0].weights[1], stack()[0].weights[1])
    np.testing.assert_array_equal(layers[0].bias, 1)
    assert scale[1, 0, 0] == 0.5


def test_folding_makes_them_the_weights() -> None:
    layers, scale = stack(), np.reshape([0.25, 3.0], (2, 1, 1)).copy()
    scaled_weights.fold(scale, layers)
    expected = stack()[0].weights * np.reshape([0.25, 3.0], (2, 1, 1))
    np.testing.assert_array_equal(layers[0].weights, expected)
    assert scale.ravel().tolist() == [1, 1]
