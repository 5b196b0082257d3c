"""Promises 1 and 2 of a search with halving: any number of workers, and through any kill."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from search.ledger.ledger import Ledger
from search.show.export import as_json
from tests.faults.runs import HALVED, Run, assert_whole, started, table

Begin = Callable[..., Run]


def exported(storage: str) -> str:
    """The whole search as `klayer export --format json` writes it."""
    with Ledger(storage) as ledger:
        search, read = ledger.read.search("tiny"), ledger.read
        document = as_json(search, read.stages(search), read.trials(search), read.curves(search))
        return json.dumps(document)


@pytest.fixture(scope="session", params=sorted(HALVED))
def halved(request: pytest.FixtureRequest) -> Path:
    """A study with each way of halving."""
    return HALVED[request.param]


@pytest.fixture(scope="session")
def undisturbed(halved: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database of that search, run by one worker without a fault."""
    storage = f"sqlite:///{tmp_path_factory.mktemp('halved')}/tiny.db"
    status, said = Run(started("run_search.py", str(halved), storage, "1"), storage).end()
    assert (status, said) == (0, "")
    return storage


def test_most_trials_of_the_first_stage_are_pruned(undisturbed: str) -> None:
    expected = table(undisturbed)
    counts = Counter(state for stage, _, state, *_ in expected if stage == "coarse")
    assert counts["pruned"] >= 8
    assert counts["complete"] >= 4
    assert_whole(undisturbed, expected)


def test_the_number_of_workers_changes_no_byte(
    begin: Begin, halved: Path, undisturbed: str
) -> None:
    run = begin(3, study=halved)
    assert run.end() == (0, "")
    assert exported(run.storage) == exported(undisturbed)
    assert_whole(run.storage, table(undisturbed))


def test_workers_that_are_killed_change_no_byte(
    begin: Begin, halved: Path, undisturbed: str
) -> None:
    run, chance, killed = begin(2, study=halved), random.Random(5), 0
    while killed < 4 and run.wait_for(Run.is_training, "training"):
        time.sleep(chance.uniform(0, 0.05))
        victims = run.workers()
        if victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
            killed += 1
            before = run.finished_trials()
            run.wait_for(lambda run: run.finished_trials() > before, "a result")  # noqa: B023
    status, said = run.end()
    assert status == 0, said
    assert killed == 4
    assert exported(run.storage) == exported(undisturbed)
    assert_whole(run.storage, table(undisturbed))
