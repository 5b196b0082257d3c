"""Scores against scikit-learn's metrics, over stacks, and where little or nothing is there."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.exceptions import UndefinedMetricWarning

from model import loss, scores
from model.errors import ModelError

Score = Callable[[np.ndarray, np.ndarray], np.ndarray]

OF_CLASSES: dict[str, tuple[Score, Callable[[np.ndarray, np.ndarray], float]]] = {
    "accuracy": (scores.accuracy, lambda p, y: metrics.accuracy_score(y, p.argmax(axis=1))),
    "balanced_accuracy": (
        scores.balanced_accuracy,
        lambda p, y: metrics.balanced_accuracy_score(y, p.argmax(axis=1)),
    ),
    "log_loss": (
        scores.log_loss,
        lambda p, y: metrics.log_loss(y, y_proba=p, labels=np.arange(p.shape[1])),
    ),
    "macro_f1": (
        scores.macro_f1,
        lambda p, y: metrics.f1_score(y, p.argmax(axis=1), average="macro"),
    ),
    "roc_auc": (scores.roc_auc, lambda p, y: metrics.roc_auc_score(y, p[:, 1])),
}
OF_VALUES: dict[str, tuple[Score, Callable[[np.ndarray, np.ndarray], float]]] = {
    "rmse": (scores.rmse, lambda p, y: metrics.mean_squared_error(y.ravel(), p.ravel()) ** 0.5),
    "mae": (scores.mae, lambda p, y: metrics.mean_absolute_error(y, p)),
    "r2": (scores.r2, lambda p, y: metrics.r2_score(y, p)),
}
SOME = settings(derandomize=True, deadline=None, max_examples=60)


def probabilities_of(draw: np.random.Generator, *shape: int, ties: bool) -> np.ndarray:
    drawn = loss.softmax(3 * draw.standard_normal(shape))
    if ties:  # of few different values, some of them 0 and 1
        drawn = np.round(drawn * 4) + (drawn == drawn.max(axis=-1, keepdims=True)) * 1e-3
        drawn /= drawn.sum(axis=-1, keepdims=True)
    return drawn


def expected(name: str, predictions: np.ndarray, targets: np.ndarray) -> float:
    oracle = (OF_CLASSES | OF_VALUES)[name][1]
    with warnings.catch_warnings():
        # Of classes that are predicted and do not occur, of one class alone, of one row.
        warnings.filterwarnings("ignore", category=UndefinedMetricWarning)
        warnings.filterwarnings("ignore", message="y_pred contains classes not in y_true")
        warnings.filterwarnings("ignore", message="A single label was found")
        return float(oracle(predictions, targets))


@pytest.mark.parametrize("name", OF_CLASSES)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 40),
    classes=st.integers(2, 5),
    ties=st.booleans(),
)
@SOME
def test_scores_of_classes_are_those_of_scikit_learn(
    name: str, seed: int, rows: int, classes: int, ties: bool
) -> None:
    draw = np.random.default_rng(seed)
    classes = 2 if name == "roc_auc" else classes
    stack = probabilities_of(draw, 2, 3, rows, classes, ties=ties)
    labels = draw.integers(0, draw.integers(1, classes + 1), rows)  # some classes have no row
    found = OF_CLASSES[name][0](stack, labels)
    assert found.shape == (2, 3)
    for at in np.ndindex(2, 3):
        np.testing.assert_allclose(found[at], expected(name, stack[at], labels), rtol=1e-12)


@pytest.mark.parametrize("name", OF_VALUES)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 40), outputs=st.integers(1, 3))
@SOME
def test_scores_of_values_are_those_of_scikit_learn(
    name: str, seed: int, rows: int, outputs: int
) -> None:
    draw = np.random.default_rng(seed)
    targets = draw.standard_normal((rows, outputs)) * 10 + 5
    if draw.random() < 0.3:
        targets[:, 0] = 2.0  # without a spread
    stack = targets + draw.standard_normal((2, 3, rows, outputs))
    stack[0, 0] = targets
    stack[0, 1] = 4.0
    found = OF_VALUES[name][0](stack, targets)
    assert found.shape == (2, 3)
    for at in np.ndindex(2, 3):
        np.testing.assert_allclose(found[at], expected(name, stack[at], targets), rtol=1e-10)


@pytest.mark.parametrize("name", OF_CLASSES)
def test_a_nan_among_the_probabilities_gives_nan_to_its_entry_alone(name: str) -> None:
    draw = np.random.default_rng(1)
    stack, labels = probabilities_of(draw, 3, 9, 2, ties=False), np.arange(9) % 2
    sound = OF_CLASSES[name][0](stack, labels)
    stack[1, 4] = np.nan
    found = OF_CLASSES[name][0](stack, labels)
    np.testing.assert_array_equal(found, [sound[0], np.nan, sound[2]])


@pytest.mark.parametrize("name", OF_VALUES)
@pytest.mark.parametrize("spread", [True, False])
def test_a_nan_among_the_values_gives_nan_to_its_entry_alone(name: str, spread: bool) -> None:
    draw = np.random.default_rng(2)
    targets = draw.standard_normal((9, 2)) if spread else np.ones((9, 2))
    stack = targets + draw.standard_normal((3, 9, 2))
    sound = OF_VALUES[name][0](stack, targets)
    stack[1, 4, 0] = np.nan
    found = OF_VALUES[name][0](stack, targets)
    np.testing.assert_array_equal(found, [sound[0], np.nan, sound[2]])


@pytest.mark.parametrize("name", [*OF_CLASSES, *OF_VALUES])
def test_no_rows_have_no_score(name: str) -> None:
    score = (OF_CLASSES | OF_VALUES)[name][0]
    targets = np.zeros(0, int) if name in OF_CLASSES else np.zeros((0, 2))
    assert np.isnan(score(np.zeros((3, 0, 2)), targets)).tolist() == [True] * 3


@pytest.mark.parametrize("name", [*OF_CLASSES, *OF_VALUES])
def test_a_stack_of_no_axis_has_one_number_and_arguments_stay_as_they_were(name: str) -> None:
    draw = np.random.default_rng(3)
    one = probabilities_of(draw, 12, 2, ties=True)
    targets = np.arange(12) % 2 if name in OF_CLASSES else draw.standard_normal((12, 2))
    copies = one.copy(), targets.copy()
    found = (OF_CLASSES | OF_VALUES)[name][0](one, targets)
    assert np.shape(found) == ()
    np.testing.assert_allclose(found, expected(name, one, targets), rtol=1e-12)
    np.testing.assert_array_equal(one, copies[0])
    np.testing.assert_array_equal(targets, copies[1])


def test_members_are_counted_each() -> None:
    stack = np.array([[[0.9, 0.1], [0.9, 0.1]], [[0.1, 0.9], [0.9, 0.1]]])
    np.testing.assert_array_equal(scores.accuracy(stack, np.array([1, 0])), [0.5, 1.0])


def test_constant_probabilities_rank_nothing() -> None:
    constant = np.full((6, 2), 0.5)
    labels = np.array([0, 1, 1, 0, 1, 1])
    assert scores.roc_auc(constant, labels) == 0.5
    assert scores.accuracy(constant, labels) == 2 / 6
    assert scores.balanced_accuracy(constant, labels) == 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sure_error_costs_what_it_costs_in_scikit_learn(dtype: type) -> None:
    sure = np.array([[1, 0], [0, 1], [1, 0]], dtype)
    labels = np.array([1, 1, 0])
    found = scores.log_loss(sure, labels)
    np.testing.assert_allclose(found, expected("log_loss", sure, labels), rtol=1e-6)
    assert np.isfinite(found)


def test_single_precision_is_summed_in_double() -> None:
    targets = np.full((100_000, 1), 1e-3, np.float32)
    predictions = np.zeros_like(targets)
    assert scores.rmse(predictions, targets) == pytest.approx(float(targets[0, 0]), rel=1e-12)
    assert scores.mae(predictions, targets) == pytest.approx(float(targets[0, 0]), rel=1e-12)


def test_only_two_classes_have_a_roc_curve() -> None:
    with pytest.raises(ModelError, match="roc_auc is of 2 classes, not of 3"):
        scores.roc_auc(np.full((4, 3), 1 / 3), np.array([0, 1, 1, 0]))


@pytest.mark.parametrize("name", OF_VALUES)
def test_values_of_another_shape_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match=r"targets must be \(n, c\) = \(4, 2\), not \(4,"):
        OF_VALUES[name][0](np.zeros((3, 4, 2)), np.zeros((4, 1)))
