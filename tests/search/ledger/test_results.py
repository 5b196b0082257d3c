"""Results are taken whole, come back exactly, and are none but those of the claim's trials."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from search.errors import LedgerError
from search.ledger.claims import LostLeaseError, Wait
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Presence, Search, TrialResult
from search.objective.data_card import DataCard
from search.objective.report import Report
from search.plan.plan import plan, step_of
from search.plan.samplers import distributions
from search.study.file import study_of
from search.study.reading import load
from tests.search.ledger.conftest import METRICS, SCORE, Alter, open_stage, renew

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]
Outcomes = Callable[[CohortClaim], list[TrialResult]]
Figures = Callable[[int, float], Report]


def test_figures_and_values_come_back_exactly(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    outcomes: Outcomes,
    figures: Figures,
) -> None:
    open_next(1)
    claim = claim_next("a")
    told = [{n: figures(epoch, n + epoch / 3) for n in claim.numbers} for epoch in (1, 2)]
    for epoch in told:
        ledger.record_reports(claim, epoch)
    ledger.hand_in(claim, outcomes(claim))
    curves = ledger.read.curves(search)
    for trial in ledger.read.trials(search):
        assert curves[trial.id] == tuple(epoch[trial.number] for epoch in told)
        assert trial.value == (trial.number + 1) / 30
    assert [(r.number, r.value) for r in ledger.read.finished_trials(search)] == [
        (n, (n + 1) / 30) for n in range(6)
    ]
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.finished, stage.steps_done) == ("finished", 6, 12)
    assert stage.best is not None
    assert stage.best.number == 5


def test_an_epoch_that_is_recorded_again_is_recorded_once(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, figures: Figures
) -> None:
    """As where a connection breaks while it commits: the same call comes once more."""
    open_next(1)
    claim = claim_next("a")
    first = {n: figures(1, n + 1 / 3) for n in claim.numbers}
    for _ in range(2):
        assert not ledger.record_reports(claim, first)
    ledger.record_reports(claim, first | {0: figures(2, 0.5)})
    curves = ledger.read.curves(search)
    kept = {one.number: curves[one.id] for one in ledger.read.trials(search)}
    assert kept == {n: (first[n],) for n in range(1, 6)} | {0: (first[0], figures(2, 0.5))}


def test_results_that_are_handed_in_again_change_nothing(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(2)
    claim = claim_next("a")
    ledger.hand_in(claim, outcomes(claim))
    kept, stage = ledger.read.trials(search), ledger.read.stages(search)[0]
    for again in (outcomes(claim), [TrialResult(n, 0.9) for n in claim.numbers]):
        with pytest.raises(LostLeaseError):
            ledger.hand_in(claim, again)
    assert ledger.read.trials(search) == kept
    assert ledger.read.stages(search)[0] == stage


def test_who_records_an_epoch_is_told_to_stop(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, figures: Figures
) -> None:
    open_next(1)
    for name, kind in (("launcher", "launcher"), ("a", "worker")):
        started_by = "launcher" if kind == "worker" else None
        ledger.join(Presence(name, kind, "here", "kernel", 1, search.id, started_by, 60.0))  # type: ignore[arg-type]
    claim = claim_next("a")
    assert not ledger.record_reports(claim, {0: figures(1, 0.5)})
    ledger.ask_to_stop("another launcher")
    assert not ledger.record_reports(claim, {1: figures(1, 0.5)})
    ledger.ask_to_stop("launcher")
    assert ledger.record_reports(claim, {2: figures(1, 0.5)})
    assert len(ledger.read.curves(search)) == 3  # what came with it is stored


@pytest.mark.parametrize("lost", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_no_number_comes_back_as_nan(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    alter: Alter,
    lost: float,
) -> None:
    open_next(1)
    claim = claim_next("a")
    said = {"train_cost": lost, "train_accuracy": 0.2, SCORE: 0.5, "of nobody": 0.6}
    ledger.record_reports(claim, {0: Report(1, said), 1: Report(1, {SCORE: lost})})
    (first,), (second,) = ledger.read.curves(search).values()
    assert tuple(first.metrics) == METRICS
    assert math.isnan(first.metrics["train_cost"])
    assert math.isnan(first.metrics["train_loss"])  # it was not reported
    assert (first.metrics["train_accuracy"], first.metrics[SCORE]) == (0.2, 0.5)
    assert math.isnan(second.metrics[SCORE])
    assert alter("SELECT score FROM klayer_reports ORDER BY trial_id") == [(0.5,), (None,)]


def test_reports_without_any_renew_the_lease(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(1)
    claim = claim_next("a", -1.0)
    assert not ledger.record_reports(claim, {})
    assert ledger.next_work(search, "b") == Wait()


def test_a_diverged_trial_has_a_reason_and_no_value(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(1)
    claim = claim_next("a")
    given = [TrialResult(n, 0.5) for n in claim.numbers[1:]]
    ledger.hand_in(claim, [TrialResult(0, None, "diverged in epoch 2"), *given])
    first = ledger.read.trials(search)[0]
    assert (first.state, first.value, first.reason) == ("diverged", None, "diverged in epoch 2")
    stage = ledger.read.stages(search)[0]
    assert (stage.finished, stage.diverged) == (6, 1)
    assert ledger.read.finished_trials(search)[0].value is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [(None, None), (0.5, "diverged"), (math.nan, None), (math.inf, None)],
)
def test_an_outcome_is_a_finite_value_or_a_reason(value: float | None, reason: str | None) -> None:
    with pytest.raises(LedgerError, match="trial 3 ends with a finite value or with a reason"):
        TrialResult(3, value, reason)


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (TrialResult(1, 0.5), "complete"),
        (TrialResult(1, 0.5, pruned_after=2), "pruned"),
        (TrialResult(1, None, "diverged in epoch 2"), "diverged"),
        (TrialResult(1, None, "its score is missing", failed=True), "failed"),
        (TrialResult(1, 0.5, checkpoint=b""), "waiting"),
    ],
)
def test_what_a_trial_is_follows_from_its_result(result: TrialResult, state: str) -> None:
    assert result.state == state


@pytest.mark.parametrize(
    "given",
    [
        {"value": None, "reason": "diverged", "checkpoint": b""},
        {"value": 0.5, "pruned_after": 2, "checkpoint": b""},
    ],
)
def test_who_rests_has_a_value_and_is_not_pruned(given: dict[str, Any]) -> None:
    with pytest.raises(LedgerError, match="trial 3 rests at a rung with a value"):
        TrialResult(3, **given)


def test_a_trial_that_failed_by_its_own_fault_has_its_reason_and_the_search_goes_on(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(1)
    claim = claim_next("a")
    given = [TrialResult(n, 0.5) for n in claim.numbers[1:]]
    failed = TrialResult(0, None, "its program ended with status 3", failed=True)
    ledger.hand_in(claim, [failed, *given])
    first = ledger.read.trials(search)[0]
    assert (first.state, first.reason) == ("failed", "its program ended with status 3")
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.finished, stage.failed) == ("finished", 6, 1)
    assert ledger.read.again(search).failure is None
    assert isinstance(ledger.next_work(search, "a"), PlanningClaim)


@pytest.mark.parametrize("numbers", [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 6], [0, 0, 1, 2, 3, 4], []])
def test_wrong_outcomes_are_refused_whole(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    numbers: list[int],
) -> None:
    open_next(1)
    claim = claim_next("a")
    with pytest.raises(LedgerError, match="one result for each of its trials"):
        ledger.hand_in(claim, [TrialResult(n, 0.5) for n in numbers])
    assert {one.state for one in ledger.read.trials(search)} == {"running"}
    renew(ledger, claim)


def test_results_are_taken_whole_or_not_at_all(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    outcomes: Outcomes,
    alter: Alter,
) -> None:
    """The last of a transaction's statements fails, and what came before it has not happened."""
    open_next(1)
    claim = claim_next("a")
    alter("ALTER TABLE klayer_stages RENAME COLUMN finished_at TO elsewhere")
    try:
        with pytest.raises(DatabaseFaultError):
            ledger.hand_in(claim, outcomes(claim))
        states = "SELECT state FROM {} GROUP BY state"
        assert alter(states.format("klayer_trials")) == [("running",)]
        assert alter(states.format("klayer_cohorts")) == [("claimed",)]
        assert alter(states.format("trials")) == [("RUNNING",)]  # Optuna's
        assert alter("SELECT count(*) FROM trial_values") == [(0,)]
    finally:
        alter("ALTER TABLE klayer_stages RENAME COLUMN elsewhere TO finished_at")
    ledger.hand_in(claim, outcomes(claim))
    assert ledger.read.stages(search)[0].state == "finished"


def test_an_epoch_of_a_foreign_trial_stores_nothing(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, figures: Figures
) -> None:
    open_next(2)
    claim = claim_next("a")
    with pytest.raises(KeyError):
        ledger.record_reports(claim, {0: figures(1, 0.5), 1: figures(1, 0.5)})
    assert ledger.read.curves(search) == {}


def test_results_of_before_are_finished_as_they_are_planned(ledger: Ledger) -> None:
    box = "{learning_rate={low=1e-3, high=1.0}}"
    rows = ", ".join(f"{{learning_rate={n / 1000}, value={1 / n}}}" for n in range(1, 8))
    past = f"stages=[{{name='past', sampler='results', results=[{rows}], box={box}}}]"
    study = load("digits", [past, "final.finalists=1", "final.seeds=1"])
    search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    made = plan(study, step_of(study, 1), [])
    ledger.open_stage(search, claim, made, distributions(made.boxes), 0.0)
    assert [one.value for one in ledger.read.finished_trials(search)] == [
        1 / n for n in range(1, 8)
    ]
    stage = ledger.read.stages(search)[0]
    assert (stage.state, stage.finished, stage.steps_total) == ("finished", 7, 0)
    assert ledger.read.spans(search) == []
    assert ledger.read.strays(search) == []
    after = ledger.next_work(search, "a")
    assert isinstance(after, PlanningClaim)
    assert after.stage.name == "final"


# --- a search that comes to nothing ---------------------------------------------------------------

ALONE = {
    "name": "alone",
    "objective": {"kind": "command", "command": ["./train"]},
    "hyperparameters": {"rate": {"low": 1e-3, "high": 1e-1}},
    "metrics": [{"name": "loss", "direction": "minimize"}],
    "stages": [{"trials": 3}],
}


@pytest.mark.parametrize("ends", ["failed", "diverged", "one has a value"])
def test_a_search_of_one_stage_without_a_value_says_that_it_has_no_result(
    ledger: Ledger, ends: str
) -> None:
    study = study_of(ALONE)
    search = ledger.record(study, "", study.objective.card, {})
    open_stage(ledger, search)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, CohortClaim)
    given = [TrialResult(n, None, "a reason", failed=ends == "failed") for n in claim.numbers]
    if ends == "one has a value":
        given[1] = TrialResult(claim.numbers[1], 0.5)
    ledger.hand_in(claim, given)
    found = ledger.read.again(search)
    assert found.finished_at is not None
    none = "no trial of it has a value, all diverged or failed"
    assert found.failure == (None if ends == "one has a value" else none)
