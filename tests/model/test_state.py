"""A stack that is put down and taken up goes on as if nothing had been, in any grouping."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from model import activation
from model.checkpoint import Checkpoint
from model.epochs import Epoch
from model.errors import ModelError
from model.inference import Network
from model.members import Architecture, Member, Placement
from model.optimizer import Kind
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Constant, Cycles, Decay
from model.state import State
from model.training import train

DRAW = np.random.default_rng(17)
X = DRAW.standard_normal((60, 6))
LABELS = (X @ DRAW.standard_normal((6, 3)) + 0.3 * DRAW.standard_normal((60, 3))).argmax(axis=1)
DATA = Data(X[:44], LABELS[:44], X[44:], LABELS[44:])
# 5 updates an epoch, the last batch smaller; cycles that end amid an epoch, as the training does.
RECIPE = Recipe(10, Cycles(2, half_cycle_steps=8), seed=5, precision="float64")
MEMBERS = (
    Member((7, 5), 11, 0.1, 0.01, 0.5, negative_slope=0.02, elu_alpha=0.5, jitter=0.1),
    Member((4, 8), 12, 0.05, 0.0, 0.0, initialization="xavier", negative_slope=0.2),
    Member((6, 6), 13, 0.2, 0.002, 1e-3, initialization="normal", init_sigma=0.3, jitter=0.05),
)
MOVING = tuple(replace(m, momentum=p) for m, p in zip(MEMBERS, (0.9, 0.0, 0.5), strict=True))
PLACEMENTS: tuple[Placement, ...] = ("none", "before", "after")


def arrays(network: Network) -> list[np.ndarray]:
    found = [a for layer in network.parameters for a in layer.arrays().values()]
    for kept in network.statistics:
        found += [] if kept is None else [kept.mean, kept.variance]
    return found


def put_down(
    architecture: Architecture, members: Sequence[Member], recipe: Recipe, after: int
) -> list[Checkpoint]:
    """Each member's checkpoint after some epochs, through its bytes."""
    training = train(architecture, members, recipe, DATA)
    epoch = next(e for e in training if e.number == after)
    whole = [epoch.checkpoint(place) for place in range(len(members))]
    return [Checkpoint.from_bytes(one.to_bytes()) for one in whole]


def assert_same(mine: Epoch | None, theirs: Epoch | None) -> None:
    """Bit for bit: records, snapshots, and the network."""
    assert mine is not None
    assert theirs is not None
    assert mine.number == theirs.number
    assert mine.records == theirs.records
    for one, other in zip(
        (*mine.snapshots, mine.network), (*theirs.snapshots, theirs.network), strict=True
    ):
        for a, b in zip(arrays(one), arrays(other), strict=True):
            assert a.dtype == b.dtype
            assert a.tobytes() == b.tobytes()


def assert_resumes(
    architecture: Architecture, members: Sequence[Member], recipe: Recipe, data: Data = DATA
) -> None:
    """After each of three epochs; compared in step, since an epoch's network is the live one."""
    for after in (1, 2, 3):
        start = put_down(architecture, members, recipe, after)
        whole = train(architecture, members, recipe, data)
        for _ in range(after):
            next(whole)
        again = train(architecture, members, recipe, data, start)
        compared = 0
        for mine, theirs in itertools.zip_longest(again, whole):
            assert_same(mine, theirs)
            compared += 1
        assert compared >= 1


# In the same grouping, bit for bit


@pytest.mark.parametrize("members", [MEMBERS, MOVING])
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "elu"])
def test_resumed_is_as_uninterrupted(
    kind: activation.Kind,
    placement: Placement,
    precision: Literal["float32", "float64"],
    members: tuple[Member, ...],
) -> None:
    architecture = Architecture(6, 3, kind, placement, batch_norm_decay=0.8)
    assert_resumes(architecture, members, replace(RECIPE, precision=precision))


@pytest.mark.parametrize("members", [MEMBERS, MOVING])
@pytest.mark.parametrize(
    "change",
    [
        {"shuffle": False},
        {"jitter_relative": True},
        {"figures": "full"},
        {"schedule": Constant(5)},
        {"schedule": Decay(5, 0.7)},
        {"schedule": Cycles(3, half_cycle_epochs=1)},
        {"batch_size": 44},
        {"optimizer": "nesterov"},
        {"optimizer": "adam"},
        {"optimizer": "adamw"},
        {"optimizer": "adamw", "precision": "float32"},
    ],
)
def test_whatever_the_recipe(change: dict[str, object], members: tuple[Member, ...]) -> None:
    assert_resumes(Architecture(6, 3, batch_norm="before"), members, replace(RECIPE, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"batch_norm_statistics": "training_set"},
        {"batch_norm_statistics": "training_set", "batch_norm": "after"},
        {"batch_norm_affine": False},
        {"loss": "hinge"},
    ],
)
@pytest.mark.parametrize("members", [MEMBERS, MOVING])
def test_whatever_the_architecture(change: dict[str, object], members: tuple[Member, ...]) -> None:
    architecture = replace(Architecture(6, 3, batch_norm="before"), **change)
    assert_resumes(architecture, members, RECIPE)


@pytest.mark.parametrize("widths", [(), (5,), (3, 4, 5)])
@pytest.mark.parametrize("members", [MEMBERS, MOVING, MEMBERS[:1], MOVING[:1]])
def test_whatever_the_depth(widths: tuple[int, ...], members: tuple[Member, ...]) -> None:
    alike = [replace(member, widths=widths) for member in members]
    assert_resumes(Architecture(6, 3, batch_norm="after"), alike, RECIPE)


def test_a_member_that_diverged_goes_on_as_nan_and_its_neighbours_as_they_were() -> None:
    members = [replace(MEMBERS[0], learning_rate=1e20, weight_decay=1e3), *MEMBERS[1:]]
    recipe = replace(RECIPE, schedule=Constant(4))
    start = put_down(Architecture(6, 3), members, recipe, 2)
    again = list(train(Architecture(6, 3), members, recipe, DATA, start))
    whole = list(train(Architecture(6, 3), members, recipe, DATA))[2:]
    for mine, theirs in zip(again, whole, strict=True):
        assert np.isnan(mine.records[0].train_loss)
        assert mine.records[1:] == theirs.records[1:]


def test_after_the_last_epoch_nothing_is_left_to_train() -> None:
    architecture = Architecture(6, 3, batch_norm="before")
    last = len(list(train(architecture, MEMBERS, RECIPE, DATA)))
    start = put_down(architecture, MEMBERS, RECIPE, last)
    assert list(train(architecture, MEMBERS, RECIPE, DATA, start)) == []


def test_a_checkpoint_is_a_copy_that_training_does_not_change() -> None:
    training = train(Architecture(6, 3, batch_norm="after"), MOVING, RECIPE, DATA)
    kept = next(training).checkpoint(1)
    before = kept.to_bytes()
    list(training)
    assert kept.to_bytes() == before


def test_taking_up_does_not_change_the_checkpoint() -> None:
    architecture = Architecture(6, 3, batch_norm="after")
    start = put_down(architecture, MOVING, RECIPE, 1)
    before = [one.to_bytes() for one in start]
    list(train(architecture, MOVING, RECIPE, DATA, start))
    assert [one.to_bytes() for one in start] == before


def test_a_checkpoint_has_the_members_own_sizes() -> None:
    for place, one in enumerate(
        put_down(Architecture(6, 3, batch_norm="after"), MOVING, RECIPE, 1)
    ):
        first, second = MOVING[place].widths
        assert one.epochs == 1
        assert {name: array.shape for name, array in one.arrays.items()} == {
            f"{what}_{number}.{name}": (1, d if name == "weights" else 1, h)
            for number, (d, h) in enumerate([(6, first), (first, second), (second, 3)], start=1)
            for what, names in {
                "layer": ["weights", "bias"] + ["gamma", "beta", "mean", "variance"] * (number < 3),
                "velocity": ["weights", "bias"] + ["gamma", "beta"] * (number < 3),
            }.items()
            for name in names
        }


# In another grouping, to rounding


def assert_member_goes_on(
    together: Sequence[Epoch], place: int, apart: Sequence[Epoch], own: int
) -> None:
    """To 1e-9 of what it is in the other stack, and its padding exactly zero."""
    for mine, theirs in zip(together, apart, strict=True):
        one, other = mine.records[place], theirs.records[own]
        assert one.epoch == other.epoch
        assert one.validation_measure == other.validation_measure
        assert one.train_cost == pytest.approx(other.train_cost, rel=1e-9)
        assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-9)
    member = together[-1].network.members[place]
    sizes = (6, *member.widths, 3)
    pairs = zip(together[-1].network.parameters, apart[-1].network.parameters, strict=True)
    for (layer, alone), (d, h) in zip(pairs, itertools.pairwise(sizes), strict=True):
        for name, array in layer.arrays().items():
            rows = d if name == "weights" else 1
            truth = alone.arrays()[name][own, :rows, :h]
            error = np.abs(array[place, :rows, :h] - truth).max()
            assert error <= 1e-9 * max(np.abs(truth).max(), 1e-3)
            assert not array[place, rows:].any()
            assert not array[place, :, h:].any()


NARROW = Member((3, 2), 14, 0.1, 0.01, 0.3, negative_slope=0.1)
WIDE = Member((9, 9), 15, 0.1, 0.01, 0.01, momentum=0.8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (MEMBERS, (NARROW,)),
        (MOVING, (replace(NARROW, momentum=0.7),)),
        (MOVING, (NARROW,)),  # what did not move comes beside what does
        ((NARROW,), (WIDE,)),
        ((NARROW, replace(NARROW, seed=16)), MEMBERS),
    ],
)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_members_of_two_stacks_go_on_in_one(
    placement: Placement, one: tuple[Member, ...], other: tuple[Member, ...]
) -> None:
    architecture = Architecture(6, 3, "leaky_relu", placement, batch_norm_decay=0.8)
    start = [c for stack in (one, other) for c in put_down(architecture, stack, RECIPE, 3)]
    order = list(reversed(range(len(start))))  # and each in another place
    members = [(*one, *other)[i] for i in order]
    together = list(train(architecture, members, RECIPE, DATA, [start[i] for i in order]))
    apart = [list(train(architecture, stack, RECIPE, DATA))[3:] for stack in (one, other)]
    for place, number in enumerate(order):
        stack, own = (0, number) if number < len(one) else (1, number - len(one))
        assert_member_goes_on(together, place, apart[stack], own)


@pytest.mark.parametrize("members", [MEMBERS, MOVING])
def test_a_member_of_a_stack_goes_on_alone(members: tuple[Member, ...]) -> None:
    architecture = Architecture(6, 3, "elu", "before")
    whole = list(train(architecture, members, RECIPE, DATA))[2:]
    for place, checkpoint in enumerate(put_down(architecture, members, RECIPE, 2)):
        alone = list(train(architecture, [members[place]], RECIPE, DATA, [checkpoint]))
        for mine, theirs in zip(alone, whole, strict=True):
            expected = theirs.records[place].train_cost
            assert mine.records[0].train_cost == pytest.approx(expected, rel=1e-9)
        for layer, padded in zip(
            alone[-1].network.parameters, whole[-1].network.parameters, strict=True
        ):
            _, d, h = layer.weights.shape
            truth = padded.weights[place, :d, :h]
            np.testing.assert_allclose(layer.weights[0], truth, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("kind", ["sgd", "nesterov", "adam", "adamw"])
@pytest.mark.parametrize("places", [[1], [1, 2]])
def test_what_others_leave_is_what_would_be_taken_up(kind: Kind, places: list[int]) -> None:
    """Bit for bit, where what is wide, moves, decays or has an average has left."""
    architecture = Architecture(6, 3, "leaky_relu", "after")
    recipe = replace(RECIPE, optimizer=kind, precision="float32")
    members = [
        replace(WIDE, ema_decay=0.9, dropout=0.1),
        replace(NARROW, learning_rate=0.02, dropout=0.2, clip_norm=0.5),
        replace(NARROW, seed=16, weight_decay=0.0, widths=(4, 2)),
    ]
    going = train(architecture, members, recipe, DATA)
    next(going)
    epoch = next(going)
    start = [epoch.checkpoint(place) for place in places]
    rest = itertools.chain([going.send(places)], going)
    again = train(architecture, [members[i] for i in places], recipe, DATA, start)
    for mine, theirs in zip(again, rest, strict=True):
        assert_same(mine, theirs)


@pytest.mark.parametrize("kind", ["nesterov", "adam", "adamw"])
def test_members_go_on_with_their_own_moments_in_other_stacks(kind: Kind) -> None:
    """One of them decays, so that beside it others have a scale, and alone they have none."""
    architecture = Architecture(6, 3, "leaky_relu")
    recipe = replace(RECIPE, optimizer=kind)
    members = [replace(m, beta_1=0.5 + i / 5, learning_rate=0.01) for i, m in enumerate(MEMBERS)]
    members = [replace(members[0], weight_decay=0.5, ema_decay=0.9), *members[1:]]
    whole = list(train(architecture, members, recipe, DATA))[2:]
    start = put_down(architecture, members, recipe, 2)
    for places in ([0], [1], [2, 1], [2, 0, 1]):
        some, begun = [members[i] for i in places], [start[i] for i in places]
        again = list(train(architecture, some, recipe, DATA, begun))
        for own, place in enumerate(places):
            assert_member_goes_on(again, own, whole, place)


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_averaged_weights_are_taken_up(placement: Placement) -> None:
    members = [replace(m, ema_decay=d) for m, d in zip(MOVING, (0.9, 0.0, 0.5), strict=True)]
    assert_resumes(Architecture(6, 3, batch_norm=placement), members, RECIPE)
    with pytest.raises(ModelError, match=r"member 0 has no checkpoint.*average_1.weights must"):
        State.resumed(PLAIN, members, np.dtype(float), started(PLAIN, MOVING))


def test_a_checkpoint_of_another_optimizer_is_refused() -> None:
    for written, read in (("sgd", "adam"), ("adam", "sgd"), ("adamw", "nesterov")):
        start = put_down(PLAIN, MEMBERS, replace(RECIPE, optimizer=written), 1)
        with pytest.raises(ModelError, match="member 0 has no checkpoint of this network"):
            State.resumed(PLAIN, MEMBERS, np.dtype(float), start, read)


@pytest.mark.parametrize(
    "others",
    [
        (),
        (replace(NARROW, seed=16),),  # whose weights are kept beside a scale
        (WIDE,),  # which moves
    ],
)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_what_decays_and_does_not_move_leaves_what_moves(
    placement: Placement, others: tuple[Member, ...]
) -> None:
    """Beside a member that moves it has a velocity and no scale; without one, a scale."""
    architecture = Architecture(6, 3, batch_norm=placement)
    stack = (WIDE, NARROW)
    assert (NARROW.momentum, NARROW.weight_decay > 0, WIDE.momentum > 0) == (0, True, True)
    _, own = put_down(architecture, stack, RECIPE, 2)
    begun = [one for other in others for one in put_down(architecture, [other], RECIPE, 2)]
    together = list(train(architecture, [NARROW, *others], RECIPE, DATA, [own, *begun]))
    assert len(together) >= 1
    assert_member_goes_on(together, 0, list(train(architecture, stack, RECIPE, DATA))[2:], 1)


# What does not fit


def started(architecture: Architecture, members: Sequence[Member]) -> list[Checkpoint]:
    return put_down(architecture, members, RECIPE, 1)


PLAIN, NORMED = Architecture(6, 3), Architecture(6, 3, batch_norm="after")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ((PLAIN, (4, 4)), (NORMED, (4, 4))),  # no γ, β and statistics
        ((PLAIN, (4, 4)), (PLAIN, (3, 4))),  # too wide
        ((PLAIN, (3, 4)), (PLAIN, (4, 4))),  # too narrow
        ((PLAIN, (4,)), (PLAIN, (4, 4))),  # too shallow
        ((PLAIN, (4, 4, 4)), (PLAIN, (4, 4))),  # too deep
        ((PLAIN, (4, 4, 3)), (PLAIN, (4, 4))),  # too deep, and all that is asked for fits
        ((NORMED, (4, 4)), (PLAIN, (4, 4))),  # more than is asked for
        ((PLAIN, (4, 4)), (replace(PLAIN, inputs=7), (4, 4))),
        ((PLAIN, (4, 4)), (replace(PLAIN, outputs=4), (4, 4))),
    ],
)
def test_a_checkpoint_of_another_network_is_refused(
    written: tuple[Architecture, tuple[int, ...]], read: tuple[Architecture, tuple[int, ...]]
) -> None:
    start = started(written[0], [Member(written[1], 1, 0.1)])
    with pytest.raises(ModelError, match="member 0 has no checkpoint of this network"):
        State.resumed(read[0], [Member(read[1], 1, 0.1)], np.dtype(float), start)


def test_a_checkpoint_that_only_fits_into_the_padding_is_refused() -> None:
    wide, narrow = Member((5, 5), 1, 0.1), Member((4, 4), 2, 0.1)
    start = started(PLAIN, [wide, wide])
    with pytest.raises(ModelError, match="member 1 has no checkpoint of this network"):
        State.resumed(PLAIN, [wide, narrow], np.dtype(float), start)


def test_a_checkpoint_in_another_precision_is_refused() -> None:
    start = started(PLAIN, MEMBERS)
    with pytest.raises(ModelError, match="member 0 has no checkpoint of this network"):
        State.resumed(PLAIN, MEMBERS, np.dtype("float32"), start)


def test_a_checkpoint_without_the_velocity_of_a_member_that_moves_is_refused() -> None:
    start = started(PLAIN, MEMBERS)
    with pytest.raises(ModelError, match="member 0 has no checkpoint of this network"):
        State.resumed(PLAIN, MOVING, np.dtype(float), start)


@pytest.mark.parametrize("name", ["layer_2.weights", "layer_1.gamma", "layer_2.variance"])
def test_a_checkpoint_that_lacks_an_array_is_refused(name: str) -> None:
    *others, last = started(NORMED, MEMBERS)
    without = {n: a for n, a in last.arrays.items() if n != name}
    assert len(without) == len(last.arrays) - 1
    with pytest.raises(ModelError, match=f"member 2 has no checkpoint of this network: {name}"):
        State.resumed(NORMED, MEMBERS, np.dtype(float), [*others, Checkpoint(1, without)])


def test_checkpoints_of_different_epochs_or_of_other_numbers_are_refused() -> None:
    first, second, _ = started(PLAIN, MEMBERS)
    later = put_down(PLAIN, MEMBERS, RECIPE, 2)[2]
    for start in ([], [first, second], [first, second, later]):
        with pytest.raises(ModelError, match="3 members go on from one checkpoint each"):
            next(train(PLAIN, MEMBERS, RECIPE, DATA, start))
