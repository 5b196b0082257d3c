"""Every plot of a search that minimises: the least value is the best one, wherever that is said."""

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from search.views.plots import standing
from search.views.plots.best import best_over_trials
from search.views.plots.catalogue import entries, trial_entries
from search.views.plots.compare import compare_best, compare_zoom
from search.views.plots.curves import curves
from search.views.plots.data import SearchData
from search.views.plots.labels import link
from search.views.plots.parallel import parallel
from search.views.plots.trial_points import MANY
from search.views.plots.zoom import zoom
from tests.search.views.plots.made import build
from tests.search.views.timed import Timed, timed

OBJECTIVE: Any = Timed()


@pytest.fixture(scope="module")
def quick(small: SearchData) -> SearchData:
    return timed(small)


def test_the_same_trials_come_out_on_top(small: SearchData, quick: SearchData) -> None:
    ids = [t.id for t in small.ranking.ranked(standing.searched(small))]
    assert [t.id for t in quick.ranking.ranked(standing.searched(quick))] == ids
    for one in (standing.winner, standing.best):
        larger, smaller = one(small), one(quick)
        assert larger is not None
        assert smaller is not None
        assert larger.id == smaller.id


def test_its_catalogue_has_no_plot_of_the_network() -> None:
    assert [entry.key for entry in entries(OBJECTIVE)] == [
        "zoom",
        "best",
        "best-time",
        "timeline",
        "curves-time",
        "curves-memory",
        "slices",
        "surface",
        "distribution",
        "parallel",
        "importance",
        "seeds",
    ]
    assert [entry.key for entry in trial_entries(OBJECTIVE, final=True)] == [
        "trial-time",
        "trial-memory",
    ]


@pytest.mark.parametrize("entry", entries(OBJECTIVE), ids=lambda entry: entry.key)
def test_every_plot_is_drawn_in_the_metric_s_words(entry: Any, quick: SearchData) -> None:
    plot = entry.draw(quick)
    assert not plot.empty
    written = str(plot.figure.to_json()) + plot.caption + plot.table.csv()
    for word in ("accuracy", "epoch", "validation", "image"):
        assert word not in written


def test_the_best_so_far_falls_on_a_log_axis(quick: SearchData) -> None:
    plot = best_over_trials(quick)
    values = [row[3] for row in plot.table.rows]
    assert [row[4] for row in plot.table.rows] == list(np.minimum.accumulate(values))
    assert plot.table.columns[3:] == ("time (s)", "best so far (s)")
    assert plot.figure.layout.yaxis.type == "log"
    (line,) = [trace for trace in plot.figure.data if trace.name == "best so far"]
    assert line.hovertext[-1].split("<br>")[1].endswith(" s")
    best = standing.best(quick)
    assert best is not None
    assert f"with {quick.score.text(best.value)}" in plot.caption


def test_the_poorest_are_above_what_is_shown(quick: SearchData) -> None:
    first = standing.complete(standing.searched(quick))[0]
    lost = tuple(replace(t, value=1e9) if t is first else t for t in quick.trials)
    plot = best_over_trials(replace(quick, trials=lost))
    low, high = plot.figure.layout.yaxis.range
    assert low < high < 9
    assert "above" in plot.caption
    assert "come into view with a double click" in plot.caption


def test_the_least_value_has_the_brightest_colour(quick: SearchData) -> None:
    plot = zoom(quick)
    axis = plot.figure.layout.coloraxis
    assert axis.reversescale is True
    values = [t.value or 0 for t in standing.complete(standing.searched(quick))]
    assert axis.cmin == pytest.approx(np.log10(min(values)))
    assert axis.cmax == pytest.approx(np.quantile(np.log10(values), 0.75))
    assert axis.colorbar.title.text == "time (s) (log)"
    assert axis.colorbar.ticktext
    points = next(trace for trace in plot.figure.data if trace.marker.coloraxis)
    of = {link(trial): trial.value for trial in quick.trials}
    assert points.marker.color == pytest.approx(np.log10([of[one] for one in points.ids]))
    assert "time: " in plot.figure.layout.meta["trials"][points.ids[0]]
    assert plot.figure.layout.xaxis.title.text == "step size (log)"


def test_one_hyperparameter_stands_over_its_value_on_a_log_axis() -> None:
    only = {"learning_rate": {"low": 1e-3, "high": 1.0, "log": True}}
    plot = zoom(timed(build(only=only)))
    assert plot.figure.layout.yaxis.title.text == "time (s) (log)"
    assert plot.figure.layout.yaxis.type == "log"


def test_a_score_that_reaches_zero_stands_on_a_linear_axis(quick: SearchData) -> None:
    best = standing.best(quick)
    zero = tuple(replace(t, value=0.0) if t is best else t for t in quick.trials)
    data = replace(quick, trials=zero)
    assert best_over_trials(data).figure.layout.yaxis.type is None
    assert zoom(data).figure.layout.coloraxis.colorbar.title.text == "time (s)"


def test_cells_tell_the_least_value(large: SearchData) -> None:
    data = timed(large)
    trials = [t for t in standing.complete(standing.searched(data)) if t.stage == "coarse"]
    assert len(trials) > MANY
    heat = [trace for trace in zoom(data).figure.data if isinstance(trace, go.Heatmap)]
    coarse = next(trace for trace in heat if trace.name == "coarse")
    least = min(trial.value or 0 for trial in trials)
    assert np.nanmin(coarse.customdata[:, :, 1]) == pytest.approx(least, rel=1e-6)
    assert len(zoom(data).figure.to_json()) < 300_000


def test_the_best_line_is_on_top_and_the_brightest(quick: SearchData) -> None:
    plot = parallel(quick)
    *shades, top, _ = plot.figure.data
    best = standing.best(quick)
    assert best is not None
    assert link(best) == top.ids[0]
    fastest = quick.ranking.best(standing.comparable(quick))
    assert fastest is not None
    assert link(fastest) in shades[-1].ids
    assert plot.figure.layout.xaxis.ticktext[-1].replace("<br>", " ") == "time (s) (log)"


def test_curves_have_a_band_in_the_unit(quick: SearchData) -> None:
    plot = curves(quick, "time")
    assert plot.figure.layout.yaxis.type == "log"
    assert plot.table.columns == ("stage", "trial", "round", "time: time (s)")
    bands = [trace for trace in plot.figure.data if trace.fill == "toself"]
    assert len(bands) == 3
    assert all(0.01 <= value <= 100 for band in bands for value in band.y)
    assert "round" in curves(quick, "memory").figure.layout.xaxis.title.text


def test_searches_of_different_scores_are_not_compared(
    small: SearchData, quick: SearchData
) -> None:
    for plot in (compare_best([small, quick]), compare_zoom([small, quick])):
        assert plot.empty
        assert "digits by validation accuracy (%) and digits by time (s)" in plot.caption
    both = compare_best([quick, quick])
    assert both.figure.layout.yaxis.type == "log"
    assert compare_zoom([quick, quick]).figure.layout.coloraxis.reversescale
