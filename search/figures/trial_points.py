"""Trials as points over two axes: each one while they are few, cells and the best when many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from search.figures.axes import Axis
from search.figures.cells import cells
from search.figures.colouring import RIM
from search.figures.labels import ACCURACY, number
from search.figures.picture import escape
from search.figures.theme import FADED
from search.ledger.records import Trial

MANY = 1500  # trials; beyond, they are drawn as cells
BEST = 100  # that are points even then
_CELLS = 1200  # of all stages together


@dataclass(frozen=True)
class Plane:
    """What stands across and upwards: two hyperparameters, or one and the value."""

    x: Axis
    y: Axis | None = None

    def places(self, trials: Sequence[Trial]) -> tuple[np.ndarray, np.ndarray]:
        """Where trials stand, in data units, two arrays (trials,); NaN where nowhere."""
        x = [self.x.place(trial.parameters.get(self.x.name)) for trial in trials]
        if self.y is None:
            y = [np.nan if trial.value is None else 100 * trial.value for trial in trials]
        else:
            y = [self.y.place(trial.parameters.get(self.y.name)) for trial in trials]
        return np.array(x), np.array(y)

    def hover(self) -> str:
        """The lines of a hover text that say where a point stands."""
        axes = [(axis, letter) for axis, letter in ((self.x, "x"), (self.y, "y")) if axis]
        shown = [f"{a.label}: %{{{at}:.4g}}" for a, at in axes if a.kind != "category"]
        return "<br>".join([*shown, *(["%{text}"] if self.texts([]) is not None else [])])

    def texts(self, trials: Sequence[Trial]) -> list[str] | None:
        """What categories the trials have; None where no axis has categories."""
        named = [axis for axis in (self.x, self.y) if axis and axis.kind == "category"]
        if not named:
            return None
        return [
            "<br>".join(
                f"{axis.label}: {escape(number(t.parameters.get(axis.name)))}" for axis in named
            )
            for t in trials
        ]


def points(trials: Sequence[Trial], plane: Plane, stage: str, colour: str | None) -> go.Scatter:
    """Trials of one stage that have a value, each a point.

    Args:
        trials: Those trials.
        plane: Over what.
        stage: The stage's name.
        colour: Of all; None for the scale of values.
    """
    x, y = plane.places(trials)
    values = np.array([100 * (trial.value or 0.0) for trial in trials], np.float32)
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={**_painted(values, colour), "size": 8, "line": RIM},
        customdata=np.array([(t.number, t.id) for t in trials]).reshape(-1, 2),
        meta=values if colour is None else None,
        text=plane.texts(trials),
        hovertemplate=f"<b>{escape(stage)} #%{{customdata[0]}}</b><br>{plane.hover()}<br>"
        + (f"{ACCURACY}: %{{marker.color:.2f}}" if colour is None else f"{ACCURACY}: %{{y:.2f}}")
        + "<extra></extra>",
        name=escape(stage),
        showlegend=False,
    )


def binned(trials: Sequence[Trial], plane: Plane, stage: str, colour: str | None) -> go.Scatter:
    """As `points`, but trials that lie near each other are one square."""
    found, x, y = _cells(trials, plane, _CELLS // 4)
    lines = [
        f"<b>{escape(stage)}: %{{customdata[0]}} trials about here</b>",
        f"median {ACCURACY}: %{{customdata[1]:.2f}}",
        "best: %{customdata[2]:.2f}",
    ]
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={
            **_painted(found.median.astype(np.float32), colour),
            "symbol": "square",
            "size": _sizes(found.count),
            "opacity": 0.75,
            "line": RIM,
        },
        customdata=np.stack([found.count, found.median, found.best], 1).astype(np.float32),
        hovertemplate="<br>".join(lines) + "<extra></extra>",
        name=escape(stage),
        showlegend=False,
    )


def greyed(trials: Sequence[Trial], plane: Plane, symbol: str, name: str) -> go.Scatter:
    """Trials that are not to be compared with the others, in grey; cells where they are many."""
    hover: dict[str, Any]
    if len(trials) > MANY // 2:
        found, x, y = _cells(trials, plane, _CELLS // 2)
        hover = {
            "customdata": found.count,
            "hovertemplate": f"%{{customdata}} {name} about here<extra></extra>",
        }
        size: Any = _sizes(found.count)
    else:
        x, y = plane.places(trials)
        texts = [f"<b>{escape(t.stage)} #{t.number}</b><br>{_end(t)}" for t in trials]
        hover = {"hovertext": texts, "hoverinfo": "text"}
        hover["customdata"] = np.array([(t.number, t.id) for t in trials]).reshape(-1, 2)
        size = 7
    marker = {
        "symbol": symbol,
        "size": size,
        "color": FADED,
        "line": {"width": 1.5, "color": FADED},
    }
    return go.Scatter(x=x, y=y, mode="markers", marker=marker, opacity=0.7, name=name, **hover)


def star(trial: Trial, plane: Plane, name: str) -> go.Scatter:
    """One trial, marked."""
    x, y = plane.places([trial])
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={
            "symbol": "star",
            "size": 17,
            "color": "#D55E00",
            "line": {"width": 1.5, "color": "#FFFFFF"},
        },
        customdata=[[trial.number, trial.id]],
        text=plane.texts([trial]),
        hovertemplate=f"<b>{name}: {escape(trial.stage)} #{trial.number}</b><br>{plane.hover()}<br>"
        f"{ACCURACY}: {100 * (trial.value or 0):.2f}<extra></extra>",
        name=name,
    )


def _painted(values: np.ndarray, colour: str | None) -> dict[str, Any]:
    return {"color": values, "coloraxis": "coloraxis"} if colour is None else {"color": colour}


def _cells(trials: Sequence[Trial], plane: Plane, most: int) -> tuple[Any, np.ndarray, np.ndarray]:
    x, y = plane.places(trials)
    stands = np.isfinite(x) & np.isfinite(y)
    values = np.array([np.nan if t.value is None else 100 * t.value for t in trials])
    side = max(int(most**0.5), 4)
    up = plane.y
    across = np.array([plane.x.scaled(place) for place in x[stands]])
    upwards = np.array([place if up is None else up.scaled(place) for place in y[stands]])
    found = cells(across, upwards, values[stands], side, side)
    xs = np.array([plane.x.unscaled(place) for place in found.x])
    ys = np.array([place if up is None else up.unscaled(place) for place in found.y])
    return found, xs, ys


def _sizes(counts: np.ndarray) -> np.ndarray:
    top = counts.max() if len(counts) else 1
    return (5 + 7 * np.sqrt(counts / top)).astype(np.float32)


def _end(trial: Trial) -> str:
    if trial.state == "pruned":
        return f"dropped after {trial.pruned_after} epochs, at {100 * (trial.value or 0):.2f} %"
    return escape(trial.reason or trial.state)
