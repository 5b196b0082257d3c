"""How a cohort in training stood: stored with its reports, and where the next worker goes on."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from search.ledger import cohort_checkpoints
from search.ledger.claims import MOST_LOST, LostLeaseError
from search.ledger.ledger import Ledger
from search.ledger.records import CohortCheckpoint, CohortClaim, Search, TrialResult
from search.objective.report import Report
from tests.search.ledger.conftest import METRICS, open_stage

ClaimNext = Callable[..., CohortClaim]
Outcomes = Callable[[CohortClaim], list[TrialResult]]


@pytest.fixture(autouse=True)
def _open(ledger: Ledger, search: Search) -> None:
    open_stage(ledger, search)


def stood(claim: CohortClaim, step: int) -> CohortCheckpoint:
    """As a worker would have stored it after a step; the first trial was at its end after one."""
    first, *others = claim.numbers
    states = {number: bytes([number, step]) * 500 for number in others}
    steps = {first: 1, **dict.fromkeys(others, step)}
    return CohortCheckpoint(steps, {"left": [4], "text": "äß"}, states)


def report(ledger: Ledger, claim: CohortClaim, step: int, *, stores: bool = False) -> None:
    metrics = dict.fromkeys(METRICS, step / 8)
    given = {number: Report(step, metrics, 0.5) for number in claim.numbers}
    ledger.record_reports(claim, given, checkpoint=stood(claim, step) if stores else None)


def steps(ledger: Ledger, search: Search, numbers: tuple[int, ...]) -> Mapping[int, list[int]]:
    curves = ledger.read.curves(search)
    by_number = {one.number: curves[one.id] for one in ledger.read.trials(search)}
    return {number: [one.step for one in by_number[number]] for number in numbers}


@pytest.mark.parametrize("is_lost", [True, False])
def test_the_next_worker_goes_on_where_the_cohort_stood(
    ledger: Ledger, search: Search, claim_next: ClaimNext, *, is_lost: bool
) -> None:
    claim = claim_next("a", 0.0 if is_lost else 60.0)
    assert claim.checkpoint is None
    for step, stores in ((1, True), (2, True), (3, False)):
        report(ledger, claim, step, stores=stores)
    if is_lost:
        ledger.record_reports(claim, {}, lease_seconds=-1.0)
    else:
        ledger.release(claim)
    again = claim_next("b")
    assert again.cohort_id == claim.cohort_id
    assert again.checkpoint == stood(claim, 2)
    first, *others = claim.numbers
    assert steps(ledger, search, claim.numbers) == {first: [1], **{one: [1, 2] for one in others}}


def test_nothing_is_left_of_it_once_the_cohort_is_handed_in(
    ledger: Ledger, search: Search, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    claim = claim_next("a")
    report(ledger, claim, 1, stores=True)
    with ledger.database.reading() as connection:
        assert cohort_checkpoints.find(connection, claim.cohort_id) == stood(claim, 1)
        assert cohort_checkpoints.steps_of(connection, search.id) == len(claim.numbers)
    ledger.hand_in(claim, outcomes(claim))
    with ledger.database.reading() as connection:
        assert cohort_checkpoints.find(connection, claim.cohort_id) is None
        assert cohort_checkpoints.steps(connection, claim.cohort_id) == {}


def lost(ledger: Ledger, search: Search) -> int:
    """With how many workers the first cohort was lost."""
    return ledger.read.worked_on(ledger.read.trials(search)[0]).lost


def test_losses_count_only_as_long_as_the_cohort_comes_no_further(
    ledger: Ledger, search: Search, claim_next: ClaimNext
) -> None:
    for attempt in range(1, 2 * MOST_LOST):
        claim = claim_next(f"worker {attempt}")
        assert (claim.attempt, lost(ledger, search)) == (attempt, attempt > 1)
        report(ledger, claim, attempt, stores=True)
        assert lost(ledger, search) == 0
        ledger.record_reports(claim, {}, lease_seconds=-1.0)
    reached = claim.attempt
    for losses in range(1, MOST_LOST):
        claim = claim_next(f"another {losses}")
        assert (claim.cohort_id, lost(ledger, search)) == (claim.cohort_id, losses)
        report(ledger, claim, reached, stores=True)  # not further than it was
        ledger.record_reports(claim, {}, lease_seconds=-1.0)
    given_up = claim.numbers
    ledger.next_work(search, "last")
    ended = {one.number: one for one in ledger.read.trials(search) if one.number in given_up}
    assert {one.state for one in ended.values()} == {"failed"}
    assert all("none of them brought it further" in (one.reason or "") for one in ended.values())


def test_what_is_too_large_is_not_stored(
    ledger: Ledger, search: Search, claim_next: ClaimNext, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = claim_next("a")
    report(ledger, claim, 1, stores=True)
    monkeypatch.setattr(cohort_checkpoints, "MOST_BYTES", 999)
    large = replace(stood(claim, 2), states={claim.numbers[1]: b"x" * 1_000})
    ledger.record_reports(claim, {}, checkpoint=large)
    with ledger.database.reading() as connection:
        assert cohort_checkpoints.find(connection, claim.cohort_id) == stood(claim, 1)


def test_who_has_lost_its_claim_stores_nothing(
    ledger: Ledger, search: Search, claim_next: ClaimNext
) -> None:
    claim = claim_next("a", -1.0)
    claim_next("b")
    with pytest.raises(LostLeaseError):
        report(ledger, claim, 1, stores=True)
    with ledger.database.reading() as connection:
        assert cohort_checkpoints.find(connection, claim.cohort_id) is None
