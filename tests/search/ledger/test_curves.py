"""Curves and counts of epochs, asked of either database."""

import numpy as np
import pytest

from search.ledger.ledger import Ledger
from search.ledger.records import Claim, Search, Trial
from search.ledger.results import TrialOutcome
from search.objective.outcome import EpochFigures
from tests.search.ledger.conftest import EPOCHS, open_stage

ACCURACIES = (0.0, 0.25, 0.4999, 1.0)  # of the first epoch of four trials


def figures(epoch: int, accuracy: float) -> EpochFigures:
    return EpochFigures(epoch, 0.1, 1.1, 1.0, 0.5, 1.3, 1.2, accuracy)


@pytest.fixture
def trained(ledger: Ledger, search: Search) -> list[Trial]:
    """The trials of the first cohort, each with two epochs, handed in."""
    open_stage(ledger, search, 2)
    claim = ledger.next_work(search, "one")
    assert isinstance(claim, Claim)
    accuracies = dict(zip(claim.numbers, ACCURACIES * len(claim.numbers), strict=False))
    for epoch in range(1, EPOCHS + 1):
        shown = {n: figures(epoch, a / epoch) for n, a in accuracies.items()}
        ledger.record_epochs(claim, shown)
    ledger.hand_in(claim, [TrialOutcome(number, 0.5) for number in claim.numbers])
    found = ledger.read.trials(search)
    return [trial for trial in found if trial.number in claim.numbers]


def test_only_the_curves_that_are_asked_for(ledger: Ledger, trained: list[Trial]) -> None:
    first, *_ = trained
    found = ledger.read.curves_of([first.id])
    assert list(found) == [first.id]
    assert [one.step for one in found[first.id].reports] == [1, 2]
    assert ledger.read.curves_of([]) == {}


METRIC = "validation_accuracy"


def test_values_are_counted_by_step_and_bin(ledger: Ledger, trained: list[Trial]) -> None:
    """Each bin holds its lower bound, on either database; the last one its upper bound as well."""
    found = ledger.read.score_counts([trial.id for trial in trained], METRIC, 0.0, 1.0, 4)
    assert found.counts.shape == (2, 4)
    first = [ACCURACIES[place % len(ACCURACIES)] for place in range(len(trained))]
    assert (found.lowest, found.highest) == (min(first), max(first))
    expected = np.zeros((2, 4), int)
    for trial in trained:
        value = ACCURACIES[trained.index(trial) % len(ACCURACIES)]
        expected[0, min(int(value * 4), 3)] += 1
        expected[1, min(int(value / 2 * 4), 3)] += 1
    np.testing.assert_array_equal(found.counts, expected)
    none = ledger.read.score_counts([], METRIC, 0.0, 1.0, 4)
    assert (none.counts.shape, none.lowest, none.highest) == ((0, 4), None, None)


def test_values_beyond_the_bins_are_counted_in_the_outer_ones(
    ledger: Ledger, trained: list[Trial]
) -> None:
    ids = [trial.id for trial in trained]
    first = [ACCURACIES[place % len(ACCURACIES)] for place in range(len(ids))]
    narrow = ledger.read.score_counts(ids, METRIC, 0.3, 0.6, 3)
    places = [min(max(int((value - 0.3) / 0.3 * 3), 0), 2) for value in first]
    assert narrow.counts[0].tolist() == np.bincount(places, minlength=3).tolist()


def test_bins_may_be_of_equal_width_on_a_log_scale(ledger: Ledger, trained: list[Trial]) -> None:
    """What has no logarithm is counted in the first bin."""
    ids = [trial.id for trial in trained]
    first = [ACCURACIES[place % len(ACCURACIES)] for place in range(len(ids))]
    found = ledger.read.score_counts(ids, METRIC, 0.01, 10.0, 3, log=True)
    places = [0 if value <= 0 else int(np.log10(value / 0.01)) for value in first]
    assert found.counts[0].tolist() == np.bincount(places, minlength=3).tolist()


def test_who_trained_a_trial(ledger: Ledger, search: Search, trained: list[Trial]) -> None:
    work = ledger.read.worked_on(trained[0])
    assert work.worker == "one"
    assert (work.attempts, work.lost) == (1, 0)
    assert work.mates == tuple(trial.number for trial in trained)
    assert work.finished_at == trained[0].finished_at
    waiting = next(t for t in ledger.read.trials(search) if t.state == "waiting")
    assert ledger.read.worked_on(waiting).worker is None


def test_when_cohorts_were_trained(ledger: Ledger, search: Search, trained: list[Trial]) -> None:
    work = ledger.read.worked_on(trained[0])
    claim = ledger.next_work(search, "two")  # is at work yet, and so has no end
    assert isinstance(claim, Claim)
    assert ledger.read.spans(search) == [(work.claimed_at, work.finished_at)]


def test_epochs_that_are_done_are_counted_by_how_trials_ended(
    ledger: Ledger, search: Search, trained: list[Trial]
) -> None:
    claim = ledger.next_work(search, "two")
    assert isinstance(claim, Claim)
    ledger.record_epochs(claim, {number: figures(1, 0.5) for number in claim.numbers})
    coarse = ledger.read.stages(search)[0]
    assert coarse.epochs_done == EPOCHS * len(trained) + len(claim.numbers)
