"""Gradients over the whole training set, their histograms, and weights that are images."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from model import loss, network, parameters
from model.errors import ModelError
from model.finite_difference import FORMULAS, Entries, Point, differences
from model.inference import Network
from model.members import Architecture, Member, Placement
from model.parameters import Layer, Parameters, initialise
from model.portrait import BINS, histogram, histograms, weight_gradients, weight_images
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Constant

_DRAW = np.random.default_rng(5)
ROWS = 23
X = _DRAW.standard_normal((ROWS, 6))
LABELS = _DRAW.integers(0, 4, ROWS)
DATA = Data(X, LABELS, X[:0], LABELS[:0])
MEMBERS = (
    Member((5, 4), 1, 0.1, weight_decay=0.03),
    Member((3, 6), 2, 0.1, weight_decay=0.2, negative_slope=0.3),
)


def recipe(batch_size: int = ROWS, *, shuffle: bool = True) -> Recipe:
    return Recipe(batch_size, Constant(1), seed=9, shuffle=shuffle, precision="float64")


def stack_of(
    placement: Placement = "none",
    members: tuple[Member, ...] = MEMBERS,
    kind_of_loss: loss.Kind = "cross_entropy",
    dtype: type = float,
) -> Network:
    """A stack whose b, γ and β are off their initial values; padding stays zero."""
    architecture = Architecture(6, 4, "leaky_relu", placement, loss=kind_of_loss)
    layers = []
    for index, layer in enumerate(initialise(architecture, members, dtype)):
        moved = {}
        for name, array in layer.arrays().items():
            moved[name] = array.copy(order="K")
            if name != "weights":
                moved[name] += 0.3 * _DRAW.standard_normal(array.shape).astype(dtype)
                for place, member in enumerate(members):
                    moved[name][place, :, (*member.widths, 4)[index] :] = 0
        layers.append(Layer(**moved))
    return Network(architecture, members, tuple(layers), (None,) * len(members[0].widths))


def parts(network_: Network, member: int) -> list[tuple[int, int]]:
    """The shape of each layer's weights, without padding."""
    return list(itertools.pairwise((6, *network_.members[member].widths, 4)))


@pytest.mark.parametrize("kind_of_loss", ["cross_entropy", "hinge"])
@pytest.mark.parametrize("placement", ["none", "before", "after"])
def test_gradients_agree_with_central_differences_of_the_cost(
    placement: Placement, kind_of_loss: loss.Kind
) -> None:
    stack = stack_of(placement, kind_of_loss=kind_of_loss)
    point = Point(stack.architecture, stack.members, stack.parameters, X, LABELS)
    found = weight_gradients(stack, recipe(), DATA)
    for place, gradient in enumerate(found):
        rows, columns = (at.ravel() for at in np.indices(gradient.shape[1:]))
        chosen = Entries(place, "weights", rows, columns)
        numeric, kinked = differences(point, chosen, FORMULAS["central"], 1e-4)
        analytic = gradient[:, rows, columns]
        own = chosen.of(stack.parameters) != 0
        assert (own & ~kinked).sum() > 20
        np.testing.assert_allclose(
            analytic[own & ~kinked], numeric[own & ~kinked], rtol=1e-6, atol=1e-8
        )


@pytest.mark.parametrize("batch_size", [1, 5, ROWS])
def test_without_batch_normalisation_it_is_the_mean_over_single_examples(batch_size: int) -> None:
    stack = stack_of()
    shape = network.activation_shape(stack.architecture, stack.members, float)
    singles = []
    for row in range(ROWS):
        one = slice(row, row + 1)
        passed = network.forward(stack.architecture, stack.parameters, shape, X[one], LABELS[one])
        singles.append(network.backward(stack.architecture, passed))
    found = weight_gradients(stack, recipe(batch_size), DATA)
    for place, gradient in enumerate(found):
        mean = np.mean([each[place].weights.product() for each in singles], axis=0)
        for member, decay in enumerate((0.03, 0.2)):
            penalty = 2 * decay * stack.parameters[place].weights[member]
            np.testing.assert_allclose(gradient[member], mean[member] + penalty, atol=1e-12)


def test_of_adamw_the_decay_is_no_part_of_it() -> None:
    decayed = stack_of(members=(Member((), 1, 0.1, weight_decay=0.03),))
    plain = replace(decayed, members=(Member((), 1, 0.1),))
    (found,) = weight_gradients(decayed, replace(recipe(7), optimizer="adamw"), DATA)
    (expected,) = weight_gradients(plain, recipe(7), DATA)
    np.testing.assert_array_equal(found, expected)


def test_of_one_layer_it_is_the_textbooks() -> None:
    stack = stack_of(members=(Member((), 1, 0.1, weight_decay=0.03),))
    (layer,) = stack.parameters
    scores = X @ layer.weights[0] + layer.bias[0]
    off = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True) - np.eye(4)[LABELS]
    (found,) = weight_gradients(stack, recipe(7), DATA)
    np.testing.assert_allclose(
        found[0], X.T @ off / ROWS + 0.06 * layer.weights[0], rtol=1e-11, atol=1e-13
    )


@pytest.mark.parametrize("placement", ["before", "after"])
def test_batch_normalisation_normalises_by_batches_of_the_trainings_size(
    placement: Placement,
) -> None:
    """In the order of the rows where they are not shuffled; the last batch is smaller."""
    stack = stack_of(placement)
    shape = network.activation_shape(stack.architecture, stack.members, float)
    expected = [np.zeros_like(layer.weights) for layer in stack.parameters]
    for first in range(0, ROWS, 10):
        x, y = X[first : first + 10], LABELS[first : first + 10]
        passed = network.forward(stack.architecture, stack.parameters, shape, x, y)
        for total, layer in zip(
            expected, network.backward(stack.architecture, passed), strict=True
        ):
            total += layer.weights.product() * len(x) / ROWS
    decay = np.array([0.03, 0.2]).reshape(2, 1, 1)
    found = weight_gradients(stack, recipe(10, shuffle=False), DATA)
    for total, layer, gradient in zip(expected, stack.parameters, found, strict=True):
        np.testing.assert_allclose(gradient, total + 2 * decay * layer.weights, atol=1e-12)
    whole = weight_gradients(stack, recipe(), DATA)
    shuffled = weight_gradients(stack, recipe(10), DATA)
    for others in (whole, shuffled):  # other batches are another gradient
        assert all(not np.allclose(a, b) for a, b in zip(others, found, strict=True))


def test_looking_changes_nothing_and_finds_the_same_again() -> None:
    stack = stack_of("before", dtype=np.float32)
    before = parameters.copy(stack.parameters)
    first, second = (weight_gradients(stack, recipe(10), DATA) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert one.dtype == float
        np.testing.assert_array_equal(one, other)
    assert_equal(stack.parameters, before)


def assert_equal(some: Parameters, others: Parameters) -> None:
    for one, other in zip(some, others, strict=True):
        for name, array in one.arrays().items():
            np.testing.assert_array_equal(array, other.arrays()[name])


def test_in_single_precision_it_is_the_same_to_rounding() -> None:
    double = stack_of()
    single = replace(double, parameters=converted(double.parameters, np.float32))
    exact = weight_gradients(double, recipe(10), DATA)
    rounded = weight_gradients(single, recipe(10), DATA)
    for one, other in zip(exact, rounded, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def converted(stack: Parameters, dtype: type) -> Parameters:
    return tuple(
        Layer(**{name: array.astype(dtype) for name, array in layer.arrays().items()})
        for layer in stack
    )


# --- histograms ---------------------------------------------------------------------------------


def test_a_histogram_counts_each_entry_once_from_the_smallest_to_the_largest() -> None:
    entries = _DRAW.standard_normal((30, 40))
    found = histogram(entries)
    assert (found.counts.shape, found.counts.dtype) == ((BINS,), np.int64)
    assert found.edges.shape == (BINS + 1,) == (61,)
    assert (found.edges[0], found.edges[-1]) == (entries.min(), entries.max())
    np.testing.assert_allclose(np.diff(found.edges), np.ptp(entries) / 60, rtol=1e-9)
    for place in (0, 17, 58):
        low, high = found.edges[place : place + 2]
        assert found.counts[place] == ((entries >= low) & (entries < high)).sum()
    assert found.counts[-1] == (entries >= found.edges[-2]).sum()
    assert found.counts.sum() == entries.size


@pytest.mark.parametrize("value", [0.0, 3.0, -1e20, 1e-310])
def test_equal_entries_are_in_the_middle_of_a_range(value: float) -> None:
    near = np.array([value, np.nextafter(value, np.inf), value])
    for entries in (np.full((2, 3), value), near):
        found = histogram(entries)
        assert (np.diff(found.edges) > 0).all()
        assert found.counts.sum() == entries.size
        assert found.counts[29:31].sum() == entries.size


def test_padding_is_left_out() -> None:
    stack = stack_of("before")
    gradients = weight_gradients(stack, recipe(10), DATA)
    found = histograms(stack, gradients)
    for member, layers in enumerate(found):
        assert layers is not None
        shapes = parts(stack, member)
        for layer, gradient, (d, h) in zip(layers, gradients, shapes, strict=True):
            own = gradient[member, :d, :h]
            assert layer.counts.sum() == d * h
            np.testing.assert_array_equal(layer.counts, histogram(own).counts)
            np.testing.assert_array_equal(layer.edges, histogram(own).edges)


@pytest.mark.parametrize("lost", [np.nan, np.inf, -1e305])
def test_a_member_that_diverged_has_none_and_its_neighbour_has(lost: float) -> None:
    stack = stack_of()
    gradients = [layer.copy() for layer in weight_gradients(stack, recipe(), DATA)]
    gradients[1][0, 0, 0] = lost
    first, second = histograms(stack, gradients)
    assert first is None
    assert second is not None


def test_a_member_that_is_infinite_leaves_its_neighbours_gradient_alone() -> None:
    stack = stack_of("before")
    expected = weight_gradients(stack, recipe(10), DATA)
    stack.parameters[0].weights[0] = np.inf
    found = weight_gradients(stack, recipe(10), DATA)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one[1], other[1])
    assert histograms(stack, found)[0] is None


# --- images -------------------------------------------------------------------------------------


def linear(planes: int) -> Network:
    """Two linear classifiers of images of 2 x 3 pixels, each weight one that tells its place."""
    inputs = 6 * planes
    architecture = Architecture(inputs, 4)
    members = (Member((), 1, 0.1), Member((), 2, 0.1))
    weights = np.arange(2 * inputs * 4, dtype=float).reshape(2, inputs, 4)
    return Network(architecture, members, (Layer(weights, np.zeros((2, 1, 4))),), ())


def test_grey_weights_are_images_row_by_row() -> None:
    found = weight_images(linear(1), (1, 2, 3))
    assert found is not None
    assert (found.shape, found.dtype) == ((2, 4, 2, 3), np.float32)
    weights = linear(1).parameters[0].weights
    for member, label, y, x in np.ndindex(2, 4, 2, 3):
        assert found[member, label, y, x] == weights[member, 3 * y + x, label]


def test_coloured_weights_are_images_plane_by_plane() -> None:
    found = weight_images(linear(3), (3, 2, 3))
    assert found is not None
    assert (found.shape, found.dtype) == ((2, 4, 2, 3, 3), np.float32)
    weights = linear(3).parameters[0].weights
    for member, label, y, x, colour in np.ndindex(2, 4, 2, 3, 3):
        assert found[member, label, y, x, colour] == weights[member, 6 * colour + 3 * y + x, label]


def test_rows_of_height_and_width_are_images_and_colours_may_come_last() -> None:
    weights = np.zeros((1, 8 * 9 * 3, 4))
    weights[0, 8 * 27 - 4, 2] = 1  # of the last row but one, column 8, colour 2
    architecture, member = Architecture(8 * 9 * 3, 4), Member((), 1, 0.1)
    stack = Network(architecture, (member,), (Layer(weights, np.zeros((1, 1, 4))),), ())
    found = weight_images(stack, (8, 9, 3))
    assert found is not None
    assert found.shape == (1, 4, 8, 9, 3)
    assert [tuple(place) for place in np.argwhere(found)] == [(0, 2, 7, 7, 2)]
    flat = weight_images(stack, (8, 27))
    assert flat is not None
    assert [tuple(place) for place in np.argwhere(flat)] == [(0, 2, 7, 23)]


def test_only_one_layer_has_images_and_only_of_its_shape() -> None:
    assert weight_images(stack_of(), (1, 2, 3)) is None
    with pytest.raises(ModelError, match=r"6 inputs are no image of .* \(1, 8, 8\)"):
        weight_images(linear(1), (1, 8, 8))
