"""How the gradients of each layer are spread after training: whether they vanish, or explode."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from search.errors import KlayerError
from search.objectives.network.portrait import Portrait
from search.objectives.network.views.weights import UNKEPT
from search.runtime.formatting import plural
from search.views.plots.plot import Plot, Table, drawn, escape, nothing
from search.views.plots.theme import COLOURS

KEY, TITLE = "gradients", "Gradients of each layer"

Histograms = Mapping[str, tuple[np.ndarray, np.ndarray]]


def gradients_of(portrait: Portrait | None) -> Plot:
    """The gradients of a trained network."""
    if portrait is None:
        return nothing(KEY, TITLE, UNKEPT)
    pairs = zip(portrait.gradient_edges, portrait.gradient_counts, strict=True)
    return gradients({f"layer {place}": pair for place, pair in enumerate(pairs, start=1)})


def gradients(histograms: Histograms) -> Plot:
    """A histogram a layer, the first on top, over the same gradients; counts on a log axis.

    Args:
        histograms: By the layer's name, in their order, the edges of its bins (bins + 1,) and how
            many entries of the gradient lie between them (bins,).

    Raises:
        KlayerError: There is not one edge more than there are counts.
    """
    if not any(counts.sum() for _, counts in histograms.values()):
        caption = "No gradients are kept for this trial. Train it again to see them."
        return nothing(KEY, TITLE, caption)
    figure = make_subplots(
        len(histograms),
        1,
        shared_xaxes=True,
        vertical_spacing=0.3 / len(histograms),
        subplot_titles=[escape(name) for name in histograms],
    )
    table: list[tuple[Any, ...]] = []
    for row, (name, (edges, counts)) in enumerate(histograms.items(), start=1):
        if len(edges) != len(counts) + 1:
            raise KlayerError(
                f"gradients of {name}: found {len(edges)} edges and {len(counts)} counts; there "
                "must be one edge more than counts"
            )
        figure.add_trace(_bars(name, edges, counts, COLOURS[(row - 1) % len(COLOURS)]), row, 1)
        ends = zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
        table += [(name, *one) for one in ends]
    figure.update_yaxes(type="log", dtick=1)
    figure.update_yaxes(title_text="entries (log)", row=(len(histograms) + 1) // 2, col=1)
    figure.update_xaxes(title_text="gradient of the cost", row=len(histograms), col=1)
    figure.update_annotations(font_size=12)
    figure.update_layout(showlegend=False, bargap=0, margin={"t": 28})
    caption = (
        f"How the entries of the gradient are spread in {plural(len(histograms), 'layer')} "
        "after training; where a layer's are all near 0 it has stopped learning."
    )
    columns = ("layer", "from", "to", "entries")
    return drawn(KEY, TITLE, caption, figure, Table(columns, table))


def _bars(name: str, edges: np.ndarray, counts: np.ndarray, colour: str) -> go.Bar:
    return go.Bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=np.where(counts > 0, counts, np.nan).astype(float),
        width=np.diff(edges),
        marker={"color": colour, "line": {"width": 0}},
        customdata=np.stack([edges[:-1], edges[1:]], 1),
        hovertemplate=f"<b>{escape(name)}</b><br>%{{customdata[0]:.3g}} to %{{customdata[1]:.3g}}: "
        "%{y} entries<extra></extra>",
        name=escape(name),
    )
