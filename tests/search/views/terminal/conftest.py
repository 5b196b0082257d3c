"""Values as the ledger hands them out, and a console whose lines can be read."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from search.ledger.records import RecordedTrial, Search, StageState
from search.objective.data_card import DataCard
from search.plan.plan import Step, steps
from search.space.space import Box, Interval
from search.study.file import Study
from search.study.reading import load

TRIAL = RecordedTrial(
    id=1,
    stage="coarse",
    number=0,
    state="complete",
    value=0.5,
    parameters={"learning_rate": 0.1},
    box=Box({"learning_rate": Interval(0.01, 1.0)}),
    seed=11,
    order_seed=12,
    reason=None,
    finished_at=1.0,
)


@pytest.fixture
def study() -> Study:
    return load("digits")


@pytest.fixture
def search(study: Study) -> Search:
    """A search that is not finished."""
    return Search(
        id=1,
        study=study,
        study_hash="0" * 64,
        data=DataCard("digits", "f" * 64),
        environment={},
        created_at=0.0,
        finished_at=None,
        result=None,
    )


@pytest.fixture
def trial() -> Callable[..., RecordedTrial]:
    """A complete trial, with other attributes where said."""
    return lambda **changes: replace(TRIAL, **changes)


@pytest.fixture
def stage(study: Study) -> Callable[..., StageState]:
    """A stage of the study by its name, not planned yet, with other attributes where said."""
    by_name: dict[str, Step] = {step.name: step for step in steps(study)}

    def made(name: str, **changes: Any) -> StageState:
        unplanned = StageState(
            step=by_name[name],
            state="unplanned",
            explanation="",
            boxes=(),
            trials=8,
            finished=0,
            pruned=0,
            diverged=0,
            failed=0,
            running=0,
            steps_done=0,
            steps_total=80,
            steps_each=10,
            best=None,
            opened_at=None,
            finished_at=None,
        )
        return replace(unplanned, **changes)

    return made


@pytest.fixture
def printed() -> Callable[..., str]:
    """What a function prints on the console that it is given last."""

    def captured(show: Callable[..., None], *values: Any) -> str:
        console = Console(width=120, highlight=False)
        with console.capture() as capture:
            show(*values, console)
        return capture.get()

    return captured
