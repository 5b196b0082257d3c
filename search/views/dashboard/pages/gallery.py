"""The plots that were drawn last, for all who look.

A browser asks for a plot when it comes into sight, when there is news of it, and when a reader
chooses otherwise; many browsers may ask for the same. While one draws it the others wait for that.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from dash.development.base_component import Component

from search.errors import KlayerError
from search.ledger.faults import DatabaseFaultError
from search.views.dashboard.pages import drawing
from search.views.dashboard.pages.address import Address
from search.views.dashboard.pages.parts import unbroken
from search.views.dashboard.pages.shelf import Shelf
from search.views.dashboard.pages.trial_page import find
from search.views.plots.plot import Plot
from search.views.reading.digest import Digest, live

KEPT = 128  # plots; the largest take up to a megabyte


@dataclass(frozen=True)
class Shown:
    """A plot as it stands on a page.

    Attributes:
        figure: Its figure, in JSON: written once, and read by the browser alone.
        caption: What it shows, as it stands below it.
        size: The class of its frame.
    """

    figure: str
    caption: Sequence[Component | str]
    size: str


@dataclass(frozen=True)
class _Drawing:
    """One that is drawn, or is being drawn, of that version."""

    version: tuple[str, ...]
    result: "Future[Shown]"


class Gallery:
    """Draws plots for pages. May be used by many threads.

    Args:
        shelf: The searches.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, _Drawing] = OrderedDict()

    def version(self, where: Address, options: drawing.Options | None = None) -> tuple[str, ...]:
        """What changes with the plots of a page.

        Args:
            where: Which page.
            options: What a reader has chosen of learning curves, for their own version; None for
                that of the other plots.

        Raises:
            KlayerError: There is no such search, or the database failed.
        """
        digests = [self._shelf.digest(name) for name in where.names]
        asked = [] if options is None else options.asked()
        if options is not None:  # those that are trained now are drawn unasked
            asked = [*asked, *((t.stage, t.number) for t in live(digests[0].outline()))]
        if where.kind == "trial":
            asked = [(where.stage, where.number)]
        grown = _grown(digests[0], asked) if asked else []
        if where.kind == "trial":
            return tuple(grown)
        return (*(digest.plotted() for digest in digests), *grown)

    def plot(self, where: Address, key: str, options: drawing.Options, mode: str | None) -> Shown:
        """The plot of that key, on that page.

        Raises:
            DatabaseFaultError: The database failed.
        """
        used = options.used_by(key)
        place = (where, key, used, mode)
        try:
            version = self.version(where, used if drawing.is_curves(key) else None)
        except DatabaseFaultError:
            raise
        except KlayerError as error:
            return _shown(drawing.failed(error), mode)
        with self._lock:
            known, mine = self._kept.get(place), None
            if known is None or known.version != version:
                known = mine = self._kept[place] = _Drawing(version, Future())
            self._kept.move_to_end(place)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        if mine is not None:
            self._draw(place, mine, where, key, used, mode)
        return known.result.result()

    def _draw(
        self,
        place: object,
        one: _Drawing,
        where: Address,
        key: str,
        options: drawing.Options,
        mode: str | None,
    ) -> None:
        """Draw it for all who wait; what could not be drawn is drawn anew for who asks next."""
        try:
            one.result.set_result(_shown(drawing.draw(self._shelf, where, key, options), mode))
        except KlayerError as error:
            self._forget(place, one)
            if isinstance(error, DatabaseFaultError):
                one.result.set_exception(error)
            else:
                one.result.set_result(_shown(drawing.failed(error), mode))
        except BaseException as error:
            self._forget(place, one)
            one.result.set_exception(error)
            raise

    def _forget(self, place: object, one: _Drawing) -> None:
        with self._lock:
            if self._kept.get(place) is one:
                del self._kept[place]


def _grown(digest: Digest, asked: list[tuple[str, int]]) -> list[str]:
    """What changes with the curves of these trials: with each report, until they have ended."""
    data = digest.outline()
    trials = [find(data, stage, number) for stage, number in asked]
    ended = [str(trial.finished_at) for trial in trials if trial and trial.finished_at is not None]
    return ended if len(ended) == len(asked) else [*ended, digest.version()]


def _shown(plot: Plot, mode: str | None) -> Shown:
    size = "plot-frame empty" if plot.empty else "plot-frame"
    # The caption of an empty plot stands in it already.
    figure = str(drawing.shown(plot, mode).to_json(validate=False))
    return Shown(figure, [] if plot.empty else unbroken(plot.caption), size)
