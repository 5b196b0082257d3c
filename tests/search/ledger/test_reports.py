"""Reports come back bit for bit, and are counted, from either database."""

import math
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import LedgerError
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, RecordedTrial, Search, TrialResult
from search.ledger.reports import packed, unpacked
from search.objective.report import Report
from tests.search.ledger.conftest import EPOCHS, SCORE, Alter, open_stage

ACCURACIES = (0.0, 0.25, 0.4999, 1.0)  # of the first epoch of four trials


@pytest.fixture
def trained(ledger: Ledger, search: Search) -> list[RecordedTrial]:
    """The trials of the first cohort, each with two epochs, handed in."""
    open_stage(ledger, search, 2)
    claim = ledger.next_work(search, "one")
    assert isinstance(claim, CohortClaim)
    accuracies = dict(zip(claim.numbers, ACCURACIES * len(claim.numbers), strict=False))
    for epoch in range(1, EPOCHS + 1):
        shown = {n: Report(epoch, {SCORE: a / epoch}) for n, a in accuracies.items()}
        ledger.record_reports(claim, shown)
    ledger.hand_in(claim, [TrialResult(number, 0.5) for number in claim.numbers])
    found = ledger.read.trials(search)
    return [trial for trial in found if trial.number in claim.numbers]


def test_only_the_curves_that_are_asked_for(ledger: Ledger, trained: list[RecordedTrial]) -> None:
    first, *_ = trained
    found = ledger.read.curves_of([first.id])
    assert list(found) == [first.id]
    assert [one.step for one in found[first.id]] == [1, 2]
    assert ledger.read.curves_of([]) == {}


def test_scores_are_counted_by_step_and_bin(ledger: Ledger, trained: list[RecordedTrial]) -> None:
    """Each bin holds its lower bound, on either database; the last one 1 as well."""
    counted = ledger.read.score_counts([trial.id for trial in trained], 0.0, 1.0, 4)
    counts = counted.counts
    assert (counted.lowest, counted.highest) == (0.0, max(ACCURACIES[: len(trained)]))
    assert counts.shape == (2, 4)
    expected = np.zeros((2, 4), int)
    for trial in trained:
        value = ACCURACIES[trained.index(trial) % len(ACCURACIES)]
        expected[0, min(int(value * 4), 3)] += 1
        expected[1, min(int(value / 2 * 4), 3)] += 1
    np.testing.assert_array_equal(counts, expected)
    nothing = ledger.read.score_counts([], 0.0, 1.0, 4)
    assert (nothing.counts.shape, nothing.lowest, nothing.highest) == ((0, 4), None, None)


def test_scores_beyond_the_bins_are_counted_at_the_ends(
    ledger: Ledger, search: Search, claim_next: Callable[[str], CohortClaim]
) -> None:
    """So that a quantile of all scores is found where it lies between; whatever a score's size."""
    open_stage(ledger, search)
    claim = claim_next("one")
    scores = (-1e300, -3.5, -3.0, -1.5, 1e300, math.nan)
    told = {n: Report(1, {SCORE: one}) for n, one in zip(claim.numbers, scores, strict=True)}
    ledger.record_reports(claim, told)
    ids = [trial.id for trial in ledger.read.trials(search)]
    counted = ledger.read.score_counts(ids, -3.0, -1.0, 2)
    assert counted.counts.tolist() == [[3, 2]]
    assert (counted.lowest, counted.highest) == (-1e300, 1e300)


def test_scores_are_counted_on_a_log_scale(
    ledger: Ledger, search: Search, claim_next: Callable[[str], CohortClaim]
) -> None:
    """What is not above 0 is counted in the first bin."""
    open_stage(ledger, search)
    claim = claim_next("one")
    scores = (-1.0, 0.0, 1e-3, 0.05, 0.5, 2.0)
    told = {n: Report(1, {SCORE: one}) for n, one in zip(claim.numbers, scores, strict=True)}
    ledger.record_reports(claim, told)
    ids = [trial.id for trial in ledger.read.trials(search)]
    counted = ledger.read.score_counts(ids, 1e-3, 1.0, 3, log=True)
    assert counted.counts.tolist() == [[3, 1, 2]]
    with pytest.raises(LedgerError, match=r"begin above 0, not at 0\.0"):
        ledger.read.score_counts(ids, 0.0, 1.0, 3, log=True)


@pytest.mark.parametrize(("low", "high", "bins"), [(0, 1, 0), (1, 1, 2), (0, math.inf, 2)])
def test_bins_that_divide_nothing_are_refused(
    ledger: Ledger, low: float, high: float, bins: int
) -> None:
    with pytest.raises(LedgerError, match=f"not in {bins} between {low} and {high}"):
        ledger.read.score_counts([1], low, high, bins)


def test_metrics_that_were_declared_otherwise_are_read_as_they_were_recorded(
    ledger: Ledger,
    search: Search,
    trained: list[RecordedTrial],
    alter: Alter,
) -> None:
    alter("UPDATE klayer_searches SET metrics = :m", m='["a", "b", "c", "d", "e", "f", "g"]')
    for found in (ledger.read.curves_of([trained[0].id]), ledger.read.curves(search)):
        first, second = found[trained[0].id]
        assert (list(first.metrics), first.metrics["g"]) == (list("abcdefg"), ACCURACIES[0])
        assert (first.step, second.step) == (1, 2)


values = st.floats(width=64) | st.integers(-(2**53), 2**53)


@given(st.dictionaries(st.sampled_from("abcdef"), values))
def test_packed_metrics_are_the_same_numbers(metrics: dict[str, float]) -> None:
    names = "fbdac"
    found = unpacked(names, packed(names, metrics))
    assert tuple(found) == tuple(names)
    for name in names:
        given_one = metrics.get(name, math.nan)
        if math.isfinite(given_one):
            assert struct.pack("d", found[name]) == struct.pack("d", given_one)
        else:
            assert math.isnan(found[name])


def test_who_trained_a_trial(ledger: Ledger, search: Search, trained: list[RecordedTrial]) -> None:
    work = ledger.read.worked_on(trained[0])
    assert work.worker == "one"
    assert (work.attempts, work.lost) == (1, 0)
    assert work.mates == tuple(trial.number for trial in trained)
    assert work.finished_at == trained[0].finished_at
    waiting = next(t for t in ledger.read.trials(search) if t.state == "waiting")
    assert ledger.read.worked_on(waiting).worker is None


def test_when_cohorts_were_trained(
    ledger: Ledger, search: Search, trained: list[RecordedTrial]
) -> None:
    work = ledger.read.worked_on(trained[0])
    claim = ledger.next_work(search, "two")  # is at work yet, and so has no end
    assert isinstance(claim, CohortClaim)
    assert ledger.read.spans(search) == [(work.claimed_at, work.finished_at)]


def test_epochs_that_are_done_are_counted_by_how_trials_ended(
    ledger: Ledger, search: Search, trained: list[RecordedTrial]
) -> None:
    claim = ledger.next_work(search, "two")
    assert isinstance(claim, CohortClaim)
    ledger.record_reports(claim, {number: Report(1, {SCORE: 0.5}) for number in claim.numbers})
    coarse = ledger.read.stages(search)[0]
    assert coarse.steps_done == EPOCHS * len(trained) + len(claim.numbers)
