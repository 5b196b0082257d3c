"""A database to test on, and a small search in it whose results are made up, not trained."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from search.ledger.ledger import Ledger
from search.ledger.records import Claim, PlanningClaim, Search
from search.ledger.results import TrialOutcome
from search.outcome import EpochFigures
from search.plan.cohorts import Fit
from search.plan.plan import plan
from search.study.file import Study
from search.study.reading import load

OVERRIDES = (
    "stages.coarse.trials=6",
    "stages.fine.trials=3",
    "stages.finest.trials=2",
    "final.finalists=2",
    "training.schedule.epochs=2",
)
EPOCHS = 2


@pytest.fixture(params=["sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; every test of the contract runs against each kind."""
    return {"sqlite": f"sqlite:///{tmp_path}/ledger.db"}[request.param]


@pytest.fixture
def study() -> Study:
    return load("digits", OVERRIDES)


@pytest.fixture
def ledger(storage: str) -> Iterator[Ledger]:
    with Ledger(storage, create=True) as opened:
        yield opened


@pytest.fixture
def search(ledger: Ledger, study: Study) -> Search:
    return ledger.record(study, "# as written\n", "f" * 64, {"numpy": "2"})


@pytest.fixture
def figures() -> Callable[[int, float], EpochFigures]:
    """Figures of one epoch, every one different and none with a short decimal form."""

    def made(epoch: int, value: float) -> EpochFigures:
        parts = (value / 3, value / 7, value / 11, value / 13, value / 17, value / 19, value)
        return EpochFigures(epoch, *parts)

    return made


@pytest.fixture
def open_next(ledger: Ledger, search: Search) -> Callable[[int], PlanningClaim]:
    """Plans the next stage, with cohorts of trials whose numbers agree modulo `groups`.

    The cohorts of the plan itself would make these tests depend on how stacks are cut.
    """

    def opened(groups: int = 1) -> PlanningClaim:
        claim = ledger.next_work(search, "planner")
        assert isinstance(claim, PlanningClaim)
        made = plan(search.study, claim.step, ledger.read.results(search), lambda *_: Fit(0))
        sharing: dict[int, list[int]] = {}  # only trials of one order may share a cohort
        for trial in made.trials:
            sharing.setdefault(trial.order_seed, []).append(trial.number)
        cohorts = tuple(
            tuple(numbers[first::groups]) for numbers in sharing.values() for first in range(groups)
        )
        ledger.open_stage(search, claim, replace(made, cohorts=cohorts), EPOCHS)
        return claim

    return opened


@pytest.fixture
def claim_next(ledger: Ledger, search: Search) -> Callable[..., Claim]:
    """Claims the next cohort."""

    def claimed(owner: str, lease_seconds: float = 60.0) -> Claim:
        claim = ledger.next_work(search, owner, lease_seconds)
        assert isinstance(claim, Claim)
        return claim

    return claimed


@pytest.fixture
def outcomes() -> Callable[[Claim], list[TrialOutcome]]:
    """A value for each trial of a claim: its number's share of 30, which has no short form."""
    return lambda claim: [TrialOutcome(n, (n + 1) / 30) for n in claim.numbers]
