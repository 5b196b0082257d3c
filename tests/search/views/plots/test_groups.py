"""Which metrics share a plot, and how they are told apart there."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from search.errors import KlayerError
from search.objective.metric import Metric
from search.objective.report import Report
from search.objectives.network.metrics import metrics_of
from search.study.reading import load
from search.views.plots.groups import Group, group_named, group_of_key, groups
from search.views.plots.values import LOG
from tests.search.views.timed import MEMORY, TIME, Timed

NETWORK = load("digits").objective


def test_the_group_of_the_score_is_first_and_single_metrics_are_last() -> None:
    assert [one.name for one in groups(NETWORK)] == ["accuracy", "cost", "loss", "learning_rate"]
    timed: Any = Timed()
    assert [one.name for one in groups(timed)] == ["time", "memory"]


def test_keys_and_titles() -> None:
    found = {one.key(): one.heading("epoch") for one in groups(NETWORK)}
    assert found == {
        "curves-accuracy": "Learning curves: accuracy",
        "curves-cost": "Learning curves: cost",
        "curves-loss": "Learning curves: loss",
        "curves-learning-rate": "Learning rate over epochs",
    }
    assert group_of_key(NETWORK, "curves-learning-rate").name == "learning_rate"
    with pytest.raises(KlayerError, match="curves-speed: there is no plot of this name"):
        group_of_key(NETWORK, "curves-speed")


@pytest.mark.parametrize(
    ("task", "score", "title"),
    [
        ("regression", "rmse", "Learning curves: RMSE"),
        ("regression", "r2", "R² over epochs"),
        ("classification", "roc_auc", "ROC AUC over epochs"),
        ("classification", "macro_f1", "Macro F1 over epochs"),
    ],
)
def test_titles_have_the_scores_as_people_write_them(task: Any, score: Any, title: str) -> None:
    found: dict[str, list[Metric]] = {}
    for metric in metrics_of(task, score):
        found.setdefault(metric.shared, []).append(metric)
    group = Group(score, tuple(found[score]))
    assert group.heading("epoch") == title


def test_axes_have_the_unit_without_the_names_of_parts() -> None:
    units = [one.unit for one in groups(NETWORK)]
    assert units == [
        "accuracy (%)",
        "cost: mean loss + λ Σ‖W‖²",
        "loss",
        "learning rate η",
    ]
    layout = Group("time", (TIME,)).layout("round", 30)
    assert layout["xaxis"]["title"]["text"] == "round"
    assert layout["yaxis"] == {"title": {"text": "time (s) (log)"}, **LOG}
    assert "type" not in Group("memory", (MEMORY,)).layout("round", 30)["yaxis"]


def test_the_last_part_is_solid_and_the_others_differ() -> None:
    parts = tuple(Metric(name, group="loss", part=name) for name in ("one", "two", "three"))
    group = Group("loss", parts)
    assert [dash for _, dash in group.dashes()] == ["dash", "dot", "solid"]
    assert group.legend() == "One (dashed), two (dotted) and three (solid)"
    assert group_named(NETWORK, "loss").legend() == "Training (dashed) and validation (solid)"
    assert Group("time", (TIME,)).legend() == "Time"


def test_a_line_has_gaps_where_there_is_no_value_or_no_place_for_it() -> None:
    reports = [Report(1, {"time": 2.0}), Report(2, {}), Report(4, {"time": 0.0})]
    steps, y = Group("time", (TIME,)).line(reports, TIME)
    assert steps.tolist() == [1, 2, 4]
    assert np.isnan(y).tolist() == [False, True, True]
    plain = replace(TIME, log=False)
    _, y = Group("time", (plain,)).line(reports, plain)
    assert np.isnan(y).tolist() == [False, True, False]


def test_few_steps_have_a_mark_each_and_none_between() -> None:
    axes = [Group("time", (TIME,)).layout("round", steps)["xaxis"] for steps in (4, 11, 0)]
    assert [axis.get("dtick") for axis in axes] == [1, None, None]
