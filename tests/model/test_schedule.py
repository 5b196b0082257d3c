"""η over the steps, and how long a training is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import ModelError
from model.schedule import (
    Constant,
    Cosine,
    Cycles,
    Decay,
    OneCycle,
    Schedule,
    steps_per_epoch,
)

LOW, HIGH = np.array([0.0, 0.1]), np.array([1.0, 0.5])


def test_constant() -> None:
    schedule = Constant(3)
    assert schedule.steps(10) == 30
    for step in (0, 9, 29):
        np.testing.assert_array_equal(schedule.rate(step, 10, LOW, HIGH), HIGH)
        assert not schedule.cycle_ends(step + 1, 10)


def test_decay_falls_once_an_epoch() -> None:
    schedule = Decay(3, 0.5)
    assert schedule.steps(10) == 30
    for step, factor in ((0, 1), (9, 1), (10, 0.5), (19, 0.5), (20, 0.25)):
        np.testing.assert_array_equal(schedule.rate(step, 10, LOW, HIGH), HIGH * factor)
    assert not schedule.cycle_ends(30, 10)


def rates(schedule: Schedule, per_epoch: int) -> np.ndarray:
    """η of every step, (steps, m)."""
    steps = range(schedule.steps(per_epoch))
    return np.array([schedule.rate(step, per_epoch, LOW, HIGH) for step in steps])


@pytest.mark.parametrize("kind", [Constant, Cosine])
def test_a_rise_comes_first(kind: type[Constant] | type[Cosine]) -> None:
    found = rates(kind(4, 0.5), 10)
    np.testing.assert_allclose(found[:5], np.reshape([0.2, 0.4, 0.6, 0.8, 1], (5, 1)) * HIGH)
    rest = rates(kind(7), 5)
    np.testing.assert_allclose(found[5:], rest, rtol=1e-12)
    assert not any(kind(4, 0.5).cycle_ends(step + 1, 10) for step in range(40))


def test_a_cosine_falls_from_the_peak_to_the_floor() -> None:
    """As PyTorch's CosineAnnealingLR, which would be at the floor behind the last step."""
    found = rates(Cosine(2), 10)
    turns = (1 + np.cos(np.pi * np.arange(20) / 20)) / 2
    np.testing.assert_allclose(found, LOW + turns[:, None] * (HIGH - LOW), rtol=1e-12)


def test_one_cycle_rises_and_falls() -> None:
    """As PyTorch's OneCycleLR with max_lr = 1, total_steps = 10, div_factor = 25, and a floor 0."""
    found = rates(OneCycle(2, 0.3), 5)
    expected = [
        *(0.04, 0.52, 1.0, 0.9504844339512095, 0.8117449009293668),
        *(0.6112604669781572, 0.3887395330218429, 0.1882550990706332),
        *(0.04951556604879043, 0.0),
    ]
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-9)
    assert found[:, 1].argmax() == 2
    np.testing.assert_allclose(found[[0, 2, 9], 1], [0.1, 0.5, 0.1])  # its floor is above 0.5 / 25
    for share in (0.001, 0.999):
        assert np.isfinite(rates(OneCycle(1, share), 1)).all()
        assert rates(OneCycle(2, share), 5).max() == pytest.approx(1, abs=0.01)


def test_triangles() -> None:
    schedule = Cycles(2, half_cycle_steps=4)
    assert schedule.steps(10) == 16
    rates = [schedule.rate(step, 10, LOW, HIGH) for step in range(17)]
    rise = [0, 0.25, 0.5, 0.75, 1]
    heights = np.array(rise + rise[-2::-1] + rise[1:] + rise[-2::-1])
    np.testing.assert_allclose(rates, LOW + heights[:, None] * (HIGH - LOW), rtol=1e-15)
    assert [step for step in range(1, 17) if schedule.cycle_ends(step, 10)] == [8, 16]


@pytest.mark.parametrize(("half", "steps"), [(5, 50), (0.25, 2), (0.26, 3), (0.01, 1)])
def test_half_cycles_in_epochs(half: float, steps: int) -> None:
    schedule = Cycles(1, half_cycle_epochs=half)
    assert schedule.half_cycle(10) == steps
    assert schedule.steps(10) == 2 * steps
    assert schedule.cycle_ends(2 * steps, 10)


@given(
    half=st.integers(1, 50), cycles=st.integers(1, 4), step=st.integers(0, 500), per=st.integers(1)
)
@settings(derandomize=True, deadline=None)
def test_cycles_stay_between_their_bounds_and_repeat(
    half: int, cycles: int, step: int, per: int
) -> None:
    schedule = Cycles(cycles, half_cycle_steps=half)
    rate = schedule.rate(step, per, LOW, HIGH)
    assert (rate >= LOW).all()
    assert (rate <= HIGH).all()
    np.testing.assert_array_equal(rate, schedule.rate(step + 2 * half, per, LOW, HIGH))
    mirrored = schedule.rate(2 * half - step % (2 * half), per, LOW, HIGH)
    np.testing.assert_allclose(rate, mirrored, rtol=1e-12)
    assert sum(schedule.cycle_ends(s + 1, per) for s in range(schedule.steps(per))) == cycles


@pytest.mark.parametrize(
    ("rows", "batch", "steps"), [(100, 10, 10), (101, 10, 11), (9, 10, 1), (10, 1, 10)]
)
def test_batches_cover_all_rows(rows: int, batch: int, steps: int) -> None:
    assert steps_per_epoch(rows, batch) == steps


@pytest.mark.parametrize(
    ("schedule", "length"),
    [(Constant(4), 4.0), (Cycles(2, half_cycle_epochs=2), 8.0), (Cycles(1, 6), 1.2)],
)
def test_length_in_epochs(schedule: Schedule, length: float) -> None:
    per_epoch = steps_per_epoch(95, 10)
    assert schedule.steps(per_epoch) / per_epoch == pytest.approx(length)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(0), "epochs must be above 0, not 0"),
        (lambda: Decay(3, 0.0), "factor must be above 0, not 0.0"),
        (lambda: Constant(3, 3.5), "warmup_epochs must be 0 to 3, the epochs, not 3.5"),
        (lambda: Cosine(3, -1.0), "warmup_epochs must be 0 to 3, the epochs, not -1.0"),
        (lambda: OneCycle(3, 1.0), "rise must be between 0 and 1, not 1.0"),
        (lambda: Cycles(0, half_cycle_steps=3), "cycles must be above 0, not 0"),
        (lambda: Cycles(1, half_cycle_epochs=-1.0), "half_cycle must be above 0, not -1.0"),
        (lambda: Cycles(1), "exactly one of half_cycle_steps and half_cycle_epochs"),
        (lambda: Cycles(1, 2, 3.0), "exactly one of half_cycle_steps and half_cycle_epochs"),
    ],
)
def test_impossible_schedules_are_refused(make: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        make()  # type: ignore[operator]
