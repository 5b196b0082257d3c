"""How the scores of all trials are spread, step by step, counted by the database a trial once.

Where the bins begin and end depends on what was counted alone, and not on when: they reach from the
smallest value to the largest, both rounded so that they seldom move. When they do, all trials are
counted again.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from search.ledger.ledger import Ledger
from search.ledger.records import RecordedTrial
from search.objective.metric import Metric
from search.views.plots.data import Band

BINS = 200


@dataclass(frozen=True)
class Extent:
    """From where to where bins reach, and on which scale they are of equal width."""

    low: float
    high: float
    log: bool = False


class Bands:
    """Counts the reports of one search's trials. For one thread at a time.

    Args:
        ledger: The search's database.
        score: The metric that is counted.
    """

    def __init__(self, ledger: Ledger, score: Metric) -> None:
        self._ledger, self._score = ledger, score
        self._counted: set[int] = set()
        self._counts: dict[str, np.ndarray] = {}
        self._found: tuple[float, float] | None = None  # the smallest and the largest value
        self._extent: Extent | None = None

    def of(self, trials: Sequence[RecordedTrial]) -> dict[str, Band]:
        """The bands of the stages that have finished trials, by the stage's name."""
        ended = [trial for trial in trials if trial.finished_at is not None]
        if self._extent is None:
            values = [trial.value for trial in ended if trial.value is not None]
            self._extent = extent(values, log=self._score.log) or Extent(0.0, 1.0)
        self._count([trial for trial in ended if trial.id not in self._counted])
        right = extent(self._found or (), log=self._score.log)
        if right is not None and right != self._extent:
            self._extent = right
            self._counted.clear()
            self._counts.clear()
            self._count(ended)
        at = self._extent
        return {stage: Band(one, at.low, at.high, at.log) for stage, one in self._counts.items()}

    def _count(self, trials: Sequence[RecordedTrial]) -> None:
        """Add the reports of trials to their stage's counts."""
        at, stages = self._extent, dict.fromkeys(trial.stage for trial in trials)
        if at is None:
            return
        for stage in stages:
            ids = [trial.id for trial in trials if trial.stage == stage]
            new = self._ledger.read.score_counts(ids, at.low, at.high, BINS, log=at.log)
            known = self._counts.get(stage)
            self._counts[stage] = new.counts if known is None else _sum(known, new.counts)
            self._counted.update(ids)
            if new.lowest is not None and new.highest is not None:
                low, high = self._found or (math.inf, -math.inf)
                self._found = min(low, new.lowest), max(high, new.highest)


def extent(values: Iterable[float], *, log: bool) -> Extent | None:
    """From where to where bins for these values reach; None without values.

    Args:
        values: Finite ones.
        log: Whether the scale is to be a log one, where all values are above 0.
    """
    known = list(values)
    if not known:
        return None
    low, high = min(known), max(known)
    if log and low > 0:
        first, last = _rounded(math.log10(low), math.log10(high))
        return Extent(10.0**first, 10.0**last, log=True)
    return Extent(*_rounded(low, high))


def _rounded(low: float, high: float) -> tuple[float, float]:
    """An interval that holds another, and ends at multiples of a fifth of a power of ten."""
    unit = 10.0 ** math.ceil(math.log10(max(high - low, abs(high) * 1e-9, 1e-12))) / 5
    first, last = math.floor(low / unit) * unit, math.ceil(high / unit) * unit
    return (first, last) if last > first else (first, first + unit)


def _sum(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Counts of two groups of trials, of which one may have been trained for longer."""
    steps = max(len(one), len(other))
    both = np.zeros((steps, one.shape[1]), np.int64)
    both[: len(one)] += one
    both[: len(other)] += other
    return both
