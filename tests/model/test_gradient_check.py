"""Every gradient agrees with finite differences, and the check that says so can fail."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from model import activation, batch_norm, linear, loss, network, parameters, scaled_weights
from model.activation import ActivationCache
from model.batch_norm import BatchNormCache
from model.descent import Descent
from model.dropout import Masks
from model.errors import ModelError
from model.finite_difference import FORMULAS, Entries, Point, differences
from model.gradient_check import check
from model.linear import LinearCache, WeightGradient
from model.members import Architecture, Member
from model.mixup import Partners
from model.network import Regularisation
from model.parameters import Gradients, Parameters, initialise

BOUND = 1e-6
_DRAW = np.random.default_rng(1)
X = _DRAW.standard_normal((12, 7))
LABELS = _DRAW.integers(0, 4, 12)
VALUES = np.random.default_rng(2).standard_normal((12, 4))
MEMBERS = (
    Member((6, 5, 6), 1, 0.1, weight_decay=0.005, negative_slope=0.02, elu_alpha=0.7),
    Member((4, 7, 5), 2, 0.1, initialization="xavier", negative_slope=0.3),
)


def members_of(depth: int) -> tuple[Member, ...]:
    return tuple(replace(member, widths=member.widths[: depth - 1]) for member in MEMBERS)


def sizes(member: Member) -> list[tuple[int, int]]:
    widths = (7, *member.widths, 4)
    return list(itertools.pairwise(widths))


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("kind_of_loss", ["cross_entropy", "hinge"])
@pytest.mark.parametrize("placement", ["none", "before", "after"])
@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
def test_gradients_agree_with_central_differences(
    kind: activation.Kind, placement: str, kind_of_loss: loss.Kind, depth: int, affine: bool
) -> None:
    architecture = Architecture(7, 4, kind, placement, affine, loss=kind_of_loss)
    members = members_of(depth)
    found = check(architecture, members, X, LABELS, entries=1_000, seed=3)

    has_affine = affine and placement != "none"
    names = ["weights", "bias"] + ["gamma", "beta"] * has_affine
    expected = [(layer, name) for layer in range(1, depth) for name in names]
    assert [(c.layer, c.name) for c in found] == [
        *expected,
        (depth, "weights"),
        (depth, "bias"),
    ]
    for checked in found:
        shapes = [sizes(member)[checked.layer - 1] for member in members]
        everything = sum(d * h if checked.name == "weights" else h for d, h in shapes)
        assert checked.checked + checked.kinked == everything
        assert checked.checked >= 0.5 * everything  # a kink blocks all below it
        assert checked.worst <= BOUND
    assert sum(c.checked for c in found) >= 0.8 * sum(c.checked + c.kinked for c in found)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("kind_of_loss", sorted(loss.REGRESSION))
@pytest.mark.parametrize("placement", ["none", "before", "after"])
def test_gradients_of_regression_agree_with_central_differences(
    placement: str, kind_of_loss: loss.Kind, depth: int, affine: bool
) -> None:
    architecture = Architecture(7, 4, "elu", placement, affine, loss=kind_of_loss)
    found = check(architecture, members_of(depth), X, VALUES, entries=1_000, seed=3)
    for checked in found:
        assert checked.worst <= BOUND
        assert checked.checked >= 0.9 * (checked.checked + checked.kinked)
    if kind_of_loss == "squared_error":
        assert sum(checked.kinked for checked in found) == 0  # it has no kink, and ELU(1) neither


@pytest.mark.parametrize("kind_of_loss", ["cross_entropy", "hinge"])
def test_gradients_with_weighted_rows_agree_with_central_differences(
    kind_of_loss: loss.Kind,
) -> None:
    architecture = Architecture(7, 4, "elu", "before", loss=kind_of_loss)
    weights = np.array([0.2, 3.0, 0.0, 1.5])[LABELS]
    for members in (members_of(3), members_of(3)[:1]):
        found = check(architecture, members, X, LABELS, weights=weights, entries=1_000, seed=3)
        for checked in found:
            assert checked.worst <= BOUND
            assert checked.checked >= 0.5 * (checked.checked + checked.kinked)


@pytest.mark.parametrize("kind_of_loss", ["cross_entropy", "hinge", "huber"])
@pytest.mark.parametrize("placement", ["none", "before", "after"])
def test_gradients_of_regularised_passes_agree_with_central_differences(
    placement: str, kind_of_loss: loss.Kind
) -> None:
    architecture = Architecture(7, 4, "elu", placement, loss=kind_of_loss)
    members = [replace(one, dropout=0.3 * i) for i, one in enumerate(members_of(3))]
    targets = VALUES if kind_of_loss in loss.REGRESSION else LABELS
    regularisation = Regularisation(
        Masks(members, 1, np.dtype(float)).draw(len(X)),
        np.array([[0.2], [0.0]]) if kind_of_loss == "cross_entropy" else None,
        Partners(targets[::-1], None, 0.7),
    )
    found = check(
        architecture, members, X, targets, regularisation=regularisation, entries=1_000, seed=3
    )
    for checked in found:
        assert checked.worst <= BOUND
        assert checked.checked >= 0.4 * (checked.checked + checked.kinked)


def test_a_difference_across_the_kink_of_hubers_slope_is_left_out() -> None:
    architecture = Architecture(1, 1, loss="huber")
    member = Member((), 1, 0.1)
    start = parameters.zeros_like(initialise(architecture, [member], float))
    for residual, kinked in ((1.0, True), (1.5, False), (0.5, False), (0.0, False)):
        point = Point(architecture, (member,), start, np.zeros((1, 1)), np.array([[-residual]]))
        chosen = Entries(0, "bias", np.array([0]), np.array([0]))
        numeric, crossed = differences(point, chosen, FORMULAS["central"], 1e-4)
        assert crossed.item() == kinked
        assert numeric.item() == pytest.approx(2 * min(residual, 1), abs=1e-3 if kinked else 1e-9)


def without_mean_of_products(dy: np.ndarray, cache: BatchNormCache) -> tuple[np.ndarray, ...]:
    """Drops the path through the variance."""
    _, d_gamma, d_beta = batch_norm_backward(dy, cache)
    scale = cache.inverse_deviation * (1 if cache.gamma is None else cache.gamma)
    return (dy - d_beta / dy.shape[1]) * scale, d_gamma, d_beta


def without_gamma(dy: np.ndarray, cache: BatchNormCache) -> tuple[np.ndarray, ...]:
    dx, *rest = batch_norm_backward(dy, replace(cache, gamma=None))
    return dx, *rest


def one_row_short(dz: np.ndarray, cache: LinearCache) -> tuple[WeightGradient, np.ndarray]:
    d_weights, d_bias = linear_backward(dz, cache)
    return d_weights, d_bias - dz[:, -1:]


def always_open(dy: np.ndarray, cache: ActivationCache) -> np.ndarray:
    return dy


def tiny_fault(dz: np.ndarray, cache: LinearCache) -> tuple[WeightGradient, np.ndarray]:
    d_weights, d_bias = linear_backward(dz, cache)
    return d_weights.times(np.full((1, 1, 1), 1 + 1e-4)), d_bias


batch_norm_backward, linear_backward = batch_norm.backward, linear.backward


@pytest.mark.parametrize(
    ("module", "wrong"),
    [
        (batch_norm, without_mean_of_products),
        (batch_norm, without_gamma),
        (linear, one_row_short),
        (linear, tiny_fault),
        (activation, always_open),
    ],
)
@pytest.mark.parametrize("placement", ["before", "after"])
def test_a_wrong_gradient_is_caught(
    monkeypatch: pytest.MonkeyPatch, module: object, wrong: Callable[..., object], placement: str
) -> None:
    monkeypatch.setattr(module, "backward", wrong)
    architecture = Architecture(7, 4, batch_norm=placement)
    found = check(architecture, members_of(3), X, LABELS, seed=3)
    assert max(c.worst for c in found) > 10 * BOUND


def test_a_term_of_the_weights_gradient_that_the_cost_has_not_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def shifted(architecture: Architecture, passed: network.ForwardPass) -> Gradients:
        layers = original(architecture, passed)
        return tuple(replace(layer, weights=with_more(layer.weights)) for layer in layers)

    def with_more(gradient: WeightGradient) -> WeightGradient:
        more = gradient.product() + 1e-4
        return WeightGradient(np.eye(more.shape[1]), more)

    original = network.backward
    monkeypatch.setattr(network, "backward", shifted)
    found = check(Architecture(7, 4), members_of(2), X, LABELS, seed=3)
    assert all(c.worst > BOUND for c in found if c.name == "weights")
    assert all(c.worst <= BOUND for c in found if c.name == "bias")


# The optimizer's weight decay, which the check above does not call


def error_of_a_step(momentum: float) -> float:
    """The largest relative error of (W before − W after) / η, against the cost's differences."""
    architecture = Architecture(7, 4, "elu")
    members = [
        replace(member, weight_decay=0.1 * place, momentum=momentum)
        for place, member in enumerate(members_of(2), start=1)
    ]
    stack = initialise(architecture, members, float)
    point = Point(architecture, tuple(members), parameters.copy(stack), X, LABELS)
    gradients = network.backward(architecture, point.passed(point.parameters))
    optimizer = Descent.at_rest(members, stack)
    rates = np.full((2, 1, 1), 1e-3)
    buffers = [layer.weights for layer in parameters.zeros_like(stack)]
    optimizer.step_in_place(stack, gradients, rates, buffers)
    optimizer.fold(stack)
    worst = 0.0
    for layer, (before, after) in enumerate(zip(point.parameters, stack, strict=True)):
        rows, columns = (i.ravel() for i in np.indices(before.weights.shape[1:]))
        every = Entries(layer, "weights", rows, columns)
        numeric, _ = differences(point, every, FORMULAS["central"], 1e-4)
        stepped = ((before.weights - after.weights) / rates)[:, rows, columns]
        errors = np.abs(stepped - numeric) / np.maximum(1e-4, np.abs(stepped) + np.abs(numeric))
        worst = max(worst, float(errors.max()))
    return worst


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_step_goes_down_the_gradient_of_the_cost_with_its_decay(momentum: float) -> None:
    assert error_of_a_step(momentum) <= BOUND


right_shrink, right_move = scaled_weights.shrink, Descent._move_weights


def half_the_shrinking(scale: np.ndarray, stack: Parameters, factor: np.ndarray) -> None:
    right_shrink(scale, stack, 1 - (1 - factor) / 2)


def no_shrinking(scale: np.ndarray, stack: Parameters, factor: np.ndarray) -> None:
    """Forgets the decay."""


def shrinking_of_the_first_layer(scale: np.ndarray, stack: Parameters, factor: np.ndarray) -> None:
    stack[0].weights[...] *= factor


def shrinking_by_a_neighbours(scale: np.ndarray, stack: Parameters, factor: np.ndarray) -> None:
    right_shrink(scale, stack, factor[::-1])


def half_the_decay(optimizer: Descent, *arrays: np.ndarray) -> None:
    *others, shrink = arrays
    right_move(optimizer, *others, shrink / 2)


def no_decay(optimizer: Descent, *arrays: np.ndarray) -> None:
    *others, shrink = arrays
    right_move(optimizer, *others, 0 * shrink)


def growth(optimizer: Descent, *arrays: np.ndarray) -> None:
    *others, shrink = arrays
    right_move(optimizer, *others, -shrink)


@pytest.mark.parametrize(
    ("momentum", "where", "name", "wrong"),
    [
        (0.0, scaled_weights, "shrink", half_the_shrinking),
        (0.0, scaled_weights, "shrink", no_shrinking),
        (0.0, scaled_weights, "shrink", shrinking_of_the_first_layer),
        (0.0, scaled_weights, "shrink", shrinking_by_a_neighbours),
        (0.9, Descent, "_move_weights", half_the_decay),
        (0.9, Descent, "_move_weights", no_decay),
        (0.9, Descent, "_move_weights", growth),
    ],
)
def test_a_wrong_weight_decay_is_caught(
    monkeypatch: pytest.MonkeyPatch,
    momentum: float,
    where: object,
    name: str,
    wrong: Callable[..., None],
) -> None:
    monkeypatch.setattr(where, name, wrong)
    assert error_of_a_step(momentum) > 10 * BOUND


def test_forward_differences_are_as_close_as_their_formula_lets_them() -> None:
    architecture = Architecture(7, 4, "elu", "before")
    members = members_of(3)
    central = check(architecture, members, X, LABELS, seed=3)
    forward = check(architecture, members, X, LABELS, difference="forward", seed=3)
    assert [(c.layer, c.name) for c in forward] == [(c.layer, c.name) for c in central]
    assert max(c.worst for c in central) < BOUND
    assert BOUND < max(c.worst for c in forward) < 1e-3


def test_a_difference_across_a_kink_is_left_out() -> None:
    # One unit, z = w x + b; x = ±1 gives z = ±w + b, and a step of 2 carries it over zero.
    architecture = Architecture(1, 2)
    x, labels = np.array([[1.0], [-1.0]]), np.array([0, 1])
    found = check(architecture, [Member((1,), 5, 0.1)], x, labels, step=20.0, seed=1)
    first = found[0]
    assert (first.checked, first.kinked) == (0, 1)
    assert np.isnan(first.worst)


def test_the_places_off_the_point_decide_what_is_kinked() -> None:
    architecture = Architecture(1, 2)
    member = Member((1,), 5, 0.1)
    start = initialise(architecture, [member], float)
    start[0].weights[...] = 0.15
    x, labels = np.array([[1.0]]), np.array([0])
    point = Point(architecture, (member,), start, x, labels)
    weight = Entries(0, "weights", np.array([0]), np.array([0]))
    assert not differences(point, weight, FORMULAS["central"], 0.07)[1].any()
    assert differences(point, weight, FORMULAS["central"], 0.08)[1].all()


def test_no_more_entries_than_asked_for_and_the_same_for_the_same_seed() -> None:
    architecture = Architecture(7, 4, batch_norm="after")
    once = check(architecture, members_of(3), X, LABELS, entries=5, seed=3)
    again = check(architecture, members_of(3), X, LABELS, entries=5, seed=3)
    other = check(architecture, members_of(3), X, LABELS, entries=5, seed=4)
    assert once == again
    assert once != other
    assert all(c.checked + c.kinked <= 5 * len(MEMBERS) for c in once)


def test_memory_bound_does_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = Architecture(7, 4, batch_norm="after")
    whole = check(architecture, members_of(3), X, LABELS, seed=3)
    monkeypatch.setattr("model.finite_difference._NUMBERS_AT_ONCE", 1)
    in_parts = check(architecture, members_of(3), X, LABELS, seed=3)
    for a, b in zip(whole, in_parts, strict=True):
        assert (a.layer, a.name, a.checked, a.kinked) == (b.layer, b.name, b.checked, b.kinked)
        assert b.worst <= BOUND


def test_the_batch_may_be_whole_numbers_and_stays_as_it_was() -> None:
    x = _DRAW.integers(-3, 4, (12, 7)).astype(np.int16)
    before = x.copy()
    found = check(Architecture(7, 4, "elu", "before"), members_of(2), x, LABELS, seed=3)
    assert max(c.worst for c in found) <= BOUND
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("wrong", [{"step": 0.0}, {"smallest": -1.0}, {"entries": 0}])
def test_numbers_that_are_not_positive_are_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(ModelError, match=f"{name} of a gradient check must be above 0, not"):
        check(Architecture(7, 4), members_of(2), X, LABELS, seed=1, **wrong)
