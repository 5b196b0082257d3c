"""Promises 1 and 2 of a search with halving: any number of workers, and through any kill."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from search.ledger.ledger import Ledger
from search.show.export import as_json
from tests.faults.runs import (
    HALVED,
    Run,
    assert_whole,
    kill_everything,
    kill_now_and_then,
    started,
    states,
    table,
)

Begin = Callable[..., Run]


def exported(storage: str) -> str:
    """The whole search as `klayer export --format json` writes it."""
    with Ledger(storage) as ledger:
        search, read = ledger.read.search("tiny"), ledger.read
        document = as_json(search, read.stages(search), read.trials(search), read.curves(search))
        return json.dumps(document)


@pytest.fixture(scope="session", params=["cohort", "stage"])
def halved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with each way of halving."""
    among = 'among = "stage"'
    text = HALVED.read_text()
    assert text.count(among) == 1
    study = tmp_path_factory.mktemp(request.param) / "tiny.toml"
    study.write_text(text.replace(among, f'among = "{request.param}"'))
    return study


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
    run = begin(2, study=halved)
    killed = kill_now_and_then(run, 4)
    status, said = run.end()
    assert status == 0, said
    assert killed == 4
    assert exported(run.storage) == exported(undisturbed)
    assert_whole(run.storage, table(undisturbed))


@pytest.mark.parametrize("halved", ["stage"], indirect=True)
def test_a_search_whose_every_process_is_killed_between_rungs_goes_on_to_the_same_bytes(
    begin: Begin, halved: Path, undisturbed: str, lapse: Callable[[str], None]
) -> None:
    """Some trials are pruned, and others have gone on from their checkpoints."""
    run = begin(2, study=halved)

    def is_amid_a_later_rung(run: Run) -> bool:
        return run.is_training() and {"pruned", "running"} <= states(run.storage)

    assert run.wait_for(is_amid_a_later_rung, "a later rung"), run.end()
    kill_everything(run, run.workers())
    assert "pruned" in states(run.storage)
    lapse(run.storage)

    run = begin(2, run.storage, halved)
    assert run.end() == (0, "")
    assert exported(run.storage) == exported(undisturbed)
    assert_whole(run.storage, table(undisturbed))
