"""Drawing parameters, padding them, and taking members out of a stack."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from model import parameters
from model.batch_norm import Statistics
from model.errors import ModelError
from model.members import Architecture, Member, Placement
from model.parameters import Layer, Parameters, initialise

ARCHITECTURE = Architecture(5, 3, batch_norm="after")
MEMBERS = (Member((4, 2), 1, 0.1), Member((3, 6), 2, 0.1), Member((4, 6), 3, 0.1))


@pytest.mark.parametrize("rule", ["he", "xavier", "normal"])
def test_drawn_weights_have_the_rules_deviation(rule: str) -> None:
    member = Member((300, 200), 5, 0.1, initialization=rule, init_sigma=0.03)
    for layer in initialise(Architecture(100, 10), [member], float):
        weights = layer.weights
        sigma, n = member.deviation(weights.shape[1]), weights.size
        assert abs(weights.std() / sigma - 1) < 4 / np.sqrt(2 * n)
        assert abs(weights.mean()) < 4 * sigma / np.sqrt(n)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("placement", ["none", "before", "after"])
def test_what_begins_as_zero_and_one(placement: Placement, affine: bool) -> None:
    architecture = replace(ARCHITECTURE, batch_norm=placement, batch_norm_affine=affine)
    *hidden, output = initialise(architecture, MEMBERS, np.float32)
    assert set(output.arrays()) == {"weights", "bias"}
    for index, layer in enumerate(hidden):
        assert not layer.bias.any()
        assert ("gamma" in layer.arrays()) == (affine and placement != "none")
        if layer.gamma is not None and layer.beta is not None:
            for gamma, member in zip(layer.gamma, MEMBERS, strict=True):
                width = member.widths[index]
                np.testing.assert_array_equal(gamma[0], [1] * width + [0] * (gamma.size - width))
            assert not layer.beta.any()
    assert all(a.dtype == np.float32 for layer in hidden for a in layer.arrays().values())


def test_a_member_begins_alike_in_any_stack() -> None:
    stack = initialise(ARCHITECTURE, MEMBERS, float)
    for position, member in enumerate(MEMBERS):
        alone = initialise(ARCHITECTURE, [member], float)
        for whole, own in zip(stack, alone, strict=True):
            for name, array in own.arrays().items():
                _, rows, columns = array.shape
                padded = whole.arrays()[name][position]
                np.testing.assert_array_equal(padded[:rows, :columns], array[0])
                assert not padded[rows:].any()
                assert not padded[:, columns:].any()


def test_seeds_and_layers_draw_differently() -> None:
    architecture = Architecture(4, 4)
    one, other = (initialise(architecture, [Member((4,), s, 0.1)], float) for s in (1, 2))
    assert not np.isclose(one[0].weights, other[0].weights).any()
    assert not np.isclose(one[0].weights, one[1].weights).any()


def test_different_depths_are_refused() -> None:
    with pytest.raises(ModelError, match="same number of layers"):
        initialise(ARCHITECTURE, [MEMBERS[0], Member((3,), 1, 0.1)], float)


@pytest.mark.parametrize(
    ("change", "members"),
    [
        (parameters.zeros_like, 3),
        (parameters.copy, 3),
        (lambda stack: parameters.take(stack, [2, 0]), 2),
        (lambda stack: stack, 3),
    ],
)
@pytest.mark.parametrize("widths", [(), (4,)])
def test_the_first_layers_memory_order_stays(
    change: Callable[[Parameters], Parameters], members: int, widths: tuple[int, ...]
) -> None:
    stack = initialise(ARCHITECTURE, [Member(widths, seed, 0.1) for seed in range(3)], float)
    weights = change(stack)[0].weights
    assert weights.shape[:2] == (members, 5)
    assert weights.transpose(1, 0, 2).flags.c_contiguous


def test_taking_members() -> None:
    stack = initialise(ARCHITECTURE, MEMBERS, float)
    taken = parameters.take(stack, [2, 0])
    for whole, part in zip(stack, taken, strict=True):
        for name, array in part.arrays().items():
            np.testing.assert_array_equal(array, whole.arrays()[name][[2, 0]])
            assert not np.shares_memory(array, whole.arrays()[name])


def test_members_that_are_taken_leave_the_widths_of_others() -> None:
    stack = initialise(ARCHITECTURE, MEMBERS, float)
    for place, member in enumerate(MEMBERS):
        own = initialise(ARCHITECTURE, [member], float)
        for mine, alone in zip(parameters.take(stack, [place], member.widths), own, strict=True):
            for name, array in mine.arrays().items():
                np.testing.assert_array_equal(array, alone.arrays()[name])
                assert array.strides == alone.arrays()[name].strides


def test_copies_are_copies_and_zeros_are_zero() -> None:
    stack = initialise(ARCHITECTURE, MEMBERS, float)
    copies, zeros = parameters.copy(stack), parameters.zeros_like(stack)
    for whole, copy, zero in zip(stack, copies, zeros, strict=True):
        for name, array in whole.arrays().items():
            np.testing.assert_array_equal(copy.arrays()[name], array)
            assert not np.shares_memory(copy.arrays()[name], array)
            assert zero.arrays()[name].shape == array.shape
            assert not zero.arrays()[name].any()


def test_taking_statistics() -> None:
    kept = (None, Statistics(np.arange(3.0).reshape(3, 1, 1), np.arange(3.0, 6).reshape(3, 1, 1)))
    nothing, some = parameters.take_statistics(kept, [2, 1], [1, 1])
    assert nothing is None
    assert some is not None
    assert some.mean.ravel().tolist() == [2, 1]
    assert some.variance.ravel().tolist() == [5, 4]


def test_squared_norm_is_of_the_weights_alone() -> None:
    ones = np.ones
    layers = (
        Layer(2 * ones((2, 3, 4)), 9 * ones((2, 1, 4)), 9 * ones((2, 1, 4)), 9 * ones((2, 1, 4))),
        Layer(np.stack([ones((4, 1)), 3 * ones((4, 1))]), 9 * ones((2, 1, 1))),
    )
    assert parameters.squared_norm(layers).tolist() == [12 * 4 + 4, 12 * 4 + 4 * 9]
