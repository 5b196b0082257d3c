"""Trials that a reader has pinned are lit where trials are shown one by one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from search.views.plots.best import best_over_time, best_over_trials
from search.views.plots.curves import curves
from search.views.plots.data import SearchData
from search.views.plots.labels import link, named
from search.views.plots.parallel import MOST, choice, parallel
from search.views.plots.pins import COLOUR
from search.views.plots.slices import slices
from search.views.plots.zoom import zoom


def pinning(data: SearchData, count: int = 2) -> SearchData:
    """The search with some of its poorest complete trials pinned, the last of them first."""
    mine = [t for t in data.trials if t.stage == "fine" and t.state == "complete"]
    return replace(data, pinned=tuple(trial.id for trial in mine[:count][::-1]))


@pytest.mark.parametrize("draw", [zoom, best_over_trials, best_over_time, slices])
def test_points_have_a_ring_and_a_name(draw: Any, wide: SearchData) -> None:
    data = pinning(wide)
    trials = [next(t for t in data.trials if t.id == one) for one in data.pinned]
    plot = draw(data)
    rings = [trace for trace in plot.figure.data if trace.legendgroup == "pinned"]
    assert list(rings[0].ids) == [link(trial) for trial in trials]
    assert list(rings[0].text) == [named(trial) for trial in trials]
    assert np.isfinite(rings[0].x).all()
    assert len(rings) == (5 if draw is slices else 1)  # one a hyperparameter
    assert plot.caption.endswith(
        f"Pinned, and lit in magenta: {', '.join(named(trial) for trial in trials)}."
    )
    assert not [t for t in draw(wide).figure.data if t.legendgroup == "pinned"]


def test_a_pinned_trial_is_a_line_though_it_is_none_of_the_choice(large: SearchData) -> None:
    shown = {trial.id for trial in choice(large)}
    left_out = next(t for t in large.trials if t.state == "complete" and t.id not in shown)
    diverged = next(t for t in large.trials if t.state == "diverged")
    plot = parallel(replace(large, pinned=(left_out.id, diverged.id)))
    one, other = [trace for trace in plot.figure.data if trace.line.color == COLOUR]
    assert (one.name, other.name) == (named(left_out), named(diverged))
    assert one.line.dash != other.line.dash
    assert np.isnan(other.y[-2])  # it has no value
    assert np.isfinite(one.y[:-1]).all()
    assert f"{MOST - 100} of the others" in plot.caption


def test_the_curves_of_pinned_trials_are_brought_out(small: SearchData) -> None:
    some = list(small.curves)[:2]
    plot = curves(replace(small, pinned=(some[0],)), "loss", some[1:])
    wide = {trace.name for trace in plot.figure.data if trace.line.width == 3.5}
    assert wide == {named(t) for t in small.trials if t.id in some}


def test_what_is_no_trial_of_a_stage_that_searches_has_no_ring(small: SearchData) -> None:
    final = next(trial for trial in small.trials if trial.stage == "final")
    for pinned in ((final.id,), (99_999,)):
        plot = zoom(replace(small, pinned=pinned))
        assert not [t for t in plot.figure.data if t.legendgroup == "pinned"]
        assert "Pinned" not in plot.caption
