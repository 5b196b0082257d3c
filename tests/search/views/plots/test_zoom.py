"""The zoom: boxes, reasons, points, cells, and the axes that can be asked for."""

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from search.errors import KlayerError
from search.views.plots.data import SearchData
from search.views.plots.standing import winner
from search.views.plots.trial_points import MANY
from search.views.plots.zoom import zoom
from tests.search.views.plots.made import build


def traces(plot: Any, name: str) -> list[Any]:
    return [trace for trace in plot.figure.data if trace.name == name]


def test_each_stage_has_its_box_and_its_reason(small: SearchData) -> None:
    plot = zoom(small)
    (fine,) = traces(plot, "2 fine")
    box = small.stages[1].boxes[0]
    assert (min(fine.x), max(fine.x)) == (box["learning_rate"]["low"], box["learning_rate"]["high"])
    assert (min(fine.y), max(fine.y)) == (box["weight_decay"]["low"], box["weight_decay"]["high"])
    assert "learning_rate moved to its best half decade" in fine.text
    assert "Each box tells why" in plot.caption
    layout = plot.figure.layout
    assert (layout.xaxis.type, layout.yaxis.type) == ("log", "log")
    assert layout.xaxis.title.text == "learning rate η (log)"
    assert layout.coloraxis.colorbar.title.text == "validation accuracy (%)"


def test_a_failed_trial_tells_its_reason_in_one_line(small: SearchData) -> None:
    """What the user's program printed may have many."""
    printed = "\n".join(f"line {number}" for number in range(20))
    broken = replace(
        small.trials[0], state="failed", value=None, reason=f"it ended <badly>\n{printed}"
    )
    plot = zoom(replace(small, trials=(broken, *small.trials[1:])))
    (cross,) = traces(plot, "without a value")
    assert "coarse/0" in cross.ids
    told = plot.figure.layout.meta["trials"]["coarse/0"]
    assert told.startswith("<b>coarse #0</b>\nit ended &lt;badly&gt; (line 19)\n")


def test_boxes_of_one_stage_stand_apart(small: SearchData) -> None:
    two = replace(small.stages[0], boxes=(small.stages[0].boxes[0], small.stages[1].boxes[0]))
    plot = zoom(replace(small, stages=(two, *small.stages[1:])))
    (coarse,) = traces(plot, "1 coarse")
    assert list(coarse.x).count(None) == 1
    first = coarse.x[: list(coarse.x).index(None)]
    assert (first[0], max(first)) == (1e-4, 1.0)
    assert coarse.x[len(first) + 1] == small.stages[1].boxes[0]["learning_rate"]["low"]


def test_every_finished_trial_is_a_point_a_dot_or_a_cross(small: SearchData) -> None:
    plot = zoom(small)
    searched = [t for t in small.trials if t.stage in ("coarse", "fine", "finest")]
    for name, state in (("dropped early", "pruned"), ("without a value", "diverged")):
        (grey,) = traces(plot, name)
        assert len(grey.x) == sum(trial.state == state for trial in searched) > 0
        assert grey.marker.color == "#8A8F98"
    (cross,) = traces(plot, "without a value")
    assert cross.marker.symbol == "x-thin"
    told = plot.figure.layout.meta["trials"]
    assert "the cost was infinite in epoch 2" in told[cross.ids[0]]
    points = [trace for trace in plot.figure.data if trace.marker.coloraxis]
    assert sum(len(trace.x) for trace in points) == sum(t.state == "complete" for t in searched)
    assert len(plot.table.rows) == len(searched)


def test_the_winner_is_a_star(small: SearchData) -> None:
    chosen = winner(small)
    assert chosen is not None
    (star,) = traces(zoom(small), "winner")
    assert star.x[0] == chosen.parameters["learning_rate"]
    unfinished = replace(small, trials=tuple(t for t in small.trials if t.stage != "final"))
    assert traces(zoom(unfinished), "best so far")


def test_one_hyperparameter_stands_over_its_value() -> None:
    only = {"learning_rate": {"low": 1e-3, "high": 1.0, "log": True}}
    plot = zoom(build(only=only))
    assert plot.figure.layout.yaxis.title.text == "validation accuracy (%)"
    (box,) = traces(plot, "1 coarse")
    values = [row[3] for row in plot.table.rows if row[0] == "coarse" and row[2] == "complete"]
    assert min(box.y) == pytest.approx(min(values))
    assert max(box.y) == pytest.approx(max(values))


def test_axes_can_be_chosen(wide: SearchData) -> None:
    plot = zoom(wide, x="activation", y="width_1")
    assert list(plot.figure.layout.xaxis.ticktext) == ["relu", "elu"]
    assert plot.figure.layout.yaxis.title.text == "width of layer 1 (units)"
    (box,) = traces(plot, "1 coarse")
    assert (min(box.x), max(box.x)) == (-0.4, 1.4)
    points = next(trace for trace in plot.figure.data if trace.marker.coloraxis)
    assert "\nactivation" in plot.figure.layout.meta["trials"][points.ids[0]]
    # Where y alone is said, it does not stand across as well.
    assert zoom(wide, y="learning_rate").figure.layout.xaxis.title.text == "weight decay λ (log)"


def test_what_is_not_searched_is_refused(small: SearchData) -> None:
    with pytest.raises(
        KlayerError, match="digits: 'momentum' is not searched; give one of learning_rate, weight"
    ):
        zoom(small, x="momentum")


def test_many_trials_are_cells_with_the_best_as_points(large: SearchData) -> None:
    plot = zoom(large)
    heat = [trace for trace in plot.figure.data if isinstance(trace, go.Heatmap)]
    counted = sum(np.nansum(trace.customdata[:, :, 0]) for trace in heat[1:])
    complete = [
        t for t in large.trials if t.state == "complete" and t.stage in ("coarse", "fine", "finest")
    ]
    assert counted == len(complete) > MANY
    points = [t for t in plot.figure.data if t.type == "scatter" and t.marker.coloraxis]
    assert sum(len(trace.x) for trace in points) == 100
    assert min(min(trace.marker.color) for trace in points) > np.median(
        [100 * (t.value or 0) for t in complete]
    )
    assert "cells" in plot.caption
    kinds = [trace.type for trace in plot.figure.data]
    assert kinds == sorted(kinds)  # heatmaps first, or they would hide what outlines tell
    assert traces(plot, "2 fine")[0].hoveron == "points"


def test_boxes_are_seen_before_a_trial_is_finished(small: SearchData) -> None:
    waiting = tuple(
        replace(t, state="waiting", value=None, finished_at=None, pruned_after=None)
        for t in small.trials
        if t.stage == "coarse"
    )
    plot = zoom(replace(small, trials=waiting))
    assert not plot.empty
    assert traces(plot, "1 coarse")
    assert "0 finished trials" in plot.caption


def test_the_box_to_come_is_dashed() -> None:
    data = build(planned=1, finished=False)
    plot = zoom(data)
    (box,) = traces(plot, "2 fine, if planned now")
    assert box.line.dash == "dash"
    assert "best 50 %" not in box.text
    assert "spanned by the best" in box.text
    assert "Dashed is the box that fine would have" in plot.caption
    assert not [one for one in zoom(build()).figure.data if one.line.dash == "dash"]
