"""One plot: a figure with its title, a caption for its reader, and its data as a table."""

import csv
import html
import io
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

# First characters that a spreadsheet takes for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Table:
    """What a plot shows, as rows.

    Attributes:
        columns: Their names, with units.
        rows: Values in the order of the columns: numbers, texts, truths or None.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]

    def csv(self) -> str:
        """As CSV with a header; texts that a spreadsheet would run begin with an apostrophe."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow([_inert(value) for value in row])
        return text.getvalue()


@dataclass(frozen=True)
class Plot:
    """A figure and what belongs to it.

    Attributes:
        key: What it is called in addresses, file names and commands, such as "zoom".
        title: For people.
        caption: One sentence: what is seen, or what is to be done that there is something to see.
        figure: Without a template, so that one of `theme` may be laid under it.
        table: Its data.
        empty: Whether there is nothing to see yet.
        listed: Whether its data say what the figure does not, so that a report has them as well.
    """

    key: str
    title: str
    caption: str
    figure: go.Figure
    table: Table
    empty: bool = False
    listed: bool = False


def drawn(key: str, title: str, caption: str, figure: go.Figure, table: Table) -> Plot:
    """A plot of a figure, which is given the title for those who export it."""
    figure.update_layout(title_text=escape(title), template=go.layout.Template())
    return Plot(key, title, caption, figure, table)


def nothing(key: str, title: str, caption: str, table: Table | None = None) -> Plot:
    """A plot that has nothing to show yet; its caption says what to do."""
    text = "<br>".join(escape(line) for line in textwrap.wrap(caption, 38))
    figure = go.Figure()
    figure.update_layout(
        title_text=escape(title),
        template=go.layout.Template(),
        xaxis={"visible": False},
        yaxis={"visible": False},
        annotations=[
            {
                "text": text,
                "showarrow": False,
                "xref": "paper",
                "yref": "paper",
                "x": 0.5,
                "y": 0.5,
                "font": {"size": 13},
            }
        ],
    )
    return Plot(key, title, caption, figure, table or Table((), ()), empty=True)


def escape(text: object) -> str:
    """A text that Plotly shows as it is: its labels take some HTML, links included.

    Control characters, of which no SVG can be made, become spaces.
    """
    plain = "".join(" " if unicodedata.category(one) == "Cc" else one for one in str(text))
    replaced = html.escape(plain, quote=False)
    return replaced.replace("%{", "%&#123;")  # would be taken for a value in hover texts


def _inert(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
