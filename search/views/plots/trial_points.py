"""Trials as points over two axes: each one while they are few, cells and the best when many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from search.ledger.records import RecordedTrial
from search.views.plots.axes import Axis
from search.views.plots.cells import Cells, cells
from search.views.plots.colouring import RIM
from search.views.plots.labels import link
from search.views.plots.plot import escape
from search.views.plots.theme import FADED
from search.views.plots.values import ValueScale

MANY = 1500  # trials; beyond, they are drawn as cells
BEST = 100  # that are points even then
_CELLS = 2400  # of all stages together


@dataclass(frozen=True)
class Plane:
    """What stands across and upwards: two hyperparameters, or one and the value.

    Attributes:
        x: The hyperparameter across.
        y: That upwards; None for the value.
        scale: That of the values.
    """

    x: Axis
    y: Axis | None
    scale: ValueScale

    def places(self, trials: Sequence[RecordedTrial]) -> tuple[np.ndarray, np.ndarray]:
        """Where trials stand, in data units, two arrays (trials,); NaN where nowhere."""
        x = [self.x.place(trial.parameters.get(self.x.name)) for trial in trials]
        if self.y is None:
            return np.array(x), self.scale.shown([trial.value for trial in trials])
        y = [self.y.place(trial.parameters.get(self.y.name)) for trial in trials]
        return np.array(x), np.array(y)


def points(
    trials: Sequence[RecordedTrial], plane: Plane, stage: str, colour: str | None
) -> go.Scatter:
    """Trials of one stage that have a value, each a point.

    Args:
        trials: Those trials.
        plane: Over what.
        stage: The stage's name.
        colour: Of all; None for the scale of values.
    """
    x, y = plane.places(trials)
    scale = plane.scale
    values = scale.shown([trial.value for trial in trials])
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={**_painted(scale.place(values), colour), "size": 8, "line": RIM},
        ids=[link(trial) for trial in trials],
        hoverinfo="text",
        name=escape(stage),
        showlegend=False,
    )


def binned(
    trials: Sequence[RecordedTrial], plane: Plane, stage: str, colour: str | None, stages: int
) -> go.Heatmap | None:
    """As `points`, but trials that lie near each other are one cell; None if none can be placed.

    Args:
        trials: Those trials.
        plane: Over what.
        stage: The stage's name.
        colour: Of all; None for the scale of values.
        stages: How many stages share the plot, and so the number of cells.
    """
    found = _cells(trials, plane, _CELLS // max(stages, 2))
    if found is None:
        return None
    scale = plane.scale
    lines = [
        f"<b>{escape(stage)}: %{{customdata[0]}} trials about here</b>",
        f"median {escape(scale.metric.words)}: {scale.hover('customdata[2]')}",
        f"best: {scale.hover('customdata[1]')}",
    ]
    painted = {"coloraxis": "coloraxis"} if colour is None else _plain(colour)
    return go.Heatmap(
        **_edges(found, plane),
        z=scale.place(found.median).astype(np.float32),
        **painted,
        customdata=np.stack([found.count, found.best, found.median], 2).astype(np.float32),
        hovertemplate="<br>".join(lines) + "<extra></extra>",
        hoverongaps=False,
        name=escape(stage),
    )


def greyed(trials: Sequence[RecordedTrial], plane: Plane, symbol: str, name: str) -> go.Scatter:
    """Trials that are not to be compared with the others, in grey, each a point."""
    x, y = plane.places(trials)
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={
            "symbol": symbol,
            "size": 7,
            "color": FADED,
            "line": {"width": 1.5, "color": FADED},
        },
        opacity=0.7,
        name=name,
        ids=[link(trial) for trial in trials],
        hoverinfo="text",
    )


def greyed_cells(trials: Sequence[RecordedTrial], plane: Plane) -> go.Heatmap | None:
    """As `greyed`, but in cells; to lie below those of trials that have a value."""
    found = _cells(trials, plane, _CELLS // 2)
    if found is None:
        return None
    return go.Heatmap(
        **_edges(found, plane),
        z=np.where(found.count > 0, 1.0, np.nan).astype(np.float32),
        customdata=found.count,
        **_plain(FADED),
        opacity=0.3,
        hovertemplate="%{customdata} trials dropped or without a value<extra></extra>",
        hoverongaps=False,
    )


def star(trial: RecordedTrial, plane: Plane, name: str) -> go.Scatter:
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
        ids=[link(trial)],
        hoverinfo="text",
        name=name,
    )


def _painted(values: np.ndarray, colour: str | None) -> dict[str, Any]:
    painted = values.astype(np.float32)
    return {"color": painted, "coloraxis": "coloraxis"} if colour is None else {"color": colour}


def _plain(colour: str) -> dict[str, Any]:
    return {"colorscale": [[0, colour], [1, colour]], "showscale": False}


def _cells(trials: Sequence[RecordedTrial], plane: Plane, most: int) -> Cells | None:
    x, y = plane.places(trials)
    stands = np.isfinite(x) & np.isfinite(y)
    if plane.y is None:
        stands &= np.isfinite(plane.scale.place(y))
    if not stands.any():
        return None
    scale = plane.scale
    values = scale.shown([trial.value for trial in trials])
    across = np.array([plane.x.scaled(place) for place in x[stands]])
    upwards = _scaled(plane, y[stands])
    side = max(int(most**0.5), 4)
    return cells(across, upwards, values[stands], side, side, scale.ranking)


def _scaled(plane: Plane, y: np.ndarray) -> np.ndarray:
    """Places upwards, in data units, on the scale of what stands there."""
    up = plane.y
    return plane.scale.place(y) if up is None else np.array([up.scaled(place) for place in y])


def _edges(found: Cells, plane: Plane) -> dict[str, np.ndarray]:
    """The edges of cells in data units."""
    up = plane.y
    x = np.array([plane.x.unscaled(place) for place in found.x])
    if up is None:
        return {"x": x, "y": plane.scale.unplace(found.y)}
    return {"x": x, "y": np.array([up.unscaled(place) for place in found.y])}
