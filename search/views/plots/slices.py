"""Slices: the value over each hyperparameter by itself, a small plot each."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from search.ledger.records import RecordedTrial
from search.plan.verdicts import ERRORS, certainty
from search.views.plots import pins, standing
from search.views.plots.axes import Axis, axes
from search.views.plots.colouring import faint, stage_colours
from search.views.plots.data import SearchData
from search.views.plots.labels import link, short
from search.views.plots.parallel import choice
from search.views.plots.plot import Plot, drawn, nothing
from search.views.plots.theme import FADED
from search.views.plots.told import tell
from search.views.plots.trial_table import trial_table
from search.views.plots.values import ValueScale
from search.views.plots.zoom import usual_first

KEY, TITLE = "slices", "Each hyperparameter by itself"

MOST, ACROSS = 9, 3  # hyperparameters that are drawn, and how many of them in a row
FEW = 4  # up to which there are two in a row, which are read on a narrow screen
FAINT = 200  # dropped trials that are drawn
_BAND = "#009E73"


def slices(data: SearchData) -> Plot:
    """At most 400 trials over each of at most 9 hyperparameters, in their stage's colour.

    A band marks values within two standard errors of the best: what lies in it is one group.
    Trials that halving dropped are faint, at most 200 of them.
    """
    trials, found = choice(data), axes(data)
    if not trials or not found:
        return nothing(KEY, TITLE, standing.absent(data), trial_table(data))
    names = usual_first(data.objective, list(found))[:MOST]
    scale = ValueScale.of(data.score, [trial.value for trial in trials])
    lit = pins.pinned(data)
    dropped = [t for t in standing.searched(data) if t.state == "pruned"][:FAINT]
    columns = min(len(names), 2 if len(names) <= FEW else ACROSS)
    rows = -(-len(names) // columns)
    apart = 0.4 / rows if rows > 1 else 0.0
    figure = make_subplots(rows, columns, shared_yaxes=True, vertical_spacing=apart)
    for place, name in enumerate(names):
        row, column = place // columns + 1, place % columns + 1
        axis = found[name]
        for trace in [*_faint(dropped, axis, scale), *_points(data, trials, axis, scale, place)]:
            figure.add_trace(trace, row, column)
        mine = [trial for trial in lit if name in trial.parameters]
        for trace in pins.rings(mine, *_places(mine, axis, scale), labelled=place == 0):
            figure.add_trace(trace.update(showlegend=place == 0), row, column)
        figure.update_xaxes(_small(axis), row=row, col=column)
        figure.update_yaxes(scale.axis() if column == 1 else _untitled(scale), row=row, col=column)
    band = _band(data)
    if band is not None:
        figure.add_hrect(*scale.shown(band), fillcolor=faint(_BAND, 0.15), line_width=0)
    figure.update_layout(hovermode="closest")
    near = _near(scale, trials, dropped)
    if near is not None:
        figure.update_yaxes(range=near)
    table = trial_table(replace(data, trials=tuple(trials)))
    return drawn(
        KEY,
        TITLE,
        _caption(data, trials, found, band, dropped if near else ()),
        tell(figure, data),
        table,
    )


def _small(axis: Axis) -> dict[str, object]:
    """The axis of a small plot: whole powers of ten, and a title that fits."""
    title = {"text": axis.title, "font": {"size": 11}, "standoff": 4}
    marks = {"nticks": 2} if axis.kind == "log" else {"nticks": 5}
    return {**axis.layout(), **marks, "title": title, "tickangle": 0}


def _near(
    scale: ValueScale, trials: Sequence[RecordedTrial], dropped: Sequence[RecordedTrial]
) -> tuple[float, float] | None:
    """The axis of values without dropped trials that would take up half of it; None if none do."""
    places, others = (
        scale.place(scale.shown([trial.value for trial in some])) for some in (trials, dropped)
    )
    found, known = scale.extent(places), others[np.isfinite(others)]
    if found is None or not len(known):
        return None
    low, high = found
    if max(low - known.min(), known.max() - high) <= high - low:
        return None
    margin = 0.06 * (high - low)
    return low - margin, high + margin


def _untitled(scale: ValueScale) -> dict[str, object]:
    return {key: one for key, one in scale.axis().items() if key != "title"}


def _points(
    data: SearchData, trials: Sequence[RecordedTrial], axis: Axis, scale: ValueScale, place: int
) -> list[go.Scatter]:
    colours = stage_colours(data)
    traces = []
    for stage in data.searched():
        mine = [t for t in trials if t.stage == stage.step.name and axis.name in t.parameters]
        if mine:
            trace = _trace(mine, axis, scale, colours[stage.step.name], 0.85)
            name = short(stage.step.name)
            traces.append(trace.update(name=name, legendgroup=name, showlegend=place == 0))
    return traces


def _faint(trials: Sequence[RecordedTrial], axis: Axis, scale: ValueScale) -> list[go.Scatter]:
    mine = [t for t in trials if axis.name in t.parameters]
    return [_trace(mine, axis, scale, FADED, 0.3).update(showlegend=False)] if mine else []


def _trace(
    trials: Sequence[RecordedTrial], axis: Axis, scale: ValueScale, colour: str, opacity: float
) -> go.Scatter:
    x, y = _places(trials, axis, scale)
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"color": colour, "size": 6, "opacity": opacity},
        ids=[link(trial) for trial in trials],
        hoverinfo="text",
    )


def _places(
    trials: Sequence[RecordedTrial], axis: Axis, scale: ValueScale
) -> tuple[np.ndarray, np.ndarray]:
    across = [axis.place(trial.parameters.get(axis.name)) for trial in trials]
    return np.array(across), scale.shown([trial.value for trial in trials])


def _band(data: SearchData) -> tuple[float, float] | None:
    """From where to where values are within the noise of the best; None where nothing tells."""
    best = data.ranking.best(standing.comparable(data))
    search = data.search
    found = best and certainty(search.study, data.trials, best, search.data.held_out)
    if not found or not found.noise:
        return None
    reach = found.single + data.ranking.sign * ERRORS * found.noise
    return (min(found.single, reach), max(found.single, reach)) if math.isfinite(reach) else None


def _caption(
    data: SearchData,
    trials: Sequence[RecordedTrial],
    found: dict[str, Axis],
    band: tuple[float, float] | None,
    beyond: Sequence[RecordedTrial],
) -> str:
    said = f"The values of {len(trials):,} trials that compare over each hyperparameter"
    if len(found) > MOST:
        said += f", the first {MOST} of {len(found)}"
    if band is not None:
        low, high = (data.score.text(one) for one in band)
        said += f"; in the band, {low} to {high}, they lie within two standard errors of the best"
    if beyond:
        said += ". Poor ones that halving dropped come into view with a double click"
    return f"{said}.{pins.said(data)}"
