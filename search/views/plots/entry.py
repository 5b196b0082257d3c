"""What the catalogue of plots, and an objective's own list of plots, consist of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from search.ledger.records import RecordedTrial
from search.views.plots import standing
from search.views.plots.data import Need, SearchData
from search.views.plots.plot import Plot

Tab = Literal["overview", "trials", "curves", "final"]
"""Where on the page of a search a plot stands."""


@dataclass(frozen=True)
class Entry:
    """One plot that every search of an objective has.

    Attributes:
        key: As in addresses, file names and commands.
        title: For people.
        draw: Draws it.
        needs: What takes long to read that it is drawn from; the rest of the data may be empty.
        tab: Where it stands on the page of a search.
        shows: Whether it has something to show, told without what takes long to read.
    """

    key: str
    title: str
    draw: Callable[[SearchData], Plot]
    needs: frozenset[Need] = frozenset()
    tab: Tab = "trials"
    shows: Callable[[SearchData], bool] = standing.has_value


@dataclass(frozen=True)
class TrialEntry:
    """One plot of a trial.

    Attributes:
        key: As in addresses; it begins with "trial-".
        title: For people.
        draw: Draws it; the trial's reports are among the data's curves.
        needs: As for `Entry`.
    """

    key: str
    title: str
    draw: Callable[[SearchData, RecordedTrial], Plot]
    needs: frozenset[Need] = frozenset()
    tab: Tab = "trials"
    shows: Callable[[SearchData], bool] = standing.has_value
