"""The best value so far, over trials and over time, across the stages."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from search.ledger.records import RecordedTrial
from search.objective.metric import Metric
from search.runtime.formatting import duration
from search.views.plots import pins, standing, told
from search.views.plots.cells import cells
from search.views.plots.colouring import faint, stage_colours
from search.views.plots.data import SearchData
from search.views.plots.labels import link, named, short
from search.views.plots.plot import Plot, Table, drawn, nothing
from search.views.plots.runs import (
    Run,
    in_unit,
    mixed,
    over_time,
    over_trials,
    time_unit,
    viewed,
)
from search.views.plots.trial_points import MANY

TRIALS = ("best", "Best value over trials", "trials, in the order of the plan")
TIME = ("best-time", "Best value over time", "time since the search was recorded")

OTHERWISE = "Stages that are trained otherwise have a best of their own"


def best_over_trials(data: SearchData, view: str | None = None) -> Plot:
    """Each trial's value as a point, the best so far as steps, the stages between dotted lines.

    Args:
        data: The search.
        view: One of `views`; anything else is as they are.
    """
    return _plot(data, TRIALS, viewed(over_trials(data), view), TRIALS[2])


def best_over_time(data: SearchData, view: str | None = None) -> Plot:
    """As `best_over_trials`, over the time since the search was recorded, without pauses."""
    run = over_time(data)
    unit, seconds = time_unit(run.x)
    return _plot(data, TIME, viewed(in_unit(run, seconds), view), across_time([run], unit))


def across_time(runs: Sequence[Run], unit: str) -> str:
    """The title of an axis of such times."""
    return f"{TIME[2]}{', without pauses' if any(run.paused for run in runs) else ''} ({unit})"


def steps(data: SearchData, run: Run, colour: str, name: str) -> go.Scatter:
    """The best so far as a line of steps, each with the trial that made it."""
    shown = np.concatenate([[True], np.diff(run.best) != 0])
    shown[-1] = True
    kept = np.flatnonzero(shown)
    holders = _holders(run)
    return go.Scatter(
        x=run.x[kept],
        y=run.best[kept],
        mode="lines",
        line={"shape": "hv", "color": colour, "width": 2.5},
        name=short(name),
        showlegend=True,
        hovertext=[told.text(data, holders[i]) for i in kept],
        hoverinfo="text",
    )


def borders(run: Run) -> dict[str, Any]:
    """Shapes and annotations that mark where stages begin."""
    shapes = [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": x,
            "x1": x,
            "y0": 0,
            "y1": 1,
            "line": {"color": "rgba(138,143,152,0.8)", "width": 1, "dash": "dot"},
        }
        for _, x in run.borders
    ]
    names = [
        {
            "text": short(name, 24),
            "x": x,
            "xref": "x",
            "y": 0,
            "yref": "paper",
            "xanchor": "left",
            "yanchor": "bottom",
            "textangle": -90,
            "showarrow": False,
            "font": {"size": 11},
        }
        for name, x in run.borders
    ]
    return {"shapes": shapes, "annotations": names}


def upwards(run: Run) -> dict[str, Any]:
    """The axis of values: the poorest are beyond it, and come into view with a double click.

    Its range, where it has one, is on the scale of the values, as Plotly has it.
    """
    axis, places = run.scale.axis(), run.scale.place(run.values)
    found = run.scale.extent(places, poor=0.1)
    if found is None:
        return axis
    low, high = found
    if max(low - np.nanmin(places), np.nanmax(places) - high) > high - low:
        margin = 0.06 * (high - low)
        axis["range"] = [low - margin, high + margin]
    return axis


def _holders(run: Run) -> list[RecordedTrial]:
    """Whose the best is, trial by trial."""
    found: list[RecordedTrial] = []
    for trial, value, best in zip(run.trials, run.values, run.best, strict=True):
        found.append(trial if value == best or not found else found[-1])
    return found


def _plot(data: SearchData, what: tuple[str, str, str], run: Run, across: str) -> Plot:
    key, title, _ = what
    if not len(run.trials):
        return nothing(key, title, standing.absent(data))
    colours = stage_colours(data)
    many = len(run.trials) > MANY
    figure = go.Figure(_cells(run) if many else _points(run, colours))
    figure.add_trace(steps(data, run, "#D55E00", "best so far"))
    lit = [trial for trial in pins.pinned(data) if trial in run.trials]
    places = [run.trials.index(trial) for trial in lit]
    figure.add_traces(pins.rings(lit, run.x[places], run.values[places]))
    figure.update_layout(
        xaxis={"title": {"text": across}, "rangemode": "tozero"},
        yaxis=upwards(run),
        hovermode="closest",
        **borders(run),
    )
    told.tell(figure, data)
    return drawn(key, title, _caption(data, run, many), figure, _table(run, across))


def _points(run: Run, colours: dict[str, str]) -> list[go.Scatter]:
    traces = []
    for name, _ in run.borders:
        mine = [place for place, trial in enumerate(run.trials) if trial.stage == name]
        trials = [run.trials[place] for place in mine]
        traces.append(
            go.Scatter(
                x=run.x[mine],
                y=run.values[mine],
                mode="markers",
                marker={"color": colours[name], "size": 6, "opacity": 0.9},
                ids=[link(trial) for trial in trials],
                hoverinfo="text",
                name=short(name),
            )
        )
    return traces


def _cells(run: Run) -> list[go.Heatmap]:
    scale = run.scale
    found = cells(run.x, scale.place(run.values), run.values, 80, 40, scale.ranking)
    share = np.where(found.count > 0, np.sqrt(found.count), np.nan)
    return [
        go.Heatmap(
            x=found.x,
            y=scale.unplace(found.y),
            z=share.astype(np.float32),
            customdata=found.count.astype(np.int32),
            colorscale=[[0, faint("#0072B2", 0.25)], [1, faint("#0072B2", 0.9)]],
            showscale=False,
            hovertemplate="%{customdata} trials about here<extra></extra>",
            hoverongaps=False,
        )
    ]


def _caption(data: SearchData, run: Run, many: bool) -> str:
    last = standing.best(data)
    said = f"The values of {len(run.trials):,} trials that were trained to their end"
    said += ", in cells that are the darker the more lie there" if many else ""
    if last is not None:
        what = "winner" if standing.winner(data) is not None else "best so far"
        said += (
            f", and the best so far; the {what} is {named(last)} with {data.score.text(last.value)}"
        )
    said += _beyond(run)
    if run.scale.metric.log and not run.scale.log:
        said += ". A log scale has no place for 0 or less, so this one is linear"
    if run.paused:
        said += (
            f". Pauses of {duration(run.paused)} in all, in which no worker trained, are left out"
        )
    said += f". {OTHERWISE}" if mixed(data, run) else ""
    return f"{said}.{pins.said(data)}"


def _beyond(run: Run) -> str:
    """How many values the axis leaves out, and where they are."""
    shown, places = upwards(run).get("range"), run.scale.place(run.values)
    if shown is None:
        return ""
    metric = run.scale.metric
    maximize = metric.direction == "maximize"
    limit = shown[0] if maximize else shown[1]
    left_out = int((places < limit).sum() if maximize else (places > limit).sum())
    text = metric.text(float(run.scale.unplace(np.array(limit))) / metric.factor)
    where = "below" if maximize else "above"
    return f". {left_out:,} {where} {text} come into view with a double click"


def columns_of(metric: Metric) -> tuple[str, str]:
    """The columns of a value and of the best so far."""
    return metric.heading, f"best so far ({metric.unit})" if metric.unit else "best so far"


def _table(run: Run, across: str) -> Table:
    columns = ("stage", "trial", across, *columns_of(run.scale.metric))
    rows = [
        (trial.stage, trial.number, float(x), float(value), float(best))
        for trial, x, value, best in zip(run.trials, run.x, run.values, run.best, strict=True)
    ]
    return Table(columns, rows)
