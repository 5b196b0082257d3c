"""Which plot stands where, and how it is made ready for a page."""

from dataclasses import dataclass, replace
from typing import TypeGuard
from urllib.parse import unquote

import plotly.graph_objects as go

from search.errors import KlayerError
from search.plan.plan import FINAL
from search.views.dashboard.pages import address
from search.views.dashboard.pages.address import Address
from search.views.dashboard.pages.shelf import Shelf
from search.views.dashboard.pages.trial_page import find
from search.views.plots import best, catalogue, parallel, slices, zoom
from search.views.plots.compare import compare_best, compare_zoom
from search.views.plots.curves import curves, needs_of
from search.views.plots.data import Need, SearchData
from search.views.plots.groups import group_of_key
from search.views.plots.plot import Plot, nothing
from search.views.plots.runs import VIEWS
from search.views.plots.smoothing import weight_of
from search.views.plots.theme import Mode, themed
from search.views.reading.digest import Digest

LONGEST_CHOICE = 1_000  # characters
MOST_CHOSEN = 12  # trials whose curves somebody may ask for, and as many may be pinned
BESTS = {best.TRIALS[0]: best.best_over_trials, best.TIME[0]: best.best_over_time}
LIT = (zoom.KEY, best.TRIALS[0], best.TIME[0], slices.KEY, parallel.KEY)


@dataclass(frozen=True)
class Options:
    """What a reader has chosen for one plot; None or nothing for what is shown unasked.

    Attributes:
        first: Of the zoom, the hyperparameter across; of the curves, how they are
            smoothed; of the best values, how they are drawn.
        second: Of the zoom, the one up; of the curves, trials such as "coarse 3, fine #12".
        pins: Trials to be lit, by stage and number.
    """

    first: str | None = None
    second: str | None = None
    pins: tuple[tuple[str, int], ...] = ()

    @classmethod
    def read(cls, first: object, second: object, pins: object = None) -> "Options":
        """What a browser has sent: whatever is no text, or too long for one, chooses nothing.

        Args:
            first: The first option.
            second: The second.
            pins: Links of trials, such as "coarse/3,fine/12".
        """
        links = pins.split(",") if _is_choice(pins) else []
        found = dict.fromkeys(trial for link in links if (trial := _linked(link)))
        one, other = (sent if _is_choice(sent) else None for sent in (first, second))
        return cls(one, other, tuple(found)[:MOST_CHOSEN])

    def used_by(self, key: str) -> "Options":
        """What the plot of that key is drawn by: equal plots have equal options."""
        if key == zoom.KEY:
            return self
        if is_curves(key):
            smoothing = self.first if weight_of(self.first) else None
            return Options(smoothing, ", ".join(_written(self.second)) or None, self.pins)
        if key in BESTS:
            return Options(self.first if self.first in VIEWS else None, pins=self.pins)
        return Options(pins=self.pins) if is_lit(key) else Options()

    def asked(self) -> list[tuple[str, int]]:
        """The trials whose curves are wanted."""
        return [*self.pins, *chosen(self.second)]


def _is_choice(sent: object) -> TypeGuard[str]:
    return isinstance(sent, str) and 0 < len(sent) <= LONGEST_CHOICE


def is_curves(key: str) -> bool:
    """Whether it is the key of learning curves of a whole search."""
    return key.startswith("curves-")


def is_lit(key: str) -> bool:
    """Whether the plot of that key shows trials one by one, and lights those that are pinned."""
    return key in LIT or is_curves(key)


def stands_on(key: object, where: Address) -> TypeGuard[str]:
    """Whether a page of that kind has a plot of that key."""
    if not isinstance(key, str) or not where.names:
        return False
    prefix = {"trial": "trial-", "compare": "compare-"}
    if where.kind in prefix:
        return key.startswith(prefix[where.kind])
    return not key.startswith(tuple(prefix.values()))


def draw(shelf: Shelf, where: Address, key: str, options: Options) -> Plot:
    """The plot of that key, on that page.

    Raises:
        KlayerError: There is no such search or plot, or the database failed.
    """
    if not stands_on(key, where):
        raise KlayerError(f"{key}: there is no plot of this name on that page")
    if where.kind == "compare":
        over_time = key == "compare-time"
        needs: frozenset[Need] = frozenset(["stints"] if over_time else [])
        datas = [shelf.digest(name).data(needs=needs) for name in where.names]
        if key == "compare-zoom":
            return compare_zoom(datas)
        return compare_best(datas, over="time" if over_time else "trials")
    digest = shelf.digest(where.names[0])
    if where.kind == "trial":
        return _of_trial(digest, where, key)
    outline = digest.outline()
    if key == zoom.KEY:
        return zoom.zoom(_lit(outline, options), options.first, options.second)
    objective = outline.objective
    if is_curves(key):
        asked, group = options.asked(), group_of_key(objective, key)
        data = _lit(digest.data(asked, needs_of(objective, group.name)), options)
        ids = {(t.stage, t.number): t.id for t in data.trials if (t.stage, t.number) in asked}
        missing = [
            one
            for one in _written(options.second)
            if (named := _trial(one)) is None or (named in asked and named not in ids)
        ]
        return curves(data, group.name, list(ids.values()), missing, weight_of(options.first))
    entry = catalogue.find(objective, key)
    if key in BESTS:
        return BESTS[key](_lit(digest.data(needs=entry.needs), options), options.first)
    return entry.draw(_lit(digest.data(needs=entry.needs), options))


def _lit(data: SearchData, options: Options) -> SearchData:
    """The search with the trials that are pinned; others of that name are passed over."""
    if not options.pins:
        return data
    ids = {(trial.stage, trial.number): trial.id for trial in data.trials}
    return replace(data, pinned=tuple(ids[one] for one in options.pins if one in ids))


def _of_trial(digest: Digest, where: Address, key: str) -> Plot:
    final = where.stage == FINAL
    entries = catalogue.trial_entries(digest.outline().objective, final=final)
    entry = next((one for one in entries if one.key == key), None)
    data = digest.data([(where.stage, where.number)], entry.needs if entry else frozenset())
    trial = find(data, where.stage, where.number)
    if trial is None:
        raise KlayerError(f"{data.name} has no trial {where.number} of {where.stage}")
    if entry is None:
        raise KlayerError(f"{key}: there is no plot of this name of a trial")
    return entry.draw(data, trial)


def shown(plot: Plot, mode: str | None) -> go.Figure:
    """The figure of a plot for a page: in a mode, without the title that stands above it."""
    which: Mode = "dark" if mode == "dark" else "light"
    figure = themed(plot.figure, which)
    # What a reader has zoomed into stays when the figure is drawn anew.
    return figure.update_layout(title=None, uirevision=plot.key, autosize=True)


def failed(error: Exception) -> Plot:
    """What stands where a plot cannot be drawn."""
    return nothing("failed", "This plot cannot be drawn", str(error))


def chosen(text: str | None) -> list[tuple[str, int]]:
    """Trials that somebody named, such as "coarse 3, fine #12"; what names none is passed over."""
    return [found for one in _written(text) if (found := _trial(one)) is not None][:MOST_CHOSEN]


def _written(text: str | None) -> list[str]:
    """What somebody wrote between commas, each once; trials in one form."""
    parts = [one.strip() for one in (text or "").split(",")]
    trials = [_trial(one) for one in parts]
    found = zip(parts, trials, strict=True)
    said = (one if trial is None else f"{trial[0]} {trial[1]}" for one, trial in found)
    return list(dict.fromkeys(filter(None, said)))


def _linked(link: str) -> tuple[str, int] | None:
    """The stage and the number of a link as `labels.link` writes it; None where it is none."""
    stage, _, number = link.rpartition("/")
    which = address.whole(number)
    return (unquote(stage), which) if stage and which is not None else None


def _trial(written: str) -> tuple[str, int] | None:
    """The stage and the number that somebody wrote; None where it is no such thing."""
    stage, _, number = written.rpartition(" ")
    which = address.whole(number.lstrip("#"))
    return (stage.strip(), which) if stage and which is not None else None
