"""Bins that suit what was found, and that depend on nothing else."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from search.ledger.reports import Counted
from search.objective.metric import Metric
from search.views.reading.bands import BINS, Bands, Extent, extent


@pytest.mark.parametrize(
    ("values", "log", "found"),
    [
        ([], False, None),
        ([0.1, 0.97], False, Extent(0.0, 1.0)),
        ([3.0, 3.0], False, Extent(3.0, 3.0 + 2e-9)),
        ([0.02, 30.0], True, Extent(0.01, 100.0, log=True)),
        ([0.0, 30.0], True, Extent(0.0, 40.0)),
    ],
)
def test_bins_reach_round_what_there_is(
    values: list[float], log: bool, found: Extent | None
) -> None:
    made = extent(values, log=log)
    if made is None or found is None:
        assert made is found
        return
    assert made.log == found.log
    assert made.high > made.low
    assert not values or (made.low <= min(values) and made.high >= max(values))
    assert (made.low, made.high) == pytest.approx((found.low, found.high), rel=1.5)


class Counting:
    """A ledger of reports that are known: (trial, step) to value."""

    def __init__(self, values: dict[int, list[float]]) -> None:
        self.values, self.asked = values, 0
        self.read = SimpleNamespace(score_counts=self._counts)

    def _counts(self, ids: list[int], low: float, high: float, bins: int, *, log: bool) -> Counted:
        self.asked += len(ids)
        mine = [self.values[key] for key in ids]
        steps = max(map(len, mine), default=0)
        counts = np.zeros((steps, bins), int)
        for values in mine:
            for step, value in enumerate(values):
                share = (
                    (np.log(value / low) / np.log(high / low))
                    if log
                    else (value - low) / (high - low)
                )
                counts[step, int(min(max(share * bins, 0), bins - 1))] += 1
        every = [value for values in mine for value in values]
        return Counted(counts, min(every, default=None), max(every, default=None))


def trials(*ids: int) -> list[Any]:
    return [SimpleNamespace(id=key, stage="one", value=None, finished_at=1.0) for key in ids]


@pytest.mark.parametrize("log", [False, True])
def test_what_was_counted_bit_by_bit_is_what_is_counted_at_once(log: bool) -> None:
    source = np.random.default_rng(1)
    values = {key: (10 ** source.uniform(-3, 2, 5)).tolist() for key in range(40)}
    metric = Metric("time", log=log)
    ledger: Any = Counting(values)
    kept = Bands(ledger, metric)
    for count in range(0, 41, 4):
        found = kept.of(trials(*range(count)))
        anew: Any = Counting(values)
        fresh = Bands(anew, metric).of(trials(*range(count)))
        assert set(found) == set(fresh)
        for stage, band in found.items():
            assert (band.low, band.high, band.log) == (
                fresh[stage].low,
                fresh[stage].high,
                fresh[stage].log,
            )
            np.testing.assert_array_equal(band.counts, fresh[stage].counts)
            assert band.counts.shape[1] == BINS
    before = ledger.asked
    kept.of(trials(*range(40)))
    assert ledger.asked == before  # a trial that was counted is not counted again
    assert before < 40 * 4


def test_a_trial_that_is_not_finished_is_not_counted() -> None:
    ledger: Any = Counting({1: [0.5]})
    waiting = SimpleNamespace(id=1, stage="one", value=None, finished_at=None)
    later: Any = [waiting]
    assert Bands(ledger, Metric("time")).of(later) == {}
