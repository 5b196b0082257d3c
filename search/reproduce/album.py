"""Writes the pictures of experiments to a folder: HTML, images where there is a browser, an index.

All pages share one copy of Plotly beside them, and need no network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from search.reproduce.experiments import order
from search.reproduce.pictures import Drawn, drawn_of
from search.reproduce.rows import Row
from search.reproduce.table import results_table
from search.runtime.output import replace, writing
from search.views.plots.data import SearchData
from search.views.plots.theme import TONES, themed
from search.views.terminal.browser import Browser, NoBrowserError
from search.views.terminal.plot_file import write_plot

PLOTLY, INDEX = "plotly.min.js", "index.html"


@dataclass(frozen=True)
class Chapter:
    """One study in the album.

    Attributes:
        data: Its search, with what its pictures need.
        rows: What was published of it, and ours.
    """

    data: SearchData
    rows: tuple[Row, ...]

    @property
    def ids(self) -> list[str]:
        """The experiments that it stands for."""
        return sorted({row.published.id for row in self.rows}, key=order)


@dataclass(frozen=True)
class Shown:
    """A picture on the index: where its files are, from the folder on; no image without a browser.

    Attributes:
        title: Of the picture.
        caption: What is seen, in a sentence.
        page: Its HTML.
        image: Its PNG; None where none was written.
    """

    title: str
    caption: str
    page: str
    image: str | None


def write_album(
    folder: Path, chapters: Sequence[Chapter], about: Sequence[str], say: Callable[[str], None]
) -> int:
    """Write all pictures of all chapters, and an index of them.

    Args:
        folder: Where to; it is made where it is not there. Files of the same names are replaced.
        chapters: The studies, in the order in which they are to be read.
        about: What the figures stand on, line by line.
        say: Told once that there is no browser to draw images with, and what would help.

    Returns:
        How many pictures there are.

    Raises:
        KlayerError: The folder cannot be written to.
    """
    with writing(folder, "--pictures"), Browser() as browser:
        writer = _Writer(folder, browser, say)
        folder.mkdir(parents=True, exist_ok=True)
        replace(folder / PLOTLY, get_plotlyjs(), option="--pictures")
        shown = [
            (one, [writer.write(one.data.name, drawn) for drawn in drawn_of(one.data)])
            for one in chapters
        ]
        replace(folder / INDEX, index(shown, about), option="--pictures")
    return sum(len(pictures) for _, pictures in shown)


def index(chapters: Sequence[tuple[Chapter, Sequence[Shown]]], about: Sequence[str] = ()) -> str:
    """The page that shows all pictures, by experiment, with its table."""
    environment = Environment(
        loader=PackageLoader("search.reproduce", "."), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("index.html.jinja")
    tables = {one.data.name: results_table(one.rows) for one, _ in chapters}
    return template.render(chapters=chapters, tables=tables, about=about, tones=TONES)


class _Writer:
    """Writes pictures below a folder; images until the first that cannot be drawn."""

    def __init__(self, folder: Path, browser: Browser, say: Callable[[str], None]) -> None:
        self._folder, self._browser, self._say = folder, browser, say
        self._draws = True

    def write(self, study: str, drawn: Drawn) -> Shown:
        """Write one picture of a study."""
        place, picture = self._folder / study, drawn.picture
        place.mkdir(exist_ok=True)
        page, image = place / f"{drawn.name}.html", place / f"{drawn.name}.png"
        html = themed(picture.figure, "light").to_html(
            include_plotlyjs=f"../{PLOTLY}", config={"displaylogo": False}
        )
        replace(page, html, option="--pictures")
        if self._draws:
            try:
                write_plot(picture, study, image, "light", self._browser)
            except NoBrowserError as error:
                self._draws = False
                image.unlink(missing_ok=True)  # of an earlier run
                self._say(f"--pictures: no PNG: {error}")
        return Shown(
            picture.title,
            picture.caption,
            f"{study}/{page.name}",
            f"{study}/{image.name}" if self._draws else None,
        )
