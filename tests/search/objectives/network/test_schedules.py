"""Schedules know how long a training is."""

import pytest

from search.objectives.network.schedules import (
    ConstantSchedule,
    CyclesSchedule,
    DecaySchedule,
    steps_per_epoch,
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
