"""The objective trains what the model trains, and says what each trial is worth."""

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from model import schedule
from model.data.labelled import Labelled
from search.errors import KlayerError
from search.objective.report import Assignment, Report
from search.objectives.network import folds, trials
from search.objectives.network.folds import folds_of
from search.objectives.network.kind import recorded
from search.objectives.network.stack import epochs
from search.study.file import Study
from tests.search.objectives.network.trainings import (
    CYCLES,
    DECAY,
    DIVERGING,
    ORDER_SEED,
    TRIALS,
    directly,
    drained,
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


# --- folds and repeats ----------------------------------------------------------------------------

FOLDS = ("data.folds=3", DECAY, "training.precision='float64'")


def by_hand(
    study: Study, fold: int, given: Sequence[Assignment] = TRIALS
) -> list[dict[int, Report]]:
    """The reports of a training on one fold alone."""
    section, data = section_and_data(study)
    chosen = [folds_of(section, data)[fold]]
    return [one.reports for one in epochs(study.objective, section, given, ORDER_SEED, chosen)]


@pytest.mark.parametrize(
    ("apart", "also"),
    [(False, ()), (True, ()), (False, ("data.components=20", "training.shift=1"))],
)
def test_a_report_is_the_mean_over_folds(
    apart: bool, also: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the folds are one stack, or stacks in step; each has components of its own."""
    if apart:
        monkeypatch.setattr(folds, "STACKED_BATCH", 0)
    study = study_with(*FOLDS, *also)
    singles = [by_hand(study, fold) for fold in range(3)]
    found = trained(study)
    assert len(found) == 3
    for number, reports in enumerate(found):
        assert list(reports) == [0, 1, 2]
        for place, report in reports.items():
            parts = [single[number][place] for single in singles]
            values = [one.value for one in parts]
            assert report.step == number + 1
            assert report.value == pytest.approx(np.mean(values), rel=1e-9)
            error = np.std(values, ddof=1) / math.sqrt(3)
            assert report.metrics["validation_accuracy_se"] == pytest.approx(error, abs=1e-9)
            for name, value in parts[0].metrics.items():
                mean = np.mean([one.metrics[name] for one in parts])
                assert report.metrics[name] == pytest.approx(mean, rel=1e-9), (name, value)
    assert study.objective.metrics[-1].name == "validation_accuracy"
    assert [one.name for one in study.objective.metrics if one.spread_of] == [
        "validation_accuracy_se"
    ]
    assert set(report.metrics) == {one.name for one in study.objective.metrics}


def test_repeats_are_members_whose_first_seed_is_the_trials_own() -> None:
    study = study_with("data.repeats=3", DECAY, "training.precision='float64'")
    one = TRIALS[0]
    seeds = [trials.seed_of(one.seed, repeat) for repeat in range(3)]
    assert seeds[0] == one.seed
    assert len(set(seeds)) == 3
    singles = trained(
        study_with(DECAY, "training.precision='float64'"),
        tuple(Assignment(one.parameters, seed) for seed in seeds),
    )
    for reports, single in zip(trained(study, (one,)), singles, strict=True):
        values = [single[place].value for place in range(3)]
        assert reports[0].value == pytest.approx(np.mean(values), rel=1e-12)
        error = np.std(values, ddof=1) / math.sqrt(3)
        assert reports[0].metrics["validation_accuracy_se"] == pytest.approx(error, abs=1e-12)


def test_a_stage_may_have_repeats_of_its_own() -> None:
    study = study_with("stages.coarse.training.repeats=2", DECAY)
    everywhere = study_with("data.repeats=2", DECAY)
    assert study.objective.metrics == everywhere.objective.metrics
    assert recorded(study.objective.recorded()).metrics == study.objective.metrics
    _, data = section_and_data(study)
    one = trials.train(study.objective, study.stages[0].training, TRIALS, ORDER_SEED, data)
    assert list(one) == trained(everywhere)


def test_with_folds_and_repeats_the_error_is_that_of_the_folds() -> None:
    study = study_with(*FOLDS, "data.repeats=2")
    one = TRIALS[0]
    seeds = [Assignment(one.parameters, trials.seed_of(one.seed, repeat)) for repeat in range(2)]
    means = [
        np.mean([report.value for report in by_hand(study, fold, seeds)[-1].values()])
        for fold in range(3)
    ]
    last = trained(study, (one,))[-1][0]
    assert last.value == pytest.approx(np.mean(means), rel=1e-9)
    error = np.std(means, ddof=1) / math.sqrt(3)
    assert last.metrics["validation_accuracy_se"] == pytest.approx(error, abs=1e-9)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("more", [(), ("training.score='best_epoch'",), ("data.repeats=2",)])
def test_folds_that_are_put_down_go_on_bit_for_bit(
    more: tuple[str, ...], apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if apart:
        monkeypatch.setattr(folds, "STACKED_BATCH", 0)
    study = study_with("data.folds=3", DECAY, *more)
    section, data = section_and_data(study)
    whole = trained(study)
    begun, states = drained(
        trials.train(study.objective, section, TRIALS, ORDER_SEED, data, until=1)
    )
    assert begun == whole[:1]
    assert sorted(states) == [0, 1, 2]
    start = [states[place] for place in range(3)]
    ended, left = drained(trials.train(study.objective, section, TRIALS, ORDER_SEED, data, start))
    assert ended == whole[1:]
    assert left == {}


def test_a_dropped_trial_is_dropped_in_each_fold() -> None:
    study = study_with("data.folds=3", DECAY)
    section, data = section_and_data(study)
    whole = trained(study)
    going = trials.train(study.objective, section, TRIALS, ORDER_SEED, data, until=2)
    next(going)
    second = going.send([2, 0])
    assert list(second) == [0, 2]
    assert second[2].value == pytest.approx(whole[1][2].value, abs=0.02)
    with pytest.raises(StopIteration) as end:
        going.send([2])
    assert list(end.value.value) == [2]


@pytest.mark.parametrize("apart", [False, True])
def test_those_that_are_left_are_put_down_and_go_on_bit_for_bit(
    apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that takes over has the stack of those that were left, as the first one had."""
    if apart:
        monkeypatch.setattr(folds, "STACKED_BATCH", 0)
    study = study_with("data.folds=3", DECAY)
    section, data = section_and_data(study)

    def training(given: Sequence[Assignment], *rest: Any) -> Any:
        return trials.train(study.objective, section, given, ORDER_SEED, data, *rest)

    going = training(TRIALS)
    next(going)
    second, third = going.send([0, 2]), next(going)
    begun = training(TRIALS, (), 1)
    next(begun)
    with pytest.raises(StopIteration) as end:
        begun.send([0, 2])
    start = [end.value.value[place] for place in (0, 2)]
    ended, _ = drained(training((TRIALS[0], TRIALS[2]), start))
    for one, other in zip(ended, (second, third), strict=True):
        assert list(one.values()) == list(other.values())


@pytest.mark.parametrize("apart", [False, True])
def test_a_trial_that_diverges_in_one_fold_has_diverged(
    apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if apart:
        monkeypatch.setattr(folds, "STACKED_BATCH", 0)
    study = study_with("data.folds=3", DECAY, "network.batch_norm='none'")
    section, data = section_and_data(study)
    bad = data.folds[1].both.x.copy()
    bad[:] *= 1e4  # which no other fold has
    rows = replace(data.folds[1], both=Labelled(bad, data.folds[1].both.y))
    data = replace(data, folds=(data.folds[0], rows, data.folds[2]))
    found, _ = drained(trials.train(study.objective, section, TRIALS, ORDER_SEED, data))
    ends = [report for reports in found for report in reports.values() if report.diverged]
    assert ends
    for report in ends:
        assert report.value is None
        assert report.reason is not None
        assert report.reason.endswith("its cost is no finite number, in fold 2 of 3")
    assert all(report.reason is None for report in found[-1].values() if not report.diverged)
