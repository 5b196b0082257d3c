"""Time is counted while somebody works on a search with a budget, and so is what came of it."""

import pytest

from search.ledger.claims import MOST_LOST
from search.ledger.extending import extension_of
from search.ledger.ledger import Ledger
from search.ledger.pace import recount, standing, take_stock
from search.ledger.records import (
    CohortCheckpoint,
    CohortClaim,
    PlanningClaim,
    Presence,
    Search,
    TrialResult,
)
from search.ledger.retrying import retry_of
from search.objective.data_card import DataCard
from search.objective.report import Report
from search.study.file import Study
from search.study.reading import load
from search.workers.heartbeat import presence
from tests.search.ledger.conftest import (
    OVERRIDES,
    Alter,
    Clock,
    open_stage,
    study_with_budget,
    train,
    worth,
)

CARD = DataCard("digits", "f" * 64)


@pytest.fixture
def study() -> Study:
    return study_with_budget(75)


def somebody_at(search: Search, name: str = "a") -> Presence:
    return presence(name, "worker", search.id)


def test_only_the_time_in_which_somebody_works_counts(
    ledger: Ledger, search: Search, clock: Clock, alter: Alter
) -> None:
    who = somebody_at(search)
    ledger.join(who)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    for pause in (0, 30, 30, 5_000, 20, -10_000, 15):
        clock.time += pause
        ledger.beat(who, claim)
        ledger.beat(who, None)
    ((worked,),) = alter("SELECT worked FROM klayer_searches")
    assert worked == 95


def test_a_search_without_a_budget_writes_nothing_of_it(
    ledger: Ledger, clock: Clock, alter: Alter
) -> None:
    search = ledger.record(load("digits", OVERRIDES), "", CARD, {})
    open_stage(ledger, search, 3)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, CohortClaim)
    clock.time += 20
    ledger.beat(somebody_at(search), claim)
    ledger.hand_in(claim, worth(claim))
    sums = "worked, worked_at, klayer_searches.trained_seconds, trained_steps"
    joined = "klayer_searches JOIN klayer_stages ON search_id = klayer_searches.id"
    assert alter(f"SELECT {sums} FROM {joined} WHERE number = 1") == [(0.0, None, 0.0, 0.0)]


@pytest.mark.parametrize("given", [75, 600])
def test_a_search_that_is_given_a_budget_later_knows_what_it_did_before(
    ledger: Ledger, clock: Clock, given: float
) -> None:
    plain = load("digits", [*OVERRIDES, "final.finalists=1", "final.seeds=1"])
    search = ledger.record(plain, "", CARD, {})
    open_stage(ledger, search, 3)
    train(ledger, search, clock)
    ledger.extend(
        search,
        extension_of(search, study_with_budget(given), ledger.read.stages(search)),
        "",
        "me@here",
    )
    claim = ledger.next_work(ledger.read.again(search), "a")
    assert isinstance(claim, PlanningClaim if given == 75 else CohortClaim)  # as of the first test


def test_a_cohort_that_goes_on_from_a_checkpoint_counts_with_its_earlier_claims(
    ledger: Ledger, clock: Clock, alter: Alter
) -> None:
    """Else its pace would seem to be that of a cohort whose first half takes no time."""
    search = ledger.record(study_with_budget(600), "", CARD, {})
    open_stage(ledger, search, 3)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, CohortClaim)
    reached = dict.fromkeys(claim.numbers, 1)
    standing = CohortCheckpoint(reached, {}, dict.fromkeys(claim.numbers, b"x"))
    one = {number: Report(1, {"accuracy": 0.5}) for number in claim.numbers}
    ledger.record_reports(claim, one, checkpoint=standing)
    ledger.join(somebody_at(search))
    clock.time += 1_000  # it was killed, and its lease ran out after 60 seconds
    again = ledger.next_work(search, "b")
    assert isinstance(again, CohortClaim)
    assert again.checkpoint is not None
    clock.time += 10
    ledger.hand_in(again, worth(again))
    query = "SELECT trained_trials, trained_steps, trained_seconds FROM klayer_stages"
    assert alter(f"{query} WHERE number = 1") == [(2, 4.0, 70.0)]


def test_a_cohort_that_is_given_up_is_no_work_to_come(
    ledger: Ledger, clock: Clock, alter: Alter
) -> None:
    """Else its stage would be cut for the time that its trials seem to need yet."""
    search = ledger.record(study_with_budget(600), "", CARD, {})
    open_stage(ledger, search, 2)
    for _ in range(MOST_LOST):
        claim = ledger.next_work(search, "a")
        assert isinstance(claim, CohortClaim)
        ledger.record_reports(claim, {n: Report(1, {"accuracy": 0.5}) for n in claim.numbers})
        clock.time += 5
        ledger.release(claim, lost=True)
    clock.time += 1_000  # nobody comes until then
    train(ledger, search, clock, 10.0)
    query = "SELECT trained_trials, trained_steps, trained_seconds FROM klayer_stages"
    counted = alter(f"{query} WHERE number = 1")
    assert counted == [(6, 6.0, 50.0)]  # what they reported went with who was lost
    of_search = "SELECT worked, trained_seconds FROM klayer_searches"
    with ledger.database.writing() as connection:
        recount(connection, claim.stage.id)
        assert connection.exec_driver_sql(of_search).one() == (35.0, 50.0)
        take_stock(connection, search.id)
        assert connection.exec_driver_sql(of_search).one() == (50.0, 50.0)
    assert alter(f"{query} WHERE number = 1") == counted


def test_who_was_lost_for_a_night_was_not_at_work_for_it(ledger: Ledger, clock: Clock) -> None:
    search = ledger.record(study_with_budget(600), "", CARD, {})
    open_stage(ledger, search, 3)
    for owner in ("a", "b"):
        ledger.next_work(search, owner)
    clock.time += 10_000
    with ledger.database.writing() as connection:
        connection.exec_driver_sql("UPDATE klayer_searches SET worked = 100")
        assert standing(connection, search, clock.time).workers == 1.2


def test_trials_that_are_to_be_trained_again_count_as_work_to_come(
    ledger: Ledger, clock: Clock, alter: Alter
) -> None:
    """Else the time that they take would be looked for only once it is gone."""
    search = ledger.record(study_with_budget(600), "", CARD, {})
    open_stage(ledger, search, 3)
    for place in range(3):
        claim = ledger.next_work(search, "a")
        assert isinstance(claim, CohortClaim)
        clock.time += 10
        given = worth(claim)
        failing = claim.numbers[: 2 - place]  # both of the first, one of the second
        given[: len(failing)] = [TrialResult(n, None, "no", failed=True) for n in failing]
        report = {n: Report(1, {"accuracy": 0.5}) for n in failing}
        ledger.hand_in(claim, given, reports=report)
    query = "SELECT trained_trials, trained_steps, trained_seconds FROM klayer_stages"
    assert alter(f"{query} WHERE number = 1") == [(6, 9.0, 30.0)]
    ledger.retry(search, retry_of(search, ledger.read.stages(search)))
    assert alter(f"{query} WHERE number = 1") == [(3, 6.0, 20.0)]
    for _ in range(2):
        train(ledger, search, clock, 5.0)
    assert alter(f"{query} WHERE number = 1") == [(6, 12.0, 30.0)]
