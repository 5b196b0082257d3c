"""Planning, training and telling Optuna, divided among processes."""

from collections.abc import Callable

from optuna import load_study

from search.ledger.ledger import Ledger
from search.ledger.records import Claim, PlanningClaim, Search


def test_who_only_plans_gets_no_cohort_and_who_only_trains_no_plan(
    ledger: Ledger, search: Search, open_next: Callable[[int], PlanningClaim]
) -> None:
    assert not isinstance(ledger.next_work(search, "trainer", only="cohorts"), PlanningClaim)
    claim = ledger.next_work(search, "planner", only="planning")
    assert isinstance(claim, PlanningClaim)
    ledger.hand_back(claim)
    open_next(1)
    assert not isinstance(ledger.next_work(search, "planner", only="planning"), Claim)
    assert isinstance(ledger.next_work(search, "trainer", only="cohorts"), Claim)


def test_who_does_not_tell_leaves_it_to_who_follows(
    ledger: Ledger, storage: str, search: Search, open_next: Callable[[int], PlanningClaim]
) -> None:
    open_next(1)
    with Ledger(storage, tells=False) as quiet:
        claim = quiet.next_work(search, "trainer")
        assert "_mirror" not in quiet.__dict__
    assert isinstance(claim, Claim)
    assert states(storage) == {"WAITING"}
    ledger.follow_all(search)
    assert states(storage) == {"RUNNING"}


def states(storage: str) -> set[str]:
    """How Optuna believes that the trials of the first stage stand."""
    study = load_study(study_name="digits/1-coarse", storage=storage)
    return {one.state.name for one in study.trials}
