"""Planning and training, divided among processes."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from search.ledger.claims import Wait
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search

ROOT = Path(__file__).parents[3]

TRAINS = """
import sys
from search.ledger.ledger import Ledger
from search.ledger.records import TrialResult

with Ledger(sys.argv[1]) as ledger:
    search = ledger.read.search("digits")
    claim = ledger.next_work(search, "trainer", only="cohorts")
    ledger.hand_in(claim, [TrialResult(n, n / 7) for n in claim.numbers])
print("optuna" in sys.modules)
"""


def test_who_only_plans_gets_no_cohort_and_who_only_trains_no_plan(
    ledger: Ledger, search: Search, open_next: Callable[[int], PlanningClaim]
) -> None:
    assert ledger.next_work(search, "trainer", only="cohorts") == Wait()
    claim = ledger.next_work(search, "planner", only="planning")
    assert isinstance(claim, PlanningClaim)
    ledger.release(claim)
    open_next(1)
    assert ledger.next_work(search, "planner", only="planning") == Wait()
    assert isinstance(ledger.next_work(search, "trainer", only="cohorts"), CohortClaim)


def test_who_only_trains_is_spared_optuna_and_its_study_follows_all_the_same(
    ledger: Ledger,
    search: Search,
    storage: str,
    open_next: Callable[[int], PlanningClaim],
    optuna_trials: Callable[[str], list],
) -> None:
    """It takes half a second to import."""
    open_next(1)
    trained = subprocess.run(
        [sys.executable, "-c", TRAINS, storage],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (trained.stdout, trained.stderr) == ("False\n", "")
    assert [one.value for one in optuna_trials("digits/1-coarse")] == [n / 7 for n in range(6)]
