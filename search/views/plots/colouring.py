"""Colours that mean something: a stage's own, and the scale of scores."""

from typing import Any

import numpy as np

from search.views.plots.data import SearchData
from search.views.plots.theme import COLOURS, SCALE
from search.views.plots.values import ValueScale

RIM = {"width": 1, "color": "rgba(138,143,152,0.8)"}  # keeps the scale's ends visible

# What the scale leaves to its poor end: trials that hardly learn would else use it all up.
_POOR = 0.25
POOREST = "the poorest quarter shares the darkest colour"


def stage_colours(data: SearchData) -> dict[str, str]:
    """A colour for each stage, by its name."""
    return {s.step.name: COLOURS[i % len(COLOURS)] for i, s in enumerate(data.stages)}


def faint(colour: str, opacity: float) -> str:
    """A colour written `#RRGGBB`, see-through."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def reach(scale: ValueScale, places: np.ndarray) -> tuple[float, float]:
    """From where to where the colours of values at these places reach; the poorest share an end."""
    return scale.extent(places, _POOR) or (0.0, 1.0)


def goodness(scale: ValueScale, places: np.ndarray) -> np.ndarray:
    """Where places stand among the colours, from 0 for the poorest to 1 for the best."""
    low, high = reach(scale, places)
    share = np.clip((places - low) / (high - low), 0, 1)
    return share if scale.metric.direction == "maximize" else 1 - share


def value_axis(scale: ValueScale, places: np.ndarray) -> dict[str, Any]:
    """The colour axis of scores at these places, its bar above the figure, the best the brightest.

    The poorest values share its dark end.
    """
    low, high = reach(scale, places)
    return {
        "colorscale": SCALE,
        "reversescale": scale.metric.direction == "minimize",
        "cmin": low,
        "cmax": high,
        "colorbar": value_bar(scale, low, high),
    }


def value_bar(scale: ValueScale, low: float, high: float) -> dict[str, Any]:
    """The bar of a colour axis of scores, from one place to another, with its marks.

    Plotly would choose as few as one.
    """
    marks = scale.marks(low, high)
    return {
        "title": {"text": scale.title, "side": "top", "font": {"size": 12}},
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
        "tickvals": [at for at, _ in marks],
        "ticktext": [text for _, text in marks],
    }
