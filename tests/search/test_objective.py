"""The objective trains what the model trains, and reads the test images last of all."""

import math
import pickle
from collections.abc import Callable, Generator
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from model import schedule, training
from model.data import digits
from model.data.labelled import Labelled
from model.members import Architecture, Member
from search import objective
from search.errors import DataError, KlayerError
from search.objective import Dataset
from search.outcome import Assignment, Report, TestReport
from search.study.file import Study
from search.study.reading import load

ORDER_SEED = 11
TRIALS = (
    Assignment({"learning_rate": 0.05, "weight_decay": 1e-4}, 3),
    Assignment({"learning_rate": 0.2, "weight_decay": 1e-2}, 4),
    Assignment({"learning_rate": 0.01, "weight_decay": 1e-5}, 5),
)
DIVERGING = Assignment({"learning_rate": 1e6, "weight_decay": 1e-1}, 6)
DECAY = "training.schedule={kind='decay', epochs=3, factor=0.9}"
CYCLES = "training.schedule={kind='cycles', cycles=2, half_cycle_epochs=1}"


def study_with(*overrides: str) -> Study:
    return load("digits", overrides)


def section_and_data(study: Study) -> tuple[Any, Dataset]:
    return study.training, objective.open_data(study, None)


def trained(study: Study, trials: tuple[Assignment, ...] = TRIALS) -> list[dict[int, Report]]:
    section, data = section_and_data(study)
    return list(objective.train(study, section, trials, ORDER_SEED, data))


def proven(
    study: Study, trials: tuple[Assignment, ...] = TRIALS
) -> tuple[list[dict[int, Report]], TestReport]:
    section, data = section_and_data(study)
    return drained(objective.prove(study, section, trials, ORDER_SEED, data))


def drained(
    epochs: Generator[dict[int, Report], None, TestReport],
) -> tuple[list[dict[int, Report]], TestReport]:
    reports = []
    while True:
        try:
            reports.append(next(epochs))
        except StopIteration as end:
            return reports, end.value


def directly(
    study: Study,
    fold: training.Data,
    of: schedule.Schedule,
    trials: tuple[Assignment, ...] = TRIALS,
) -> list[training.Epoch]:
    """The same training, asked of the model by hand."""
    members = [
        Member(
            (50, 50),
            trial.seed,
            float(trial.parameters["learning_rate"]),
            learning_rate_min=1e-5 if isinstance(of, schedule.Cycles) else 0.0,
            weight_decay=float(trial.parameters["weight_decay"]),
            momentum=0.9,
        )
        for trial in trials
    ]
    recipe = training.Recipe(batch_size=100, schedule=of, seed=ORDER_SEED)
    return list(training.train(Architecture(64, 10, batch_norm="before"), members, recipe, fold))


def fold_of(data: Dataset, *, whole: bool = False) -> training.Data:
    one, other = data.prepared.training, data.prepared.validation
    if not whole:
        return training.Data(one.x, one.y, other.x, other.y)
    return training.Data(
        np.concatenate([one.x, other.x]),
        np.concatenate([one.y, other.y]),
        other.x[:0],
        other.y[:0],
    )


# --- training -----------------------------------------------------------------------------------


def test_reports_are_the_models_own_records() -> None:
    study = study_with(DECAY)
    _, data = section_and_data(study)
    epochs = directly(study, fold_of(data), schedule.Decay(3, 0.9))
    assert len(epochs) == 3
    for epoch, reports in zip(epochs, trained(study), strict=True):
        assert list(reports) == [0, 1, 2]
        for record, report in zip(epoch.records, reports.values(), strict=True):
            assert asdict(report.figures) == asdict(record)
            assert report.value == record.validation_accuracy
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
    assert math.isnan(ends[-1].value)
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
    assert math.isfinite(wrecked.figures.train_cost)
    assert not math.isfinite(wrecked.figures.validation_loss)
    assert wrecked.diverged
    assert math.isnan(wrecked.value)
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
        accuracies = [epoch[place].figures.validation_accuracy for epoch in epochs]
        values = [epoch[place].value for epoch in epochs]
        assert values == list(np.maximum.accumulate(accuracies))
    assert any(
        epoch[p].value != epoch[p].figures.validation_accuracy for epoch in epochs for p in epoch
    )


def test_the_snapshots_can_be_what_counts() -> None:
    study = study_with(CYCLES, "training.score='snapshot_ensemble'")
    _, data = section_and_data(study)
    fold = fold_of(data)
    epochs = directly(study, fold, schedule.Cycles(2, None, 1))
    shots = [shot for epoch in epochs for shot in epoch.snapshots]
    assert len(shots) == 2
    together = np.mean([shot.probabilities(fold.validation_x) for shot in shots], axis=0)
    share = (together.argmax(axis=-1) == fold.validation_labels).mean(axis=-1)
    assert [report.value for report in trained(study)[-1].values()] == share.tolist()


# --- the proof ----------------------------------------------------------------------------------


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that the test images of the digits are read."""
    happened: list[str] = []
    real: Callable[[], Labelled] = digits.test

    def counted() -> Labelled:
        happened.append("test")
        return real()

    monkeypatch.setattr(digits, "test", counted)
    return happened


def test_the_test_images_are_read_once_and_last(readings: list[str]) -> None:
    study = study_with(DECAY)
    section, data = section_and_data(study)
    for _ in objective.train(study, section, TRIALS, ORDER_SEED, data):
        pass
    epochs = objective.prove(study, section, TRIALS, ORDER_SEED, data)
    for _ in range(3):
        next(epochs)
        assert readings == []
    with pytest.raises(StopIteration):
        next(epochs)
    assert readings == ["test"]


@pytest.mark.parametrize("train_on", ["training", "training+validation"])
def test_the_test_report_follows_from_the_trained_networks(train_on: str) -> None:
    study = study_with(DECAY, f"final.train_on={train_on!r}")
    _, data = section_and_data(study)
    whole = train_on != "training"
    last = directly(study, fold_of(data, whole=whole), schedule.Decay(3, 0.9))[-1]
    x, y = standardised_test_images(data)
    votes = last.network.probabilities(x)
    reports, report = proven(study)
    assert report.accuracies == tuple(share(vote, y) for vote in votes)
    assert report.finalist_ensemble == share(votes.mean(axis=0), y)
    assert report.snapshot_ensemble is None
    assert report.images == len(y) == 297
    assert math.isnan(reports[-1][0].value) == whole  # no images are left to choose by
    assert not reports[-1][0].diverged


def test_snapshots_vote_alone_and_with_the_finalists() -> None:
    study = study_with(CYCLES)
    _, data = section_and_data(study)
    fold = fold_of(data, whole=True)
    epochs = directly(study, fold, schedule.Cycles(2, None, 1))
    x, y = standardised_test_images(data)
    shots = [shot.probabilities(x) for epoch in epochs for shot in epoch.snapshots]
    _, report = proven(study)
    assert report.accuracies == tuple(
        share(vote, y) for vote in epochs[-1].network.probabilities(x)
    )
    assert report.snapshot_ensemble == share(np.mean([shot[0] for shot in shots], axis=0), y)
    everyone = np.mean([shot[i] for i in range(3) for shot in shots], axis=0)
    assert report.finalist_ensemble == share(everyone, y)


def test_without_ensembles_none_is_reported() -> None:
    _, report = proven(study_with(CYCLES, "final.ensemble=false"), TRIALS[:1])
    assert (report.snapshot_ensemble, report.finalist_ensemble) == (None, None)
    assert len(report.accuracies) == 1


def test_finalists_that_are_no_stack_are_trained_one_after_another() -> None:
    study = study_with(DECAY)
    other = Assignment({"learning_rate": 0.05, "batch_size": 50}, 8)
    mixed = (TRIALS[0], other, TRIALS[1])
    reports, report = proven(study, mixed)
    assert [list(epoch) for epoch in reports] == [[0, 2]] * 3 + [[1]] * 3
    _, pair = proven(study, (TRIALS[0], TRIALS[1]))
    _, single = proven(study, (other,))
    assert report.accuracies == (pair.accuracies[0], single.accuracies[0], pair.accuracies[1])


def test_a_finalist_that_diverged_has_no_accuracy_and_no_vote() -> None:
    study = study_with(DECAY, "network.batch_norm='none'")
    _, report = proven(study, (TRIALS[0], DIVERGING))
    assert report.accuracies[0] is not None
    assert report.accuracies[1] is None
    assert report.finalist_ensemble is None  # the winner is alone
    _, nobody = proven(study, (DIVERGING,))
    assert nobody.accuracies == (None,)


def standardised_test_images(data: Dataset) -> tuple[Any, Any]:
    raw = digits.test()
    x = (raw.x - data.prepared.mean) / data.prepared.std
    return x.astype(np.float32), raw.y


def share(probabilities: Any, labels: Any) -> float:
    return float((probabilities.argmax(axis=-1) == labels).mean())


# --- what can be one stack ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "together"),
    [
        ({"learning_rate": 1.0, "weight_decay": 0.1, "momentum": 0.5, "width_1": 20}, True),
        ({"initialization": "normal", "init_sigma": 0.1, "jitter": 0.1}, True),
        ({"batch_size": 50}, False),
        ({"activation": "elu"}, False),
        ({"batch_norm": "after"}, False),
        ({"loss": "hinge"}, False),
    ],
)
def test_trials_have_one_key_where_they_can_be_trained_as_one_stack(
    point: dict[str, Any], together: bool
) -> None:
    study = study_with("training.schedule.epochs=1")
    key = objective.grouping(study)
    plain = {"learning_rate": 0.01}
    assert (key(study.training, plain) == key(study.training, point)) == together
    trials = (Assignment(plain, 1), Assignment(point, 2))
    if together:
        assert [list(epoch) for epoch in trained(study, trials)] == [[0, 1]]
    else:
        with pytest.raises(KlayerError):
            trained(study, trials)


# --- data ---------------------------------------------------------------------------------------


def test_a_data_set_travels_as_a_path_and_arrives_equal() -> None:
    _, data = section_and_data(study_with())
    sent = pickle.dumps(data)
    assert len(sent) < 2_000
    there = pickle.loads(sent)
    assert there.fingerprint == data.fingerprint
    assert np.array_equal(there.prepared.training.x, data.prepared.training.x)


def test_missing_images_are_one_message() -> None:
    study = load("lambda-coarse-to-fine")
    with pytest.raises(DataError, match="cifar10: is missing; expected a folder"):
        objective.open_data(study, None)
