"""Searches beside each other, in one plot and on the same axes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from search.errors import KlayerError
from search.views.plots import best, standing
from search.views.plots.colouring import value_bar
from search.views.plots.data import SearchData
from search.views.plots.labels import named, short
from search.views.plots.plot import Plot, Table, drawn, nothing
from search.views.plots.runs import in_unit, mixed, over_time, over_trials, time_unit
from search.views.plots.theme import COLOURS
from search.views.plots.told import spoken
from search.views.plots.values import ValueScale
from search.views.plots.zoom import scale_of, zoom

ACROSS = 3  # zooms in a row
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
ZOOM_TITLE = "The zooms beside each other"


def compare_best(datas: Sequence[SearchData], over: str = "trials") -> Plot:
    """The best so far of each search as steps, a colour and a dash a search.

    Through the gaps of a later line an earlier one is seen that is equal.

    Args:
        datas: The searches, one or more; over time with their stints.
        over: "trials" for the order of their plans, "time" for the time since they were recorded,
            without pauses.

    Raises:
        KlayerError: `over` is something else.
    """
    if over not in ("trials", "time"):
        raise KlayerError(f"found {over!r} to compare over; give trials or time")
    key = f"compare-{over}"
    runs = [over_trials(d) if over == "trials" else over_time(d) for d in datas]
    across = best.TRIALS[2]
    if over == "time":
        unit, seconds = time_unit(np.concatenate([run.x for run in runs] or [np.zeros(0)]))
        across = best.across_time(runs, unit)
        runs = [in_unit(run, seconds) for run in runs]
    title = f"Best value over {over}, search by search"
    if not _same_score(datas):
        return nothing(key, title, _incomparable(datas))
    figure, rows, said, several = go.Figure(), [], [], False
    for place, (data, run) in enumerate(zip(datas, runs, strict=True)):
        top = standing.best(data)
        if not len(run.trials) or top is None:
            said.append(f"{data.name} has no finished trial yet")
            continue
        what = "its winner is" if standing.winner(data) is not None else "its best so far is"
        said.append(f"{data.name}: {what} {named(top)} with {data.score.text(top.value)}")
        several = several or mixed(data, run)
        line = best.steps(data, run, COLOURS[place % len(COLOURS)], data.name)
        figure.add_trace(line.update(line={"dash": DASHES[place % len(DASHES)]}))
        rows += [
            (data.name, t.stage, t.number, float(x), float(value), float(so_far))
            for t, x, value, so_far in zip(run.trials, run.x, run.values, run.best, strict=True)
        ]
    caption = f"{'; '.join(said)}." + (f" {best.OTHERWISE}." if several else "")
    if not figure.data:
        return nothing(key, title, caption)
    values = [trial.value for run in runs for trial in run.trials]
    scale = ValueScale.of(datas[0].score, values)
    figure.update_layout(
        xaxis={"title": {"text": across}, "rangemode": "tozero"},
        yaxis={**scale.axis(), "title": {"text": f"best {scale.title}"}},
        hovermode="closest",
        showlegend=True,
    )
    columns = ("search", "stage", "trial", across, *best.columns_of(scale.metric))
    return drawn(key, title, caption, figure, Table(columns, rows))


def compare_zoom(datas: Sequence[SearchData]) -> Plot:
    """The zoom of each search, with the same axes and colours; the legend is that of the first.

    Up to three stand in a row, more in rows of two or three.

    Args:
        datas: The searches, one or more.
    """
    if not _same_score(datas):
        return nothing("compare-zoom", ZOOM_TITLE, _incomparable(datas))
    scale = scale_of(*datas)
    plots = [zoom(data, scale=scale) for data in datas]
    seen = [one for one in zip(datas, plots, strict=True) if not one[1].empty]
    caption = " ".join(
        f"{data.name}: {plot.caption}" for data, plot in zip(datas, plots, strict=True)
    )
    if not seen:
        return nothing("compare-zoom", ZOOM_TITLE, caption)
    same = len({_axes(plot) for _, plot in seen}) == 1
    rows = -(-len(seen) // ACROSS)
    columns = -(-len(seen) // rows)
    figure = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=[short(data.name) for data, _ in seen],
        shared_xaxes="all" if same else False,
        shared_yaxes="all" if same else False,
        horizontal_spacing=0.06 if same else 0.12,
        vertical_spacing=0.14 if same else 0.2,
    )
    for place, (_, plot) in enumerate(seen):
        at = {"row": place // columns + 1, "col": place % columns + 1}
        lowest = place + columns >= len(seen)
        for trace in spoken(plot.figure).data:  # trials of two searches may have one name
            figure.add_trace(_plain(trace, first=place == 0), **at)
        figure.update_xaxes(_axis(plot, "xaxis", shown=not same or lowest), **at)
        figure.update_yaxes(_axis(plot, "yaxis", shown=not same or at["col"] == 1), **at)
    scales = [plot.figure.layout.coloraxis for _, plot in seen]
    known = [scale for scale in scales if scale.cmin is not None]
    if known:
        low, high = min(one.cmin for one in known), max(one.cmax for one in known)
        bar = value_bar(scale, low, high) | {"y": 1.1}
        figure.update_layout(coloraxis=known[0])
        figure.update_layout(coloraxis_cmin=low, coloraxis_cmax=high, coloraxis_colorbar=bar)
    figure.update_annotations(font_size=12)
    figure.update_layout(hovermode="closest")
    return drawn("compare-zoom", ZOOM_TITLE, caption, figure, _together(seen))


def _same_score(datas: Sequence[SearchData]) -> bool:
    return len({data.score for data in datas}) == 1


def _incomparable(datas: Sequence[SearchData]) -> str:
    ranked = " and ".join(f"{data.name} by {data.score.heading}" for data in datas)
    return f"These searches are ranked by different metrics: {ranked}."


def _axes(plot: Plot) -> tuple[Any, ...]:
    axes = (plot.figure.layout.xaxis, plot.figure.layout.yaxis)
    return tuple((axis.title.text, axis.type, axis.ticktext) for axis in axes)


def _axis(plot: Plot, which: str, *, shown: bool) -> dict[str, Any]:
    axis: dict[str, Any] = plot.figure.layout[which].to_plotly_json()
    if not shown:
        axis.pop("title", None)
    return axis


def _plain(trace: Any, *, first: bool) -> Any:
    copied = type(trace)(trace)
    if not first and isinstance(copied, go.Scatter):
        copied.update(showlegend=False)
    return copied


def _together(seen: Sequence[tuple[SearchData, Plot]]) -> Table:
    """The tables below each other; columns that one search lacks are empty for it."""
    columns = list(dict.fromkeys(name for _, plot in seen for name in plot.table.columns))
    rows = []
    for data, plot in seen:
        for row in plot.table.rows:
            by_name = dict(zip(plot.table.columns, row, strict=True))
            rows.append((data.name, *(by_name.get(name) for name in columns)))
    return Table(("search", *columns), rows)
