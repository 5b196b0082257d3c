"""The objective trains what the model trains, and says what each trial is worth."""

import math
from dataclasses import asdict

import numpy as np
import pytest

from model import schedule
from search.errors import KlayerError
from search.objective.report import Assignment
from tests.search.objectives.network.trainings import (
    CYCLES,
    DECAY,
    DIVERGING,
    TRIALS,
    directly,
    fold_of,
    section_and_data,
    study_with,
    trained,
)


def test_reports_are_the_models_own_records() -> None:
    study = study_with(DECAY)
    _, data = section_and_data(study)
    epochs = directly(study, fold_of(data), schedule.Decay(3, 0.9))
    assert len(epochs) == 3
    for epoch, reports in zip(epochs, trained(study), strict=True):
        assert list(reports) == [0, 1, 2]
        for record, report in zip(epoch.records, reports.values(), strict=True):
            named = {k.replace("measure", "accuracy"): v for k, v in asdict(record).items()}
            assert {"epoch": report.step, **report.metrics} == named
            assert report.value == record.validation_measure
            assert not report.diverged


def test_training_twice_is_equal_bit_for_bit() -> None:
    study = study_with(DECAY)
    assert trained(study) == trained(study)


def test_a_diverging_trial_ends_and_the_others_do_not_notice() -> None:
    study = study_with(DECAY, "network.batch_norm='none'")
    alone = trained(study, TRIALS[:2])
    beside = trained(study, (TRIALS[0], DIVERGING, TRIALS[1]))
    ends = [epoch[1] for epoch in beside if 1 in epoch]
    assert ends[-1].diverged
    assert ends[-1].value is None
    assert ends[-1].reason == f"diverged in epoch {len(ends)}: its cost is no finite number"
    assert len(ends) < 3
    for one, other in zip(alone, beside, strict=True):
        for place, report in one.items():
            seen = other[2 * place]
            assert not seen.diverged
            assert seen.value == pytest.approx(report.value, abs=0.01)
    assert list(beside[-1]) == [0, 2]


def test_a_training_of_which_all_trials_diverge_ends_early() -> None:
    study = study_with("training.schedule.epochs=50", "network.batch_norm='none'")
    epochs = trained(study, (DIVERGING, DIVERGING))
    assert len(epochs) < 50
    assert all(report.diverged for report in epochs[-1].values())


def test_a_trial_that_only_its_last_update_made_diverge_has_no_value() -> None:
    """One update, before which its figures were sound; only the validation pass overflows."""
    study = study_with(
        "training.batch_size=1200", "training.schedule.epochs=1", "network.batch_norm='none'"
    )
    far = Assignment({"learning_rate": 1e15}, 6)
    ((fine, wrecked),) = [epoch.values() for epoch in trained(study, (TRIALS[0], far))]
    assert math.isfinite(wrecked.metrics["train_cost"])
    assert not math.isfinite(wrecked.metrics["validation_loss"])
    assert wrecked.diverged
    assert wrecked.value is None
    assert not fine.diverged


def test_trials_that_are_no_stack_are_refused() -> None:
    study = study_with(DECAY)
    other = Assignment({"batch_size": 50}, 1)
    with pytest.raises(KlayerError, match="must agree in network, schedule and batches"):
        trained(study, (TRIALS[0], other))


def test_the_best_epoch_can_be_what_counts() -> None:
    study = study_with("training.schedule.epochs=6", "training.score='best_epoch'")
    epochs = trained(study)
    for place in range(len(TRIALS)):
        accuracies = [epoch[place].metrics["validation_accuracy"] for epoch in epochs]
        values = [epoch[place].value for epoch in epochs]
        assert values == list(np.maximum.accumulate(accuracies))
    assert any(
        epoch[p].value != epoch[p].metrics["validation_accuracy"] for epoch in epochs for p in epoch
    )


def test_the_snapshots_can_be_what_counts() -> None:
    study = study_with(CYCLES, "training.score='snapshot_ensemble'")
    _, data = section_and_data(study)
    fold = fold_of(data)
    epochs = directly(study, fold, schedule.Cycles(2, None, 1))
    shots = [shot for epoch in epochs for shot in epoch.snapshots]
    assert len(shots) == 2
    together = np.mean([shot.probabilities(fold.validation_x) for shot in shots], axis=0)
    share = (together.argmax(axis=-1) == fold.validation_targets).mean(axis=-1)
    assert [report.value for report in trained(study)[-1].values()] == share.tolist()
