"""How stages stand: recorded from the beginning, and counted as the work goes on."""

from collections.abc import Callable

import pytest

from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search
from search.plan.plan import steps
from tests.search.ledger.conftest import Alter


def test_counts_follow_the_work(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], object],
    claim_next: Callable[..., CohortClaim],
    figures: Callable[[int, float], object],
) -> None:
    expected = [6, 3, 2, 4, 2]  # two finalists, each over two seeds, then both in the final
    assert [stage.trials for stage in ledger.read.stages(search)] == expected
    assert [stage.steps_total for stage in ledger.read.stages(search)] == [2 * n for n in expected]
    open_next(2)
    claim = claim_next("a")
    ledger.record_reports(claim, {n: figures(1, 0.5) for n in claim.numbers})  # type: ignore[misc]
    stage = ledger.read.stages(search)[0]
    assert (stage.running, stage.finished, stage.steps_done, stage.steps_total) == (3, 0, 3, 12)
    assert stage.opened_at == pytest.approx(ledger.read.clock(), abs=30)
    assert stage.finished_at is None


def test_a_recorded_search_has_all_its_stages_from_the_beginning(
    ledger: Ledger, search: Search, alter: Alter
) -> None:
    """So nobody has to ask the study file what comes next."""
    rows = alter("SELECT number, name, kind, state, attempt FROM klayer_stages ORDER BY number")
    assert [tuple(row) for row in rows] == [
        (step.number, step.name, step.kind, "unplanned", 0) for step in steps(search.study)
    ]
    assert {stage.state for stage in ledger.read.stages(search)} == {"unplanned"}
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    assert (claim.stage.number, claim.stage.name, claim.stage.kind) == (1, "coarse", "search")
    assert ledger.read.stages(search)[0].state == "planning"
