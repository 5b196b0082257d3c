"""Finalists over seeds, and the test report."""

from dataclasses import replace
from typing import Any

import pytest

from search.plan.plan import seed_spreads
from search.plan.results import Result
from search.space.space import Box, Choices
from search.views.plots import finalists
from search.views.plots.data import SearchData


def test_means_are_those_that_the_plan_goes_by(small: SearchData) -> None:
    picture = finalists.seeds(small)
    spreads = seed_spreads(
        [
            Result(t.stage, t.number, t.parameters, t.value, Box({"x": Choices((1,))}))
            for t in small.of_stage("finalists")
        ]
    )
    means = [trace for trace in picture.figure.data if trace.marker.symbol == "line-ns"]
    assert [mean.x[0] for mean in means] == [100 * (s.mean or 0) for s in spreads.values()]
    deviations = [100 * (s.standard_deviation or 0) for s in spreads.values()]
    assert [mean.error_x.array[0] for mean in means] == pytest.approx(deviations)
    assert len(picture.table.rows) == 6


def test_the_winner_is_marked(small: SearchData) -> None:
    picture = finalists.seeds(small)
    won = [trace for trace in picture.figure.data if trace.name == "winner: mean ± s. d."]
    assert [trace.y[0] for trace in won] == [1]
    assert "won with a mean of" in picture.says
    early = replace(small, trials=tuple(t for t in small.trials if t.stage != "final"))
    assert "won" not in finalists.seeds(early).says


def test_diverged_reruns_are_counted(small: SearchData) -> None:
    trials = tuple(
        replace(t, state="diverged", value=None) if (t.stage, t.number) == ("finalists", 0) else t
        for t in small.trials
    )
    picture = finalists.seeds(replace(small, trials=trials))
    assert "1 runs diverged" in picture.says
    assert picture.table.rows[0][3] is None


def test_before_the_finalists_it_says_so(small: SearchData) -> None:
    searched = tuple(t for t in small.trials if t.stage in ("coarse", "fine", "finest"))
    open_search = replace(small.search, result=None, finished_at=None)
    data = replace(small, search=open_search, trials=searched)
    assert "After the last of them it is the turn of the finalists" in finalists.seeds(data).says
    assert "turn of the test images" in finalists.test(data).says
    none = replace(data, stages=tuple(s for s in data.stages if s.step.kind != "finalists"))
    assert "No finalist is run again" in finalists.seeds(none).says


def test_a_search_that_ended_without_a_report_says_why(small: SearchData) -> None:
    ended = replace(small.search, result=None, failure="the test images are gone")
    picture = finalists.test(replace(small, search=ended))
    assert picture.empty
    assert picture.says == "There is no test report: the test images are gone"


def row(picture: Any, name: str) -> Any:
    (found,) = [row for row in picture.table.rows if row[0] == name]
    return found


def test_the_report_stands_beside_the_validation(small: SearchData) -> None:
    picture = finalists.test(small)
    assert row(picture, "winner")[2] == pytest.approx(96.63)
    assert row(picture, "all finalists, voting")[2] == pytest.approx(96.97)
    assert row(picture, "winner's snapshots, voting")[2] == pytest.approx(96.30)
    assert row(picture, "validation, mean of seeds")[1] == "validation"
    assert "1 of the final networks diverged" in picture.says
    assert not [one for one in picture.table.rows if one[0] == "finalist 3"]


def test_the_snapshots_of_each_finalist_stand_there(small: SearchData) -> None:
    assert small.search.result is not None
    report = small.search.result | {"snapshot_ensembles": [0.9630, 0.95, None]}
    picture = finalists.test(replace(small, search=replace(small.search, result=report)))
    assert row(picture, "winner's snapshots, voting")[2] == pytest.approx(96.30)
    assert row(picture, "finalist 2's snapshots, voting")[2] == pytest.approx(95.0)
    assert not [one for one in picture.table.rows if one[0].startswith("finalist 3")]


def test_intervals_are_wilson_s(small: SearchData) -> None:
    report = {
        "accuracies": [0.5],
        "snapshot_ensemble": None,
        "finalist_ensemble": None,
        "images": 100,
    }
    picture = finalists.test(replace(small, search=replace(small.search, result=report)))
    # By hand: 1.96² / 100 = 0.0384; middle 0.5; half 1.96 / 1.0384 · √(0.0025 + 0.000096).
    assert row(picture, "winner")[3:] == pytest.approx((40.383, 59.617), abs=0.01)
