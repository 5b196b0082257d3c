"""`klayer delete`: it asks, deletes whole, and leaves a search that somebody works on."""

import os
import pty
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from search.ledger.ledger import Ledger


@pytest.fixture
def folder(tiny_run: Any, tmp_path: Path) -> Path:
    shutil.copy(tiny_run.folder / "klayer.db", tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    with Ledger(f"sqlite:///{folder}/klayer.db") as ledger:
        return ledger.read.names()


def test_yes_deletes_without_a_question(klayer_here: Any, folder: Path) -> None:
    assert klayer_here("delete", "tiny", "--yes") == (
        0,
        "tiny with 10 finished trials: deleted\n",
        "",
    )
    assert names(folder) == []
    assert klayer_here("status")[1].startswith("No search is recorded here")
    status, _, err = klayer_here("delete", "tiny", "--yes")
    assert status == 2
    assert "tiny: no search of this name" in err


def test_nothing_is_deleted_where_nobody_can_be_asked(
    klayer_here: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        status, out, err = klayer_here("delete", "tiny")
    assert (status, out) == (2, "")
    assert err == "klayer: tiny: nothing was done: nobody can be asked here; give --yes\n"
    assert names(folder) == ["tiny"]


@pytest.mark.parametrize(
    ("answer", "status", "left"), [("y\n", 0, []), ("n\n", 2, ["tiny"]), ("\x04", 130, ["tiny"])]
)
def test_a_person_is_asked(
    klayer_path: Path,
    shell_environment: dict[str, str],
    folder: Path,
    answer: str,
    status: int,
    left: list[str],
) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [klayer_path, "delete", "tiny"],
        cwd=folder,
        env=shell_environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(theirs)
        os.write(ours, answer.encode())
        _, err = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == status
    assert names(folder) == left
    if answer == "n\n":
        assert "Delete tiny with 10 finished trials from sqlite:///klayer.db?" in err
        assert err.endswith("klayer: tiny: nothing was done\n")


def test_a_search_with_a_worker_is_left(klayer_here: Any, folder: Path, start: Any) -> None:
    klayer_here("submit", "digits")
    running = start("worker", "digits", cwd=folder)
    with Ledger(f"sqlite:///{folder}/klayer.db") as ledger:
        search = ledger.read.search("digits")
        running.waits_for(lambda: ledger.read.workers(search), "a worker")
        status, _, err = klayer_here("delete", "digits", "--yes")
        assert status == 2
        assert "`klayer stop digits`" in err
        klayer_here("stop", "digits")
        running.end()
    assert klayer_here("delete", "digits", "--yes")[0] == 0
    assert names(folder) == ["tiny"]
