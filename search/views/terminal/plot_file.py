"""Writes one plot to a file, as what its ending says."""

from collections.abc import Callable, Sequence
from pathlib import Path

from search.errors import KlayerError
from search.runtime.output import check, replace
from search.views.plots.exported import exported
from search.views.plots.plot import Plot
from search.views.plots.theme import Mode, themed
from search.views.plots.told import spoken
from search.views.terminal.browser import WIDTH, Browser

DRAWN = (".svg", ".png", ".pdf")


def write_plot(
    plot: Plot, name: str, output: Path, mode: Mode, browser: Browser, reads: Sequence[Path] = ()
) -> None:
    """Write a plot: HTML that needs no network, a drawing, Plotly's JSON, or its data as CSV.

    Args:
        plot: What is written.
        name: Of its search, which stands above it with its caption.
        output: The file, whose ending says how.
        mode: Light or dark.
        browser: Draws it, if it is to be drawn.
        reads: What must not be written over: what the search reads.

    Raises:
        KlayerError: The file's ending names none of these, the file cannot be written, or there is
            no browser to draw it with.
    """
    figure = spoken(themed(exported(plot, name, WIDTH), mode))
    writers: dict[str, Callable[[], str | bytes]] = {
        ".html": lambda: figure.to_html(include_plotlyjs=True, config={"displaylogo": False}),
        ".json": lambda: spoken(themed(plot.figure, mode)).to_json(pretty=True) + "\n",
        ".csv": plot.table.csv,
        **{ending: lambda: browser.draw(figure, output.suffix[1:]) for ending in DRAWN},
    }
    if output.suffix not in writers:
        raise KlayerError(
            f"--output: {output}: its ending says as what a plot is written; "
            f"found {output.suffix or 'none'}, give one of {', '.join(writers)}"
        )
    check(output, reads)  # before a browser is started
    replace(output, writers[output.suffix](), reads)
