"""The pictures that were drawn last, for all who look: each is drawn once until something changes.

A browser asks for a picture when it comes into sight, when there is news of it, and when a reader
chooses otherwise; many browsers may ask for the same.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

import plotly.graph_objects as go

from search.dashboard.pages import drawing
from search.dashboard.pages.address import Address
from search.dashboard.pages.shelf import Shelf
from search.errors import KlayerError
from search.figures.picture import Picture
from search.ledger.faults import DatabaseFaultError

KEPT = 128  # pictures; the largest is about half a megabyte


@dataclass(frozen=True)
class Shown:
    """A picture as it stands on a page.

    Attributes:
        figure: Its figure.
        says: What it shows, in words that stand below it.
        size: The class of its frame.
    """

    figure: go.Figure
    says: str
    size: str


class Gallery:
    """Draws pictures for pages. May be used by many threads.

    Args:
        shelf: The searches.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, Shown] = OrderedDict()

    def version(self, where: Address, growing: bool = False) -> list[str]:
        """What changes with the pictures of a page.

        Args:
            where: Which page.
            growing: Whether with every epoch, as curves do of trials that are trained now.

        Raises:
            KlayerError: There is no such search, or the database failed.
        """
        digests = [self._shelf.digest(name) for name in where.names]
        if growing or where.kind == "trial":
            return [digest.version() for digest in digests]
        return [digest.pictured() for digest in digests]

    def picture(
        self, where: Address, key: str, options: drawing.Options, mode: str | None
    ) -> Shown:
        """The picture of that key, on that page.

        Raises:
            DatabaseFaultError: The database failed.
        """
        try:
            growing = key in drawing.CURVES and options.second is not None
            place = (where, key, options, mode, *self.version(where, growing))
            with self._lock:
                if place in self._kept:
                    self._kept.move_to_end(place)
                    return self._kept[place]
            shown = _shown(drawing.draw(self._shelf, where, key, options), mode)
        except DatabaseFaultError:
            raise
        except KlayerError as error:
            return _shown(drawing.failed(error), mode)
        with self._lock:
            self._kept[place] = shown
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return shown


def _shown(picture: Picture, mode: str | None) -> Shown:
    size = "picture empty" if picture.empty else "picture"
    # What an empty picture says stands in it already.
    return Shown(drawing.shown(picture, mode), "" if picture.empty else picture.says, size)
