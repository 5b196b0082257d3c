"""Trials that a reader has pinned: lit in each plot that shows trials one by one."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from search.ledger.records import RecordedTrial
from search.views.plots import standing
from search.views.plots.data import SearchData
from search.views.plots.labels import link, named, short

COLOUR = "#D6006C"  # that nothing else has
DASHES = ("solid", "dash", "dot", "dashdot")  # of lines, which have no ring


def pinned(data: SearchData) -> list[RecordedTrial]:
    """Those of the stages that search, in the order in which they were pinned."""
    known = {trial.id: trial for trial in standing.searched(data)} if data.pinned else {}
    return [known[one] for one in data.pinned if one in known]


def rings(
    trials: Sequence[RecordedTrial], x: np.ndarray, y: np.ndarray, *, labelled: bool = True
) -> list[go.Scatter]:
    """Rings about pinned trials; none where there is none.

    Args:
        trials: Those trials.
        x: Where they stand across, in data units, (trials,).
        y: And upwards, (trials,); NaN for nowhere.
        labelled: Whether their names stand beside them.
    """
    if not trials:
        return []
    return [
        go.Scatter(
            x=x,
            y=y,
            mode="markers+text" if labelled else "markers",
            marker={
                "symbol": "circle-open",
                "size": 16,
                "color": COLOUR,
                "line": {"width": 3, "color": COLOUR},
            },
            text=[short(named(trial), 24) for trial in trials] if labelled else None,
            textposition="top center",
            textfont={"size": 11},
            cliponaxis=False,
            ids=[link(trial) for trial in trials],
            hoverinfo="text",
            name="pinned",
            legendgroup="pinned",
        )
    ]


def said(data: SearchData) -> str:
    """What a caption says of them; nothing where none is pinned."""
    names = ", ".join(named(trial) for trial in pinned(data))
    return f" Pinned, and lit in magenta: {names}." if names else ""
