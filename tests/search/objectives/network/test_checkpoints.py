"""A trial that is put down and taken up again goes on as if it had not been."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from search.errors import KlayerError
from search.objective.report import Assignment, Report
from search.objectives.network import trials as module
from search.objectives.network.checkpoints import TrialCheckpoint, joined, parted
from tests.search.objectives.network.trainings import (
    DIVERGING,
    ORDER_SEED,
    TRIALS,
    section_and_data,
    study_with,
    trained,
)

CYCLES = "training.schedule={kind='cycles', cycles=3, half_cycle_epochs=1}"
SCORES = ("last_epoch", "best_epoch", "snapshot_ensemble")


def part(
    study: Any, trials: tuple[Assignment, ...], start: tuple[bytes, ...], until: int | None
) -> tuple[list[dict[int, Report]], dict[int, bytes]]:
    """A part of a training: its reports, and what the trials go on from."""
    section, data = section_and_data(study)
    training = module.train(study.objective, section, trials, ORDER_SEED, data, start, until)
    reports = []
    while True:
        try:
            reports.append(next(training))
        except StopIteration as end:
            return reports, end.value


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("jitter", ["0.0", "0.1"])
@pytest.mark.parametrize(
    "optimizer", ["momentum=0.0", "momentum=0.9", "optimizer='adamw' momentum=0", "ema_decay=0.9"]
)
def test_in_two_parts_the_reports_are_the_same_bit_for_bit(
    score: str, jitter: str, optimizer: str
) -> None:
    drawn = (f"training.jitter={jitter}", *(f"training.{one}" for one in optimizer.split()))
    study = study_with(CYCLES, f"training.score='{score}'", *drawn)
    first, states = part(study, TRIALS, (), 3)
    assert len(first) == 3
    second, end = part(study, TRIALS, tuple(states.values()), None)
    assert end == {}
    assert first + second == trained(study)


@pytest.mark.parametrize("score", SCORES)
def test_those_that_go_on_may_be_regrouped(score: str) -> None:
    study = study_with(CYCLES, f"training.score='{score}'")
    _, states = part(study, TRIALS, (), 2)
    chosen = (TRIALS[2], TRIALS[0])
    regrouped, _ = part(study, chosen, (states[2], states[0]), None)
    for whole, reports in zip(trained(study)[2:], regrouped, strict=True):
        for place, of_all in ((0, 2), (1, 0)):
            assert reports[place].step == whole[of_all].step
            assert reports[place].value == pytest.approx(whole[of_all].value, abs=0.01)
            assert np.isclose(
                reports[place].metrics["train_loss"], whole[of_all].metrics["train_loss"], rtol=1e-2
            )


def test_a_trial_that_has_diverged_has_nothing_to_go_on_from() -> None:
    study = study_with(CYCLES, "network.batch_norm='none'")
    _, states = part(study, (TRIALS[0], DIVERGING), (), 3)
    assert list(states) == [0]


def test_dropped_trials_are_trained_no_longer() -> None:
    study = study_with(CYCLES)
    section, data = section_and_data(study)
    training = module.train(study.objective, section, TRIALS, ORDER_SEED, data)
    next(training)
    assert list(training.send([0, 2])) == [0, 2]
    assert list(next(training)) == [0, 2]
    assert list(training.send([2])) == [2]


def flipped(written: bytes) -> bytes:
    middle = len(written) // 2
    return written[:middle] + bytes([written[middle] ^ 255]) + written[middle + 1 :]


def without_weights(written: bytes) -> bytes:
    """A sound archive of a network that lacks an array."""
    read = TrialCheckpoint.from_bytes(written)
    arrays = {n: a for n, a in read.network.arrays.items() if n != "layer_2.weights"}
    return replace(read, network=replace(read.network, arrays=arrays)).to_bytes()


@pytest.mark.parametrize(
    ("damaged", "told"),
    [
        (lambda _: b"", "no checkpoint of a training"),
        (lambda written: written[:500], "no checkpoint of a training"),
        (flipped, "no checkpoint of a training"),
        (without_weights, r"no checkpoint of this network: layer_2\.weights .* missing"),
    ],
)
def test_a_damaged_checkpoint_is_an_error_that_can_be_told(
    damaged: Callable[[bytes], bytes], told: str
) -> None:
    study = study_with(CYCLES, "training.score='snapshot_ensemble'")
    _, states = part(study, TRIALS, (), 2)
    start = (states[0], damaged(states[1]), states[2])
    with pytest.raises(KlayerError, match=told):
        part(study, TRIALS, start, None)


def test_checkpoints_of_several_trainings_are_joined_and_parted() -> None:
    parts = [b"one", b"", b"three" * 100]
    whole = joined(parts)
    assert parted(whole, 3) == parts
    assert joined(parts) == whole
    assert joined(parts[:1]) == parts[0]
    assert parted(b"as it is", 1) == [b"as it is"]


def test_what_is_no_such_checkpoint_is_refused() -> None:
    with pytest.raises(KlayerError, match="of 2 trainings has no checkpoint of 3"):
        parted(joined([b"a", b"b", b"c"]), 2)
    with pytest.raises(KlayerError, match="this is no checkpoint of a trial"):
        parted(b"damaged", 2)
