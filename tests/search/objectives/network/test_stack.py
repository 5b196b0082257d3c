"""Trials of tables are worth what scikit-learn says that they are worth, in the user's own unit."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.rows import Data
from search.objective.report import Assignment, Report
from search.objectives.network import trials
from search.objectives.network.data import open_data
from search.objectives.network.folds import Fold
from search.objectives.network.stack import epochs
from search.study.file import Study
from tests.search.objectives.network.own_tables import (
    CLASSES,
    VALUES,
    curve,
    labels_of,
    parts,
    study_in,
    values_of,
)
from tests.search.objectives.network.trainings import drained

GIVEN = (Assignment({"learning_rate": 0.05}, 3), Assignment({"learning_rate": 0.005}, 4))
WILD = (*GIVEN, Assignment({"learning_rate": 0.2}, 5))
LONG = "training.schedule.epochs=12"
CYCLES = "training.schedule={kind='cycles', cycles=2, half_cycle_epochs=1}"
MEASURES = [*((("label",), name) for name in CLASSES), *((("price",), name) for name in VALUES)]
TWO = ("price", "weight")


def trained(
    study: Study,
    given: tuple[Assignment, ...] = GIVEN,
    start: tuple[bytes, ...] = (),
    until: int | None = None,
) -> tuple[list[dict[int, Report]], dict[int, bytes]]:
    """The reports of a training, and what the trials go on from."""
    objective = study.objective
    data = open_data(objective, study.seed, None)
    return drained(trials.train(objective, objective.training, given, 11, data, start, until))


def networks(study: Study, given: tuple[Assignment, ...] = GIVEN) -> tuple[Any, Iterator[Any]]:
    """The prepared rows, and the epochs of the same training; the next one changes the network."""
    objective = study.objective
    rows = open_data(objective, study.seed, None).prepared
    fold = Data(rows.training.x, rows.training.y, rows.validation.x, rows.validation.y)
    folds = [Fold(fold, objective.facts.scale)]
    return rows, epochs(objective, objective.training, given, 11, folds)


@pytest.mark.parametrize(("targets", "score"), MEASURES)
def test_the_score_is_scikit_learn_s_of_the_validation_rows(
    tmp_path: Path, targets: tuple[str, ...], score: str
) -> None:
    study = study_in(tmp_path, targets, score)
    reports, _ = trained(study)
    rows, found = networks(study)
    held_out = parts(targets).validation
    assert len(reports) == 4
    for epoch, told in zip(found, reports, strict=True):
        for place, report in told.items():
            if targets == ("label",):
                said = epoch.network.probabilities(rows.validation.x)[place]
                expected = CLASSES[score](labels_of(held_out), said)
            else:
                said = epoch.network.predictions(rows.validation.x)[place]
                own = said.astype(float) * rows.targets.std + rows.targets.mean
                expected = VALUES[score](values_of(targets, held_out), own)
            assert report.value == pytest.approx(expected, rel=1e-5)
            assert report.metrics[f"validation_{score}"] == report.value
    first, last = curve(reports, 0, f"validation_{score}")[::3]
    assert first != last


def test_the_usual_scores_need_not_be_named(tmp_path: Path) -> None:
    for targets, score in ((("label",), "accuracy"), (("price",), "rmse")):
        named = study_in(tmp_path, targets, score)
        usual = study_in(tmp_path, targets)
        assert usual.objective.scored_by == score
        assert trained(usual) == trained(named)


@pytest.mark.parametrize("score", ["rmse", "mae"])
def test_errors_are_in_the_unit_of_the_target(tmp_path: Path, score: str) -> None:
    """A training RMSE, too; prices are of thousands, and standardised ones are not."""
    reports, _ = trained(study_in(tmp_path, ("price",), score))
    for name in ("train_rmse", "validation_rmse", f"validation_{score}"):
        assert 100 < reports[-1][0].metrics[name] < 10_000
    assert reports[-1][0].metrics["train_loss"] < 10


@pytest.mark.parametrize("score", list(VALUES))
def test_several_targets_are_scored_standardised(tmp_path: Path, score: str) -> None:
    """Their units differ, so errors are counted in the deviations of the training rows."""
    study = study_in(tmp_path, TWO, score)
    reports, _ = trained(study)
    rows, found = networks(study)
    right = parts(TWO)
    values = values_of(TWO, right.training)
    own = (values_of(TWO, right.validation) - values.mean(axis=0)) / values.std(axis=0)
    *_, last = found
    said = last.network.predictions(rows.validation.x)
    assert said.shape == (2, len(right.validation), 2)
    for place in (0, 1):
        if score == "rmse":  # over all values, where scikit-learn takes the mean of columns
            expected = math.sqrt(np.mean(np.square(own - said[place])))
        else:
            expected = VALUES[score](own, said[place])
        assert reports[-1][place].value == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("targets", "score", "best"),
    [
        (("price",), "rmse", np.minimum),
        (("price",), "mae", np.minimum),
        (("price",), "r2", np.maximum),
        (("label",), "log_loss", np.minimum),
        (("label",), "balanced_accuracy", np.maximum),
    ],
)
def test_the_best_epoch_is_the_smallest_where_smaller_is_better(
    tmp_path: Path, targets: tuple[str, ...], score: str, best: Any
) -> None:
    study = study_in(tmp_path, targets, score, [LONG, "training.score='best_epoch'"])
    reports, _ = trained(study, WILD)
    found = [curve(reports, place, f"validation_{score}") for place in range(3)]
    for place, values in enumerate(found):
        told = [epoch[place].value for epoch in reports]
        assert told == best.accumulate(values).tolist()
    assert any(values[-1] != best.reduce(values) for values in found)


@pytest.mark.parametrize(
    ("targets", "score"), [(("price",), "mae"), (("label",), "log_loss"), (TWO, "rmse")]
)
@pytest.mark.parametrize("rule", ["last_epoch", "best_epoch", "snapshot_ensemble"])
def test_in_two_parts_the_reports_are_the_same(
    tmp_path: Path, targets: tuple[str, ...], score: str, rule: str
) -> None:
    study = study_in(tmp_path, targets, score, [CYCLES, f"training.score='{rule}'"])
    whole, end = trained(study)
    assert end == {}
    first, states = trained(study, until=2)
    second, _ = trained(study, start=tuple(states.values()))
    assert first + second == whole


@pytest.mark.parametrize(("targets", "score"), MEASURES)
def test_snapshots_vote_by_the_mean_of_what_they_say(
    tmp_path: Path, targets: tuple[str, ...], score: str
) -> None:
    study = study_in(tmp_path, targets, score, [CYCLES, "training.score='snapshot_ensemble'"])
    reports, _ = trained(study)
    rows, found = networks(study)
    shots = [shot for epoch in found for shot in epoch.snapshots]
    assert len(shots) == 2
    held_out = parts(targets).validation
    for place in (0, 1):
        if targets == ("label",):
            said = np.mean([one.probabilities(rows.validation.x)[place] for one in shots], axis=0)
            expected = CLASSES[score](labels_of(held_out), said)
        else:
            said = np.mean([one.predictions(rows.validation.x)[place] for one in shots], axis=0)
            own = said.astype(float) * rows.targets.std + rows.targets.mean
            expected = VALUES[score](values_of(targets, held_out), own)
        assert reports[-1][place].value == pytest.approx(expected, rel=1e-5)


def test_a_regression_that_diverges_has_no_value(tmp_path: Path) -> None:
    far = Assignment({"learning_rate": 1e6}, 6)
    study = study_in(tmp_path, ("price",), "r2", ["training.score='best_epoch'"])
    reports, _ = trained(study, (GIVEN[0], far))
    last = [epoch[1] for epoch in reports if 1 in epoch][-1]
    assert last.diverged
    assert last.value is None
    assert list(reports[-1]) == [0]
