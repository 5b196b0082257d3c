"""The time of each claim is kept, be its cohort handed in, released, lost, skipped or given up."""

from search.ledger.claims import MOST_LOST
from search.ledger.ledger import LEASE_SECONDS, Ledger
from search.ledger.records import CohortClaim, Search
from search.views.plots.pauses import pauses
from search.workers.heartbeat import presence
from tests.search.ledger.conftest import Clock, open_stage, worth

BEGIN = Clock.time


def claim_next(ledger: Ledger, search: Search, owner: str) -> CohortClaim:
    claim = ledger.next_work(search, owner)
    assert isinstance(claim, CohortClaim)
    return claim


def stints(ledger: Ledger, search: Search) -> list[tuple[str, float, float | None]]:
    """Who held a cohort from when to when, since the test began."""
    return [
        (s.worker, s.claimed_at - BEGIN, s.finished_at and s.finished_at - BEGIN)
        for s in ledger.read.stints(search)
    ]


def test_time_with_a_worker_that_is_lost_or_releases_its_cohort_is_no_pause(
    ledger: Ledger, search: Search, clock: Clock
) -> None:
    open_stage(ledger, search)
    claim = claim_next(ledger, search, "killed")
    clock.time += 500
    ledger.beat(presence("killed", "worker", search.id), claim)
    clock.time += 5_000  # the night
    claim = claim_next(ledger, search, "stopped")
    clock.time += 200
    ledger.release(claim)
    clock.time += 3_000
    claim = claim_next(ledger, search, "third")
    clock.time += 100
    assert stints(ledger, search)[-1] == ("third", 8_700, None)
    ledger.hand_in(claim, worth(claim))
    held = [("killed", 0, 500 + LEASE_SECONDS), ("stopped", 5_500, 5_700), ("third", 8_700, 8_800)]
    assert stints(ledger, search) == held
    assert ledger.read.spans(search) == [(BEGIN + a, BEGIN + b) for _, a, b in held]
    found = pauses(ledger.read.stints(search), BEGIN, clock.time) - BEGIN
    assert found.tolist() == [[500 + LEASE_SECONDS, 5_500], [5_700, 8_700]]
    assert [one.worker for one in ledger.read.stints(search, 3_150)] == ["stopped", "third"]


def test_of_a_cohort_that_is_given_up_each_claim_has_its_own_time_and_no_more(
    ledger: Ledger, search: Search, clock: Clock
) -> None:
    open_stage(ledger, search, 2)
    for place in range(MOST_LOST):
        claim = claim_next(ledger, search, f"lost {place}")
        clock.time += 10
        ledger.release(claim, lost=True)
    clock.time += 5_000  # nobody comes until the next morning
    assert claim_next(ledger, search, "next").numbers != claim.numbers
    lost = [(f"lost {n}", 10 * n, 10 * n + 10) for n in range(MOST_LOST)]
    assert stints(ledger, search) == [*lost, ("next", 5_080, None)]
