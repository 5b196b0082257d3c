"""Finalists over seeds."""

from dataclasses import replace

import pytest

from search.plan.plan import seed_spreads
from search.views.plots.data import SearchData
from search.views.plots.finalists import finalists


def test_means_are_those_that_the_plan_goes_by(small: SearchData) -> None:
    plot = finalists(small)
    spreads = seed_spreads(small.of_stage("finalists"))
    means = [trace for trace in plot.figure.data if trace.marker.symbol == "line-ns"]
    assert [mean.x[0] for mean in means] == [100 * (s.mean or 0) for s in spreads.values()]
    deviations = [100 * (s.standard_deviation or 0) for s in spreads.values()]
    assert [mean.error_x.array[0] for mean in means] == pytest.approx(deviations)
    assert len(plot.table.rows) == 6


def test_the_winner_is_marked(small: SearchData) -> None:
    plot = finalists(small)
    won = [trace for trace in plot.figure.data if trace.name == "winner: mean ± s. d."]
    assert [trace.y[0] for trace in won] == [1]
    assert "won with a mean of" in plot.caption
    early = replace(small, trials=tuple(t for t in small.trials if t.stage != "final"))
    assert "won" not in finalists(early).caption


def test_the_winner_is_marked_where_no_final_follows(small: SearchData) -> None:
    stages = tuple(
        replace(stage, state="finished") for stage in small.stages if stage.step.kind != "final"
    )
    trials = tuple(t for t in small.trials if t.stage != "final")
    plot = finalists(replace(small, stages=stages, trials=trials))
    assert [trace.y[0] for trace in plot.figure.data if trace.name == "winner: mean ± s. d."]
    assert "won with a mean of" in plot.caption


def test_diverged_reruns_are_counted(small: SearchData) -> None:
    trials = tuple(
        replace(t, state="diverged", value=None) if (t.stage, t.number) == ("finalists", 0) else t
        for t in small.trials
    )
    plot = finalists(replace(small, trials=trials))
    assert "1 runs have no value" in plot.caption
    assert plot.table.rows[0][3] is None


def test_before_the_finalists_it_says_so(small: SearchData) -> None:
    searched = tuple(t for t in small.trials if t.stage in ("coarse", "fine", "finest"))
    open_search = replace(small.search, result=None, finished_at=None)
    data = replace(small, search=open_search, trials=searched)
    assert "After the last of them it is the turn of the finalists" in finalists(data).caption
    none = replace(data, stages=tuple(s for s in data.stages if s.step.kind != "finalists"))
    assert "No finalist is run again" in finalists(none).caption
