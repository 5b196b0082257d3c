"""Many trials as few cells: what is drawn where a point a trial would be too many."""

from dataclasses import dataclass

import numpy as np

from search.plan.ranking import Ranking


@dataclass(frozen=True)
class Cells:
    """Trials that lie near each other, cell by cell.

    Attributes:
        x: The edges of the columns, (columns + 1,).
        y: The edges of the rows, (rows + 1,).
        count: How many trials a cell holds, (rows, columns).
        median: The median of their values, (rows, columns); NaN where none has one.
        best: The best of them, (rows, columns).
    """

    x: np.ndarray
    y: np.ndarray
    count: np.ndarray
    median: np.ndarray
    best: np.ndarray


def cells(
    x: np.ndarray, y: np.ndarray, values: np.ndarray, columns: int, rows: int, ranking: Ranking
) -> Cells:
    """Trials cut into `columns` x `rows` cells of equal size over what they span.

    Args:
        x: Places on a scale on which equal distances look equal, (trials,), finite, one or more.
        y: Likewise.
        values: (trials,), NaN for those without one.
        columns: How many cells there are along x.
        rows: How many cells there are along y.
        ranking: Which of two values is the better one.
    """
    across, upwards = _edges(x, columns), _edges(y, rows)
    place = _index(y, upwards) * columns + _index(x, across)
    order = np.argsort(place, kind="stable")
    held, starts, counts = np.unique(place[order], return_index=True, return_counts=True)
    count = np.zeros(rows * columns, int)
    median = np.full(rows * columns, np.nan)
    best = median.copy()
    count[held] = counts
    for cell, group in zip(held, np.split(values[order], starts[1:]), strict=True):
        valued = group[np.isfinite(group)]
        if len(valued):
            median[cell] = np.median(valued)
            best[cell] = ranking.sign * (ranking.sign * valued).min()
    shape = (rows, columns)
    return Cells(across, upwards, count.reshape(shape), median.reshape(shape), best.reshape(shape))


def _edges(places: np.ndarray, bins: int) -> np.ndarray:
    low, high = float(places.min()), float(places.max())
    if high <= low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)


def _index(places: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.clip(np.searchsorted(edges, places, side="right") - 1, 0, len(edges) - 2)
