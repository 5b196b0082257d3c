"""Claims: one worker at a time, for as long as its lease, and what comes of those that are lost."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from search.errors import LedgerError
from search.ledger.claims import MOST_LOST, Finished, LostLeaseError, Wait
from search.ledger.database import now
from search.ledger.ledger import Ledger
from search.ledger.records import (
    CohortClaim,
    PlanningClaim,
    Presence,
    RecordedTrial,
    Search,
    TrialResult,
)
from search.objective.report import Report
from search.plan.plan import plan, step_of
from search.plan.samplers import distributions
from tests.search.ledger.conftest import Alter, open_stage, renew, somebody

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]
Outcomes = Callable[[CohortClaim], list[TrialResult]]
Figures = Callable[[int, float], Report]

QUICK_SECONDS = 5  # far below the 60 that a connection waits for a lock
LAPSED = -1.0  # a lease of this many seconds has run out already


def trials_of(ledger: Ledger, search: Search, claim: CohortClaim) -> list[RecordedTrial]:
    return [
        trial
        for trial in ledger.read.trials(search)
        if trial.stage == claim.stage.name and trial.number in claim.numbers
    ]


@pytest.fixture
def losses(alter: Alter) -> Callable[[], list[int]]:
    """With how many workers each cohort was lost, as the database has it."""
    query = "SELECT lost FROM klayer_cohorts ORDER BY id"
    return lambda: [row.lost for row in alter(query)]


# --- planning -----------------------------------------------------------------------------------


def test_one_worker_plans_and_the_others_wait(ledger: Ledger, search: Search) -> None:
    assert isinstance(ledger.next_work(search, "a"), PlanningClaim)
    assert ledger.next_work(search, "b") == Wait()
    assert [stage.state for stage in ledger.read.stages(search)] == ["planning"] + ["unplanned"] * 4


def test_a_planner_whose_lease_lapsed_is_replaced_and_its_plan_refused(
    ledger: Ledger, search: Search
) -> None:
    late = ledger.next_work(search, "late", LAPSED)
    assert isinstance(late, PlanningClaim)
    prompt = ledger.next_work(search, "prompt")
    assert isinstance(prompt, PlanningClaim)
    made = plan(search.study, step_of(search.study, late.stage.number), [])
    with pytest.raises(LostLeaseError):
        ledger.open_stage(search, late, made, distributions(made.boxes), 2)
    assert ledger.read.trials(search) == []
    ledger.open_stage(search, prompt, made, distributions(made.boxes), 2)
    with pytest.raises(LostLeaseError):
        ledger.open_stage(search, late, made, distributions(made.boxes), 2)
    assert len(ledger.read.trials(search)) == 6


def test_a_plan_is_opened_whole(ledger: Ledger, search: Search, open_next: OpenNext) -> None:
    claim = open_next(3)
    made = plan(search.study, step_of(search.study, claim.stage.number), [])
    kept = ledger.read.trials(search)
    assert [(t.number, t.parameters, t.seed, t.order_seed) for t in kept] == [
        (t.number, t.parameters, t.seed, t.order_seed) for t in made.trials
    ]
    assert {(t.state, t.value, t.reason) for t in kept} == {("waiting", None, None)}
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.trials, stage.finished, stage.running) == ("open", 6, 0, 0)
    assert (stage.steps_total, stage.explanation) == (12, made.explanation)
    assert stage.best is None


def test_a_plan_is_opened_once_however_often_its_planner_says_so(
    ledger: Ledger, search: Search
) -> None:
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    made = plan(search.study, step_of(search.study, claim.stage.number), [])
    ledger.open_stage(search, claim, made, distributions(made.boxes), 2)
    with pytest.raises(LostLeaseError):  # as where its connection broke while it committed
        ledger.open_stage(search, claim, made, distributions(made.boxes), 2)
    assert len(ledger.read.trials(search)) == 6


def test_a_planner_that_gives_up_leaves_the_stage_to_others(ledger: Ledger, search: Search) -> None:
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    ledger.release(claim)
    assert isinstance(ledger.next_work(search, "b"), PlanningClaim)


def test_the_same_planner_again_is_another_planner(ledger: Ledger, search: Search) -> None:
    before = ledger.next_work(search, "a")
    after = ledger.next_work(search, "a")  # its own left-over claim is free for it at once
    assert isinstance(before, PlanningClaim)
    assert isinstance(after, PlanningClaim)
    assert (before.attempt, after.attempt) == (1, 2)
    with pytest.raises(LostLeaseError):
        renew(ledger, before)
    renew(ledger, after)


def test_planning_is_not_given_up_however_many_are_lost(ledger: Ledger, search: Search) -> None:
    for place in range(MOST_LOST + 2):
        assert isinstance(ledger.next_work(search, f"lost {place}", LAPSED), PlanningClaim)


# --- cohorts ------------------------------------------------------------------------------------


def test_who_finds_nothing_to_do_waits_for_no_writer(
    ledger: Ledger, search: Search, storage: str
) -> None:
    ledger.next_work(search, "planner")
    with somebody(storage) as writing:
        for table in ("klayer_searches", "klayer_stages"):
            writing.execute(text(f"UPDATE {table} SET name = name"))
        began = time.monotonic()
        assert ledger.next_work(search, "idle") == Wait()
        assert time.monotonic() - began < QUICK_SECONDS


@pytest.mark.parametrize("kind", ["postgresql"])  # SQLite has one writer at a time
def test_nobody_waits_for_a_cohort_that_another_is_just_claiming(
    storage: str, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(2)
    with (
        somebody(storage) as claiming,
        Ledger(f"{storage}?options=-clock_timeout%3D{QUICK_SECONDS}s") as other,
    ):
        claiming.execute(text("SELECT id FROM klayer_cohorts WHERE number = 0 FOR UPDATE"))
        claim = other.next_work(search, "b")
        assert isinstance(claim, CohortClaim)
        assert claim.numbers == (1, 3, 5)
    assert claim_next("a").numbers == (0, 2, 4)


def test_a_cohort_is_claimed_once(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(2)
    first, second = claim_next("a"), claim_next("b")
    assert (first.numbers, second.numbers) == ((0, 2, 4), (1, 3, 5))
    assert ledger.next_work(search, "c") == Wait()
    kept = trials_of(ledger, search, first)
    assert [one.seed for one in first.trials] == [one.seed for one in kept]
    assert [one.parameters for one in first.trials] == [one.parameters for one in kept]
    assert {one.order_seed for one in kept} == {first.order_seed}
    assert ledger.read.stages(search)[0].running == 6


def test_a_lapsed_claim_goes_to_the_next_and_nothing_of_the_late_one_is_kept(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    outcomes: Outcomes,
    figures: Figures,
) -> None:
    open_next(1)
    late = claim_next("late")
    ledger.record_reports(late, {n: figures(1, 0.9) for n in late.numbers}, LAPSED)
    prompt = claim_next("prompt")
    assert (prompt.numbers, prompt.trials, prompt.attempt) == (late.numbers, late.trials, 2)
    assert ledger.read.curves(search) == {}

    with pytest.raises(LostLeaseError, match="late: the lease on coarse is lost"):
        ledger.record_reports(late, {0: figures(1, 0.5)})
    with pytest.raises(LostLeaseError):
        renew(ledger, late)
    with pytest.raises(LostLeaseError):
        ledger.hand_in(late, outcomes(late))
    ledger.release(late)
    assert ledger.read.curves(search) == {}
    assert {one.state for one in ledger.read.trials(search)} == {"running"}

    ledger.record_reports(prompt, {n: figures(1, 0.7) for n in prompt.numbers})
    ledger.hand_in(prompt, outcomes(prompt))
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}
    with pytest.raises(LostLeaseError):
        ledger.hand_in(late, outcomes(late))


def test_what_lapsed_is_claimed_before_what_waits(
    open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(3)
    lapsed = [claim_next("lost", 60.0), claim_next("late", LAPSED)][1]
    assert lapsed.numbers == (1, 4)
    assert claim_next("next").numbers == (1, 4)
    assert claim_next("one more").numbers == (2, 5)


def test_being_late_alone_loses_nothing(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    late = claim_next("a", LAPSED)
    ledger.hand_in(late, outcomes(late))
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}


def test_a_renewed_lease_is_not_free(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(1)
    claim = claim_next("a", LAPSED)
    renew(ledger, claim)
    assert ledger.next_work(search, "b") == Wait()


def test_a_claim_handed_back_is_free_at_once_and_leaves_no_epochs(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    figures: Figures,
    losses: Callable[[], list[int]],
) -> None:
    open_next(1)
    claim = claim_next("a")
    ledger.record_reports(claim, {n: figures(1, 0.5) for n in claim.numbers})
    assert ledger.read.stages(search)[0].steps_done == 6
    ledger.release(claim)
    ledger.release(claim)  # again does no harm
    assert ledger.read.curves(search) == {}
    assert {one.state for one in ledger.read.trials(search)} == {"waiting"}
    assert claim_next("b").trials == claim.trials
    ledger.release(claim)  # nor when somebody else has it
    assert ledger.next_work(search, "c") == Wait()
    assert losses() == [0]


def test_a_workers_own_left_over_claim_is_free_for_it_at_once_and_was_not_lost(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    outcomes: Outcomes,
    figures: Figures,
    losses: Callable[[], list[int]],
) -> None:
    open_next(2)
    before = claim_next("a")
    ledger.record_reports(before, {n: figures(1, 0.5) for n in before.numbers})
    claims = [claim_next("a") for _ in range(MOST_LOST + 1)]  # nor is it ever given up
    assert {one.numbers for one in claims} == {before.numbers}
    assert ledger.read.curves(search) == {}
    assert losses() == [0, 0]
    with pytest.raises(LostLeaseError):
        ledger.hand_in(before, outcomes(before))
    ledger.hand_in(claims[-1], outcomes(claims[-1]))
    assert claim_next("a").numbers == (1, 3, 5)


def test_one_owner_holds_one_cohort_at_most(open_next: OpenNext, claim_next: ClaimNext) -> None:
    open_next(2)
    assert claim_next("a").numbers == claim_next("a").numbers == (0, 2, 4)
    assert claim_next("b").numbers == (1, 3, 5)


# --- cohorts with which workers are lost ----------------------------------------------------------


def test_a_cohort_with_which_many_are_lost_is_given_up_and_the_search_goes_on(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    figures: Figures,
    losses: Callable[[], list[int]],
) -> None:
    open_next(2)
    for place in range(MOST_LOST):
        claim = claim_next(f"lost {place}", LAPSED)
        assert claim.numbers == (0, 2, 4)
        ledger.record_reports(claim, {n: figures(1, 0.5) for n in claim.numbers}, LAPSED)
        assert losses() == [place, 0]
    other = claim_next("next")
    assert other.numbers == (1, 3, 5)
    kept = {one.number: one for one in ledger.read.trials(search)}
    assert [(kept[n].state, kept[n].value) for n in (0, 2, 4)] == [("failed", None)] * 3
    assert kept[0].reason == (
        "given up: 8 workers, one after another, were killed or failed while they trained its "
        "cohort, and none of them brought it further (out of memory?)"
    )
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.finished, stage.failed, stage.diverged) == ("open", 3, 3, 0)
    assert ledger.read.finished_trials(search)[0].value is None
    with pytest.raises(LostLeaseError):  # whoever wakes now is too late
        ledger.hand_in(claim, [TrialResult(n, 0.5) for n in claim.numbers])
    ledger.hand_in(other, [TrialResult(n, 0.5) for n in other.numbers])
    assert ledger.read.stages(search)[0].state == "finished"
    assert ledger.read.again(search).failure is None
    assert open_next(1).stage.name == "fine"


def test_who_gives_up_a_stages_last_cohort_closes_it(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(2)
    first = claim_next("a")
    for place in range(MOST_LOST):
        claim_next(f"lost {place}", LAPSED)
    ledger.hand_in(first, outcomes(first))
    following = ledger.next_work(search, "next")
    assert isinstance(following, PlanningClaim)
    assert following.stage.name == "fine"
    assert ledger.read.stages(search)[0].state == "finished"


def test_what_is_handed_back_as_lost_counts_and_what_is_handed_back_does_not(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    losses: Callable[[], list[int]],
) -> None:
    open_next(1)
    ledger.release(claim_next("a"))
    ledger.release(claim_next("b"), lost=True)
    assert losses() == [1]
    for place in range(MOST_LOST - 1):
        ledger.release(claim_next(f"c{place}"), lost=True)
    following = ledger.next_work(search, "next")
    assert isinstance(following, PlanningClaim)
    assert {one.state for one in ledger.read.trials(search)} == {"failed"}


def test_where_only_cohorts_are_wanted_the_lost_ones_are_given_up_too(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(1)
    for place in range(MOST_LOST):
        claim_next(f"lost {place}", LAPSED)
    assert ledger.next_work(search, "next", only="planning") == Wait()
    assert {one.state for one in ledger.read.trials(search)} == {"running"}
    assert ledger.next_work(search, "next", only="cohorts") == Wait()
    assert {one.state for one in ledger.read.trials(search)} == {"failed"}


def test_a_stage_that_was_given_up_whole_leaves_nothing_to_do_but_to_plan(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(3)
    for _ in range(3):
        for place in range(MOST_LOST):
            claim_next(f"lost {place}", LAPSED)
    assert isinstance(ledger.next_work(search, "a"), PlanningClaim)
    ledger.fail(search, "every trial failed")  # as who plans finds out
    assert ledger.next_work(search, "a") == Finished()


def test_a_lease_of_a_clock_that_was_ahead_keeps_nobody_from_changing_a_search_for_hours(
    ledger: Ledger, search: Search, alter: Alter
) -> None:
    open_stage(ledger, search)
    assert isinstance(ledger.next_work(search, "gone"), CohortClaim)
    alter("UPDATE klayer_cohorts SET lease_until = lease_until + 7200 WHERE owner IS NOT NULL")
    with pytest.raises(LedgerError, match="at work on it, so nothing was deleted"):
        ledger.delete(search)
    alter("UPDATE klayer_cohorts SET lease_until = lease_until - 61 WHERE owner IS NOT NULL")
    ledger.delete(search)
    assert ledger.read.names() == []


@pytest.mark.parametrize("table", ["klayer_stages", "klayer_cohorts"])
def test_a_lease_of_a_clock_that_was_ahead_begins_at_the_next_beat(
    ledger: Ledger, search: Search, alter: Alter, table: str
) -> None:
    """Of one that was set back, or another process's on SQLite.

    The dead lapse a lease later, and the living renew it: nobody is taken for lost.
    """
    if table == "klayer_cohorts":
        open_stage(ledger, search)
    held = ledger.next_work(search, "gone")
    assert isinstance(held, PlanningClaim if table == "klayer_stages" else CohortClaim)
    who = Presence("host/1", "worker", "host", "kernel", 11, None, None, 60.0)
    ledger.join(who)
    alter(f"UPDATE {table} SET lease_until = lease_until + 7200 WHERE owner IS NOT NULL")
    alter("UPDATE klayer_workers SET seen_at = seen_at + 7200")

    def later() -> tuple[float, float]:
        """Than now: the lease's end, and when the process was seen."""
        ((until,),) = alter(f"SELECT max(lease_until) FROM {table}")
        ((seen,),) = alter("SELECT max(seen_at) FROM klayer_workers")
        with ledger.database.reading() as connection:
            time = now(connection)
        return until - time, seen - time

    assert min(later()) > 7100
    ledger.beat(who, None)
    until, seen = later()
    assert 50 < until <= 60
    assert seen < 1
    assert isinstance(ledger.next_work(search, "b"), Wait)
    alter(f"UPDATE {table} SET lease_until = lease_until - 61 WHERE owner IS NOT NULL")
    assert isinstance(ledger.next_work(search, "b"), type(held))


def test_what_is_left_to_other_hosts_is_known_with_the_host_that_lost_it(
    ledger: Ledger, search: Search, alter: Alter
) -> None:
    open_stage(ledger, search)
    for lost in (1, 2):
        assert ledger.read.set_aside(search) == []
        name = f"a{lost}"
        ledger.join(Presence(name, "worker", "north", "a", 11, search.id, None, 60.0))
        claim = ledger.next_work(search, name)
        assert isinstance(claim, CohortClaim)
        ledger.release(claim, lost=True)
    (aside,) = ledger.read.set_aside(search)
    assert (aside.cohort, aside.lost, aside.host) == (claim.named, 2, "north")
    assert 50 < aside.seconds <= 60
    alter("DELETE FROM klayer_workers")
    assert [one.host for one in ledger.read.set_aside(search)] == [None]
    alter("UPDATE klayer_cohorts SET lost_at = lost_at - 61 WHERE lost > 0")
    assert ledger.read.set_aside(search) == []
