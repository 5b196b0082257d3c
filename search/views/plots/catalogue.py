"""The pictures of a search, in the order in which they are to be read."""

from collections.abc import Callable
from dataclasses import dataclass

from search.errors import KlayerError
from search.objective.outcome import Portrait
from search.views.plots import (
    best,
    finalists,
    gradients,
    importance,
    parallel,
    standing,
    weights,
    widths,
    zoom,
)
from search.views.plots.curves import TITLES, curves, key_of, needs_of
from search.views.plots.data import Need, SearchData
from search.views.plots.picture import Picture, nothing


@dataclass(frozen=True)
class Entry:
    """One picture that every search has.

    Attributes:
        key: As in addresses, file names and commands.
        title: For people.
        draw: Draws it.
        needs: What takes long to read that it is drawn from; the rest of the data may be empty.
    """

    key: str
    title: str
    draw: Callable[[SearchData], Picture]
    needs: frozenset[Need] = frozenset()


def _of_winner(key: str, title: str, draw: Callable[[Portrait | None], Picture]) -> Entry:
    """A picture of the winner's network."""

    def drawn(data: SearchData) -> Picture:
        if not standing.complete(data.trials):
            return nothing(key, title, standing.absent(data))
        return draw(standing.portrait(data))

    return Entry(key, title, drawn, frozenset(["portraits"]))


def _curves(figure: str) -> Entry:
    return Entry(
        key_of(figure), TITLES[figure], lambda data: curves(data, figure), needs_of(figure)
    )


CATALOGUE: tuple[Entry, ...] = (
    Entry(zoom.KEY, zoom.TITLE, zoom.zoom),
    Entry(*best.TRIALS[:2], best.best_over_trials),
    Entry(*best.TIME[:2], best.best_over_time),
    *(_curves(figure) for figure in TITLES),
    Entry(widths.KEY, widths.TITLE, widths.widths),
    Entry(parallel.KEY, parallel.TITLE, parallel.parallel),
    Entry(importance.KEY, importance.TITLE, importance.importance, frozenset(["importances"])),
    Entry(*finalists.SEEDS, finalists.seeds),
    Entry(*finalists.TEST, finalists.test),
    _of_winner(weights.KEY, weights.TITLE, weights.weights_of),
    _of_winner(gradients.KEY, gradients.TITLE, gradients.gradients_of),
)


def find(key: str) -> Entry:
    """The entry of that key.

    Raises:
        KlayerError: There is none; the message lists all.
    """
    for entry in CATALOGUE:
        if entry.key == key:
            return entry
    known = ", ".join(entry.key for entry in CATALOGUE)
    raise KlayerError(f"{key}: there is no picture of this name; there is {known}")
