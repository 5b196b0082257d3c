"""What trials report are Optuna's intermediate values, on SQLite and PostgreSQL."""

import math
from collections.abc import Callable

import pytest
from optuna import load_study
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from search.ledger import optuna_curves
from search.ledger.ledger import Ledger
from search.ledger.records import (
    CohortCheckpoint,
    CohortClaim,
    PlanningClaim,
    Search,
    TrialResult,
)
from search.objective.report import Report
from tests.search.ledger.conftest import SCORE, Alter, worth

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]
Trials = Callable[[str], list[FrozenTrial]]
Figures = Callable[[int, float], Report]
COARSE = "digits/1-coarse"


def test_curves_come_with_the_results(
    ledger: Ledger,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Trials,
    figures: Figures,
) -> None:
    open_next(1)
    claim = claim_next("a")
    for step in (1, 2):
        ledger.record_reports(claim, {n: figures(step, n + step / 7) for n in claim.numbers})
    ledger.record_reports(claim, {0: Report(3, {SCORE: math.nan})})
    told = [TrialResult(n, n / 7, pruned_after=2 if n == 1 else None) for n in claim.numbers[:5]]
    ledger.hand_in(claim, [*told, TrialResult(5, None, "diverged in epoch 3")])
    found = optuna_trials(COARSE)
    for one in found[1:]:
        assert one.intermediate_values == {1: one.number + 1 / 7, 2: one.number + 2 / 7}
    assert math.isnan(found[0].intermediate_values[3])
    assert (found[1].state, found[1].last_step) == (TrialState.PRUNED, 2)
    assert found[1].user_attrs["klayer:pruned_after"] == 2
    assert found[5].user_attrs["klayer:reason"] == "diverged in epoch 3"
    assert {one.user_attrs["klayer:worker"] for one in found} == {"a"}
    assert {one.user_attrs["klayer:cohort"] for one in found} == {0}


def test_of_a_training_they_go_as_far_as_is_stored_of_it(
    ledger: Ledger,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Trials,
    figures: Figures,
) -> None:
    open_next(1)
    claim = claim_next("a")
    for step in (1, 2, 3):
        reports = {n: figures(step, n + step / 7) for n in claim.numbers}
        states = CohortCheckpoint(dict.fromkeys(claim.numbers, step), {}, {0: b"x"})
        ledger.record_reports(claim, reports, checkpoint=None if step == 3 else states)
    assert {tuple(one.intermediate_values) for one in optuna_trials(COARSE)} == {(1, 2)}
    ledger.release(claim)
    again = claim_next("b")
    assert {tuple(one.intermediate_values) for one in optuna_trials(COARSE)} == {(1, 2)}
    ledger.record_reports(again, {n: figures(3, n + 3 / 7) for n in again.numbers})
    ledger.hand_in(again, worth(again))
    found = optuna_trials(COARSE)
    assert {tuple(one.intermediate_values) for one in found} == {(1, 2, 3)}
    assert found[1].intermediate_values == {step: 1 + step / 7 for step in (1, 2, 3)}
    assert {one.user_attrs["klayer:worker"] for one in found} == {"b"}


def test_of_a_large_stage_only_some_steps_and_the_last_are_copied(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Trials,
    figures: Figures,
    alter: Alter,
) -> None:
    open_next(1)
    claim = claim_next("a")
    for step in range(1, 12):
        ledger.record_reports(claim, {n: figures(step, step / 7) for n in claim.numbers})
    for steps, kept in ((optuna_curves.MOST, 1), (2 * optuna_curves.MOST, 2), (250_001, 3)):
        alter("UPDATE klayer_stages SET trials = 1, steps = :steps", steps=steps)
        alter("DELETE FROM trial_intermediate_values")
        with ledger.database.writing() as connection:
            optuna_curves.write_of_cohort(connection, claim.cohort_id)
        (found,) = {tuple(sorted(one.intermediate_values)) for one in optuna_trials(COARSE)}
        assert found == tuple(step for step in range(1, 12) if step % kept == 0 or step == 11)


@pytest.mark.parametrize("rebuilt", [False, True])
def test_a_study_that_is_written_anew_has_its_curves(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Trials,
    figures: Figures,
    alter: Alter,
    rebuilt: bool,
) -> None:
    open_next(1)
    claim = claim_next("a")
    ledger.record_reports(claim, {n: figures(1, n / 7) for n in claim.numbers})
    ledger.hand_in(claim, worth(claim))
    if rebuilt:
        alter("UPDATE trials SET number = number + 50")
        ledger.take_up(search)
    assert [one.intermediate_values for one in optuna_trials(COARSE)] == [
        {1: n / 7} for n in claim.numbers
    ]


def test_whoever_takes_a_trial_that_was_released_gets_none_of_its_curve(
    ledger: Ledger,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Trials,
    optuna_storage: RDBStorage,
    figures: Figures,
) -> None:
    open_next(1)
    claim = claim_next("a")
    stood = CohortCheckpoint(dict.fromkeys(claim.numbers, 1), {}, {0: b"x"})
    reports = {n: figures(1, n / 7) for n in claim.numbers}
    ledger.record_reports(claim, reports, checkpoint=stood)
    ledger.release(claim)
    study = load_study(study_name=COARSE, storage=optuna_storage)
    taken = study.ask()
    taken.report(0.25, 2)
    claim_next("b")
    found = optuna_trials(COARSE)
    assert [one.intermediate_values for one in found[:6]] == [{1: n / 7} for n in range(6)]
    assert (found[6].number, found[6].intermediate_values) == (6, {2: 0.25})
