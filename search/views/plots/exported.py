"""A plot as a picture that stands alone: with the search's name and the caption above it."""

import textwrap

import plotly.graph_objects as go

from search.views.plots.plot import Plot, escape

_LETTER = 6.2  # pixels that a letter of a caption takes
_BAR = 64  # pixels above the axes that a colour bar takes, with its title and ticks


def exported(plot: Plot, name: str, width: int) -> go.Figure:
    """A copy of a plot's figure under its title, the search's name and its caption.

    `assets/klayer.js` does the same with what a page shows.

    Args:
        plot: The plot.
        name: Of its search.
        width: Of the picture, in pixels.
    """
    lines = [] if plot.empty else textwrap.wrap(plot.caption, int((width - 80) / _LETTER))
    said = "<br>".join(escape(line) for line in lines)
    figure = go.Figure(plot.figure)
    space = _BAR if figure.layout.coloraxis.to_plotly_json() else 8
    figure.update_layout(title={"text": ""}, margin={"t": space + 36 + 16 * len(lines)})
    # A title of Plotly's is pushed out of the picture by a colour bar above the axes.
    return figure.add_annotation(
        text=f'<span style="font-size:15px"><b>{escape(plot.title)}</b> – {escape(name)}</span>'
        f"<br>{said}",
        showarrow=False,
        align="left",
        x=0,
        xref="paper",
        xanchor="left",
        y=1,
        yref="paper",
        yanchor="bottom",
        yshift=space,
        font={"size": 12},
    )
