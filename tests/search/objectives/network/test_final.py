"""The winner is trained beside the finalists, and the test images are read last of all."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from model import schedule
from model.data import digits
from model.data.labelled import Labelled
from search.objective.report import Assignment, Report
from search.objectives.network import final, trials
from search.objectives.network.data import Dataset
from search.objectives.network.final import TestReport
from search.study.file import Study
from tests.search.objectives.network.trainings import (
    CYCLES,
    DECAY,
    DIVERGING,
    ORDER_SEED,
    TRIALS,
    directly,
    evaluated,
    fold_of,
    section_and_data,
    study_with,
)


def final_of(
    study: Study, given: tuple[Assignment, ...] = TRIALS
) -> tuple[list[Mapping[int, Report]], TestReport]:
    """The reports of a final, and what the test images said."""
    reports, evaluation = evaluated(study, given)
    told = dict(evaluation.result)
    report = TestReport(scores=told.pop("accuracies"), rows=told.pop("images"), **told)
    assert evaluation.values == report.scores
    return reports, report


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
    for _ in trials.train(study.objective, section, TRIALS, ORDER_SEED, data):
        pass
    epochs = final.evaluate(study.objective, section, TRIALS, ORDER_SEED, data)
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
    reports, report = final_of(study)
    assert report.scores == tuple(share(vote, y) for vote in votes)
    assert report.finalist_ensemble == share(votes.mean(axis=0), y)
    assert report.snapshot_ensemble is None
    assert report.snapshot_ensembles == (None, None, None)
    assert report.rows == len(y) == 297
    assert (reports[-1][0].value is None) == whole  # no images are left to choose by
    assert not reports[-1][0].diverged


def test_snapshots_vote_alone_and_with_the_finalists() -> None:
    study = study_with(CYCLES)
    _, data = section_and_data(study)
    fold = fold_of(data, whole=True)
    epochs = directly(study, fold, schedule.Cycles(2, None, 1))
    x, y = standardised_test_images(data)
    shots = [shot.probabilities(x) for epoch in epochs for shot in epoch.snapshots]
    _, report = final_of(study)
    assert report.scores == tuple(share(vote, y) for vote in epochs[-1].network.probabilities(x))
    assert report.snapshot_ensemble == share(np.mean([shot[0] for shot in shots], axis=0), y)
    assert report.snapshot_ensembles == tuple(
        share(np.mean([shot[i] for shot in shots], axis=0), y) for i in range(3)
    )
    everyone = np.mean([shot[i] for i in range(3) for shot in shots], axis=0)
    assert report.finalist_ensemble == share(everyone, y)


def test_without_ensembles_none_is_reported() -> None:
    _, report = final_of(study_with(CYCLES, "final.ensemble=false"), TRIALS[:1])
    assert (report.snapshot_ensemble, report.finalist_ensemble) == (None, None)
    assert report.snapshot_ensembles == (None,)
    assert len(report.scores) == 1


def test_finalists_that_are_no_stack_are_trained_one_after_another() -> None:
    study = study_with(DECAY)
    other = Assignment({"learning_rate": 0.05, "batch_size": 50}, 8)
    mixed = (TRIALS[0], other, TRIALS[1])
    reports, report = final_of(study, mixed)
    assert [list(epoch) for epoch in reports] == [[0, 2]] * 3 + [[1]] * 3
    _, pair = final_of(study, (TRIALS[0], TRIALS[1]))
    _, single = final_of(study, (other,))
    assert report.scores == (pair.scores[0], single.scores[0], pair.scores[1])


def test_a_finalist_that_diverged_has_no_accuracy_and_no_vote() -> None:
    study = study_with(DECAY, "network.batch_norm='none'")
    _, report = final_of(study, (TRIALS[0], DIVERGING))
    assert report.scores[0] is not None
    assert report.scores[1] is None
    assert report.finalist_ensemble is None  # the winner is alone
    _, cycled = final_of(study_with(CYCLES, "network.batch_norm='none'"), (TRIALS[0], DIVERGING))
    assert [one is None for one in cycled.snapshot_ensembles] == [False, True]
    _, nobody = final_of(study, (DIVERGING,))
    assert nobody.scores == (None,)


def standardised_test_images(data: Dataset) -> tuple[Any, Any]:
    raw = digits.test()
    x = (raw.x - data.prepared.mean) / data.prepared.std
    return x.astype(np.float32), raw.y


def share(probabilities: Any, labels: Any) -> float:
    return float((probabilities.argmax(axis=-1) == labels).mean())
