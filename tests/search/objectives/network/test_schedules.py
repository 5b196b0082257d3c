"""Schedules know how long a training is."""

import pytest

from model import schedule
from search.objectives.network.schedules import (
    SCHEDULES,
    ConstantSchedule,
    CosineSchedule,
    CyclesSchedule,
    DecaySchedule,
    OneCycleSchedule,
    steps_per_epoch,
)

EVERY = (
    ConstantSchedule(epochs=7, warmup_epochs=0.5),
    DecaySchedule(epochs=7, factor=0.9),
    CosineSchedule(epochs=7, warmup_epochs=2),
    OneCycleSchedule(epochs=7),
    CyclesSchedule(cycles=3, half_cycle_steps=500),
)


@pytest.mark.parametrize(
    ("rows", "batch_size", "steps"), [(100, 100, 1), (101, 100, 2), (45_000, 100, 450), (5, 64, 1)]
)
def test_the_last_batch_of_an_epoch_may_be_smaller(rows: int, batch_size: int, steps: int) -> None:
    assert steps_per_epoch(rows, batch_size) == steps


def test_epochs_are_those_of_the_file() -> None:
    assert ConstantSchedule(epochs=7).total_epochs(45_000, 100) == 7
    assert DecaySchedule(epochs=7, factor=0.9).total_epochs(45_000, 100) == 7


def test_cycles_go_up_and_down() -> None:
    in_epochs = CyclesSchedule(cycles=2, half_cycle_epochs=2)
    assert in_epochs.half_cycle(45_000, 100) == 900
    assert in_epochs.total_epochs(45_000, 100) == 8
    assert in_epochs.total_epochs(1_234, 100) == 8
    in_steps = CyclesSchedule(cycles=3, half_cycle_steps=500)
    assert in_steps.half_cycle(45_000, 100) == 500
    assert in_steps.total_epochs(45_000, 100) == pytest.approx(3_000 / 450)


@pytest.mark.parametrize("one", EVERY)
def test_the_models_schedule_is_as_long(one: ConstantSchedule) -> None:
    per_epoch = steps_per_epoch(45_000, 100)
    assert one.built().steps(per_epoch) == pytest.approx(one.total_epochs(45_000, 100) * per_epoch)


def test_each_is_built_as_it_says() -> None:
    assert {type(one) for one in EVERY} == set(SCHEDULES)
    assert [one.built() for one in EVERY] == [
        schedule.Constant(7, 0.5),
        schedule.Decay(7, 0.9),
        schedule.Cosine(7, 2),
        schedule.OneCycle(7, 0.3),
        schedule.Cycles(3, half_cycle_steps=500),
    ]


def test_each_says_what_it_needs() -> None:
    assert [one.has_floor for one in EVERY] == [False, False, True, True, True]
    assert [one.keeps_snapshots for one in EVERY] == [False] * 4 + [True]
    assert [one.counts_updates() for one in EVERY] == [False] * 4 + [True]
    assert [one.count_of_cycles() for one in EVERY] == [None] * 4 + [3]
    assert [one.cycle(45_000, 100) for one in EVERY] == [None] * 4 + [1000]
