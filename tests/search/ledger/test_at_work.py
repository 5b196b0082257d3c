"""What is trained now, and who trained what since when."""

from collections.abc import Callable

import pytest

from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, Search, TrialResult
from search.objective.report import Report
from tests.search.ledger.conftest import EPOCHS


def test_a_trial_that_is_held_has_its_last_report(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], object],
    claim_next: Callable[..., CohortClaim],
    figures: Callable[[int, float], Report],
    outcomes: Callable[[CohortClaim], list[TrialResult]],
) -> None:
    open_next(2)
    assert ledger.read.now_trained(search) == []
    assert ledger.read.stints(search) == []
    first, second = claim_next("a"), claim_next("b")
    told, *_ = first.numbers
    for step, value in ((1, 0.5), (2, 0.625)):
        ledger.record_reports(first, {told: figures(step, value)})
    held = {(one.stage, one.number): one for one in ledger.read.now_trained(search)}
    assert {number for _, number in held} == {*first.numbers, *second.numbers}
    one = held["coarse", told]
    assert (one.worker, one.step, one.score, one.steps) == ("a", 2, 0.625, EPOCHS)
    silent = held["coarse", second.numbers[0]]
    assert (silent.worker, silent.step, silent.score) == ("b", 0, None)
    assert one.claimed_at == pytest.approx(ledger.read.clock(), abs=30)
    assert [(s.worker, s.steps, s.finished_at) for s in ledger.read.stints(search, 60.0)] == [
        ("a", 2, None),
        ("b", 0, None),
    ]
    ledger.hand_in(first, outcomes(first))
    assert {one.worker for one in ledger.read.now_trained(search)} == {"b"}
    done, still = ledger.read.stints(search)
    assert done.finished_at is not None
    assert done.numbers == (min(first.numbers), max(first.numbers))
    assert [one.worker for one in ledger.read.stints(search, -60.0)] == [still.worker]
