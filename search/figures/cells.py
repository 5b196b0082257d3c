"""Many trials as few cells: what is drawn where a point a trial would be too many."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cells:
    """Trials that lie near each other, cell by cell; all arrays are (cells,).

    Attributes:
        x: The mean place of a cell's trials.
        y: Likewise.
        count: How many trials it holds.
        median: The median of their values; NaN where none has one.
        best: The largest of them.
    """

    x: np.ndarray
    y: np.ndarray
    count: np.ndarray
    median: np.ndarray
    best: np.ndarray


def cells(x: np.ndarray, y: np.ndarray, values: np.ndarray, columns: int, rows: int) -> Cells:
    """Trials cut into at most `columns` x `rows` cells of equal size over what they span.

    Args:
        x: Places on a scale on which equal distances look equal, (trials,), finite.
        y: Likewise.
        values: (trials,), NaN for those without one.
        columns: How many cells there are along x.
        rows: How many cells there are along y.
    """
    place = _index(x, columns) * rows + _index(y, rows)
    order = np.argsort(place, kind="stable")
    _, starts, counts = np.unique(place[order], return_index=True, return_counts=True)
    groups = np.split(values[order], starts[1:]) if len(starts) else []
    valued = [group[np.isfinite(group)] for group in groups]
    return Cells(
        np.add.reduceat(x[order], starts) / counts if len(starts) else x,
        np.add.reduceat(y[order], starts) / counts if len(starts) else y,
        counts,
        np.array([np.median(group) if len(group) else np.nan for group in valued]),
        np.array([group.max() if len(group) else np.nan for group in valued]),
    )


def _index(places: np.ndarray, bins: int) -> np.ndarray:
    if len(places) == 0:
        return np.zeros(0, int)
    low, high = places.min(), places.max()
    if high <= low:
        return np.zeros(len(places), int)
    return np.minimum(((places - low) / (high - low) * bins).astype(int), bins - 1)
