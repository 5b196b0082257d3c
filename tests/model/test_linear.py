"""The linear layer against a loop over members, and the memory order that makes it fast."""

import numpy as np
import pytest

from model import linear
from model.linear import WeightGradient

DRAW = np.random.default_rng(3)
M, N, D, H = 3, 6, 5, 4
SCALES = np.reshape([0.5, -3.0, 1.0], (M, 1, 1))


def weights(ordered: bool) -> np.ndarray:
    drawn = DRAW.standard_normal((M, D, H))
    if not ordered:
        return drawn
    array = linear.first_layer_order(M, D, H, float)
    array[...] = drawn
    return array


def gradient(shared: bool) -> WeightGradient:
    x = DRAW.standard_normal((N, D) if shared else (M, N, D))
    return WeightGradient(x, DRAW.standard_normal((M, N, H)))


def multiplied_out(factors: WeightGradient) -> np.ndarray:
    """Member by member, (m, d, h)."""
    rows = [factors.x if factors.x.ndim == 2 else factors.x[m] for m in range(M)]
    return np.stack([own.T @ factors.dz[m] for m, own in enumerate(rows)])


@pytest.mark.parametrize("scale", [None, SCALES])
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_each_member_is_a_layer_of_its_own(
    shared: bool, ordered: bool, scale: np.ndarray | None
) -> None:
    x = DRAW.standard_normal((N, D) if shared else (M, N, D))
    v, b = weights(ordered), DRAW.standard_normal((M, 1, H))
    dz = DRAW.standard_normal((M, N, H))
    z, cache = linear.forward(x, v, b, scale)
    d_weights, d_bias = linear.backward(dz, cache)
    dx = linear.backward_input(dz, cache)
    product = d_weights.product()
    w = v if scale is None else scale * v
    for m in range(M):
        own = x if shared else x[m]
        np.testing.assert_allclose(z[m], own @ w[m] + b[m], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(product[m], own.T @ dz[m], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(d_bias[m, 0], dz[m].sum(axis=0), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(dx[m], dz[m] @ w[m].T, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("shared", [True, False])
def test_a_scale_is_that_of_the_weights_and_not_of_the_bias(shared: bool) -> None:
    x = DRAW.standard_normal((N, D) if shared else (M, N, D))
    v, b = weights(ordered=True), DRAW.standard_normal((M, 1, H))
    scaled, _ = linear.forward(x, v, b, SCALES)
    plain, _ = linear.forward(x, SCALES * v, b)
    np.testing.assert_allclose(scaled, plain, rtol=1e-12, atol=1e-14)
    ones, _ = linear.forward(x, v, b, np.ones((M, 1, 1)))
    np.testing.assert_array_equal(ones, linear.forward(x, v, b)[0])


def test_first_layer_order_is_a_matrix_of_all_members_in_memory() -> None:
    array = linear.first_layer_order(M, D, H, np.float32)
    assert array.shape == (M, D, H)
    assert not array.any()
    flat = array.transpose(1, 0, 2).reshape(D, M * H)
    assert np.shares_memory(flat, array)  # no copy
    assert flat.flags.c_contiguous


@pytest.mark.parametrize("shared", [True, False])
def test_what_a_layer_gives_has_its_rows_in_one_run_of_memory(shared: bool) -> None:
    x = DRAW.standard_normal((N, D) if shared else (M, N, D))
    z, cache = linear.forward(x, weights(ordered=shared), np.zeros((M, 1, H)))
    dx = linear.backward_input(DRAW.standard_normal((M, N, H)), cache)
    assert z.transpose(1, 0, 2).flags.c_contiguous
    assert dx.transpose(1, 0, 2).flags.c_contiguous


@pytest.mark.parametrize("shared", [True, False])
def test_a_multiple_of_a_gradient(shared: bool) -> None:
    factors = gradient(shared)
    expected = SCALES * multiplied_out(factors)
    np.testing.assert_allclose(factors.times(SCALES).product(), expected, rtol=1e-12, atol=1e-14)


def test_the_first_layers_gradient_lies_in_the_order_of_its_weights() -> None:
    w = weights(ordered=True)
    _, cache = linear.forward(DRAW.standard_normal((N, D)), w, np.zeros((M, 1, H)))
    d_weights, _ = linear.backward(DRAW.standard_normal((M, N, H)), cache)
    assert d_weights.product().strides == w.strides


@pytest.mark.parametrize(("shared", "ordered"), [(True, True), (False, True), (False, False)])
def test_a_product_into_a_given_array(shared: bool, ordered: bool) -> None:
    factors, out = gradient(shared), weights(ordered)  # what it held is written over
    assert factors.product(out) is out
    np.testing.assert_allclose(out, multiplied_out(factors), rtol=1e-12, atol=1e-14)


def test_an_array_in_another_memory_order_is_an_error_and_not_a_copy_that_is_lost() -> None:
    factors, out = gradient(shared=True), np.full((M, D, H), 7.0)
    with pytest.raises(ValueError, match="copy"):
        factors.product(out)
    np.testing.assert_array_equal(out, 7)


@pytest.mark.parametrize("shared", [True, False])
def test_single_precision_stays_single(shared: bool) -> None:
    factors = gradient(shared)
    x, dz = factors.x.astype(np.float32), factors.dz.astype(np.float32)
    v, b = weights(ordered=shared).astype(np.float32), np.zeros((M, 1, H), np.float32)
    z, cache = linear.forward(x, v, b, SCALES.astype(np.float32))
    d_weights, d_bias = linear.backward(dz, cache)
    product = d_weights.times(SCALES.astype(np.float32)).product()
    found = {a.dtype for a in (z, product, d_bias, linear.backward_input(dz, cache))}
    assert found == {np.dtype(np.float32)}


@pytest.mark.parametrize("scale", [None, SCALES])
@pytest.mark.parametrize("shared", [True, False])
def test_arguments_stay_as_they_were(shared: bool, scale: np.ndarray | None) -> None:
    x = DRAW.standard_normal((N, D) if shared else (M, N, D))
    w, b = weights(ordered=True), DRAW.standard_normal((M, 1, H))
    dz, factor = DRAW.standard_normal((M, N, H)), SCALES.copy()
    copies = [a.copy() for a in (x, w, b, dz, factor)]
    _, cache = linear.forward(x, w, b, None if scale is None else factor)
    d_weights, _ = linear.backward(dz, cache)
    d_weights.times(factor).product(weights(ordered=True))
    linear.backward_input(dz, cache)
    for array, copy in zip((x, w, b, dz, factor), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
