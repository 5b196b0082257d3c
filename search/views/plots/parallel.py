"""Parallel coordinates: each trial a line across one upright axis a hyperparameter.

Drawn as ordinary lines and not as Plotly's `Parcoords`, which needs WebGL and a page that may
compile code, and cannot be printed or saved as SVG lines.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from search.ledger.records import Trial
from search.runtime.words import number, percent
from search.views.plots import standing
from search.views.plots.axes import Axis, axes
from search.views.plots.colouring import POOREST, extent, value_scale
from search.views.plots.data import SearchData
from search.views.plots.labels import named, short
from search.views.plots.picture import Picture, drawn, escape, nothing
from search.views.plots.theme import SCALE
from search.views.plots.trial_table import trial_table

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


def parallel(data: SearchData) -> Picture:
    """At most 400 trials as lines, coloured by their validation accuracy, the best on top.

    Of more trials the best 100 are shown, and an even choice of the others. Ranges that are
    searched on a log scale stand on one. Lines of trials that lack a hyperparameter have a gap.
    """
    found = axes(data)
    trials = _choice(standing.comparable(data))
    if not trials or not found:
        return nothing(KEY, TITLE, standing.absent(data), trial_table(data))
    uprights = [_upright(axis, trials) for axis in found.values()]
    uprights.append(_values(trials))
    figure = go.Figure(_lines(trials, list(found.values()), uprights))
    figure.update_layout(**_layout(trials, uprights))
    return drawn(KEY, TITLE, _says(data, trials), figure, trial_table(data))


def _choice(trials: Sequence[Trial]) -> list[Trial]:
    """Those that are shown, the best first."""
    order = standing.ranked(trials)
    if len(order) <= MOST:
        return order
    rest = order[_BEST:]
    some = np.linspace(0, len(rest) - 1, MOST - _BEST).round().astype(int)
    return [*order[:_BEST], *(rest[place] for place in some)]


def _scaled(axis: Axis, trial: Trial) -> float:
    place = axis.place(trial.parameters.get(axis.name))
    return place if math.isnan(place) else axis.scaled(place)


def _upright(axis: Axis, trials: Sequence[Trial]) -> _Upright:
    if axis.kind == "category":
        count = len(axis.options)
        texts = [short(number(option)) for option in axis.options]
        ticks = [((place + 0.5) / count, text) for place, text in enumerate(texts)]
        return _Upright(axis.label, -0.5, count - 0.5, ticks)
    places = [place for place in (_scaled(axis, trial) for trial in trials) if place == place]
    low, high = (min(places), max(places)) if places else (0.0, 1.0)
    if high == low:
        return _Upright(axis.title, low, high, [(0.5, number(axis.unscaled(low)))])
    marks = _decades(low, high) if axis.kind == "log" else _round_marks(low, high)
    ticks = [((mark - low) / (high - low), _written(axis.unscaled(mark))) for mark in marks]
    return _Upright(axis.title, low, high, ticks)


def _written(value: float) -> str:
    """A tick's value; far powers of ten as powers."""
    power = math.log10(value) if value > 0 else 0.0
    if abs(power) > 2.5 and math.isclose(power, round(power), abs_tol=1e-9):
        return f"10<sup>{round(power)}</sup>"
    return f"{value:.3g}"


def _values(trials: Sequence[Trial]) -> _Upright:
    values = [100 * (trial.value or 0) for trial in trials]
    low, high = min(values), max(values)
    if high == low:
        return _Upright("validation accuracy (%)", low, high, [(0.5, f"{low:.4g}")])
    ticks = [((mark - low) / (high - low), f"{mark:.4g}") for mark in _round_marks(low, high)]
    return _Upright("validation accuracy (%)", low, high, ticks)


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten between two decimal logarithms, at most five; 1, 2 and 5 of them if few."""
    whole = [float(p) for p in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]
    if len(whole) >= 3:
        return whole[:: -(-len(whole) // 5)]
    fine = [
        power + math.log10(digit)
        for power in range(math.floor(low), math.floor(high) + 1)
        for digit in (1, 2, 5)
    ]
    inside = [mark for mark in fine if low - 1e-9 <= mark <= high + 1e-9]
    return inside if len(inside) >= 2 else [low, high]


def _round_marks(low: float, high: float) -> list[float]:
    """Three to six round numbers from `low` to `high`."""
    power = 10.0 ** math.floor(math.log10((high - low) / 3))
    step = next(power * s for s in (5, 2.5, 2, 1) if (high - low) / (power * s) >= 2.5)
    return [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _lines(
    trials: Sequence[Trial], found: Sequence[Axis], uprights: Sequence[_Upright]
) -> list[go.Scatter]:
    values = [100 * (trial.value or 0) for trial in trials]
    low, high = extent(values) or (0.0, 1.0)
    shades = [min(max(int((v - low) / (high - low) * _SHADES), 0), _SHADES - 1) for v in values]
    colours = sample_colorscale(SCALE.lower(), [(s + 0.5) / _SHADES for s in range(_SHADES)])
    traces = []
    for shade in range(_SHADES):
        mine = [trial for trial, its in zip(trials, shades, strict=True) if its == shade]
        if mine:
            traces.append(_shade(mine[::-1], found, uprights, colours[shade], shade))
    traces.append(_shade(trials[:1], found, uprights, "#D55E00", _SHADES + 12))
    # Lines take no colour scale; this invisible point brings its bar.
    bar = {"color": [low], "coloraxis": "coloraxis", "opacity": 0}
    traces.append(
        go.Scatter(x=[0], y=[0], mode="markers", marker=bar, hoverinfo="skip", showlegend=False)
    )
    return traces


def _shade(
    trials: Sequence[Trial],
    found: Sequence[Axis],
    uprights: Sequence[_Upright],
    colour: str,
    weight: int,
) -> go.Scatter:
    across = [*range(len(uprights)), None]
    heights: list[float] = []
    texts: list[str] = []
    for trial in trials:
        value = 100 * (trial.value or 0)
        scaled = [*(_scaled(axis, trial) for axis in found), value]
        heights += [up.height(one) for up, one in zip(uprights, scaled, strict=True)]
        heights.append(math.nan)
        shown = [escape(number(trial.parameters.get(axis.name, "–"))) for axis in found]
        head = f"<b>{escape(named(trial))}</b> {percent(trial.value)}"
        texts += [f"{head}<br>{one}" for one in shown] + [head, ""]
    return go.Scatter(
        x=across * len(trials),
        y=np.array(heights, np.float32),
        mode="lines",
        line={"color": colour, "width": 0.8 + weight / 12},
        opacity=0.45 + 0.5 * min(weight / _SHADES, 1),
        hovertext=texts,
        hoverinfo="text",
        showlegend=False,
    )


def _layout(trials: Sequence[Trial], uprights: Sequence[_Upright]) -> dict[str, Any]:
    values = [100 * (trial.value or 0) for trial in trials]
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
        "coloraxis": value_scale(values),
        "shapes": shapes,
        "annotations": annotations,
        "hovermode": "closest",
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


def _says(data: SearchData, shown: Sequence[Trial]) -> str:
    total = len(standing.comparable(data))
    said = (
        f"{total:,} trials that compare, each a line"
        if total <= MOST
        else (
            f"The best {_BEST} of {total:,} trials that compare, and {len(shown) - _BEST} of the "
            "others, evenly chosen from the next best to the poorest, each a line"
        )
    )
    best = shown[0]
    return f"{said}; the best in vermilion: {named(best)} with {percent(best.value)}; {POOREST}."
