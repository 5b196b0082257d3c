"""An attachment is kept with its trial's result, in one transaction, and comes back exactly."""

from collections.abc import Callable

import pytest

from search.errors import LedgerError
from search.ledger.claims import LostLeaseError
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from search.objective.report import Evaluation
from tests.search.ledger.conftest import Alter

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]
Outcomes = Callable[[CohortClaim], list[TrialResult]]


def said(attached: dict[int, bytes]) -> Evaluation:
    return Evaluation({}, (), attached)


def kept(ledger: Ledger, search: Search) -> dict[int, bytes]:
    found = {one.number: ledger.read.attachment(one) for one in ledger.read.trials(search)}
    return {number: one for number, one in found.items() if one is not None}


def test_attachments_come_back_exactly_and_only_of_those_that_have_some(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    claim = claim_next("a")
    drawn = {0: b"1", 4: b"\0\xff" * 9_000}
    ledger.hand_in(claim, outcomes(claim), said(drawn))
    found = kept(ledger, search)
    assert found == drawn


def test_results_without_attachments_have_none(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    claim = claim_next("a")
    ledger.hand_in(claim, outcomes(claim))
    assert kept(ledger, search) == {}


def test_attachments_that_are_handed_in_again_change_nothing(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    claim = claim_next("a")
    ledger.hand_in(claim, outcomes(claim), said({0: b"1"}))
    for again in ({0: b"1"}, {0: b"2", 1: b""}):
        with pytest.raises(LostLeaseError):
            ledger.hand_in(claim, outcomes(claim), said(again))
    found = kept(ledger, search)
    assert list(found) == [0]
    assert found[0] == b"1"


def test_attachments_of_a_lost_claim_are_refused(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    late = claim_next("late", -1.0)
    prompt = claim_next("prompt")
    with pytest.raises(LostLeaseError):
        ledger.hand_in(late, outcomes(late), said({0: b"1"}))
    assert kept(ledger, search) == {}
    ledger.hand_in(prompt, outcomes(prompt), said({0: b"2"}))
    assert kept(ledger, search)[0] == b"2"


def test_attachments_of_other_trials_are_refused_with_all_else(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(2)
    claim = claim_next("a")
    with pytest.raises(LedgerError, match="attachments of no others"):
        ledger.hand_in(claim, outcomes(claim), said({3: b"1"}))
    states = {one.number: one.state for one in ledger.read.trials(search)}
    assert {states[number] for number in claim.numbers} == {"running"}
    ledger.hand_in(claim, outcomes(claim))


def test_attachments_and_results_are_taken_together_or_not_at_all(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    outcomes: Outcomes,
    alter: Alter,
) -> None:
    open_next(1)
    claim = claim_next("a")
    for table, column in (("klayer_attachments", "content"), ("klayer_stages", "finished_at")):
        alter(f"ALTER TABLE {table} RENAME COLUMN {column} TO elsewhere")
        try:
            with pytest.raises(DatabaseFaultError):
                ledger.hand_in(claim, outcomes(claim), said({0: b"1"}))
            assert alter("SELECT state FROM klayer_trials GROUP BY state") == [("running",)]
            assert alter("SELECT count(*) FROM klayer_attachments") == [(0,)]
        finally:
            alter(f"ALTER TABLE {table} RENAME COLUMN elsewhere TO {column}")
    ledger.hand_in(claim, outcomes(claim), said({0: b"1"}))
    assert kept(ledger, search)[0] == b"1"
