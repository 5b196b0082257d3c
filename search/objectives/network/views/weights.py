"""The weights of a network without hidden layers, as one image a class: what it looks for."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from search.errors import KlayerError
from search.objectives.network.portrait import Portrait
from search.views.plots.plot import Plot, Table, drawn, escape, nothing

KEY, TITLE = "weights", "Weights as images"

UNKEPT = "Kept of the networks of the final, once they are trained."
_COLUMNS = 5


def weights_of(portrait: Portrait | None) -> Plot:
    """The weights of a trained network of one layer; what there is instead of others."""
    if portrait is None:
        return nothing(KEY, TITLE, UNKEPT)
    if portrait.images is None:
        caption = "Only a network of one layer (widths = []) that is trained on images has weights "
        caption += "that are images."
        return nothing(KEY, TITLE, caption)
    return weights(portrait.images, portrait.classes)


def weights(templates: np.ndarray, names: Sequence[str]) -> Plot:
    """Small images, five a row, each the weights that lead to one class.

    Weights of colour images are shown as colours, with 0 as mid-grey; those of grey ones from blue
    (against the class) to red (for it). All images share one scale.

    Args:
        templates: (classes, height, width, 3) for colours, or (classes, height, width).
        names: Of the classes.

    Raises:
        KlayerError: The shape is another, or there is not one name a class.
    """
    _check(templates, names)
    rows = -(-len(names) // _COLUMNS)
    figure = make_subplots(
        rows,
        min(_COLUMNS, len(names)),
        subplot_titles=[escape(name) for name in names],
        horizontal_spacing=0.02,
        vertical_spacing=0.16 / rows,
    )
    reach = float(np.abs(templates[np.isfinite(templates)]).max(initial=0.0)) or 1.0
    for place, template in enumerate(templates):
        trace = _trace(template, reach, str(names[place]))
        figure.add_trace(trace, row=place // _COLUMNS + 1, col=place % _COLUMNS + 1)
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    for number in range(1, len(names) + 1):
        anchor = "x" if number == 1 else f"x{number}"
        figure.layout[f"yaxis{'' if number == 1 else number}"].update(scaleanchor=anchor)
    figure.update_annotations(font_size=12)
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 28, "b": 12},
        coloraxis={
            "colorscale": "RdBu_r",
            "cmin": -reach,
            "cmax": reach,
            "showscale": templates.ndim == 3,
            "colorbar": {
                "title": {"text": "weight"},
                "orientation": "h",
                "thickness": 10,
                "y": -0.02,
                "yanchor": "top",
            },
        },
    )
    caption = (
        f"The weights that lead to each of {len(names)} classes, on one scale from "
        f"{-reach:.3g} to {reach:.3g}: where an image is like the plot, the class gains."
    )
    return drawn(KEY, TITLE, caption, figure, _table(templates, names))


def _check(templates: np.ndarray, names: Sequence[str]) -> None:
    coloured = templates.ndim == 4 and templates.shape[-1] == 3
    if not (coloured or templates.ndim == 3) or len(names) != len(templates):
        raise KlayerError(
            f"weights as images: found an array of shape {templates.shape} and {len(names)} names; "
            "give (classes, height, width) or (classes, height, width, 3), and a name a class"
        )


def _trace(template: np.ndarray, reach: float, name: str) -> Any:
    where = f"<b>{escape(name)}</b><br>row %{{y}}, column %{{x}}"
    if template.ndim == 3:
        colours = np.clip(127.5 + 127.5 * template / reach, 0, 255)
        return go.Image(
            z=np.nan_to_num(colours, nan=127.5).astype(np.uint8),
            hovertemplate=f"{where}<extra></extra>",
        )
    return go.Heatmap(
        z=template.astype(np.float32),
        coloraxis="coloraxis",
        hovertemplate=f"{where}<br>weight %{{z:.3g}}<extra></extra>",
    )


def _table(templates: np.ndarray, names: Sequence[str]) -> Table:
    parts = ("red", "green", "blue") if templates.ndim == 4 else ("weight",)
    rows = [
        (names[index], row, column, *np.atleast_1d(templates[index, row, column]).tolist())
        for index, row, column in np.ndindex(templates.shape[:3])
    ]
    return Table(("class", "row", "column", *parts), rows)
