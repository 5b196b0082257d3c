"""Widths against the validation score: a small plot a layer, with what trials of each width did."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from search.ledger.records import RecordedTrial
from search.objectives.network.registry import layer_of
from search.plan.ranking import Ranking
from search.views.plots import standing
from search.views.plots.colouring import faint
from search.views.plots.data import SearchData
from search.views.plots.labels import link, title_of
from search.views.plots.plot import Plot, Table, drawn, nothing
from search.views.plots.theme import COLOURS
from search.views.plots.told import tell
from search.views.plots.values import NUMBER, ValueScale

KEY, TITLE = "widths", "Widths and score"

_SINGLE = 24  # widths that are shown each; beyond, neighbours are taken together
_POINTS = 300  # trials that are points as well


def has_widths(data: SearchData) -> bool:
    """Whether a width was searched, and a trial has a value."""
    return standing.has_value(data) and bool(_searched(data))


def widths(data: SearchData) -> Plot:
    """For each layer, and each width that was tried: the best, the median, the middle 80 %.

    Where more than 24 widths were tried, neighbours are taken together, and stand at their mean.
    """
    names = _searched(data)
    if not names:
        caption = (
            "No stage searches widths. Give a box a range for width_1, width_2, … to see them."
        )
        return nothing(KEY, TITLE, caption)
    trials = standing.comparable(data)
    if not trials:
        return nothing(KEY, TITLE, standing.absent(data))
    columns = 2 if len(names) > 3 else 1
    rows = -(-len(names) // columns)
    figure = make_subplots(
        rows,
        columns,
        shared_yaxes=True,
        vertical_spacing={1: 0, 2: 0.22, 3: 0.16}.get(rows, 0.5 / rows),
    )
    scale = ValueScale.of(data.score, (trial.value for trial in trials))
    table: list[tuple[Any, ...]] = []
    for place, name in enumerate(names):
        spreads, title = _spreads(trials, name, scale), title_of(data.objective, name)
        table += [(title, *(float(value) for value in spread)) for spread in spreads]
        at = (place // columns + 1, place % columns + 1)
        some = [t for t in trials if name in t.parameters]
        dots = _dots(some, name, scale) if len(some) <= _POINTS else []
        for trace in [*dots, *_traces(spreads, scale, shown=place == 0)]:
            figure.add_trace(trace, *at)
        figure.update_xaxes(title_text=title, title_standoff=4, row=at[0], col=at[1])
        if at[1] == 1:
            figure.update_yaxes(scale.axis(), row=at[0])
    figure.update_layout(hovermode="closest")
    unit = f" ({data.score.unit})" if data.score.unit else ""
    said = ("10 % below", "median", "10 % above", "best")
    columns_ = ("layer", "width", "trials", *(f"{one}{unit}" for one in said))
    caption = (
        f"What {len(trials):,} trials of comparable stages came to, by the width of each layer: "
        "the best, the median, and the middle 80 % as a band."
    )
    return drawn(KEY, TITLE, caption, tell(figure, data), Table(columns_, table))


def _searched(data: SearchData) -> list[str]:
    names = {
        name for stage in data.search.study.stages for box in stage.boxes for name in box.ranges
    }
    names |= {name for stage in data.searched() for box in stage.boxes for name in box}
    names |= {name for trial in standing.searched(data) for name in trial.parameters}
    return sorted((name for name in names if layer_of(name)), key=lambda name: layer_of(name) or 0)


def _pairs(
    trials: Sequence[RecordedTrial], name: str, scale: ValueScale
) -> tuple[np.ndarray, np.ndarray]:
    """Widths, and the values of their trials as they are shown."""
    found = [(t.parameters.get(name), t.value) for t in trials]
    valid = [one for one in found if isinstance(one[0], int | float) and one[1] is not None]
    return np.array([width for width, _ in valid], float), scale.shown([v for _, v in valid])


def _dots(trials: Sequence[RecordedTrial], name: str, scale: ValueScale) -> list[go.Scatter]:
    return [
        go.Scatter(
            x=[trial.parameters[name] for trial in trials],
            y=scale.shown([trial.value for trial in trials]),
            mode="markers",
            marker={"size": 4, "color": COLOURS[0], "opacity": 0.35},
            ids=[link(trial) for trial in trials],
            hoverinfo="text",
            showlegend=False,
        )
    ]


def _spreads(trials: Sequence[RecordedTrial], name: str, scale: ValueScale) -> np.ndarray:
    """Rows of width, trials, 10 % quantile, median, 90 % quantile, best; by width."""
    width, value = _pairs(trials, name, scale)
    best = Ranking(scale.metric.direction).best_value
    groups = width
    if len(np.unique(width)) > _SINGLE:
        edges = np.unique(np.quantile(width, np.linspace(0, 1, _SINGLE + 1)))
        groups = np.clip(np.searchsorted(edges, width, side="right"), 1, len(edges) - 1)
    rows = []
    for group in np.unique(groups):
        mine = groups == group
        spread = np.quantile(value[mine], (0.1, 0.5, 0.9))
        rows.append((width[mine].mean(), mine.sum(), *spread, best(value[mine])))
    return np.array(rows).reshape(-1, 6)


def _traces(
    spreads: np.ndarray,
    scale: ValueScale,
    *,
    shown: bool,
) -> list[go.Scatter]:
    width, count, low, median, high, best = spreads.T
    hover = np.stack([count, median, low, high, best], 1)
    text = (
        f"<b>width %{{x:{NUMBER}}}</b>, %{{customdata[0]}} trials<br>"
        f"best {scale.hover('customdata[4]')}<br>median {scale.hover('customdata[1]')}<br>"
        f"80 % of them {scale.hover('customdata[2]')} to {scale.hover('customdata[3]')}"
        "<extra></extra>"
    )
    band = go.Scatter(
        x=np.concatenate([width, width[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=faint(COLOURS[0], 0.2),
        hoverinfo="skip",
        name="80 % of trials",
        legendgroup="band",
        showlegend=shown,
    )
    common = {"x": width, "customdata": hover, "hovertemplate": text, "mode": "lines+markers"}
    return [
        band,
        go.Scatter(
            y=median,
            line={"color": COLOURS[0], "dash": "dot"},
            name="median",
            legendgroup="median",
            showlegend=shown,
            **common,
        ),
        go.Scatter(
            y=best,
            line={"color": COLOURS[3], "width": 2.5},
            name="best",
            legendgroup="best",
            showlegend=shown,
            **common,
        ),
    ]
