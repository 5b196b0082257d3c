"""A pass through the whole network: against a plain single network, and with padding."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from model import activation, loss, network, parameters
from model.descent import Descent
from model.members import Architecture, Member, Placement
from model.parameters import Gradients, Parameters, initialise

DRAW = np.random.default_rng(6)
X, LABELS = DRAW.standard_normal((12, 5)), DRAW.integers(0, 3, 12)
MEMBERS = (
    Member((4, 7), 1, 0.1, weight_decay=0.01, momentum=0.9, negative_slope=0.1),
    Member((6, 2), 2, 0.1, weight_decay=0.0, momentum=0.5, negative_slope=0.3),
    Member((6, 7), 3, 0.1, weight_decay=0.02, momentum=0.0, negative_slope=0.0),
)
PLACEMENTS: tuple[Placement, ...] = ("none", "before", "after")
KINDS: tuple[activation.Kind, ...] = ("relu", "leaky_relu", "elu")


def forward(
    architecture: Architecture, stack: Parameters, scale: np.ndarray | None = None
) -> network.ForwardPass:
    shape = network.activation_shape(architecture, MEMBERS, float)
    return network.forward(architecture, stack, shape, X, LABELS, scale)


def padding(stack: Parameters | Gradients) -> list[np.ndarray]:
    """All entries that members have for their neighbours' sake alone."""
    found = []
    for position, member in enumerate(MEMBERS):
        for layer, (d, h) in zip(stack, itertools.pairwise((5, *member.widths, 3)), strict=True):
            for array in layer.arrays().values():
                found += [array[position, :, h:].ravel(), array[position, d:].ravel()]
    return found


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_one_member_is_a_plain_network(placement: Placement) -> None:
    architecture = Architecture(5, 3, "leaky_relu", placement)
    stack = initialise(architecture, MEMBERS, float)
    passed = forward(architecture, stack)
    for position, member in enumerate(MEMBERS):
        h = X
        for layer in stack[:-1]:
            h = h @ layer.weights[position] + layer.bias[position]
            if placement == "before":
                h = (h - h.mean(axis=0)) / np.sqrt(h.var(axis=0) + 1e-8)
            h = np.where(h > 0, h, member.negative_slope * h)
            if placement == "after":
                h = (h - h.mean(axis=0)) / np.sqrt(h.var(axis=0) + 1e-8)
        scores = h @ stack[-1].weights[position] + stack[-1].bias[position]
        np.testing.assert_allclose(passed.scores[position], scores, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_padding_stays_exactly_zero(
    kind: activation.Kind, placement: Placement, affine: bool, moves: bool
) -> None:
    members = [replace(m, momentum=m.momentum if moves else 0.0) for m in MEMBERS]
    architecture = Architecture(5, 3, kind, placement, affine)
    stack = initialise(architecture, MEMBERS, float)
    start = parameters.copy(stack)
    optimizer = Descent.at_rest(members, stack)
    buffers = [layer.weights for layer in parameters.zeros_like(stack)]
    for _ in range(30):
        passed = forward(architecture, stack, optimizer.scale)
        for index, statistics in enumerate(passed.statistics):
            for position, member in enumerate(MEMBERS):
                if statistics is not None:
                    assert not statistics.mean[position, :, member.widths[index] :].any()
                    assert not statistics.variance[position, :, member.widths[index] :].any()
        gradients = network.backward(architecture, passed)
        assert not any(values.any() for values in padding(gradients))
        optimizer.step_in_place(stack, gradients, np.full((3, 1, 1), 0.1), buffers)
        assert (optimizer.velocity is not None) == moves
        if optimizer.velocity is not None:
            assert not any(values.any() for values in padding(optimizer.velocity))
        assert not any(values.any() for values in padding(stack))
    for before, after in zip(start, stack, strict=True):
        assert (before.weights != after.weights)[2].any()  # all that has no padding did train


@pytest.mark.parametrize("kind_of_loss", ["cross_entropy", "hinge"])
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_gradients_have_the_shapes_of_the_parameters(
    placement: Placement, kind_of_loss: loss.Kind
) -> None:
    for affine in (True, False):
        architecture = Architecture(
            5, 3, batch_norm=placement, batch_norm_affine=affine, loss=kind_of_loss
        )
        stack = initialise(architecture, MEMBERS, np.float32)
        shape = network.activation_shape(architecture, MEMBERS, np.float32)
        passed = network.forward(architecture, stack, shape, X.astype(np.float32), LABELS)
        for layer, gradient in zip(stack, network.backward(architecture, passed), strict=True):
            described = {name: (a.shape, a.dtype) for name, a in layer.arrays().items()}
            assert described == {n: (a.shape, a.dtype) for n, a in gradient.arrays().items()}


def test_rows_of_each_member_give_what_shared_rows_give() -> None:
    architecture = Architecture(5, 3, batch_norm="before")
    stack = initialise(architecture, MEMBERS, float)
    shape = network.activation_shape(architecture, MEMBERS, float)
    shared = network.forward(architecture, stack, shape, X, LABELS)
    own = network.forward(architecture, stack, shape, np.stack([X] * 3), LABELS)
    np.testing.assert_allclose(own.scores, shared.scores, rtol=1e-10)
    pairs = zip(
        network.backward(architecture, own), network.backward(architecture, shared), strict=True
    )
    for a, b in pairs:
        for name, array in a.arrays().items():
            np.testing.assert_allclose(array, b.arrays()[name], rtol=1e-8, atol=1e-13)


def test_the_activations_parameter_is_the_members_own() -> None:
    members = [Member((), 1, 0.1, negative_slope=0.2, elu_alpha=0.7)]
    assert network.activation_shape(Architecture(5, 3, "elu"), members, float).item() == 0.7
    assert network.activation_shape(Architecture(5, 3, "leaky_relu"), members, float).item() == 0.2


def test_kinks_are_one_mask_a_hidden_layer_and_one_for_the_loss() -> None:
    architecture = Architecture(5, 3, loss="hinge")
    passed = forward(architecture, initialise(architecture, MEMBERS, float))
    *hidden, margins = passed.kinks()
    assert [mask.shape for mask in hidden] == [(3, 12, 6), (3, 12, 7)]
    truth = passed.scores[:, np.arange(12), LABELS][..., None]
    over = passed.scores - truth + 1 > 0
    over[:, np.arange(12), LABELS] = False
    np.testing.assert_array_equal(margins, over)


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_arguments_stay_as_they_were(placement: Placement) -> None:
    architecture = Architecture(5, 3, batch_norm=placement)
    stack = initialise(architecture, MEMBERS, float)
    start, x, labels = parameters.copy(stack), X.copy(), LABELS.copy()
    network.backward(architecture, forward(architecture, stack))
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(labels, LABELS)
    for before, after in zip(start, stack, strict=True):
        for name, array in before.arrays().items():
            np.testing.assert_array_equal(array, after.arrays()[name])
