"""Stages whose sampler learns: one generation behind another, each planned once, by one."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from optuna import load_study
from optuna.distributions import BaseDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from search.ledger.claims import MOST_LOST, LostLeaseError, Wait
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from search.ledger.retrying import retry_of
from search.plan.generations import GenerationPlan, plan_generation
from search.plan.plan import plan, step_of
from search.plan.samplers import distributions
from search.plan.stopping import Ending
from search.study.file import Study
from search.study.reading import load
from tests.search.ledger.conftest import OVERRIDES

ENDING = Ending("stop", "stopped after 4 of 11 trials: for a test", 7)

ClaimNext = Callable[..., CohortClaim]
Outcomes = Callable[[CohortClaim], list[TrialResult]]


@pytest.fixture
def study() -> Study:
    """Eleven trials, in generations of four, four and three."""
    learning = (
        'stages.coarse.sampler="tpe"',
        "stages.coarse.generation=4",
        "stages.coarse.trials=11",
    )
    return load("digits", [*OVERRIDES, *learning])


def planning(ledger: Ledger, search: Search, owner: str = "planner") -> PlanningClaim:
    claim = ledger.next_work(search, owner)
    assert isinstance(claim, PlanningClaim)
    return claim


def following(ledger: Ledger, search: Search, claim: PlanningClaim) -> GenerationPlan:
    """The next generation, in two cohorts."""
    before = ledger.read.finished_trials(search, claim.stage.id)
    boxes = ledger.read.boxes(claim)
    made = plan_generation(
        search.study, step_of(search.study, claim.stage.number), claim.generation, boxes, before
    )
    numbers = tuple(one.number for one in made.trials)
    return replace(made, cohorts=(numbers[::2], numbers[1::2]))


def space(ledger: Ledger, claim: PlanningClaim) -> Mapping[str, BaseDistribution]:
    """The distributions of a stage."""
    return distributions(ledger.read.boxes(claim))


def open_first(ledger: Ledger, search: Search) -> None:
    claim = planning(ledger, search)
    made = plan(search.study, step_of(search.study, claim.stage.number), [])
    ledger.open_stage(
        search, claim, replace(made, cohorts=((0, 2), (1, 3))), distributions(made.boxes), 2, 11
    )


def train(ledger: Ledger, claim_next: ClaimNext, outcomes: Outcomes, cohorts: int = 2) -> None:
    for _ in range(cohorts):
        claim = claim_next("a")
        ledger.hand_in(claim, outcomes(claim))


def test_a_stage_is_planned_generation_by_generation(
    ledger: Ledger,
    search: Search,
    claim_next: ClaimNext,
    outcomes: Outcomes,
    optuna_trials: Callable[[str], list[FrozenTrial]],
) -> None:
    open_first(ledger, search)
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.trials, stage.finished) == ("open", 11, 0)
    assert stage.steps_total == 22  # generations to come included
    for generation, so_far in ((1, 4), (2, 8)):
        train(ledger, claim_next, outcomes)
        assert len(ledger.read.trials(search)) == so_far
        assert ledger.read.stages(search)[0].state == "open"
        claim = planning(ledger, search)
        assert (claim.stage.name, claim.generation, claim.rung) == ("coarse", generation, 0)
        assert ledger.next_work(search, "other") == Wait()
        ledger.open_generation(claim, following(ledger, search, claim), space(ledger, claim))
    train(ledger, claim_next, outcomes)
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.trials, stage.finished) == ("finished", 11, 11)
    kept = ledger.read.trials(search)
    assert [one.number for one in kept] == list(range(11))
    assert planning(ledger, search).stage.name == "fine"
    shown = optuna_trials("digits/1-coarse")
    assert [one.number for one in shown] == list(range(11))
    assert [one.params for one in shown] == [one.parameters for one in kept]
    assert [one.value for one in shown] == [one.value for one in kept]


def test_a_stage_that_ends_early_is_finished_and_says_why(
    ledger: Ledger,
    search: Search,
    claim_next: ClaimNext,
    outcomes: Outcomes,
    optuna_storage: RDBStorage,
) -> None:
    open_first(ledger, search)
    train(ledger, claim_next, outcomes)
    late = planning(ledger, search)
    claim = planning(ledger, search, late.owner)
    with pytest.raises(LostLeaseError):
        ledger.end_stage(late, ENDING)
    ledger.end_stage(claim, ENDING)
    with pytest.raises(LostLeaseError):
        ledger.end_stage(claim, ENDING)
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.trials, stage.finished) == ("finished", 4, 4)
    assert stage.explanation.splitlines()[-1] == ENDING.text
    shown = load_study(study_name="digits/1-coarse", storage=optuna_storage)
    assert shown.user_attrs["klayer:explanation"] == stage.explanation
    assert ledger.read.strays(search) == []
    assert planning(ledger, search).stage.name == "fine"


def test_a_stage_that_ended_early_is_planned_anew_where_a_trial_of_it_failed(
    ledger: Ledger, search: Search, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_first(ledger, search)
    failed = claim_next("a")
    ledger.hand_in(failed, [TrialResult(n, None, "no luck", failed=True) for n in failed.numbers])
    train(ledger, claim_next, outcomes, 1)
    ledger.end_stage(planning(ledger, search), ENDING)
    ledger.retry(search, retry_of(search, ledger.read.stages(search)))
    assert ledger.read.stages(search)[0].explanation == ""
    open_first(ledger, search)
    train(ledger, claim_next, outcomes)
    assert planning(ledger, search).generation == 1


def test_a_planner_of_a_generation_that_is_gone_is_replaced_by_one_with_the_same_plan(
    ledger: Ledger, search: Search, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_first(ledger, search)
    train(ledger, claim_next, outcomes)
    late = ledger.next_work(search, "late", -1.0)
    assert isinstance(late, PlanningClaim)
    made = following(ledger, search, late)
    prompt = planning(ledger, search, "prompt")
    assert (prompt.generation, prompt.attempt) == (1, late.attempt + 1)
    assert following(ledger, search, prompt) == made
    with pytest.raises(LostLeaseError):
        ledger.open_generation(late, made, space(ledger, late))
    ledger.open_generation(prompt, made, space(ledger, prompt))
    for again in (late, prompt):
        with pytest.raises(LostLeaseError):
            ledger.open_generation(again, made, space(ledger, again))
    assert len(ledger.read.trials(search)) == 8


def test_a_generation_of_which_nothing_came_is_followed_by_the_next(
    ledger: Ledger, search: Search, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    """Trials that diverged and trials that were given up are results as well."""
    open_first(ledger, search)
    diverged = claim_next("a")
    ledger.hand_in(diverged, [TrialResult(n, None, "diverged") for n in diverged.numbers])
    for place in range(MOST_LOST):
        claim_next(f"lost {place}", -1.0)
    claim = planning(ledger, search)
    assert claim.generation == 1
    assert [one.state for one in ledger.read.trials(search)] == ["diverged", "failed"] * 2
    ledger.open_generation(claim, following(ledger, search, claim), space(ledger, claim))
    train(ledger, claim_next, outcomes)
    claim = planning(ledger, search)
    ledger.open_generation(claim, following(ledger, search, claim), space(ledger, claim))
    assert ledger.read.stages(search)[0].running == 0
