"""Searches that are submitted, stopped from elsewhere, and taken up again."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from search.ledger.ledger import Ledger
from tests.search.workers.serving import HOPELESS, attempts, recorded, states

EXPORTS = (("--format", "json"), ("--epochs",))


@pytest.fixture
def folder(tiny_run: Any, tmp_path: Path) -> Path:
    """A folder with the study of the tiny search, and no database."""
    shutil.copy(tiny_run.folder / "tiny.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", ["run", pytest.param("worker", marks=pytest.mark.long)])
def test_a_stopped_search_is_handed_back_and_goes_on_to_the_same_bytes(
    klayer_here: Any, start: Any, tiny_run: Any, folder: Path, command: str
) -> None:
    """Whoever works on it, and from wherever it is stopped."""
    klayer_here("submit", "tiny.toml")
    what = ("tiny.toml", "--workers", "1") if command == "run" else ("tiny",)
    running = start(command, *what, cwd=folder)
    with Ledger(f"sqlite:///{folder}/klayer.db") as ledger:
        search = ledger.read.search("tiny")
        running.waits_for(lambda: ledger.read.curves(search), "an epoch")
        status, out, err = klayer_here("stop", "tiny")
        assert (status, err) == (0, "")
        assert out.startswith("tiny: stopped; ")
        status = running.end()
        assert set(states(ledger, search)) <= {"waiting", "complete"}
        assert {lost for _, lost in attempts(ledger, search)} == {0}
        assert ledger.read.workers() == []
        finished = sum(stage.finished for stage in ledger.read.stages(search))
    if command == "run":
        assert status == 130
        kept = "1 finished trial" if finished == 1 else f"{finished} finished trials"
        assert running.lines[-1] == (
            f"klayer: tiny: stopped; {kept} kept in sqlite:///klayer.db. The same command goes on "
            "from here."
        )
    else:
        assert status == 0
        assert running.lines[-1] == "tiny: it was stopped; what was held is handed back"

    assert "stopped in " in klayer_here("status")[1]
    assert (
        "It was stopped; `klayer run` or `klayer submit` goes on"
        in klayer_here("status", "tiny")[1]
    )
    assert klayer_here("worker", "tiny")[0] == 2

    if command == "run":
        assert start("run", *what, cwd=folder).end() == 0
    else:
        assert klayer_here("submit", "tiny.toml")[1].startswith("tiny: taken up again; ")
        assert start("worker", *what, cwd=folder).end() == 0
    for options in EXPORTS:
        undisturbed = klayer_here("export", "tiny", *options, cwd=tiny_run.folder)
        assert klayer_here("export", "tiny", *options) == undisturbed


def test_what_is_submitted_waits_and_can_be_looked_at(klayer_here: Any, folder: Path) -> None:
    status, out, err = klayer_here("submit", "tiny.toml", "--name", "mine", "--set", "seed=2")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "mine: recorded; no worker yet.",
        "klayer worker starts one, on this host or any other.",
        "klayer status mine shows how it stands.",
    ]
    assert "mine" in klayer_here("status")[1]
    assert "not planned yet" in klayer_here("status", "mine")[1]
    with Ledger(f"sqlite:///{folder}/klayer.db") as ledger:
        assert ledger.read.search("mine").study.seed == 2


def test_another_study_of_that_name_is_refused(klayer_here: Any, folder: Path) -> None:
    klayer_here("submit", "tiny.toml")
    before = klayer_here("export", "tiny", "--format", "json")
    status, out, err = klayer_here("submit", "tiny.toml", "--set", "stages.coarse.trials=5")
    assert (status, out) == (2, "")
    assert "stages.coarse.trials: 4 before, 5 now" in err
    assert klayer_here("export", "tiny", "--format", "json") == before


def test_a_search_that_cannot_go_on_is_shown_with_the_reason(
    klayer_here: Any, ledger: Ledger, storage: str
) -> None:
    recorded(ledger, *HOPELESS, name="steep")
    at = ("--storage", storage)
    status, out, err = klayer_here("worker", "steep", *at)
    assert status == 2
    assert err.startswith("klayer: there is no finalist: none of the 1 trials")
    assert "steep: planned only" in out
    assert "failed in finalists" in klayer_here("status", *at)[1]
    shown = klayer_here("status", "steep", *at)[1]
    assert "It cannot go on: there is no finalist: none of the 1 trials" in shown
    status, _, err = klayer_here("worker", "steep", *at)
    assert status == 2
    assert "nobody works on this search: there is no finalist" in err
    assert klayer_here("stop", "steep", *at)[0] == 0
