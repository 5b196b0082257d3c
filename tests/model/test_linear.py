"""The linear layer against a loop over members, and the memory order that makes it fast."""

import numpy as np
import pytest

from model import linear

DRAW = np.random.default_rng(3)
M, N, D, H = 3, 6, 5, 4


def weights(ordered: bool) -> np.ndarray:
    drawn = DRAW.standard_normal((M, D, H))
    if not ordered:
        return drawn
    array = linear.first_layer_order(M, D, H, float)
    array[...] = drawn
    return array


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_each_member_is_a_layer_of_its_own(shared: bool, ordered: bool) -> None:
    x = DRAW.standard_normal((N, D) if shared else (M, N, D))
    w, b = weights(ordered), DRAW.standard_normal((M, 1, H))
    dz = DRAW.standard_normal((M, N, H))
    z, cache = linear.forward(x, w, b)
    d_weights, d_bias = linear.backward(dz, cache)
    dx = linear.backward_input(dz, cache)
    for m in range(M):
        own = x if shared else x[m]
        np.testing.assert_allclose(z[m], own @ w[m] + b[m], rtol=1e-12)
        np.testing.assert_allclose(d_weights[m], own.T @ dz[m], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(d_bias[m, 0], dz[m].sum(axis=0), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(dx[m], dz[m] @ w[m].T, rtol=1e-12, atol=1e-14)


def test_first_layer_order_is_a_matrix_of_all_members_in_memory() -> None:
    array = linear.first_layer_order(M, D, H, np.float32)
    assert array.shape == (M, D, H)
    assert not array.any()
    flat = array.transpose(1, 0, 2).reshape(D, M * H)
    assert np.shares_memory(flat, array)  # no copy
    assert flat.flags.c_contiguous


def test_the_first_layers_gradient_lies_in_the_order_of_its_weights() -> None:
    w = weights(ordered=True)
    _, cache = linear.forward(DRAW.standard_normal((N, D)), w, np.zeros((M, 1, H)))
    d_weights, _ = linear.backward(DRAW.standard_normal((M, N, H)), cache)
    assert d_weights.strides == w.strides


def test_arguments_stay_as_they_were() -> None:
    x, w, b = DRAW.standard_normal((N, D)), weights(ordered=True), DRAW.standard_normal((M, 1, H))
    dz = DRAW.standard_normal((M, N, H))
    copies = [a.copy() for a in (x, w, b, dz)]
    _, cache = linear.forward(x, w, b)
    linear.backward(dz, cache)
    linear.backward_input(dz, cache)
    for array, copy in zip((x, w, b, dz), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
