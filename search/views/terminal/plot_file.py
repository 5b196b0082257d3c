"""Writes one plot to a file, as what its ending says."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import plotly.graph_objects as go

from search.errors import KlayerError
from search.views.plots.plot import Plot
from search.views.plots.theme import Mode, themed
from search.views.terminal.output import writing


class NoBrowserError(KlayerError):
    """There is nothing that draws images."""


IMAGES = (".svg", ".png", ".pdf")
WIDTH, HEIGHT = 1000, 600  # of images, in pixels; PNGs have twice as many


def write_plot(plot: Plot, output: Path, mode: Mode) -> None:
    """Write a plot: HTML that needs no network, an image, Plotly's JSON, or its data as CSV.

    Raises:
        KlayerError: The file's ending names none of these, the file cannot be written, or there is
            no browser to draw an image with.
    """
    figure = themed(plot.figure, mode)
    writers: dict[str, Callable[[], str | bytes]] = {
        ".html": lambda: figure.to_html(include_plotlyjs=True, config={"displaylogo": False}),
        ".json": lambda: figure.to_json(pretty=True) + "\n",
        ".csv": plot.table.csv,
        **{ending: lambda: _image(figure, output.suffix[1:]) for ending in IMAGES},
    }
    if output.suffix not in writers:
        raise KlayerError(
            f"--output: {output}: its ending says as what a plot is written; "
            f"found {output.suffix or 'none'}, give one of {', '.join(writers)}"
        )
    content = writers[output.suffix]()
    with writing(output):
        output.write_bytes(content if isinstance(content, bytes) else content.encode())


@contextmanager
def one_browser() -> Iterator[None]:
    """Let all images that are drawn meanwhile share a browser, which takes a second to start.

    Where there is none, drawing an image says so, as it does without this.
    """
    try:
        # Kaleido's own would hang, where its browser does not start.
        _image(go.Figure(), "svg")
    except NoBrowserError:
        yield
        return
    import kaleido

    kaleido.start_sync_server(silence_warnings=True)
    try:
        with warnings.catch_warnings():
            # Plotly says so of options that it gives by itself.
            warnings.filterwarnings("ignore", "The kopts argument is ignored")
            yield
    finally:
        kaleido.stop_sync_server(silence_warnings=True)


def _image(figure: go.Figure, form: str) -> bytes:
    """Drawn by a browser, since Plotly is a library of browsers.

    Raises:
        NoBrowserError: The library or the browser is missing.
    """
    try:
        from choreographer.errors import ChromeNotFoundError
        from kaleido.errors import KaleidoError
    except ImportError:
        raise NoBrowserError(
            "images are drawn with kaleido and a Chrome or Chromium: "
            "pip install 'klayer[images]'; or write .html"
        ) from None
    try:
        scale = 2 if form == "png" else 1
        image: bytes = figure.to_image(form, width=WIDTH, height=HEIGHT, scale=scale)
    except (ChromeNotFoundError, KaleidoError, RuntimeError) as error:
        raise NoBrowserError(
            "images are drawn with Chrome or Chromium, which is not found, or does not start; "
            "install one (Debian: apt-get install chromium), or name it in BROWSER_PATH, or write "
            ".html"
        ) from error
    return image
