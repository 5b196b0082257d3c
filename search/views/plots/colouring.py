"""Colours that mean something: a stage's own, and the scale of validation accuracies."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from search.views.plots.data import SearchData
from search.views.plots.labels import ACCURACY
from search.views.plots.theme import COLOURS, SCALE

RIM = {"width": 1, "color": "rgba(138,143,152,0.8)"}  # keeps the scale's ends visible

# What the scale leaves below its lower end: trials that hardly learn would else use it all up.
_POOR = 0.25
POOREST = "the poorest quarter shares the darkest colour"


def stage_colours(data: SearchData) -> dict[str, str]:
    """A colour for each stage, by its name."""
    return {s.step.name: COLOURS[i % len(COLOURS)] for i, s in enumerate(data.stages)}


def faint(colour: str, opacity: float) -> str:
    """A colour written `#RRGGBB`, see-through."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def extent(percents: Sequence[float], poor: float = _POOR) -> tuple[float, float] | None:
    """From where to where a scale of values reaches that leaves a share of the poorest out.

    None without values.
    """
    if not len(percents):
        return None
    low, high = float(np.quantile(percents, poor)), float(np.max(percents))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def value_scale(percents: Sequence[float], title: str = ACCURACY) -> dict[str, Any]:
    """The colour axis of validation accuracies, its bar above the figure.

    The poorest values share its lower end.
    """
    low, high = extent(percents) or (0.0, 100.0)
    return {
        "colorscale": SCALE,
        "cmin": low,
        "cmax": high,
        "colorbar": {
            "title": {"text": title, "side": "top", "font": {"size": 12}},
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "xpad": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "ypad": 4,
            "len": 1,
            "thickness": 10,
            "outlinewidth": 0,
        },
    }
