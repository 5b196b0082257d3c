"""Losses against their definitions row by row, and where plain formulas would overflow."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight

from model.errors import ModelError
from model.loss import (
    FORWARD,
    REGRESSION,
    Kind,
    backward,
    balanced,
    between,
    forward,
    softmax,
)
from model.members import Architecture, Member
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Constant
from model.training import train

DRAW = np.random.default_rng(4)
SCORES = DRAW.standard_normal((2, 6, 3)) * 2
LABELS = np.array([0, 1, 2, 2, 1, 0])
VALUES = DRAW.standard_normal((6, 3))
KINDS: tuple[Kind, ...] = ("cross_entropy", "hinge", "squared_error", "huber")


def targets_of(kind: Kind) -> np.ndarray:
    return VALUES if kind in REGRESSION else LABELS


def row_loss(kind: Kind, scores: list[float], target: Any) -> float:
    if kind in REGRESSION:
        off = [s - y for s, y in zip(scores, target, strict=True)]
        tail = [kind == "huber" and abs(r) > 1 for r in off]
        return sum(2 * abs(r) - 1 if far else r * r for r, far in zip(off, tail, strict=True)) / 3
    label = int(target)
    if kind == "cross_entropy":
        return -math.log(math.exp(scores[label]) / sum(math.exp(s) for s in scores))
    return sum(max(0.0, s - scores[label] + 1) for j, s in enumerate(scores) if j != label)


def row_gradient(kind: Kind, scores: list[float], target: Any) -> list[float]:
    if kind in REGRESSION:
        off = [s - y for s, y in zip(scores, target, strict=True)]
        most = 1 if kind == "huber" else math.inf
        return [2 * max(-most, min(most, r)) / 3 for r in off]
    label = int(target)
    if kind == "cross_entropy":
        total = sum(math.exp(s) for s in scores)
        return [math.exp(s) / total - (j == label) for j, s in enumerate(scores)]
    over = [float(s - scores[label] + 1 > 0) for s in scores]
    over[label] = -(sum(over) - over[label])
    return over


@pytest.mark.parametrize("kind", KINDS)
def test_mean_loss_and_gradient(kind: Kind) -> None:
    losses, cache = FORWARD[kind](SCORES, targets_of(kind))
    gradient = backward(cache)
    assert losses.shape == (2,)
    for m in range(2):
        rows = [(SCORES[m, i].tolist(), targets_of(kind)[i]) for i in range(6)]
        assert losses[m] == pytest.approx(sum(row_loss(kind, *row) for row in rows) / 6)
        expected = np.array([row_gradient(kind, *row) for row in rows]) / 6
        np.testing.assert_allclose(gradient[m], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kind", ["cross_entropy", "hinge"])
def test_weighted_rows_count_as_often_as_their_weights_say(kind: Kind) -> None:
    """A row of weight 3 is as three rows, one of weight 0 as none, over the same number of rows."""
    weights = np.array([3.0, 1.0, 0.0, 2.0, 1.0, 1.0])
    losses, cache = forward(kind, SCORES, LABELS, weights)
    often = np.repeat(np.arange(6), weights.astype(int))
    repeated, _ = FORWARD[kind](SCORES[:, often], LABELS[often])
    np.testing.assert_allclose(losses, repeated * len(often) / 6, rtol=1e-12)
    plain, plain_cache = FORWARD[kind](SCORES, LABELS)
    expected = backward(plain_cache) * weights[:, None]
    np.testing.assert_allclose(backward(cache), expected, rtol=1e-12)
    ones, ones_cache = forward(kind, SCORES, LABELS, np.ones(6))
    np.testing.assert_array_equal(ones, plain)
    np.testing.assert_array_equal(backward(ones_cache), backward(plain_cache))
    single, _ = forward(kind, SCORES.astype(np.float32), LABELS, weights)
    assert single.dtype == np.float32


def test_the_weighted_cross_entropy_is_scikit_learns() -> None:
    weights = np.array([0.5, 4.0, 1.5])[LABELS]
    losses, _ = forward("cross_entropy", SCORES, LABELS, weights)
    probabilities = softmax(SCORES)
    for member in range(2):  # which divides by the sum of the weights
        mean = log_loss(LABELS, probabilities[member], sample_weight=weights)
        assert losses[member] == pytest.approx(mean * weights.mean(), rel=1e-12)


def test_balanced_weights_are_scikit_learns() -> None:
    labels = DRAW.choice([0, 1, 3], 200, p=[0.7, 0.25, 0.05])
    expected = compute_class_weight("balanced", classes=np.array([0, 1, 3]), y=labels)
    found = balanced(labels, 5)
    np.testing.assert_allclose(found[[0, 1, 3]], expected, rtol=1e-15)
    assert found[[2, 4]].tolist() == [0, 0]
    assert found[labels].mean() == pytest.approx(1)


@pytest.mark.parametrize("kind", sorted(REGRESSION))
def test_values_have_no_weights(kind: Kind) -> None:
    with pytest.raises(ModelError, match=f"have a class; {kind} learns values"):
        forward(kind, SCORES, VALUES, np.ones(6))


@pytest.mark.parametrize("kind", KINDS)
def test_single_precision_stays_single(kind: Kind) -> None:
    losses, cache = FORWARD[kind](SCORES.astype(np.float32), targets_of(kind))
    assert losses.dtype == backward(cache).dtype == np.float32


@pytest.mark.parametrize("kind", KINDS)
def test_nan_scores_give_a_nan_loss_to_their_member_alone(kind: Kind) -> None:
    scores = SCORES.copy()
    scores[0] = np.nan
    losses, _ = FORWARD[kind](scores, targets_of(kind))
    assert np.isnan(losses).tolist() == [True, False]


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", [(0, 2, 1), (0, 3)])
def test_one_bad_row_shows_in_its_member_and_leaves_the_others_bit_for_bit(
    where: tuple[int, ...], kind: Kind, value: float
) -> None:
    """A score that is no class's own, or a whole row; infinite ones give inf − inf."""
    scores = SCORES.copy()
    scores[where] = value
    with np.errstate(invalid="ignore"):
        losses, cache = FORWARD[kind](scores, targets_of(kind))
    sound, sound_cache = FORWARD[kind](SCORES, targets_of(kind))
    assert not np.isfinite(losses[0])
    assert losses[1] == sound[1]
    gradient, expected = backward(cache), backward(sound_cache)
    np.testing.assert_array_equal(gradient[1], expected[1])
    others = np.arange(6) != where[1]
    np.testing.assert_array_equal(gradient[0][others], expected[0][others])


@pytest.mark.parametrize("where", [(0, 2, 1), (0, 2, 2), (0, 3)])
def test_the_gradient_of_a_row_that_is_nan_is_nan(where: tuple[int, ...]) -> None:
    scores = SCORES.copy()
    scores[where] = np.nan
    _, cache = FORWARD["cross_entropy"](scores, LABELS)
    bad = np.isnan(backward(cache)).all(axis=-1)
    assert np.argwhere(bad).tolist() == [list(where[:2])]


@pytest.mark.parametrize("size", [1e-3, 1.0, 1.5, 1e6])
def test_hubers_function_is_the_square_up_to_one_and_a_line_beyond(size: float) -> None:
    scores = np.array([[[size]], [[-size]]])
    losses, cache = FORWARD["huber"](scores, np.zeros((1, 1)))
    square, _ = FORWARD["squared_error"](scores, np.zeros((1, 1)))
    assert losses.tolist() == (square.tolist() if size <= 1 else [2 * size - 1] * 2)
    np.testing.assert_array_equal(backward(cache).ravel(), [2 * min(size, 1), -2 * min(size, 1)])
    assert cache.sides is not None
    assert (cache.sides == (size <= 1)).all()


@pytest.mark.parametrize("kind", sorted(REGRESSION))
@pytest.mark.parametrize("values", [VALUES[:, 0], VALUES[:5], VALUES[:, :1], VALUES[None]])
def test_values_of_another_shape_are_refused(kind: Kind, values: np.ndarray) -> None:
    """NumPy would stretch most of them to the shape of the scores."""
    with pytest.raises(ModelError, match=r"values to learn must be \(n, c\) = \(6, 3\), not \("):
        FORWARD[kind](SCORES, values)


def test_huge_scores_do_not_overflow() -> None:
    scores = np.array([[[1e4, -1e4, 0.0]]])
    losses, cache = FORWARD["cross_entropy"](scores, np.array([1]))
    assert losses.item() == 2e4
    np.testing.assert_array_equal(backward(cache), [[[1.0, -1.0, 0.0]]])


@given(arrays.arrays(float, (1, 3, 4), elements=st.floats(-1e6, 1e6)))
@settings(derandomize=True, deadline=None)
def test_softmax_is_a_distribution_that_no_shift_changes(scores: np.ndarray) -> None:
    probabilities = softmax(scores)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_allclose(softmax(scores + 64), probabilities, rtol=1e-8, atol=1e-300)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("members", "rows"), [(2, 6), (2, 1), (1, 6), (1, 1)])
def test_arguments_stay_as_they_were(members: int, rows: int, kind: Kind) -> None:
    scores, targets = SCORES[:members, :rows].copy(), targets_of(kind)[:rows].copy()
    _, cache = FORWARD[kind](scores, targets)
    backward(cache)
    softmax(scores)
    np.testing.assert_array_equal(scores, SCORES[:members, :rows])
    np.testing.assert_array_equal(targets, targets_of(kind)[:rows])


@pytest.mark.parametrize("kind", ["cross_entropy", "hinge"])
def test_a_single_row_in_a_stack_of_one_is_counted_right(kind: Kind) -> None:
    """What is counted are the scores, which the loss was given before."""
    x = np.random.default_rng(8).standard_normal((1, 4))
    recipe = Recipe(1, Constant(1), seed=2, precision="float64")
    found = []
    for label in range(3):
        labels = np.array([label])
        still = Member((), 1, learning_rate=0.0)
        training = train(Architecture(4, 3, loss=kind), [still], recipe, Data(x, labels, x, labels))
        epoch = next(training)
        right = float(epoch.network.scores(x).argmax() == label)
        (record,) = epoch.records
        assert (record.train_measure, record.validation_measure) == (right, right)
        assert epoch.network.figures(x, labels).measure.tolist() == [right]
        found.append(right)
    assert sorted(found) == [0, 0, 1]


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_smoothed_labels_against_their_definition(own: bool, weighted: bool) -> None:
    """As PyTorch's `label_smoothing`: a row's loss is −Σ_j q_j log p_j, q = (1 − ε) e_y + ε / c."""
    smoothing = np.array([[0.2], [0.0]])
    labels = np.stack([LABELS, LABELS[::-1]]) if own else LABELS
    weights = np.array([0.5, 2, 1])[labels] if weighted else None
    losses, cache = forward("cross_entropy", SCORES, labels, weights, smoothing)
    each = np.broadcast_to(labels, (2, 6))
    targets = (1 - smoothing[..., None]) * np.eye(3)[each] + smoothing[..., None] / 3
    factors = np.ones((2, 6)) if weights is None else np.broadcast_to(weights, (2, 6))
    p = softmax(SCORES)
    rows = -(targets * np.log(p)).sum(axis=2) * factors
    assert losses == pytest.approx(rows.mean(axis=1), rel=1e-12)
    slopes = (p - targets) * factors[..., None] / 6
    assert backward(cache) == pytest.approx(slopes, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_only_cross_entropy_reads_smoothing(kind: Kind) -> None:
    plain = forward(kind, SCORES, targets_of(kind))[0]
    smoothed = forward(kind, SCORES, targets_of(kind), None, np.array([[0.2], [0.2]]))[0]
    assert np.array_equal(plain, smoothed) == (kind != "cross_entropy")


@pytest.mark.parametrize("kind", KINDS)
def test_a_loss_between_two_targets_is_a_share_of_each(kind: Kind) -> None:
    targets = targets_of(kind)
    parts = [forward(kind, SCORES, one) for one in (targets, targets[::-1])]
    losses, cache = between(parts[0], parts[1], 0.75)
    assert losses == pytest.approx(0.75 * parts[0][0] + 0.25 * parts[1][0], rel=1e-12)
    slopes = 0.75 * backward(parts[0][1]) + 0.25 * backward(parts[1][1])
    assert backward(cache) == pytest.approx(slopes, rel=1e-12)
