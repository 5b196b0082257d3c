"""Which picture stands where, and how it is made ready for a page."""

from dataclasses import dataclass
from typing import TypeGuard

import plotly.graph_objects as go

from search.errors import KlayerError
from search.views.dashboard.pages import address
from search.views.dashboard.pages.address import Address
from search.views.dashboard.pages.shelf import Shelf
from search.views.dashboard.pages.trial_page import find
from search.views.plots import catalogue
from search.views.plots.compare import compare_best, compare_zoom
from search.views.plots.curves import TITLES, curves, key_of, needs_of
from search.views.plots.data import Need
from search.views.plots.gradients import gradients_of
from search.views.plots.picture import Picture, nothing
from search.views.plots.theme import Mode, themed
from search.views.plots.trial import trial_curves
from search.views.plots.weights import weights_of
from search.views.plots.zoom import zoom
from search.views.reading.digest import Digest

CURVES = {key_of(figure): figure for figure in TITLES}
OF_TRIAL = {key_of(figure, "trial"): figure for figure in TITLES}
PORTRAITS = {"trial-weights": weights_of, "trial-gradients": gradients_of}
LONGEST_CHOICE = 1_000  # characters
MOST_CHOSEN = 12  # trials whose curves somebody may ask for


@dataclass(frozen=True)
class Options:
    """What a reader has chosen for one picture; None or nothing for what is shown unasked.

    Attributes:
        first: Of the zoom, the hyperparameter across.
        second: Of the zoom, the one up; of the curves, trials such as "coarse 3, fine #12".
    """

    first: str | None = None
    second: str | None = None

    @classmethod
    def read(cls, first: object, second: object) -> "Options":
        """What a browser has sent: whatever is no text, or too long for one, chooses nothing."""
        return cls(*(one if _is_choice(one) else None for one in (first, second)))

    def used_by(self, key: str) -> "Options":
        """What the picture of that key is drawn by: equal pictures have equal options."""
        if key == "zoom":
            return self
        if key in CURVES:
            asked = ", ".join(f"{stage} {number}" for stage, number in chosen(self.second))
            return Options(second=asked or None)
        return Options()


def _is_choice(sent: object) -> TypeGuard[str]:
    return isinstance(sent, str) and 0 < len(sent) <= LONGEST_CHOICE


def stands_on(key: object, where: Address) -> TypeGuard[str]:
    """Whether a page of that kind has a picture of that key."""
    if not isinstance(key, str) or where.kind == "searches":
        return False
    prefix = {"trial": "trial-", "compare": "compare-"}
    if where.kind in prefix:
        return key.startswith(prefix[where.kind])
    return not key.startswith(tuple(prefix.values()))


def draw(shelf: Shelf, where: Address, key: str, options: Options) -> Picture:
    """The picture of that key, on that page.

    Raises:
        KlayerError: There is no such search or picture, or the database failed.
    """
    if not stands_on(key, where):
        raise KlayerError(f"{key}: there is no picture of this name on that page")
    if where.kind == "compare":
        both = [shelf.digest(name).outline() for name in where.names]
        if key == "compare-zoom":
            return compare_zoom(both)
        return compare_best(both, over="time" if key == "compare-time" else "trials")
    digest = shelf.digest(where.names[0])
    if where.kind == "trial":
        return _of_trial(digest, where, key)
    if key == "zoom":
        return zoom(digest.outline(), options.first, options.second)
    if key in CURVES:
        asked = chosen(options.second)
        data = digest.data(asked, needs_of(CURVES[key]))
        ids = [trial.id for trial in data.trials if (trial.stage, trial.number) in asked]
        return curves(data, CURVES[key], ids)
    entry = catalogue.find(key)
    return entry.draw(digest.data(needs=entry.needs))


def _of_trial(digest: Digest, where: Address, key: str) -> Picture:
    needs: frozenset[Need] = frozenset(["portraits"] if key in PORTRAITS else [])
    data = digest.data([(where.stage, where.number)], needs)
    trial = find(data, where.stage, where.number)
    if trial is None:
        raise KlayerError(f"{data.name} has no trial {where.number} of {where.stage}")
    if key in PORTRAITS:
        return PORTRAITS[key](data.portraits.get(trial.id))
    if key in OF_TRIAL:
        return trial_curves(data, trial, OF_TRIAL[key])
    raise KlayerError(f"{key}: there is no picture of this name of a trial")


def shown(picture: Picture, mode: str | None) -> go.Figure:
    """The figure of a picture for a page: in a mode, without the title that stands above it."""
    which: Mode = "dark" if mode == "dark" else "light"
    figure = themed(picture.figure, which)
    # What a reader has zoomed into stays when the figure is drawn anew.
    return figure.update_layout(title=None, uirevision=picture.key, autosize=True)


def failed(error: Exception) -> Picture:
    """What stands where a picture cannot be drawn."""
    return nothing("failed", "This picture cannot be drawn", str(error))


def chosen(text: str | None) -> list[tuple[str, int]]:
    """Trials that somebody named, such as "coarse 3, fine #12"; what names none is passed over."""
    found = []
    for one in (text or "").split(","):
        stage, _, written = one.strip().rpartition(" ")
        number = address.whole(written.lstrip("#"))
        if stage and number is not None:
            found.append((stage.strip(), number))
    return found[:MOST_CHOSEN]
