"""Parallel coordinates: each trial a line across one upright axis a hyperparameter.

Drawn as ordinary lines and not as Plotly's `Parcoords`, which needs WebGL and a page that may
compile code, and cannot be printed or saved as SVG lines.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from search.ledger.records import RecordedTrial
from search.runtime.formatting import number
from search.views.plots import pins, standing
from search.views.plots.axes import Axis, axes
from search.views.plots.colouring import POOREST, goodness, value_axis
from search.views.plots.data import SearchData
from search.views.plots.labels import link, named, short
from search.views.plots.plot import Plot, drawn, nothing
from search.views.plots.theme import SCALE
from search.views.plots.ticks import decades, round_marks, written
from search.views.plots.told import tell
from search.views.plots.trial_table import trial_table
from search.views.plots.values import ValueScale

KEY, TITLE = "parallel", "Parallel coordinates"

MOST = 400
_BEST = 100  # of those the best; the rest are an even choice of the others
_SHADES = 12  # lines of one shade are one trace


@dataclass(frozen=True)
class _Upright:
    """One upright axis: its title, and its ticks as places from 0 to 1 with their texts."""

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]

    def height(self, scaled: float) -> float:
        if self.high == self.low:
            return 0.5
        return (scaled - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class _Line:
    """One trial: where its value stands on the scale, and among the colours from 0 to 1."""

    trial: RecordedTrial
    place: float
    goodness: float


def parallel(data: SearchData) -> Plot:
    """At most 400 trials as lines, coloured by their value, the best on top.

    Of more trials the best 100 are shown, and an even choice of the others. Ranges that are
    searched on a log scale stand on one. Lines of trials that lack a hyperparameter have a gap.
    """
    found = axes(data)
    chosen, lit = choice(data), pins.pinned(data)
    if not chosen or not found:
        return nothing(KEY, TITLE, standing.absent(data), trial_table(data))
    trials = [*chosen, *(trial for trial in lit if trial not in chosen)]
    uprights = [_upright(axis, trials) for axis in found.values()]
    values = [trial.value for trial in trials]
    scale = ValueScale.of(data.score, values)
    places = scale.place(scale.shown(values))
    uprights.append(_values(scale, places))
    few = places[: len(chosen)]
    lines = [_Line(*one) for one in zip(chosen, few, goodness(scale, few), strict=True)]
    figure = go.Figure(_lines(lines, list(found.values()), uprights))
    at = {trial.id: place for trial, place in zip(trials, places, strict=True)}
    for place, trial in enumerate(lit):
        line = _Line(trial, at[trial.id], 1.0)
        figure.add_trace(_pinned(line, list(found.values()), uprights, place))
    figure.update_layout(**_layout(value_axis(scale, few), uprights))
    tell(figure, data)
    figure.layout.meta |= {
        "axes": [*map(_scale, found.values(), uprights), _scale(None, uprights[-1])]
    }
    caption = _caption(data, chosen) + pins.said(data)
    return drawn(KEY, TITLE, caption, figure, trial_table(data))


def choice(data: SearchData) -> list[RecordedTrial]:
    """Those that are shown: the winner, or the best so far, and then the best first."""
    order = data.ranking.ranked(standing.comparable(data))
    marked = standing.best(data)
    if marked is not None:
        order = [marked, *(trial for trial in order if trial.id != marked.id)]
    if len(order) <= MOST:
        return order
    rest = order[_BEST:]
    some = np.linspace(0, len(rest) - 1, MOST - _BEST).round().astype(int)
    return [*order[:_BEST], *(rest[place] for place in some)]


def _scaled(axis: Axis, trial: RecordedTrial) -> float:
    place = axis.place(trial.parameters.get(axis.name))
    return place if math.isnan(place) else axis.scaled(place)


def _upright(axis: Axis, trials: Sequence[RecordedTrial]) -> _Upright:
    if axis.kind == "category":
        count = len(axis.options)
        texts = [short(number(option)) for option in axis.options]
        ticks = [((place + 0.5) / count, text) for place, text in enumerate(texts)]
        return _Upright(axis.label, -0.5, count - 0.5, ticks)
    places = [place for place in (_scaled(axis, trial) for trial in trials) if place == place]
    low, high = (min(places), max(places)) if places else (0.0, 1.0)
    if high == low:
        return _Upright(axis.title, low, high, [(0.5, number(axis.unscaled(low)))])
    marks = decades(low, high) if axis.kind == "log" else round_marks(low, high)
    ticks = [((mark - low) / (high - low), written(axis.unscaled(mark))) for mark in marks]
    return _Upright(axis.title, low, high, ticks)


def _values(scale: ValueScale, places: np.ndarray) -> _Upright:
    low, high = float(np.nanmin(places)), float(np.nanmax(places))
    title = scale.title
    if high == low:
        return _Upright(title, low, high, [(0.5, text) for _, text in scale.marks(low, high)])
    ticks = [((mark - low) / (high - low), text) for mark, text in scale.marks(low, high)]
    return _Upright(title, low, high, ticks)


def _scale(axis: Axis | None, upright: _Upright) -> dict[str, Any]:
    """How heights are values, for pages on which a range of them is chosen; None for the value.

    Texts are quoted as in addresses, since they are somebody's.
    """
    options = () if axis is None else axis.options
    return {
        "name": None if axis is None else quote(axis.name, safe=""),
        "low": upright.low,
        "high": upright.high,
        "log": axis is not None and axis.kind == "log",
        "options": [quote(one, safe="") if isinstance(one, str) else one for one in options],
    }


def _lines(
    lines: Sequence[_Line], found: Sequence[Axis], uprights: Sequence[_Upright]
) -> list[go.Scatter]:
    shades = [min(int(line.goodness * _SHADES), _SHADES - 1) for line in lines]
    colours = sample_colorscale(SCALE, [(s + 0.5) / _SHADES for s in range(_SHADES)])
    traces = []
    for shade in range(_SHADES):
        mine = [line for line, its in zip(lines, shades, strict=True) if its == shade]
        if mine:
            traces.append(_shade(mine[::-1], found, uprights, colours[shade], shade))
    traces.append(_shade(lines[:1], found, uprights, "#D55E00", _SHADES + 12))
    # Lines take no colour scale; this invisible point brings its bar.
    bar = {"color": [lines[0].place], "coloraxis": "coloraxis", "opacity": 0}
    traces.append(
        go.Scatter(x=[0], y=[0], mode="markers", marker=bar, hoverinfo="skip", showlegend=False)
    )
    return traces


def _shade(
    lines: Sequence[_Line],
    found: Sequence[Axis],
    uprights: Sequence[_Upright],
    colour: str,
    weight: int,
) -> go.Scatter:
    across = [*range(len(uprights)), None]
    heights: list[float] = []
    ids: list[str] = []
    for line in lines:
        trial = line.trial
        scaled = [*(_scaled(axis, trial) for axis in found), line.place]
        heights += [up.height(one) for up, one in zip(uprights, scaled, strict=True)]
        heights.append(math.nan)
        ids += [link(trial)] * len(across)
    return go.Scatter(
        x=across * len(lines),
        y=np.array(heights, np.float32),
        mode="lines",
        line={"color": colour, "width": 0.8 + weight / 12},
        opacity=0.7 + 0.25 * min(weight / _SHADES, 1),
        ids=ids,
        hoverinfo="text",
        showlegend=False,
    )


def _pinned(
    line: _Line, found: Sequence[Axis], uprights: Sequence[_Upright], place: int
) -> go.Scatter:
    """The line of a pinned trial; several differ in their dashes."""
    trace = _shade([line], found, uprights, pins.COLOUR, _SHADES + 24)
    dash = pins.DASHES[place % len(pins.DASHES)]
    return trace.update(line_dash=dash, name=short(named(line.trial)), showlegend=True)


def _layout(colours: dict[str, Any], uprights: Sequence[_Upright]) -> dict[str, Any]:
    annotations: list[Mapping[str, Any]] = []
    shapes = []
    for place, upright in enumerate(uprights):
        rim = {"color": "rgba(138,143,152,0.9)", "width": 1}
        shapes.append({"type": "line", "x0": place, "x1": place, "y0": 0, "y1": 1, "line": rim})
        last = place == len(uprights) - 1
        for height, text in upright.ticks:
            if -0.01 <= height <= 1.01:
                annotations.append(_tick(place, height, text, left=last))
    names = [_broken(upright.title) for upright in uprights]
    return {
        "xaxis": {
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "range": [-0.4, len(names) - 0.6],
            "showgrid": False,
            "autotickangles": [0, 90],
            "tickfont": {"size": 10},
            "ticklabeloverflow": "allow",
        },
        "yaxis": {"visible": False, "range": [-0.04, 1.04]},
        "coloraxis": colours,
        "shapes": shapes,
        "annotations": annotations,
        "hovermode": "closest",
        "dragmode": "select",
    }


def _broken(title: str) -> str:
    """A title on short lines, since axes stand close; it is escaped already."""
    return "<br>".join(textwrap.wrap(title, 11, break_long_words=False, break_on_hyphens=False))


def _tick(place: float, height: float, text: str, *, left: bool) -> dict[str, Any]:
    return {
        "x": place,
        "y": height,
        "text": text,
        "showarrow": False,
        "xanchor": "right" if left else "left",
        "xshift": -3 if left else 3,
        "font": {"size": 10},
        "bgcolor": "rgba(138,143,152,0.35)",
        "borderpad": 1,
    }


def _caption(data: SearchData, shown: Sequence[RecordedTrial]) -> str:
    total = len(standing.comparable(data))
    said = (
        f"{total:,} trials that compare, each a line"
        if total <= MOST
        else (
            f"The best {_BEST} of {total:,} trials that compare, and {len(shown) - _BEST} of the "
            "others, evenly chosen from the next best to the poorest, each a line"
        )
    )
    what = "winner" if standing.winner(data) is not None else "best so far"
    marked = f"{named(shown[0])} with {data.score.text(shown[0].value)}"
    return f"{said}; the {what} in vermilion: {marked}; {POOREST}."
