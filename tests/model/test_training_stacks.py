"""A member of a stack is trained as it would be alone, whatever its neighbours are and do."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from model import activation, optimizer, scaled_weights
from model.epochs import Epoch
from model.inference import Network
from model.loss import Kind
from model.members import Architecture, Member, Placement
from model.parameters import Parameters
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Constant, Cycles
from model.training import train

DRAW = np.random.default_rng(9)
X = DRAW.standard_normal((80, 6))
LABELS = (X @ DRAW.standard_normal((6, 3)) + 0.3 * DRAW.standard_normal((80, 3))).argmax(axis=1)
DATA = Data(X[:60], LABELS[:60], X[60:], LABELS[60:])
# 4 updates an epoch, the last batch smaller; 112 updates, with two cycles.
RECIPE = Recipe(16, Cycles(2, half_cycle_steps=28), seed=5, precision="float64")
MEMBERS = (
    Member((7, 5), 11, 0.1, 0.01, 0.001, 0.9, negative_slope=0.02, elu_alpha=0.5),
    Member((4, 8), 12, 0.05, 0.0, 0.01, 0.0, "xavier", negative_slope=0.2, jitter=0.1),
    Member((6, 6), 13, 0.2, 0.002, 0.0, 0.5, "normal", 0.3, 0.0, 1.3, jitter=0.05),
)
PLACEMENTS: tuple[Placement, ...] = ("none", "before", "after")
# Of the entries of one array, against the largest of them, or this where all are smaller: what is
# zero but for rounding (a bias ahead of batch normalisation) has no digits to agree in.
FLOOR = 1e-3


def arrays(network: Network) -> list[np.ndarray]:
    found = [a for layer in network.parameters for a in layer.arrays().values()]
    for kept in network.statistics:
        found += [] if kept is None else [kept.mean, kept.variance]
    return found


def assert_same_member(stack: Network, position: int, alone: Network, tolerance: float) -> None:
    """The member's own part is equal to that alone, and its padding is exactly zero."""
    for padded, own in zip(arrays(stack), arrays(alone), strict=True):
        _, rows, columns = own.shape
        mine = padded[position]
        error = np.abs(mine[:rows, :columns] - own[0]).max()
        assert error <= tolerance * max(np.abs(own).max(), FLOOR)
        assert not mine[rows:].any()
        assert not mine[:, columns:].any()


def assert_same_epochs(
    together: Sequence[Epoch], position: int, alone: Sequence[Epoch], tolerance: float
) -> None:
    for epoch, own in zip(together, alone, strict=True):
        ours, theirs = epoch.records[position], own.records[0]
        for name in ("epoch", "train_measure", "validation_measure"):
            assert getattr(ours, name) == getattr(theirs, name)
        for name in ("learning_rate", "train_cost", "train_loss", "validation_cost"):
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=tolerance)
        for snapshot, other in zip(epoch.snapshots, own.snapshots, strict=True):
            assert_same_member(snapshot, position, other, tolerance)


@pytest.mark.parametrize("kind", ["cross_entropy", "hinge"])
def test_a_stack_with_weighted_rows_equals_its_members_alone(kind: Kind) -> None:
    architecture = Architecture(6, 3, "elu", "before", loss=kind)
    weights = np.array([0.3, 1.0, 4.0])[LABELS]
    data = replace(DATA, weights=weights[:60], validation_weights=weights[60:])
    together = list(train(architecture, MEMBERS, RECIPE, data))
    for position, member in enumerate(MEMBERS):
        alone = list(train(architecture, [member], RECIPE, data))
        assert_same_epochs(together, position, alone, 1e-9)
        assert_same_member(together[-1].network, position, alone[-1].network, 1e-9)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
def test_a_stack_equals_its_members_alone(
    kind: activation.Kind, placement: Placement, affine: bool
) -> None:
    architecture = Architecture(6, 3, kind, placement, affine)
    together = list(train(architecture, MEMBERS, RECIPE, DATA))
    assert len(together) == 28
    for position, member in enumerate(MEMBERS):
        alone = list(train(architecture, [member], RECIPE, DATA))
        assert_same_epochs(together, position, alone, 1e-9)
        assert_same_member(together[-1].network, position, alone[-1].network, 1e-9)


@pytest.mark.parametrize(
    "change",
    [
        {"jitter_relative": True},
        {"shuffle": False},
        {"figures": "full"},
        {"schedule": Constant(26)},
    ],
)
@pytest.mark.parametrize("loss", ["cross_entropy", "hinge"])
def test_whatever_the_recipe(change: dict[str, object], loss: str) -> None:
    architecture = Architecture(
        6, 3, batch_norm="after", batch_norm_statistics="training_set", loss=loss
    )
    recipe = replace(RECIPE, **change)
    together = list(train(architecture, MEMBERS, recipe, DATA))
    for position, member in enumerate(MEMBERS):
        alone = list(train(architecture, [member], recipe, DATA))
        assert_same_epochs(together, position, alone, 1e-9)


@pytest.mark.parametrize("widths", [(), (5,), (4, 5, 6)])
def test_whatever_the_depth(widths: tuple[int, ...]) -> None:
    architecture = Architecture(6, 3, batch_norm="before")
    members = [replace(m, widths=tuple(w + i for w in widths)) for i, m in enumerate(MEMBERS)]
    together = list(train(architecture, members, RECIPE, DATA))
    for position, member in enumerate(members):
        alone = list(train(architecture, [member], RECIPE, DATA))
        assert_same_epochs(together, position, alone, 1e-9)
        assert_same_member(together[-1].network, position, alone[-1].network, 1e-9)


@pytest.mark.parametrize(
    ("placement", "widths"),
    [("before", (7, 5)), ("after", (7, 5)), ("none", ())],
)
def test_with_a_decay_that_is_folded_in_many_times_in_each_member_at_steps_of_its_own(
    monkeypatch: pytest.MonkeyPatch, placement: Placement, widths: tuple[int, ...]
) -> None:
    """Each step multiplies the weights by 0.4, −0.25, 0.3 and 1; the steps at 1e-3 are folded."""
    folds: list[list[bool]] = []

    def seen(scale: np.ndarray, stack: Parameters, factor: np.ndarray) -> None:
        shrink(scale, stack, factor)
        folds.append((scale.ravel() == 1).tolist())

    shrink = scaled_weights.shrink
    monkeypatch.setattr(scaled_weights, "shrink", seen)
    members = [
        Member(tuple(w + i for w in widths), 11 + i, rate, weight_decay=(1 - factor) / (2 * rate))
        for i, (rate, factor) in enumerate([(0.05, 0.4), (0.1, -0.25), (0.02, 0.3), (0.1, 1.0)])
    ]
    architecture = Architecture(6, 3, "leaky_relu", placement)
    recipe = Recipe(4, Constant(4), seed=5, precision="float64")  # 15 updates an epoch
    together = list(train(architecture, members, recipe, DATA))
    at = [{step for step, folded in enumerate(folds) if folded[i]} for i in range(3)]
    assert len(folds) == 60
    assert all(len(steps) >= 4 for steps in at)
    assert len({frozenset(steps) for steps in at}) == 3
    for position, member in enumerate(members):
        alone = list(train(architecture, [member], recipe, DATA))
        assert_same_epochs(together, position, alone, 1e-9)
        assert_same_member(together[-1].network, position, alone[-1].network, 1e-9)
        weights = alone[-1].network.parameters[-1].weights
        assert np.abs(weights).max() > FLOOR  # the decay has not made all of them 0


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_decay_beside_them_changes_no_bit_of_members_without_one(precision: str) -> None:
    """What is kept as s V in one member is W itself in the others."""
    architecture = Architecture(6, 3, "leaky_relu", "before")
    recipe = Recipe(4, Constant(3), seed=5, precision=precision)
    members = [replace(m, momentum=0.0, weight_decay=0.0) for m in MEMBERS]
    plain = list(train(architecture, members, recipe, DATA))
    members[1] = replace(members[1], weight_decay=8.0)
    beside = list(train(architecture, members, recipe, DATA))
    for position in (0, 2):
        assert [e.records[position] for e in beside] == [e.records[position] for e in plain]
        pairs = zip(arrays(beside[-1].network), arrays(plain[-1].network), strict=True)
        assert all(np.array_equal(a[position], b[position]) for a, b in pairs)
    assert beside[-1].records[1] != plain[-1].records[1]


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_in_single_precision_to_rounding(placement: Placement) -> None:
    architecture = Architecture(6, 3, "elu", placement)
    recipe = replace(RECIPE, precision="float32")
    together = list(train(architecture, MEMBERS, recipe, DATA))
    for position, member in enumerate(MEMBERS):
        alone = list(train(architecture, [member], recipe, DATA))
        for snapshot, own in zip(together[-1].snapshots, alone[-1].snapshots, strict=True):
            assert {a.dtype for a in arrays(snapshot)} == {np.dtype(np.float32)}
            assert_same_member(snapshot, position, own, 1e-3)
        ours, theirs = together[-1].records[position], alone[-1].records[0]
        assert ours.train_loss == pytest.approx(theirs.train_loss, rel=1e-4)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("kind", ["nesterov", "adam", "adamw"])
def test_whatever_the_optimizer(kind: optimizer.Kind, placement: Placement) -> None:
    """Which each have rates, decays and shares of their own, in widths of their own.

    Adam makes steps of what is zero but for rounding too, as the slope of a bias ahead of batch
    normalisation.
    """
    architecture = Architecture(6, 3, "leaky_relu", placement)
    recipe = replace(RECIPE, optimizer=kind)
    members = [replace(m, learning_rate=m.learning_rate / 5) for m in MEMBERS]
    members[0] = replace(members[0], beta_1=0.7, beta_2=0.95, epsilon=1e-5)
    members[1] = replace(members[1], beta_1=0.0, weight_decay=0.3)
    together = list(train(architecture, members, recipe, DATA))
    for position, member in enumerate(members):
        alone = list(train(architecture, [member], recipe, DATA))
        assert_same_epochs(together, position, alone, 1e-6)
    assert together[-1].records[0].train_loss < together[0].records[0].train_loss


@pytest.mark.parametrize("kind", ["sgd", "nesterov", "adam", "adamw"])
def test_members_that_leave_change_nothing_of_those_that_stay(kind: optimizer.Kind) -> None:
    architecture, recipe = Architecture(6, 3, batch_norm="after"), replace(RECIPE, optimizer=kind)
    whole = list(train(architecture, MEMBERS, recipe, DATA))
    going = train(architecture, MEMBERS, recipe, DATA)
    next(going)
    rest = [going.send([2, 0]), *going]
    for mine, theirs in zip(rest, whole[1:], strict=True):
        for own, place in ((0, 2), (1, 0)):
            expected = theirs.records[place].train_cost
            assert mine.records[own].train_cost == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_padded_widths_equal_unpadded_ones(
    placement: Placement, momentum: float, affine: bool
) -> None:
    architecture = Architecture(6, 3, "leaky_relu", placement, affine)
    recipe = replace(RECIPE, schedule=Constant(8))
    narrow = Member((4, 3), 11, 0.02, weight_decay=0.01, momentum=momentum)
    wide = [Member((9, 3), 12, 0.05, momentum=momentum), Member((4, 8), 13, 0.02)]
    together = train(architecture, [wide[0], narrow, wide[1]], recipe, DATA)
    for epoch, own in zip(together, train(architecture, [narrow], recipe, DATA), strict=True):
        assert_same_member(epoch.network, 1, own.network, 1e-12)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_diverging_member_does_not_touch_its_neighbours(
    placement: Placement, precision: str
) -> None:
    architecture = Architecture(6, 3, batch_norm=placement)
    recipe = replace(RECIPE, precision=precision, schedule=Constant(6))
    sound = list(train(architecture, MEMBERS, recipe, DATA))
    # λ η > 1 makes each step of the weight decay overshoot, more and more: no batch normalisation
    # can hold that.
    members = [MEMBERS[0], replace(MEMBERS[1], learning_rate=1e20, weight_decay=1e3), MEMBERS[2]]
    ill = list(train(architecture, members, recipe, DATA))
    record = ill[-1].records[1]
    assert np.isnan([record.train_loss, record.train_cost, record.validation_cost]).all()
    assert np.isnan([record.train_measure, record.validation_measure]).all()
    for epoch, other in zip(ill, sound, strict=True):
        for position in (0, 2):
            assert epoch.records[position] == other.records[position]
            pairs = zip(arrays(epoch.network), arrays(other.network), strict=True)
            assert all(np.array_equal(a[position], b[position]) for a, b in pairs)


def test_dropping_a_diverged_member_lets_the_others_go_on() -> None:
    architecture = Architecture(6, 3)
    members = [replace(MEMBERS[0], learning_rate=1e30), *MEMBERS[1:]]
    going = train(architecture, members, RECIPE, DATA)
    assert not np.isfinite(next(going).records[0].train_cost)
    rest = [going.send([1, 2]), *going]
    for position, member in enumerate(MEMBERS[1:]):
        alone = list(train(architecture, [member], RECIPE, DATA))
        assert_same_epochs(rest, position, alone[1:], 1e-9)


def test_a_members_place_makes_no_difference() -> None:
    architecture = Architecture(6, 3, batch_norm="after")
    for order in itertools.permutations(range(3)):
        shuffled = [MEMBERS[i] for i in order]
        epochs = list(train(architecture, shuffled, RECIPE, DATA))
        alone = list(train(architecture, [MEMBERS[2]], RECIPE, DATA))
        assert_same_epochs(epochs, order.index(2), alone, 1e-9)
