"""The test report, with intervals."""

from dataclasses import replace
from typing import Any

import pytest

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
        "images": 100,
    }
    plot = evaluation(replace(small, search=replace(small.search, result=report)))
    # By hand: 1.96² / 100 = 0.0384; middle 0.5; half 1.96 / 1.0384 · √(0.0025 + 0.000096).
    assert row(plot, "winner")[3:] == pytest.approx((40.383, 59.617), abs=0.01)
