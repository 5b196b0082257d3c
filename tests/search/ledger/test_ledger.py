"""The ledger's contract: one accepted result for every planned trial, whoever fails on the way.

Every test runs against each kind of database that the fixture `storage` knows.
"""

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from search.errors import LedgerError
from search.ledger.claims import Finished, LostLeaseError, Wait
from search.ledger.database import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import Claim, PlanningClaim, Search, Trial
from search.ledger.results import TrialOutcome
from search.outcome import EpochFigures, TestReport
from search.plan.cohorts import Fit
from search.plan.plan import plan
from search.study.file import Study
from search.study.reading import load

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., Claim]
Outcomes = Callable[[Claim], list[TrialOutcome]]
Figures = Callable[[int, float], EpochFigures]

REPORT = TestReport((0.1 + 0.2, None), None, 1 / 3, 297, "e" * 64)
QUICK_SECONDS = 5  # far below the 60 that a connection waits for a lock
LAPSED = -1.0  # a lease of this many seconds has run out already


def trials_of(ledger: Ledger, search: Search, claim: Claim) -> list[Trial]:
    return [
        trial
        for trial in ledger.read.trials(search)
        if trial.stage == claim.step.name and trial.number in claim.numbers
    ]


# --- searches -----------------------------------------------------------------------------------


def test_a_search_is_recorded_once_and_read_back_as_it_was(
    ledger: Ledger, search: Search, study: Study
) -> None:
    again = ledger.record(study, "# other comments\n", "f" * 64, {"numpy": "3"})
    assert again == search
    assert search.study == study
    assert search.environment == {"numpy": "2"}
    assert ledger.read.text(search) == "# as written\n"
    assert ledger.read.names() == ["digits"]
    assert abs(ledger.read.clock() - time.time()) < 5
    assert abs(search.created_at - time.time()) < 60


def test_a_study_that_changed_is_refused_with_what_changed(ledger: Ledger, search: Search) -> None:
    changed = load("digits", ["stages.coarse.trials=7", "stages.fine.trials=3", "seed=9"])
    with pytest.raises(LedgerError) as caught:
        ledger.record(changed, "", "f" * 64, {})
    message = str(caught.value)
    assert "seed: 1 before, 9 now" in message
    assert "stages.coarse.trials: 6 before, 7 now" in message
    assert "stages.fine.trials" not in message
    assert "--name" in message
    assert "--storage" in message
    assert ledger.read.search("digits") == search


def test_other_images_are_refused(ledger: Ledger, search: Search, study: Study) -> None:
    with pytest.raises(LedgerError, match=r"other images .*ffffffffffff.*000000000000"):
        ledger.record(study, "", "0" * 64, {})


def test_an_unknown_name_is_answered_with_those_that_there_are(
    ledger: Ledger, search: Search
) -> None:
    with pytest.raises(LedgerError, match=r"digit: no search .* there is digits"):
        ledger.read.search("digit")


def test_no_name_at_all_is_answered_too(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="there is none yet"):
        ledger.read.search("digits")


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
    made = plan(search.study, late.step, [], lambda *_: Fit(0))
    with pytest.raises(LostLeaseError):
        ledger.open_stage(search, late, made, 2)
    assert ledger.read.trials(search) == []
    ledger.open_stage(search, prompt, made, 2)
    assert len(ledger.read.trials(search)) == 6


def test_a_plan_is_opened_whole(ledger: Ledger, search: Search, open_next: OpenNext) -> None:
    claim = open_next(3)
    made = plan(search.study, claim.step, [], lambda *_: Fit(0))
    kept = ledger.read.trials(search)
    assert [(t.number, t.parameters, t.seed, t.order_seed) for t in kept] == [
        (t.number, t.parameters, t.seed, t.order_seed) for t in made.trials
    ]
    assert {(t.state, t.value, t.reason) for t in kept} == {("waiting", None, None)}
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.trials, stage.finished, stage.running) == ("open", 6, 0, 0)
    assert (stage.epochs_total, stage.explanation) == (12, made.explanation)
    assert stage.best is None


def test_a_planner_that_gives_up_leaves_the_stage_to_others(ledger: Ledger, search: Search) -> None:
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    ledger.hand_back(claim)
    assert isinstance(ledger.next_work(search, "b"), PlanningClaim)


def test_the_same_planner_after_a_lapse_is_another_planner(ledger: Ledger, search: Search) -> None:
    before = ledger.next_work(search, "a", LAPSED)
    after = ledger.next_work(search, "a")
    assert isinstance(before, PlanningClaim)
    assert isinstance(after, PlanningClaim)
    assert (before.attempt, after.attempt) == (1, 2)
    with pytest.raises(LostLeaseError):
        ledger.renew(before)
    ledger.renew(after)


# --- claims -------------------------------------------------------------------------------------


def test_who_finds_nothing_to_do_waits_for_no_writer(
    ledger: Ledger, search: Search, storage: str
) -> None:
    ledger.next_work(search, "planner")
    with closing(sqlite3.connect(storage.removeprefix("sqlite:///"))) as writing:
        writing.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert ledger.next_work(search, "idle") == Wait()
        assert time.monotonic() - began < QUICK_SECONDS


def test_many_that_see_one_free_cohort_claim_it_once(
    ledger: Ledger, search: Search, open_next: OpenNext
) -> None:
    open_next(1)
    workers = 4
    together = Barrier(workers)

    def ask(place: int) -> object:
        together.wait()
        return ledger.next_work(search, f"worker {place}")

    with ThreadPoolExecutor(workers) as pool:
        got = list(pool.map(ask, range(workers)))
    assert sum(isinstance(one, Claim) for one in got) == 1
    assert got.count(Wait()) == workers - 1


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
    ledger.record_epochs(late, {n: figures(1, 0.9) for n in late.numbers}, LAPSED)
    prompt = claim_next("prompt")
    assert (prompt.numbers, prompt.trials, prompt.attempt) == (late.numbers, late.trials, 2)
    assert ledger.read.curves(search) == {}

    with pytest.raises(LostLeaseError, match="late: the lease on coarse is lost"):
        ledger.record_epochs(late, {0: figures(1, 0.5)})
    with pytest.raises(LostLeaseError):
        ledger.renew(late)
    with pytest.raises(LostLeaseError):
        ledger.hand_in(late, outcomes(late))
    ledger.hand_back(late)
    assert ledger.read.curves(search) == {}
    assert {one.state for one in ledger.read.trials(search)} == {"running"}

    ledger.record_epochs(prompt, {n: figures(1, 0.7) for n in prompt.numbers})
    ledger.hand_in(prompt, outcomes(prompt))
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}
    with pytest.raises(LostLeaseError):
        ledger.hand_in(late, outcomes(late))


def test_the_same_worker_after_a_lapse_is_another_claimant(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    before, after = claim_next("a", LAPSED), claim_next("a")
    with pytest.raises(LostLeaseError):
        ledger.hand_in(before, outcomes(before))
    ledger.hand_in(after, outcomes(after))


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
    ledger.renew(claim)
    assert ledger.next_work(search, "b") == Wait()


def test_a_claim_handed_back_is_free_at_once_and_leaves_no_epochs(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    figures: Figures,
) -> None:
    open_next(1)
    claim = claim_next("a")
    ledger.record_epochs(claim, {n: figures(1, 0.5) for n in claim.numbers})
    assert ledger.read.stages(search)[0].epochs_done == 6
    ledger.hand_back(claim)
    assert ledger.read.curves(search) == {}
    assert {one.state for one in ledger.read.trials(search)} == {"waiting"}
    assert claim_next("b").trials == claim.trials


def test_releasing_a_worker_frees_what_it_holds_and_nothing_else(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(2)
    gone, alive = claim_next("gone"), claim_next("alive")
    ledger.release("gone")
    ledger.release("never seen")
    assert {one.state for one in trials_of(ledger, search, gone)} == {"waiting"}
    assert {one.state for one in trials_of(ledger, search, alive)} == {"running"}
    assert claim_next("next").numbers == gone.numbers
    ledger.renew(alive)


# --- from stage to stage ----------------------------------------------------------------------


def test_stages_follow_each_other_to_the_end(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    for expected in ("coarse", "fine", "finest", "finalists", "final"):
        assert not ledger.read.is_finished(search)
        assert open_next(1).step.name == expected
        for _ in range(2 if expected == "finalists" else 1):  # a cohort for each fresh seed
            claim = claim_next("a")
            ledger.hand_in(claim, outcomes(claim), REPORT if expected == "final" else None)
    assert ledger.read.is_finished(search)
    assert ledger.next_work(search, "a") == Finished()
    assert [stage.state for stage in ledger.read.stages(search)] == ["finished"] * 5
    found = ledger.read.search("digits")
    assert found.finished_at is not None
    assert found.result == {
        "accuracies": [0.1 + 0.2, None],
        "snapshot_ensemble": None,
        "finalist_ensemble": 1 / 3,
        "images": 297,
        "fingerprint": "e" * 64,
    }


def test_two_searches_in_one_database_do_not_touch(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    other = ledger.record(load("digits", ['name="second"']), "", "f" * 64, {})
    assert isinstance(ledger.next_work(other, "b"), PlanningClaim)
    ledger.hand_in(claim_next("a"), [TrialOutcome(n, 0.5) for n in range(6)])
    assert ledger.read.trials(other) == []
    assert ledger.read.names() == ["digits", "second"]
    assert ledger.read.stages(other)[0].state == "planning"


# --- faults of the database ---------------------------------------------------------------------


@pytest.mark.parametrize("what", ["reading", "writing"])
def test_a_database_that_fails_is_one_message_and_what_it_holds_is_kept(
    ledger: Ledger,
    search: Search,
    storage: str,
    open_next: OpenNext,
    claim_next: ClaimNext,
    figures: Figures,
    what: str,
) -> None:
    open_next(1)
    claim = claim_next("a")
    with closing(sqlite3.connect(storage.removeprefix("sqlite:///"))) as connection:
        connection.execute("DROP TABLE klayer_epochs")
    use: dict[str, Callable[[], object]] = {
        "reading": lambda: ledger.read.curves(search),
        "writing": lambda: ledger.record_epochs(claim, {0: figures(1, 0.5)}),
    }
    with pytest.raises(DatabaseFaultError) as caught:
        use[what]()
    assert str(caught.value) == (
        f"{storage}: the database failed: no such table: klayer_epochs. What it holds is kept; "
        "once the cause is mended, the same command goes on"
    )
    assert {one.state for one in ledger.read.trials(search)} == {"running"}


def test_a_full_disk_is_one_message_and_costs_no_claim(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    figures: Figures,
    outcomes: Outcomes,
) -> None:
    open_next(1)
    claim = claim_next("a")
    with ledger.read.connection() as connection:  # the pool gives the same connection again
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def record(epochs: int) -> None:
        for epoch in range(1, epochs + 1):
            ledger.record_epochs(claim, {n: figures(epoch, 0.5) for n in claim.numbers})

    with pytest.raises(DatabaseFaultError, match="database or disk is full"):
        record(2000)
    with ledger.read.connection() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    ledger.hand_in(claim, outcomes(claim))
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}
