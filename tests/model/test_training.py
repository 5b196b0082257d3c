"""Training: what an epoch records, the order of rows, noise, snapshots, seeds, dropping members."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model import network, parameters, training
from model.epochs import Epoch
from model.errors import ModelError
from model.inference import Network, population_statistics
from model.members import Architecture, Member, Placement
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Constant, Cycles, Decay
from model.seeding import generator
from model.training import train

DRAW = np.random.default_rng(8)
X = DRAW.standard_normal((70, 6))
LABELS = (X @ DRAW.standard_normal((6, 3)) + 0.3 * DRAW.standard_normal((70, 3))).argmax(axis=1)
DATA = Data(X[:44], LABELS[:44], X[44:], LABELS[44:])
ARCHITECTURE = Architecture(6, 3, "leaky_relu", "before")
RECIPE = Recipe(10, Constant(4), seed=5, precision="float64")  # batches of 10, 10, 10, 10 and 4
MEMBERS = (
    Member((7, 5), 11, 0.1, weight_decay=0.001, momentum=0.9, negative_slope=0.02),
    Member((4, 8), 12, 0.05, 0.01, weight_decay=0.01, negative_slope=0.2),
    Member((6, 6), 13, 0.2, 0.002, momentum=0.5, initialization="normal", init_sigma=0.3),
)


def run(
    members: Sequence[Member] = MEMBERS,
    recipe: Recipe = RECIPE,
    data: Data = DATA,
    architecture: Architecture = ARCHITECTURE,
) -> list[Epoch]:
    return list(train(architecture, members, recipe, data))


def same(a: Network, b: Network) -> bool:
    """Bit for bit."""
    pairs = [
        (one, other.arrays()[name])
        for layer, other in zip(a.parameters, b.parameters, strict=True)
        for name, one in layer.arrays().items()
    ]
    for kept, also in zip(a.statistics, b.statistics, strict=True):
        if kept is not None and also is not None:
            pairs += [(kept.mean, also.mean), (kept.variance, also.variance)]
    return all(np.array_equal(one, other) for one, other in pairs)


class Spy:
    """Sees the batches that the network is given, and passes them on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[np.ndarray] = []
        self._forward = network.forward
        monkeypatch.setattr(network, "forward", self)

    def __call__(self, architecture, stack, shape, x, *rest):
        self.batches.append(x.copy())  # the rows' buffer is written over by the next batch
        return self._forward(architecture, stack, shape, x, *rest)


# Batches of one row


@pytest.mark.parametrize("placement", ["before", "after"])
def test_a_last_batch_of_one_row_is_not_normalised_by_itself(
    monkeypatch: pytest.MonkeyPatch, placement: Placement
) -> None:
    data = Data(X[:41], LABELS[:41], X[44:], LABELS[44:])
    spy = Spy(monkeypatch)
    architecture = replace(ARCHITECTURE, batch_norm=placement, batch_norm_decay=0.0)
    *_, last = run(
        data=data, architecture=architecture, recipe=replace(RECIPE, schedule=Constant(40))
    )
    assert {len(batch) for batch in spy.batches} == {10}
    assert max(record.validation_measure for record in last.records) > 0.6
    for kept in last.network.statistics:
        assert kept is not None
        assert kept.variance.max() > 0


@pytest.mark.parametrize(
    ("changes", "size", "sizes"),
    [({"batch_norm": "none"}, 10, {10, 1}), ({}, 1, {1}), ({}, 50, {41})],
)
def test_others_of_one_row_are_learned(
    monkeypatch: pytest.MonkeyPatch, changes: Any, size: int, sizes: set[int]
) -> None:
    spy = Spy(monkeypatch)
    data = Data(X[:41], LABELS[:41], X[44:], LABELS[44:])
    recipe = replace(RECIPE, batch_size=size, schedule=Constant(1))
    run(data=data, architecture=replace(ARCHITECTURE, **changes), recipe=recipe)
    assert {len(batch) for batch in spy.batches} == sizes
    assert sum(map(len, spy.batches)) == 41


def test_a_network_without_hidden_layers_normalises_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spy = Spy(monkeypatch)
    data = Data(X[:41], LABELS[:41], X[44:], LABELS[44:])
    run([Member((), 11, 0.1)], data=data)
    assert {len(batch) for batch in spy.batches} == {10, 1}


# What an epoch records


@pytest.mark.parametrize("statistics", ["moving_average", "training_set"])
def test_full_figures_are_those_of_the_network_at_the_end_of_the_epoch(statistics: str) -> None:
    architecture = replace(ARCHITECTURE, batch_norm_statistics=statistics)
    recipe = replace(RECIPE, figures="full", schedule=Constant(1))
    (epoch,) = run(recipe=recipe, architecture=architecture)
    on_training = epoch.network.figures(DATA.x, DATA.targets)
    on_validation = epoch.network.figures(DATA.validation_x, DATA.validation_targets)
    for i, (record, member) in enumerate(zip(epoch.records, MEMBERS, strict=True)):
        weights = [layer.weights[i] for layer in epoch.network.parameters]
        penalty = member.weight_decay * sum(float(np.square(w).sum()) for w in weights)
        assert record.epoch == 1
        assert record.train_loss == on_training.loss[i]
        assert record.train_measure == on_training.measure[i]
        assert record.validation_loss == on_validation.loss[i]
        assert record.validation_measure == on_validation.measure[i]
        assert record.train_cost == pytest.approx(record.train_loss + penalty, rel=1e-12)
        assert record.validation_cost == pytest.approx(record.validation_loss + penalty, rel=1e-12)


def test_running_figures_of_a_network_that_stands_still_are_the_full_ones() -> None:
    architecture = replace(ARCHITECTURE, batch_norm="none")
    still = [replace(m, learning_rate=0.0, learning_rate_min=0.0) for m in MEMBERS]
    running = run(still, architecture=architecture)
    full = run(still, replace(RECIPE, figures="full"), architecture=architecture)
    for a, b in zip(running, full, strict=True):
        for one, other in zip(a.records, b.records, strict=True):
            assert one.train_loss == pytest.approx(other.train_loss, rel=1e-12)
            assert one.train_measure == pytest.approx(other.train_measure, rel=1e-12)


def test_running_figures_are_of_the_batches_as_they_were_trained_on() -> None:
    recipe = replace(RECIPE, shuffle=False, schedule=Constant(1))
    (epoch,) = run(recipe=recipe)
    losses, hits = np.zeros(3), np.zeros(3)
    for steps in range(1, 6):  # the network before the last of `steps` updates
        part = replace(DATA, x=DATA.x[: 10 * (steps - 1)], targets=DATA.targets[: 10 * (steps - 1)])
        start = (
            run(recipe=recipe, data=part)[0].network.parameters
            if steps > 1
            else parameters.initialise(ARCHITECTURE, MEMBERS, float)
        )
        rows = slice(10 * (steps - 1), 10 * steps)
        shape = network.activation_shape(ARCHITECTURE, MEMBERS, float)
        passed = network.forward(ARCHITECTURE, start, shape, DATA.x[rows], DATA.targets[rows])
        losses += passed.losses * len(DATA.targets[rows])
        hits += (passed.scores.argmax(axis=-1) == DATA.targets[rows]).sum(axis=1)
    for i, record in enumerate(epoch.records):
        assert record.train_loss == pytest.approx(losses[i] / 44, rel=1e-9)
        assert record.train_measure == pytest.approx(hits[i] / 44, rel=1e-12)


def test_training_learns_and_running_figures_follow_the_full_ones() -> None:
    recipe = replace(RECIPE, schedule=Constant(30), seed=0)  # η and μ are high: some seeds end low
    running, full = run(recipe=recipe), run(recipe=replace(recipe, figures="full"))
    assert same(running[-1].network, full[-1].network)
    for i in range(3):
        first, last = full[0].records[i], full[-1].records[i]
        assert last.train_cost < first.train_cost
        assert last.train_measure > max(0.75, first.train_measure)
        assert running[-1].records[i].train_loss == pytest.approx(last.train_loss, rel=0.5)


@pytest.mark.parametrize("figures", ["running", "full"])
def test_rows_of_weight_0_are_not_learned_and_the_others_count_as_said(figures: str) -> None:
    """In whole batches: their loss is divided by all rows, so η is higher where some are left out.

    Losses are weighted, in training and in validation; measures are not.
    """
    still = replace(RECIPE, batch_size=44, shuffle=False, figures=figures)
    architecture = replace(ARCHITECTURE, batch_norm="none")
    weights = np.where(LABELS == 1, 0.0, 2.0)
    data = replace(DATA, weights=weights[:44], validation_weights=weights[44:])
    counted = weights[:44] > 0
    only = replace(DATA, x=DATA.x[counted], targets=DATA.targets[counted])
    share = 2 * counted.mean()
    members = [replace(member, weight_decay=0.0) for member in MEMBERS]
    faster = [
        replace(m, learning_rate=share * m.learning_rate, learning_rate_min=0.0) for m in members
    ]
    together, alone = (
        run(members, still, data, architecture),
        run(faster, still, only, architecture),
    )
    for one, other in zip(together, alone, strict=True):
        for ours, theirs in zip(one.records, other.records, strict=True):
            assert ours.train_loss == pytest.approx(share * theirs.train_loss, rel=1e-9)
            assert ours.validation_measure == theirs.validation_measure
            assert ours.validation_loss != pytest.approx(theirs.validation_loss, rel=1e-3)
    last = together[-1].network
    rest = weights[44:] > 0
    unweighted = last.figures(DATA.validation_x[rest], DATA.validation_targets[rest]).loss
    found = [record.validation_loss for record in together[-1].records]
    np.testing.assert_allclose(found, 2 * rest.mean() * unweighted, rtol=1e-9)


def test_without_validation_rows_those_figures_are_nan() -> None:
    data = replace(DATA, validation_x=X[:0], validation_targets=LABELS[:0])
    record = run(data=data)[0].records[0]
    assert np.isnan([record.validation_cost, record.validation_loss]).all()
    assert np.isnan(record.validation_measure)
    assert record.train_cost == run()[0].records[0].train_cost


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (Constant(3), [0.05, 0.05, 0.05]),
        (Decay(3, 0.5), [0.05, 0.025, 0.0125]),
        (Cycles(1, half_cycle_steps=5), [0.01 + 0.04 * 4 / 5, 0.01 + 0.04 / 5]),
        (Cycles(1, half_cycle_epochs=1), [0.01 + 0.04 * 4 / 5, 0.01 + 0.04 / 5]),
    ],
)
def test_the_learning_rate_is_that_of_the_last_step(
    schedule: Constant | Cycles, rates: list[float]
) -> None:
    epochs = run(recipe=replace(RECIPE, schedule=schedule))
    assert [e.records[1].learning_rate for e in epochs] == pytest.approx(rates, rel=1e-12)


@pytest.mark.parametrize("widths", [(), (5,), (3, 4, 5)])
@pytest.mark.parametrize("placement", ["none", "before", "after"])
def test_any_depth_trains(placement: Placement, widths: tuple[int, ...]) -> None:
    architecture = replace(ARCHITECTURE, batch_norm=placement)
    members = [replace(member, widths=widths) for member in MEMBERS]
    epochs = run(members, replace(RECIPE, schedule=Constant(40)), architecture=architecture)
    assert len(epochs[-1].network.parameters) == len(widths) + 1
    for first, last in zip(epochs[0].records, epochs[-1].records, strict=True):
        assert last.train_cost < 0.8 * first.train_cost


# Statistics for inference


def test_statistics_of_the_training_set_are_of_all_clean_rows() -> None:
    architecture = replace(ARCHITECTURE, batch_norm_statistics="training_set")
    members = [replace(member, jitter=0.5) for member in MEMBERS]
    (epoch,) = run(members, replace(RECIPE, schedule=Constant(1)), architecture=architecture)
    expected = population_statistics(architecture, members, epoch.network.parameters, DATA.x)
    assert same(epoch.network, replace(epoch.network, statistics=expected))


def test_moving_averages_begin_with_the_first_batch_and_go_on_over_epochs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    architecture = replace(ARCHITECTURE, batch_norm_decay=0.8)
    seen = []
    original = network.forward

    def recorded(*args):
        passed = original(*args)
        seen.append(passed.statistics[1].mean)
        return passed

    monkeypatch.setattr(network, "forward", recorded)
    epochs = run(architecture=architecture)
    expected = seen[0]
    for mean in seen[1:]:
        expected = 0.8 * expected + 0.2 * mean
    kept = epochs[-1].network.statistics[1]
    assert kept is not None
    assert len(seen) == 20
    np.testing.assert_allclose(kept.mean, expected, rtol=1e-12, atol=1e-15)


# Order of rows, and noise


def test_without_shuffling_rows_come_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    run(recipe=replace(RECIPE, shuffle=False))
    assert [len(batch) for batch in spy.batches] == [10, 10, 10, 10, 4] * 4
    np.testing.assert_array_equal(np.concatenate(spy.batches), np.tile(DATA.x, (4, 1)))


def test_shuffled_rows_are_each_seen_once_an_epoch_in_orders_that_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spy = Spy(monkeypatch)
    run()
    epochs = np.concatenate(spy.batches).reshape(4, 44, 6)
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch[:, 0]), np.sort(DATA.x[:, 0]))
    assert len({epoch.tobytes() for epoch in (*epochs, DATA.x)}) == 5


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("sigmas", [(0.3, 0.3, 0.3), (0.3, 0.0, 0.1)])
def test_noise_has_its_deviation_and_is_shared(
    monkeypatch: pytest.MonkeyPatch, sigmas: tuple[float, ...], relative: bool
) -> None:
    wide = np.tile(4 * X, (1, 100))[:40]
    data = Data(wide, LABELS[:40], wide[:0], LABELS[:0])
    members = [replace(m, jitter=s) for m, s in zip(MEMBERS, sigmas, strict=True)]
    spy = Spy(monkeypatch)
    recipe = replace(RECIPE, shuffle=False, jitter_relative=relative, schedule=Constant(1))
    run(members, recipe, data, replace(ARCHITECTURE, inputs=600))
    shared = len(set(sigmas)) == 1
    draws = []
    for at, batch in enumerate(spy.batches):
        clean = wide[10 * at : 10 * at + 10]
        assert batch.shape == ((10, 600) if shared else (3, 10, 600))
        scale = clean.std() if relative else 1.0
        noise = (batch if shared else batch[0]) - clean
        draws.append(noise / (0.3 * scale))
        if not shared:
            np.testing.assert_array_equal(batch[1], clean)
            np.testing.assert_allclose(batch[2] - clean, noise / 3, rtol=1e-9, atol=1e-12)
    drawn = np.concatenate(draws)
    assert drawn.std() == pytest.approx(1, abs=4 / np.sqrt(2 * drawn.size))
    assert abs(drawn.mean()) < 4 / np.sqrt(drawn.size)
    assert np.unique(drawn.round(12)).size > 0.99 * drawn.size  # new noise for each batch


@pytest.mark.parametrize("after", [0, 2])
def test_an_epochs_rows_and_noise_are_drawn_by_its_own_number(
    monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """So that a training is taken up at any epoch; numbers count from 1."""
    architecture = replace(ARCHITECTURE, batch_norm="none")
    members = [replace(member, jitter=0.5) for member in MEMBERS]
    start = None
    if after:
        *_, last = run(members, replace(RECIPE, schedule=Constant(after)), DATA, architecture)
        start = [last.checkpoint(place) for place in range(len(members))]
    spy = Spy(monkeypatch)
    list(train(architecture, members, RECIPE, DATA, start))
    seen = np.concatenate(spy.batches).reshape(4 - after, 44, 6)
    for number, rows in enumerate(seen, start=after + 1):
        order = generator(RECIPE.seed, "order", number).permutation(44)
        noise = generator(RECIPE.seed, "jitter", number)
        drawn = np.concatenate([noise.standard_normal((n, 6)) for n in (10, 10, 10, 10, 4)])
        np.testing.assert_allclose(rows, DATA.x[order] + 0.5 * drawn, rtol=1e-12, atol=1e-14)


# Seeds


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_one_seed_gives_one_result_bit_for_bit(precision: str) -> None:
    members = [replace(member, jitter=0.1 * i) for i, member in enumerate(MEMBERS)]
    recipe = replace(RECIPE, precision=precision)
    once, again = run(members, recipe), run(members, recipe)
    for a, b in zip(once, again, strict=True):
        assert a.records == b.records
        assert same(a.network, b.network)
    assert once[0].network.parameters[0].weights.dtype == precision


def test_seeds_of_members_and_of_the_recipe_make_a_difference() -> None:
    first = run()[-1].records
    others = [replace(MEMBERS[0], seed=99), *MEMBERS[1:]]
    assert run(others)[-1].records[0] != first[0]
    assert run(recipe=replace(RECIPE, seed=6))[-1].records[0] != first[0]
    unshuffled = replace(RECIPE, shuffle=False)
    same_order = run(recipe=unshuffled), run(recipe=replace(unshuffled, seed=6))
    assert same_order[0][-1].records == same_order[1][-1].records


# Cycles and snapshots


def test_cycles_that_end_amid_an_epoch() -> None:
    cycles = Cycles(3, half_cycle_steps=3)  # ends after steps 6, 12 and 18, five steps an epoch
    epochs = run(recipe=replace(RECIPE, schedule=cycles))
    assert [len(epoch.snapshots) for epoch in epochs] == [0, 1, 1, 1]
    snapshots = [snapshot for epoch in epochs for snapshot in epoch.snapshots]
    for done, snapshot in enumerate(snapshots, start=1):
        until_there = run(recipe=replace(RECIPE, schedule=Cycles(done, half_cycle_steps=3)))
        assert same(snapshot, until_there[-1].network)
        assert not same(snapshot, epochs[0].network)


def test_the_last_epoch_is_short_where_the_schedule_ends_amid_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spy = Spy(monkeypatch)
    epochs = run(recipe=replace(RECIPE, schedule=Cycles(1, half_cycle_steps=6)))
    assert [epoch.records[0].epoch for epoch in epochs] == [1, 2, 3]
    assert len(spy.batches) == 12


@pytest.mark.parametrize("statistics", ["moving_average", "training_set"])
def test_snapshots_are_copies_that_later_training_does_not_change(statistics: str) -> None:
    architecture = replace(ARCHITECTURE, batch_norm_statistics=statistics)
    recipe = replace(RECIPE, schedule=Cycles(2, half_cycle_steps=5))
    kept, copied = [], []
    for epoch in train(architecture, MEMBERS, recipe, DATA):
        kept += epoch.snapshots
        copied += [
            (replace(s, parameters=parameters.copy(s.parameters)), s.figures(X, LABELS))
            for s in epoch.snapshots
        ]
        assert all(not same(s, epoch.network) for s in kept[:-1])
    assert len(kept) == 2
    for snapshot, (copy, figures) in zip(kept, copied, strict=True):
        assert same(snapshot, copy)
        np.testing.assert_array_equal(snapshot.figures(X, LABELS).loss, figures.loss)
    for layer, other in zip(kept[0].parameters, kept[1].parameters, strict=True):
        assert not np.shares_memory(layer.weights, other.weights)


def test_constant_rates_give_no_snapshots() -> None:
    assert not any(epoch.snapshots for epoch in run())


# Dropping members


def test_the_others_go_on_as_they_would_have() -> None:
    members = [replace(member, jitter=0.1 * i) for i, member in enumerate(MEMBERS)]
    recipe = replace(RECIPE, schedule=Cycles(4, half_cycle_steps=9))
    whole = run(members, recipe)
    going = train(ARCHITECTURE, members, recipe, DATA)
    epochs = [next(going), next(going), going.send([2, 0]), next(going), going.send([1])]
    epochs += list(going)
    assert len(epochs) == len(whole)
    assert [len(epoch.records) for epoch in epochs[:6]] == [3, 3, 2, 2, 1, 1]
    assert [m.seed for m in epochs[2].network.members] == [13, 11]
    places = [[0, 1, 2]] * 2 + [[2, 0]] * 2 + [[0]] * (len(whole) - 4)
    for epoch, full, who in zip(epochs, whole, places, strict=True):
        for record, place in zip(epoch.records, who, strict=True):
            other = full.records[place]
            assert record.epoch == other.epoch
            assert record.learning_rate == other.learning_rate
            assert record.train_cost == pytest.approx(other.train_cost, rel=1e-9)
            assert record.validation_loss == pytest.approx(other.validation_loss, rel=1e-9)
    assert sum(len(epoch.snapshots) for epoch in epochs) == 4


@pytest.mark.parametrize("kept", [[], [3], [-1], [0, 0]])
def test_what_is_no_choice_of_members_is_refused(kept: list[int]) -> None:
    going = train(ARCHITECTURE, MEMBERS, RECIPE, DATA)
    next(going)
    with pytest.raises(ModelError, match="must be some of 0 … 2, each once, not"):
        going.send(kept)


# What cannot be, and what must stay


def test_arrays_of_the_caller_stay_as_they_were() -> None:
    copies = [a.copy() for a in (DATA.x, DATA.targets, DATA.validation_x, DATA.validation_targets)]
    for array in copies:
        array.flags.writeable = False
    members = [replace(member, jitter=0.1) for member in MEMBERS]
    frozen = run(members, data=Data(*copies))
    assert frozen[-1].records == run(members)[-1].records


def test_memory_mapped_rows_give_the_same(tmp_path: object) -> None:
    path = f"{tmp_path}/x.npy"
    np.save(path, DATA.x)
    mapped = replace(DATA, x=np.load(path, mmap_mode="r"))
    assert run(data=mapped)[-1].records == run()[-1].records


def test_members_of_different_depths_are_refused() -> None:
    with pytest.raises(ModelError, match="same number of layers"):
        next(train(ARCHITECTURE, [MEMBERS[0], Member((3,), 1, 0.1)], RECIPE, DATA))


def test_the_first_layers_weights_keep_their_memory_order_through_training() -> None:
    going = training.train(ARCHITECTURE, MEMBERS, RECIPE, DATA)
    for epoch in (next(going), next(going), going.send([1, 2]), next(going)):
        weights = epoch.network.parameters[0].weights
        assert weights.transpose(1, 0, 2).flags.c_contiguous
