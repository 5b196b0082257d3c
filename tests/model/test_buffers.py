"""The memory that a training writes over holds what it should, where it should, until the next."""

import numpy as np
import pytest

from model.buffers import Buffers
from model.members import Architecture, Member
from model.parameters import initialise

DRAW = np.random.default_rng(14)
X = DRAW.standard_normal((20, 5))
MEMBERS = (Member((4, 2), 1, 0.1), Member((3, 6), 2, 0.1))


def buffers(precision: str = "float64") -> Buffers:
    return Buffers.of(initialise(Architecture(5, 3), MEMBERS, precision), batch_size=8)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_gradients_array_is_like_its_weights(precision: str) -> None:
    stack = initialise(Architecture(5, 3), MEMBERS, precision)
    for layer, array in zip(stack, Buffers.of(stack, 8).weights, strict=True):
        assert (array.shape, array.strides) == (layer.weights.shape, layer.weights.strides)
        assert array.dtype == precision
        assert not np.shares_memory(array, layer.weights)


@pytest.mark.parametrize("stored", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("rows", [[3, 0, 19, 3, 7, 1, 2, 4], [19, 5, 0], [6], []])
def test_rows_are_those_asked_for_in_the_parameters_precision(
    rows: list[int], precision: str, stored: type
) -> None:
    x = (10 * np.abs(X)).astype(stored)
    batch = buffers(precision).batch(x, np.array(rows, np.int64))
    assert batch.dtype == precision
    np.testing.assert_array_equal(batch, x[rows].astype(precision))


def test_a_short_batch_after_a_whole_one_has_none_of_its_rows() -> None:
    taken = buffers()
    taken.batch(X, np.arange(8))
    np.testing.assert_array_equal(taken.batch(X, np.arange(15, 20)), X[15:])


def test_the_next_batch_takes_the_same_memory() -> None:
    taken = buffers()
    first, second = taken.batch(X, np.arange(8)), taken.batch(X, np.arange(8, 16))
    assert np.shares_memory(first, second)
    np.testing.assert_array_equal(first, X[8:16])


@pytest.mark.parametrize("stored", [np.float32, np.float64])
def test_a_change_of_a_batch_does_not_reach_the_data(stored: type) -> None:
    x = X.astype(stored)
    x.flags.writeable = False
    before = x.copy()
    batch = buffers().batch(x, np.arange(8))
    batch += 1
    np.testing.assert_array_equal(x, before)


def test_a_batch_of_more_rows_than_were_announced_is_refused() -> None:
    with pytest.raises(ValueError, match="does not match"):
        buffers().batch(X, np.arange(9))
