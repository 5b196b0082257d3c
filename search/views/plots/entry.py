"""What the catalogue of plots, and an objective's own list of plots, consist of."""

from collections.abc import Callable
from dataclasses import dataclass

from search.ledger.records import RecordedTrial
from search.views.plots.data import Need, SearchData
from search.views.plots.plot import Plot


@dataclass(frozen=True)
class Entry:
    """One plot that every search of an objective has.

    Attributes:
        key: As in addresses, file names and commands.
        title: For people.
        draw: Draws it.
        needs: What takes long to read that it is drawn from; the rest of the data may be empty.
    """

    key: str
    title: str
    draw: Callable[[SearchData], Plot]
    needs: frozenset[Need] = frozenset()


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
