"""Rungs of a whole stage: who rests, who goes on from where, and whoever fails on the way."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from search.errors import LedgerError
from search.ledger.claims import LostLeaseError, Wait
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from search.ledger.tables import checkpoints
from search.objective.report import Report
from search.plan.halving import RungPlan, plan_rung
from search.plan.plan import step_of
from search.study.file import Study
from search.study.reading import load
from tests.search.ledger.conftest import OVERRIDES, somebody

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]
Figures = Callable[[int, float], Report]
LAPSED = -1.0


@pytest.fixture
def study() -> Study:
    halving = "stages.coarse.halving={keep=0.5, at=[1, 3]}"
    return load("digits", [*OVERRIDES[:-1], "training.schedule.epochs=4", halving])


def rested(claim: CohortClaim) -> list[TrialResult]:
    """Every trial of a claim at rest; the higher its number the better."""
    return [
        TrialResult(number, number / 30, checkpoint=f"{number} at {claim.stop}".encode())
        for number in claim.numbers
    ]


def train(ledger: Ledger, claim: CohortClaim, figures: Figures, epochs: Sequence[int]) -> None:
    for epoch in epochs:
        ledger.record_reports(claim, {number: figures(epoch, 0.5) for number in claim.numbers})


def next_rung(ledger: Ledger, search: Search, claim: PlanningClaim) -> RungPlan:
    """What follows on the rung, all that go on as one cohort."""
    standings = ledger.read.standings(claim)
    made = plan_rung(search.study, step_of(search.study, claim.stage.number), claim.rung, standings)
    return replace(made, cohorts=(tuple(sorted(n for cohort in made.cohorts for n in cohort)),))


def kept(storage: str) -> int:
    """How many checkpoints the database holds."""
    with somebody(storage) as connection:
        return connection.scalar(select(func.count()).select_from(checkpoints)) or 0


def come_to_the_first_rung(
    ledger: Ledger, open_next: OpenNext, claim_next: ClaimNext, figures: Figures
) -> None:
    open_next(2)
    for owner in ("a", "b"):
        claim = claim_next(owner)
        assert (claim.start, claim.stop, claim.start_states) == (0, 1, ())
        train(ledger, claim, figures, [1])
        ledger.hand_in(claim, rested(claim))


def plan_next(ledger: Ledger, search: Search, owner: str = "planner") -> PlanningClaim:
    claim = ledger.next_work(search, owner)
    assert isinstance(claim, PlanningClaim)
    return claim


def test_a_stage_is_halved_to_its_end(
    ledger: Ledger,
    search: Search,
    storage: str,
    open_next: OpenNext,
    claim_next: ClaimNext,
    figures: Figures,
) -> None:
    come_to_the_first_rung(ledger, open_next, claim_next, figures)
    assert {one.state for one in ledger.read.trials(search)} == {"waiting"}
    assert {one.value for one in ledger.read.trials(search)} == {None}
    assert kept(storage) == 6
    rung = plan_next(ledger, search)
    assert (rung.stage.name, rung.rung) == ("coarse", 1)
    assert ledger.next_work(search, "other") == Wait()
    ledger.open_rung(rung, next_rung(ledger, search, rung))
    found = ledger.read.trials(search)
    assert [(one.state, one.pruned_after) for one in found] == (
        [("pruned", 1)] * 3 + [("waiting", None)] * 3
    )
    assert [one.value for one in found[:3]] == [0.0, 1 / 30, 2 / 30]
    assert kept(storage) == 3

    second = claim_next("a")
    assert (second.numbers, second.start, second.stop) == ((3, 4, 5), 1, 3)
    assert second.start_states == (b"3 at 1", b"4 at 1", b"5 at 1")
    train(ledger, second, figures, [2, 3])
    diverged = TrialResult(5, None, "diverged in epoch 3")
    ledger.hand_in(second, [diverged, *rested(second)[:2]])
    rung = plan_next(ledger, search)
    assert rung.rung == 2
    ledger.open_rung(rung, next_rung(ledger, search, rung))

    last = claim_next("a")
    assert (last.numbers, last.start, last.stop) == ((3, 4), 3, None)  # two of three go on
    assert last.start_states == (b"3 at 3", b"4 at 3")
    train(ledger, last, figures, [4])
    ledger.hand_in(last, [TrialResult(number, number / 7) for number in last.numbers])
    assert kept(storage) == 0
    state = ledger.read.stages(search)[0]
    assert (state.state, state.finished, state.pruned, state.diverged) == ("finished", 6, 3, 1)
    assert state.best is not None
    assert state.best.number == 4
    assert {trial: len(curve) for trial, curve in ledger.read.curves(search).items()} == {
        one.id: epochs for one, epochs in zip(found, [1, 1, 1, 4, 4, 3], strict=True)
    }
    assert plan_next(ledger, search).stage.name == "fine"


def test_a_lost_claim_begins_again_at_its_rung(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    figures: Figures,
) -> None:
    come_to_the_first_rung(ledger, open_next, claim_next, figures)
    rung = plan_next(ledger, search)
    ledger.open_rung(rung, next_rung(ledger, search, rung))
    lost = claim_next("lost", LAPSED)
    ledger.record_reports(lost, {3: figures(2, 0.5), 4: figures(2, 0.5)}, LAPSED)
    again = claim_next("prompt")
    assert again.cohort_id == lost.cohort_id
    assert again.start_states == lost.start_states
    assert {len(one) for one in ledger.read.curves(search).values()} == {1}
    with pytest.raises(LostLeaseError):
        ledger.hand_in(lost, rested(lost))
    train(ledger, again, figures, [2])
    ledger.release(again)
    assert {len(one) for one in ledger.read.curves(search).values()} == {1}
    assert claim_next("later").start_states == lost.start_states


def test_a_planner_of_a_rung_that_is_gone_is_replaced(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    figures: Figures,
) -> None:
    come_to_the_first_rung(ledger, open_next, claim_next, figures)
    late = ledger.next_work(search, "late", LAPSED)
    assert isinstance(late, PlanningClaim)
    prompt = plan_next(ledger, search, "prompt")
    assert prompt.rung == late.rung == 1
    made = next_rung(ledger, search, late)
    with pytest.raises(LostLeaseError):
        ledger.open_rung(late, made)
    ledger.release(prompt)
    last = plan_next(ledger, search, "last")
    assert next_rung(ledger, search, last) == made
    ledger.open_rung(last, made)
    assert claim_next("a").numbers == (3, 4, 5)


def test_a_stage_of_which_all_trials_diverge_before_the_rung_is_finished(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next()
    claim = claim_next("a")
    ledger.hand_in(claim, [TrialResult(n, None, "diverged in epoch 1") for n in claim.numbers])
    assert ledger.read.stages(search)[0].state == "finished"


def test_each_trial_rests_or_ends(
    ledger: Ledger, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next()
    claim = claim_next("a")
    with pytest.raises(LedgerError, match="one result for each"):
        ledger.hand_in(claim, rested(claim)[1:])


def test_a_cohort_that_came_to_a_rung_counts_as_done(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, figures: Figures
) -> None:
    assert ledger.read.trained(search) == (0, 0)
    come_to_the_first_rung(ledger, open_next, claim_next, figures)
    assert ledger.read.trained(search) == (2, 0)
    assert sum(stage.finished for stage in ledger.read.stages(search)) == 0
