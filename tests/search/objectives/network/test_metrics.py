"""A network's metrics are the model's own record of an epoch, and one of them ranks."""

from dataclasses import fields
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from sklearn import metrics as oracle

from model import scores
from model.data.table_options import Task
from model.epochs import EpochRecord
from search.objectives.network.metrics import (
    MEASURED,
    Score,
    metric_of,
    metrics_of,
    scores_of,
)
from search.study.file import study_of
from search.study.reading import load
from tests.search.objectives.network.own_tables import study_in

LARGER = {"accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "r2"}


@pytest.mark.parametrize("task", get_args(Task))
def test_they_are_what_the_model_records_of_an_epoch_in_its_order(task: Task) -> None:
    """Its measure is the accuracy of classes, and the root mean squared error of values."""
    recorded = [field.name.replace("measure", MEASURED[task]) for field in fields(EpochRecord)]
    names = [one.name for one in metrics_of(task, MEASURED[task])]
    assert names == [name for name in recorded if name != "epoch"]


@pytest.mark.parametrize("score", get_args(Score))
def test_each_score_has_its_direction_and_stands_last(score: Score) -> None:
    (task,) = (one for one in get_args(Task) if score in scores_of(one))
    listed = metrics_of(task, score)
    assert listed[-1] == metric_of(score, "validation")
    assert len({one.name for one in listed}) == len(listed)
    assert listed[-1].direction == ("maximize" if score in LARGER else "minimize")
    assert all(one.direction == "minimize" for one in listed[:3])
    # It is computed by the function of the same name, whose better value is the larger or smaller.
    function = getattr(scores, score)
    if task == "regression":
        right, wrong = np.array([[1.0], [2.0], [4.0]]), np.array([[1.5], [2.0], [9.0]])
        good, bad = function(right, right), function(wrong, right)
    else:
        labels = np.array([0, 1, 1])
        right = np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9]])
        good, bad = function(right, labels), function(1 - right, labels)
    assert (good > bad) == (score in LARGER)


def test_scores_are_called_as_scikit_learn_does() -> None:
    assert scores.r2(np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]])) == pytest.approx(
        oracle.r2_score([1.0, 3.0], [1.0, 2.0])
    )


def test_the_validation_accuracy_ranks_and_is_read_in_per_cent() -> None:
    objective = load("digits").objective
    assert objective.score == objective.metrics[-1]
    assert objective.score.name == "validation_accuracy"
    assert objective.score.text(0.9717) == "97.17 %"
    assert objective.evaluation.text(0.5) == "50.00 %"


def test_a_study_file_names_another_score() -> None:
    plain = load("digits").canonical()
    named = plain | {"objective": {"kind": "network", "score": "log_loss"}}
    objective = study_of(named).objective
    assert (objective.score.name, objective.score.direction) == ("validation_log_loss", "minimize")
    assert [one.name for one in objective.metrics[:-1]] == [
        one.name for one in load("digits").objective.metrics
    ]
    assert study_of(study_of(named).canonical()) == study_of(named)


def test_training_and_validation_share_a_plot() -> None:
    groups: dict[str, list[str]] = {}
    for one in metrics_of("classification", "accuracy"):
        groups.setdefault(one.shared, []).append(one.part)
    assert groups == {
        "learning_rate": [""],
        "cost": ["training", "validation"],
        "loss": ["training", "validation"],
        "accuracy": ["training", "validation"],
    }


@pytest.mark.parametrize("score", get_args(Score))
def test_a_mean_over_trainings_has_a_spread_ahead_of_the_score(score: Score) -> None:
    (task,) = (one for one in get_args(Task) if score in scores_of(one))
    plain, listed = metrics_of(task, score), metrics_of(task, score, spread=True)
    spread = listed[-2]
    assert (*listed[:-2], listed[-1]) == plain
    assert (spread.name, spread.spread_of) == (f"validation_{score}_se", f"validation_{score}")
    assert spread.direction == "minimize"
    assert (spread.unit, spread.factor) == (listed[-1].unit, listed[-1].factor)
    assert not any(one.spread_of for one in plain)


def test_errors_of_several_targets_are_told_in_standard_deviations(tmp_path: Path) -> None:
    objective = study_in(tmp_path / "two", ("price", "weight")).objective
    assert (objective.score.text(0.5), objective.evaluation.unit) == ("0.5 SD", "SD")
    assert [one.unit for one in objective.metrics if one.unit] == ["SD", "SD"]
    assert study_in(tmp_path / "one", ("price",)).objective.score.unit == ""
    assert study_in(tmp_path / "r2", ("price", "weight"), "r2").objective.score.unit == ""
