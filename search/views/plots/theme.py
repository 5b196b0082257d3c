"""How everything looks: colours, type and space, of figures, pages and reports, light and dark.

The categorical colours are Okabe and Ito's, which people who see colours differently can tell apart
("Color Universal Design", 2008), without their yellow and black; the continuous one is Cividis
(Nuñez, Anderton, Renslow, 2018), which rises evenly in lightness. Its darkest third is left out: on
a dark ground it cannot be seen.
"""

from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

Mode = Literal["light", "dark"]

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
MARKERS = ("", "circle-open", "x-thin-open")  # of lines: a colour's first, second and third use
FADED = "#8A8F98"  # halved members, trials without a value
SCALE: list[str] = sample_colorscale("cividis", [0.35 + 0.65 * place / 12 for place in range(13)])
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


@dataclass(frozen=True)
class Tones:
    """The colours of one mode that are not data."""

    page: str
    card: str
    text: str
    quiet: str
    line: str
    accent: str


TONES: dict[Mode, Tones] = {
    "light": Tones("#F7F8FA", "#FFFFFF", "#1B1F24", "#57606A", "#D8DEE4", "#005A8C"),
    "dark": Tones("#14171B", "#1C2026", "#E6EAEF", "#9AA4AF", "#333B44", "#6CBDF0"),
}


def template(mode: Mode) -> go.layout.Template:
    """What Plotly draws with in that mode, unless a figure says otherwise."""
    tones = TONES[mode]
    axis = {
        "gridcolor": tones.line,
        "linecolor": tones.line,
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": tones.line,
        "title": {"font": {"size": 13}, "standoff": 10},
        "automargin": True,
        "exponentformat": "power",
        "minexponent": 6,  # 11,030 and not 1.103 times a power of ten
        "separatethousands": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 12, "color": tones.text},
            "paper_bgcolor": tones.card,
            "plot_bgcolor": tones.card,
            "colorway": list(COLOURS),
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 48, "r": 16, "t": 16, "b": 40},
            "title": {
                "font": {"size": 15},
                "x": 0,
                "xref": "paper",
                "xanchor": "left",
                "y": 1,
                "yref": "container",
                "yanchor": "top",
                "pad": {"t": 10, "b": 6},
                "automargin": True,
            },
            # At the container's edge a legend gets room of its own, however many rows it takes.
            "legend": {"orientation": "h", "y": 0, "yref": "container", "yanchor": "bottom"},
            "hoverlabel": {"bgcolor": tones.card, "font": {"family": FONT, "color": tones.text}},
            "colorscale": {"sequential": SCALE},
            "coloraxis": {"colorbar": {"outlinewidth": 0, "thickness": 12}},
        }
    )


def themed(figure: go.Figure, mode: Mode) -> go.Figure:
    """A copy of a figure in that mode."""
    copied = go.Figure(figure)
    copied.layout.template = template(mode)
    return copied
