"""What a trained stack says of rows: against direct computation, whatever the blocks."""

import numpy as np
import pytest

from model import loss
from model.batch_norm import EPSILON
from model.inference import BLOCK_ROWS, Figures, Network, population_statistics
from model.members import Architecture, Member, Placement
from model.parameters import Layer, initialise

DRAW = np.random.default_rng(7)
ROWS = 2 * BLOCK_ROWS + 203
X, LABELS = DRAW.standard_normal((ROWS, 5)) + 0.5, DRAW.integers(0, 3, ROWS)
MEMBERS = (Member((4, 7), 1, 0.1), Member((6, 2), 2, 0.1))


def moved(stack: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """With b, γ and β off their initial values."""
    layers = []
    for layer in stack:
        shifted = {n: a + DRAW.standard_normal(a.shape) for n, a in layer.arrays().items()}
        layers.append(Layer(**(shifted | {"weights": layer.weights})))
    return tuple(layers)


def network_of(placement: Placement, kind_of_loss: loss.Kind = "cross_entropy") -> Network:
    architecture = Architecture(5, 3, batch_norm=placement, loss=kind_of_loss)
    stack = moved(initialise(architecture, MEMBERS, float))
    statistics = population_statistics(architecture, MEMBERS, stack, X)
    return Network(architecture, MEMBERS, stack, statistics)


def direct(network: Network, member: int, placement: Placement) -> tuple[np.ndarray, list]:
    """Scores (n, c) of all rows at once, and mean and variance of each hidden layer."""
    h, found = X, []
    for layer in network.parameters[:-1]:
        h = h @ layer.weights[member] + layer.bias[member]
        if placement == "after":
            h = np.maximum(h, 0)
        if layer.gamma is not None and layer.beta is not None:
            mean, variance = h.mean(axis=0), h.var(axis=0)
            found.append((mean, variance))
            h = (h - mean) / np.sqrt(variance + EPSILON)
            h = layer.gamma[member] * h + layer.beta[member]
        if placement != "after":
            h = np.maximum(h, 0)
    return h @ network.parameters[-1].weights[member] + network.parameters[-1].bias[member], found


@pytest.mark.parametrize("placement", ["none", "before", "after"])
def test_scores_and_population_statistics_are_those_of_all_rows_at_once(
    placement: Placement,
) -> None:
    network = network_of(placement)
    for member in range(2):
        scores, found = direct(network, member, placement)
        np.testing.assert_allclose(network.scores(X)[member], scores, rtol=1e-8, atol=1e-9)
        for kept, (mean, variance) in zip(network.statistics, found, strict=bool(found)):
            assert kept is not None
            np.testing.assert_allclose(kept.mean[member, 0], mean, rtol=1e-9, atol=1e-11)
            np.testing.assert_allclose(kept.variance[member, 0], variance, rtol=1e-9, atol=1e-11)
    assert len(network.statistics) == 2
    assert all((kept is None) == (placement == "none") for kept in network.statistics)


def test_population_statistics_of_single_precision_are_summed_in_double() -> None:
    architecture = Architecture(1, 2, batch_norm="before", batch_norm_affine=False)
    member = Member((1,), 1, 0.1)
    stack = initialise(architecture, [member], np.float32)
    stack[0].weights[...] = 1
    x = (1_000 + DRAW.standard_normal((20_000, 1))).astype(np.float32)
    (kept,) = population_statistics(architecture, [member], stack, x)
    assert kept is not None
    assert kept.mean.dtype == kept.variance.dtype == np.float32
    assert kept.mean.item() == np.float32(x.astype(float).mean())
    assert kept.variance.item() == pytest.approx(x.astype(float).var(), rel=1e-6)


@pytest.mark.parametrize("kind_of_loss", ["cross_entropy", "hinge"])
def test_figures_are_means_over_all_rows_whatever_the_blocks(kind_of_loss: loss.Kind) -> None:
    network = network_of("after", kind_of_loss)
    scores = network.scores(X)
    figures = network.figures(X, LABELS)
    expected, _ = loss.FORWARD[kind_of_loss](scores, LABELS)
    np.testing.assert_allclose(figures.loss, expected, rtol=1e-12)
    accuracy = (scores.argmax(axis=-1) == LABELS).mean(axis=1)
    np.testing.assert_allclose(figures.measure, accuracy, rtol=1e-12)
    order = DRAW.permutation(ROWS)
    shuffled = network.figures(X[order], LABELS[order])
    np.testing.assert_allclose(shuffled.loss, figures.loss, rtol=1e-12)
    np.testing.assert_allclose(shuffled.measure, figures.measure, rtol=1e-12)


@pytest.mark.parametrize("kind_of_loss", sorted(loss.REGRESSION))
def test_figures_of_regression_are_the_loss_and_the_root_of_the_mean_squared_error(
    kind_of_loss: loss.Kind,
) -> None:
    network = network_of("after", kind_of_loss)
    values = DRAW.standard_normal((ROWS, 3))
    figures = network.figures(X, values)
    predictions = network.predictions(X)
    expected, _ = loss.FORWARD[kind_of_loss](predictions, values)
    np.testing.assert_allclose(figures.loss, expected, rtol=1e-12)
    squares = np.square(predictions - values)
    np.testing.assert_allclose(figures.measure, np.sqrt(squares.mean(axis=(1, 2))), rtol=1e-12)
    none = network.figures(X[:0], values[:0])
    assert np.isnan([none.loss, none.measure]).all()
    network.parameters[0].weights[0] = np.nan
    ill = network.figures(X, values)
    assert np.isnan([ill.loss[0], ill.measure[0]]).all()
    assert (ill.loss[1], ill.measure[1]) == (figures.loss[1], figures.measure[1])


@pytest.mark.parametrize("rows", [1, BLOCK_ROWS, ROWS])
def test_predictions_are_the_scores_of_any_number_of_rows(rows: int) -> None:
    network = network_of("before", "huber")
    predictions = network.predictions(X[:rows])
    assert predictions.shape == (2, rows, 3)
    np.testing.assert_allclose(predictions, network.scores(X)[:, :rows], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("rows", [1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, ROWS])
def test_probabilities_of_any_number_of_rows(rows: int) -> None:
    network = network_of("before")
    probabilities = network.probabilities(X[:rows])
    assert probabilities.shape == (2, rows, 3)
    expected = loss.softmax(network.scores(X))[:, :rows]
    np.testing.assert_allclose(probabilities, expected, rtol=1e-12, atol=1e-15)


def test_no_rows_have_no_figures() -> None:
    figures = network_of("none").figures(X[:0], LABELS[:0])
    assert np.isnan([figures.loss, figures.measure]).all()


def test_a_diverged_member_has_no_figures_and_its_neighbour_keeps_its_own() -> None:
    network = network_of("before")
    sound = network.figures(X, LABELS)
    network.parameters[0].weights[0] = np.inf
    figures = network.figures(X, LABELS)
    assert np.isnan([figures.loss[0], figures.measure[0]]).all()
    assert (figures.loss[1], figures.measure[1]) == (sound.loss[1], sound.measure[1])
    assert np.isnan(network.probabilities(X)).all(axis=(1, 2)).tolist() == [True, False]
    statistics = population_statistics(network.architecture, network.members, network.parameters, X)
    assert statistics[0] is not None
    assert not np.isfinite(statistics[0].variance[0, 0, :4]).any()


def test_figures_from_sums() -> None:
    figures = Figures.from_sums("cross_entropy", np.array([3.0, np.nan]), np.array([1.0, 1.0]), 4)
    np.testing.assert_array_equal(figures.loss, [0.75, np.nan])
    np.testing.assert_array_equal(figures.measure, [0.25, np.nan])


def test_a_linear_classifier_is_one_product() -> None:
    member = Member((), 1, 0.1)
    architecture = Architecture(5, 3, batch_norm="after")
    stack = initialise(architecture, [member], float)
    statistics = population_statistics(architecture, [member], stack, X)
    assert statistics == ()
    network = Network(architecture, (member,), stack, statistics)
    np.testing.assert_allclose(network.scores(X)[0], X @ stack[0].weights[0], rtol=1e-10)


def test_rows_stay_as_they_were() -> None:
    x, labels = X.copy(), LABELS.copy()
    network = network_of("after")
    network.figures(x, labels)
    network.probabilities(x)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(labels, LABELS)
