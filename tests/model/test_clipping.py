"""Norms of gradients against the sum of their squares, and what is left of long ones."""

import numpy as np
import pytest

from model import network
from model.arrays import Floats
from model.clipping import clipped, limits, norms
from model.members import Architecture, Member
from model.parameters import Gradients, initialise

DRAW = np.random.default_rng(3)
MEMBERS = (Member((9, 4), 1, 0.1), Member((5, 6), 2, 0.1, clip_norm=0.01))
ARCHITECTURE = Architecture(30, 3, batch_norm="before")


def gradients(rows: int, *, own: bool = False) -> Gradients:
    x = DRAW.standard_normal((rows, 30))
    shape = network.activation_shape(ARCHITECTURE, MEMBERS, float)
    start = initialise(ARCHITECTURE, MEMBERS, float)
    x = np.stack([x, 2 * x]) if own else x
    labels = DRAW.integers(0, 3, rows)
    return network.backward(ARCHITECTURE, network.forward(ARCHITECTURE, start, shape, x, labels))


def flat(of: Gradients) -> Floats:
    arrays = [array.reshape(2, -1) for layer in of for array in layer.arrays().values()]
    return np.concatenate(arrays, axis=1)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("rows", [4, 200])
def test_norms_of_few_rows_and_of_many(rows: int, own: bool) -> None:
    found = gradients(rows, own=own)
    assert norms(found) == pytest.approx(np.linalg.norm(flat(found), axis=1), rel=1e-12)


def test_only_what_is_above_its_limit_is_shortened_and_keeps_its_direction() -> None:
    found = gradients(20)
    before = flat(found)
    after = flat(clipped(found, np.array([np.inf, 0.01])))
    assert np.array_equal(after[0], before[0])
    assert np.linalg.norm(after[1]) == pytest.approx(0.01, rel=1e-12)
    assert after[1] / 0.01 == pytest.approx(before[1] / np.linalg.norm(before[1]), rel=1e-9)
    assert clipped(found, np.array([np.inf, 1e9])) is found


@pytest.mark.parametrize("size", [1e200, np.inf, np.nan])
def test_a_gradient_of_no_finite_norm_is_nan(size: float) -> None:
    factor = np.array([1.0, size]).reshape(2, 1, 1)
    with np.errstate(all="ignore"):
        found = tuple(layer.times(factor) for layer in gradients(20))
        after = flat(clipped(found, np.array([np.inf, 1.0])))
    assert np.isfinite(after[0]).all()
    assert np.isnan(after[1]).any()


def test_limits() -> None:
    assert np.array_equal(limits(MEMBERS), [np.inf, 0.01])
    assert limits(MEMBERS[:1]) is None
