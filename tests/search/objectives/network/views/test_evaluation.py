"""The test report, with intervals."""

from dataclasses import replace
from typing import Any

import pytest

from search.objectives.network.facts import Facts
from search.objectives.network.metrics import metric_of
from search.objectives.network.views.evaluation import evaluation
from search.views.plots.data import SearchData


def test_before_the_final_it_says_so(small: SearchData) -> None:
    searched = tuple(t for t in small.trials if t.stage in ("coarse", "fine", "finest"))
    open_search = replace(small.search, result=None, finished_at=None)
    data = replace(small, search=open_search, trials=searched)
    assert "turn of the test images" in evaluation(data).caption


def test_a_search_that_ended_without_a_report_says_why(small: SearchData) -> None:
    ended = replace(small.search, result=None, failure="the test images are gone")
    plot = evaluation(replace(small, search=ended))
    assert plot.empty
    assert plot.caption == "There is no test report: the test images are gone"


def row(plot: Any, name: str) -> Any:
    (found,) = [row for row in plot.table.rows if row[0] == name]
    return found


def test_the_report_stands_beside_the_validation(small: SearchData) -> None:
    plot = evaluation(small)
    assert row(plot, "winner")[2] == pytest.approx(96.63)
    assert row(plot, "all finalists, voting")[2] == pytest.approx(96.97)
    assert row(plot, "winner's snapshots, voting")[2] == pytest.approx(96.30)
    assert row(plot, "validation, mean of seeds")[1] == "validation"
    assert "1 of the final networks diverged" in plot.caption
    assert not [one for one in plot.table.rows if one[0] == "finalist 3"]


def test_the_snapshots_of_each_finalist_stand_there(small: SearchData) -> None:
    assert small.search.result is not None
    report = small.search.result | {"snapshot_ensembles": [0.9630, 0.95, None]}
    plot = evaluation(replace(small, search=replace(small.search, result=report)))
    assert row(plot, "winner's snapshots, voting")[2] == pytest.approx(96.30)
    assert row(plot, "finalist 2's snapshots, voting")[2] == pytest.approx(95.0)
    assert not [one for one in plot.table.rows if one[0].startswith("finalist 3")]


def test_intervals_are_wilson_s(small: SearchData) -> None:
    report = {
        "accuracies": [0.5],
        "snapshot_ensemble": None,
        "finalist_ensemble": None,
        "rows": 100,
    }
    plot = evaluation(replace(small, search=replace(small.search, result=report)))
    # By hand: 1.96² / 100 = 0.0384; middle 0.5; half 1.96 / 1.0384 · √(0.0025 + 0.000096).
    assert row(plot, "winner")[3:] == pytest.approx((40.383, 59.617), abs=0.01)


def of_values(small: SearchData, score: str, result: dict[str, Any]) -> SearchData:
    """As if the search were one of prices."""
    objective = replace(
        small.search.study.objective,
        facts=Facts(90, 30, 7, 1, "regression", 3_000.0),
        named_score=score,
    )
    study = small.search.study.model_copy(update={"objective": objective})
    return replace(small, search=replace(small.search, study=study, result=result))


@pytest.mark.parametrize(
    ("score", "name", "values"),
    [("rmse", "RMSE", (1_234.5, 1_500.25)), ("mae", "MAE", (0.5, 0.75)), ("r2", "R²", (0.9, -0.2))],
)
def test_other_scores_stand_as_they_are_and_without_intervals(
    small: SearchData, score: str, name: str, values: tuple[float, float]
) -> None:
    result = {
        "scores": [*values, None],
        "snapshot_ensemble": None,
        "snapshot_ensembles": [None, None, None],
        "finalist_ensemble": values[0] / 2,
        "rows": 30,
    }
    plot = evaluation(of_values(small, score, result))
    assert row(plot, "winner")[2:] == (values[0],) * 3
    assert row(plot, "finalist 2")[2:] == (values[1],) * 3
    assert row(plot, "all finalists, voting")[2:] == (values[0] / 2,) * 3
    assert plot.table.columns[1:3] == ("rows", name)
    assert "95 % intervals" not in plot.caption
    assert plot.caption.startswith("What 30 test rows, read once, said; 1 of the final networks")
    assert f"The winner has {metric_of(score, 'test').text(values[0])}." in plot.caption


def test_a_search_of_values_before_its_final_says_so(small: SearchData) -> None:
    data = of_values(small, "rmse", {})
    searched = tuple(t for t in small.trials if t.stage in ("coarse", "fine", "finest"))
    data = replace(
        data, search=replace(data.search, result=None, finished_at=None), trials=searched
    )
    assert "turn of the test rows" in evaluation(data).caption
