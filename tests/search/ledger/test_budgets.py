"""A budget by the clock: a stage is cut once, and goes on once there is more time."""

from collections.abc import Callable

import pytest
from optuna.trial import FrozenTrial

from search.ledger.claims import Finished, Wait
from search.ledger.extending import extension_of
from search.ledger.ledger import Ledger
from search.ledger.records import (
    CohortClaim,
    PlanningClaim,
    Search,
    TrialResult,
)
from search.ledger.retrying import retry_of
from search.objective.data_card import DataCard
from search.plan.plan import plan, step_of
from search.plan.samplers import distributions
from search.study.file import Study
from search.workers.heartbeat import presence
from tests.search.ledger.conftest import Clock, open_stage, study_with_budget, train, worth

CARD = DataCard("digits", "f" * 64)
Outcomes = Callable[[CohortClaim], list[TrialResult]]


@pytest.fixture
def study() -> Study:
    return study_with_budget(75)


def states(ledger: Ledger, search: Search) -> list[tuple[str, str]]:
    return [(one.stage, one.state) for one in ledger.read.trials(search)]


def test_a_stage_is_cut_at_its_share_and_all_that_follows_goes_on(
    ledger: Ledger,
    search: Search,
    clock: Clock,
    optuna_trials: Callable[[str], list[FrozenTrial]],
) -> None:
    """Of 75 s some 17 are kept for the final, at a pace of 0.2 epochs a second."""
    open_stage(ledger, search, 3)
    train(ledger, search, clock)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    assert claim.stage.name == "fine"
    coarse = ledger.read.stages(search)[0]
    assert (coarse.state, coarse.trials, coarse.finished, coarse.skipped) == ("finished", 2, 2, 4)
    assert coarse.ended == {"rule": "budget", "left_out": 4, "at": clock.time}
    said = coarse.explanation.splitlines()[-1]
    assert said.startswith("cut after 2 of 6 trials by [budget] hours = 0.0208333: 20 s were spent")
    assert states(ledger, search).count(("coarse", "skipped")) == 4
    assert [one.number for one in ledger.read.finished_trials(search)] == [0, 3]
    shown = optuna_trials("digits/1-coarse")
    assert [one.state.name for one in shown].count("WAITING") == 4
    assert ledger.read.strays(search) == []

    ledger.release(claim)
    open_stage(ledger, search)
    known = {one.id: one for one in ledger.read.trials(search)}
    train(ledger, search, clock, 30.0)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    assert claim.stage.name == "final"  # there was no time for any trial of the last stage
    finest = ledger.read.stages(search)[2]
    assert (finest.state, finest.trials, finest.boxes) == ("finished", 0, ())
    assert finest.explanation.startswith("cut after 0 of 2 trials")
    made = plan(search.study, step_of(search.study, 4), ledger.read.finished_trials(search))
    assert "fine, since no time was left" in made.explanation
    changed = ledger.read.trials_changed(search, known, clock.time - 1)
    assert {one.stage for one in changed} == {"fine"}


def test_what_is_trained_when_a_stage_is_cut_is_trained_to_its_end(
    ledger: Ledger, search: Search, clock: Clock
) -> None:
    open_stage(ledger, search, 3)
    first, second = ledger.next_work(search, "a"), ledger.next_work(search, "b")
    assert isinstance(first, CohortClaim)
    assert isinstance(second, CohortClaim)
    waiting = {one.id: one for one in ledger.read.trials(search)}
    clock.time += 25
    ledger.hand_in(first, worth(first))
    assert ledger.next_work(search, "a") == Wait()
    assert ledger.next_work(search, "c") == Wait()  # both know of the one decision
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.trials, stage.finished, stage.skipped) == ("open", 4, 2, 2)
    changed = ledger.read.trials_changed(search, waiting, clock.time - 1)
    assert [one.state for one in changed].count("skipped") == 2
    ledger.hand_in(second, worth(second))
    assert ledger.read.stages(search)[0].state == "finished"


@pytest.mark.parametrize("lost", [False, True])
def test_what_a_worker_began_that_was_stopped_or_killed_is_trained_to_its_end(
    ledger: Ledger, search: Search, clock: Clock, lost: bool
) -> None:
    open_stage(ledger, search, 3)
    first, second = ledger.next_work(search, "a"), ledger.next_work(search, "b")
    assert isinstance(first, CohortClaim)
    assert isinstance(second, CohortClaim)
    clock.time += 25
    ledger.hand_in(first, worth(first))
    ledger.release(second, lost=lost)
    again = ledger.next_work(search, "a")
    assert isinstance(again, CohortClaim)
    assert again.numbers == second.numbers
    assert ledger.next_work(search, "c") == Wait()
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.trials, stage.finished, stage.skipped) == ("open", 4, 2, 2)
    ledger.hand_in(again, worth(again))
    assert ledger.read.stages(search)[0].state == "finished"


def test_a_search_that_fits_is_not_cut(ledger: Ledger, clock: Clock) -> None:
    search = ledger.record(study_with_budget(3600), "", CARD, {})
    open_stage(ledger, search, 3)
    for _ in range(3):
        train(ledger, search, clock)
    assert [state for _, state in states(ledger, search)] == ["complete"] * 6


def test_trials_that_were_skipped_are_trained_once_there_is_more_time(
    ledger: Ledger,
    search: Search,
    clock: Clock,
    optuna_trials: Callable[[str], list[FrozenTrial]],
) -> None:
    open_stage(ledger, search, 3)
    before = ledger.read.stages(search)[0]
    train(ledger, search, clock)
    open_stage(ledger, search)
    train(ledger, search, clock)
    longer = extension_of(search, study_with_budget(600), ledger.read.stages(search))
    assert (longer.planned, longer.kept, longer.resumed) == (2, 1, 1)
    assert (longer.dropped, longer.anew) == (3, "fine and all that follows it")
    ledger.extend(search, longer, "", "me@here")
    search = ledger.read.again(search)
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.trials, stage.skipped, stage.ended) == ("open", 6, 0, None)
    assert stage.explanation == before.explanation
    for _ in range(2):
        train(ledger, search, clock)
    assert states(ledger, search) == [("coarse", "complete")] * 6
    assert {one.state.name for one in optuna_trials("digits/1-coarse")} == {"COMPLETE"}
    assert ledger.read.strays(search) == []
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    assert claim.stage.name == "fine"


def test_a_search_without_a_value_in_time_says_so_and_may_be_given_more(
    ledger: Ledger, search: Search, clock: Clock
) -> None:
    open_stage(ledger, search, 3)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, CohortClaim)
    for _ in range(2):
        clock.time += 40
        ledger.beat(presence("a", "worker", search.id), claim)
    ledger.release(claim)
    assert ledger.next_work(search, "a") == Finished()
    failure = ledger.read.again(search).failure or ""
    assert failure.startswith("[budget] hours = 0.0208333 ended before any trial had a value; give")
    assert [state for _, state in states(ledger, search)] == ["waiting"] * 6

    longer = extension_of(search, study_with_budget(600), ledger.read.stages(search))
    ledger.extend(search, longer, "", "me@here")
    search = ledger.read.again(search)
    assert isinstance(ledger.next_work(search, "a"), CohortClaim)


def test_a_stage_that_was_never_planned_is_planned_once_there_are_more_hours(
    ledger: Ledger, search: Search, clock: Clock
) -> None:
    open_stage(ledger, search, 3)
    train(ledger, search, clock, 58.0)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    assert claim.stage.name == "final"
    ledger.release(claim)
    longer = extension_of(search, study_with_budget(600), ledger.read.stages(search))
    assert longer.kept == 1
    ledger.extend(search, longer, "", "me@here")
    search = ledger.read.again(search)
    for _ in range(2):
        train(ledger, search, clock)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    assert claim.stage.name == "fine"


def test_those_that_came_to_a_rung_go_on_without_those_that_never_began(
    ledger: Ledger, clock: Clock
) -> None:
    halved = "stages.coarse.halving={keep=0.5, at=[1]}"
    search = ledger.record(study_with_budget(40, halved), "", CARD, {})
    open_stage(ledger, search, 3)
    cohort = ledger.next_work(search, "a")
    assert isinstance(cohort, CohortClaim)
    clock.time += 12
    rests = [TrialResult(n, 0.5, checkpoint=b"x") for n in cohort.numbers]
    ledger.hand_in(cohort, rests, reports={})
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    assert claim.rung == 1
    skipped = [state for _, state in states(ledger, search)].count("skipped")
    assert len(ledger.read.standings(claim)) == 6 - skipped


def test_failed_trials_of_a_stage_that_was_cut_are_trained_again(
    ledger: Ledger, search: Search, clock: Clock
) -> None:
    open_stage(ledger, search, 3)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, CohortClaim)
    clock.time += 40
    failed = TrialResult(claim.numbers[1], None, "no luck", failed=True)
    ledger.hand_in(claim, [*worth(claim)[:1], failed])
    after = ledger.next_work(search, "a")
    assert isinstance(after, PlanningClaim)
    ledger.release(after)
    ledger.retry(search, retry_of(search, ledger.read.stages(search)))
    train(ledger, search, clock)
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.trials, stage.finished, stage.skipped) == ("finished", 2, 2, 4)
    assert stage.failed == 0


def test_a_generation_for_which_there_is_no_time_is_not_planned(
    ledger: Ledger, clock: Clock
) -> None:
    stop = ("stages.coarse.sampler='sobol'", "stages.coarse.stop={after=2}")
    search = ledger.record(study_with_budget(60, *stop), "", CARD, {})
    claim = ledger.next_work(search, "planner")
    assert isinstance(claim, PlanningClaim)
    made = plan(search.study, step_of(search.study, 1), [])
    ledger.open_stage(search, claim, made, distributions(made.boxes), 2, 6)
    train(ledger, search, clock, 25.0)
    after = ledger.next_work(search, "a")
    assert isinstance(after, PlanningClaim)
    assert after.stage.name != "coarse"
    coarse = ledger.read.stages(search)[0]
    assert (coarse.trials, coarse.skipped) == (2, 0)
    assert coarse.explanation.splitlines()[-1].startswith("cut after 2 of 6 trials")
