"""`klayer model` as a shell meets it: what it prints, what it writes, and how it ends."""

import io
import json
import math
import re
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from model import network_file
from model.data import digits
from search.objective.report import Report
from search.objectives.network.metrics import metrics_of
from search.objectives.network.views.model_view import EpochsView

METRICS = metrics_of("classification", "accuracy")
REPORT = Report(1, {"train_accuracy": 0.5}, 0.5)


@pytest.fixture
def folder(tiny_run: Any, tmp_path: Path) -> Path:
    """A folder with the database of the tiny search."""
    with (
        sqlite3.connect(tiny_run.folder / "klayer.db") as whole,
        sqlite3.connect(tmp_path / "klayer.db") as copied,
    ):
        whole.backup(copied)
    whole.close()
    copied.close()
    return tmp_path


def test_it_writes_the_finalists_which_vote_in_python_as_printed(
    klayer_here: Any, shell_environment: dict[str, str], tiny_run: Any, folder: Path
) -> None:
    status, out, err = klayer_here("model", "tiny", "--finalists", "-o", "all.npz")
    assert status == 0
    share = float(json.loads(tiny_run.stdout)["test"]["finalist_ensemble"])
    first, *_ = out.splitlines()
    assert first == "all.npz: the winner of tiny and 1 other finalist: 2 networks that vote"
    assert "40 epochs; all 280 figures equal the recorded ones, bit for bit\n" in out
    assert f"  of 2 networks voting  {100 * share:.2f} %\n" in out
    assert out.endswith("; vote=False, or --no-vote of the command, asks the winner alone.\n")
    assert err.splitlines()[-1].startswith("tiny: epoch 40/40, as recorded: training accuracy ")
    assert run_as_printed(out, folder, shell_environment) == share


def recorded(tiny_run: Any) -> float:
    """The winner's test accuracy, as the run told it."""
    return float(json.loads(tiny_run.stdout)["test"]["accuracies"][0])


def test_it_writes_the_winner_and_says_that_it_is_the_recorded_one(
    klayer_here: Any, tiny_run: Any, folder: Path
) -> None:
    status, out, err = klayer_here("model", "tiny", "--output", "winner.npz")
    assert status == 0
    share = recorded(tiny_run)
    assert out.startswith("winner.npz: the winner of tiny\n")
    assert "20 epochs; all 140 figures equal the recorded ones, bit for bit\n" in out
    assert f"Recorded test accuracy  {100 * share:.2f} %\n" in out
    lines = err.splitlines()
    assert len(lines) == 20
    assert lines[0].startswith("tiny: epoch 1/20, as recorded: training accuracy ")
    test = digits.test()
    said = network_file.load(folder / "winner.npz").probabilities(test.x)
    assert float((said.argmax(axis=1) == test.y).mean()) == share


def test_the_python_that_it_prints_runs(
    klayer_here: Any, shell_environment: dict[str, str], tiny_run: Any, folder: Path
) -> None:
    _, out, _ = klayer_here("model", "tiny", "-o", "my winner.npz")
    assert run_as_printed(out, folder, shell_environment) == recorded(tiny_run)


def run_as_printed(out: str, folder: Path, shell_environment: dict[str, str]) -> float:
    """The test accuracy that the Python in a command's output comes to."""
    code = "\n".join(re.findall(r"^    (\S.*)$", out, re.MULTILINE))
    assert len(code.splitlines()) == 3
    before = "from model.data import digits\ntest = digits.test()\npixels = test.x\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{before}{code}\nprint((labels == test.y).mean())"],
        cwd=folder,
        env=shell_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_json_says_the_same(klayer_here: Any, tiny_run: Any, folder: Path) -> None:
    status, out, _ = klayer_here("model", "tiny", "--output", "w", "--json")
    document = json.loads(out)
    assert status == 0
    assert (document["name"], document["file"]) == ("tiny", "w")
    assert (document["epochs"], document["figures"], document["snapshots"]) == (20, 140, 0)
    assert (document["finalists"], document["networks"]) == (1, 1)
    assert document["finalist_ensemble"] is None
    assert document["test_accuracy"] == recorded(tiny_run)
    assert document["snapshot_ensemble"] is None
    assert document["parameters"] == json.loads(tiny_run.stdout)["best"]["parameters"]
    assert (folder / "w").is_file()
    _, out, _ = klayer_here("model", "tiny", "--output", "w", "--finalists", "--json")
    both = json.loads(out)
    assert (both["finalists"], both["networks"], both["epochs"]) == (2, 2, 40)
    assert both["finalist_ensemble"] == json.loads(tiny_run.stdout)["test"]["finalist_ensemble"]
    assert list(both) == list(document)
    page = (Path(__file__).parents[3] / "docs" / "command-line.md").read_text("utf-8")
    _, section, *_ = page.split("## `klayer model NAME`")
    section, _ = section.split("\n## ", 1)
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)[1:] == list(document)


def test_a_winner_that_comes_out_otherwise_ends_with_status_1_and_no_file(
    klayer_here: Any, folder: Path
) -> None:
    with sqlite3.connect(folder / "klayer.db") as connection:
        metrics = metrics_of("classification", "accuracy")
        others = struct.pack(f"{len(metrics)}d", *len(metrics) * [0.125])
        connection.execute("UPDATE klayer_reports SET metrics = ? WHERE step = 20", [others])
    connection.close()
    status, out, err = klayer_here("model", "tiny", "--output", "winner.npz")
    assert (status, out) == (1, "")
    assert "\nklayer: tiny: the winner, trained again, is not the recorded one" in err
    assert "was recorded as 0.125" in err
    assert not (folder / "winner.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["tiny"], "Missing option '--output'"),
        (["tiny", "--output", "."], "klayer: --output: .: is a folder"),
        (["tiny", "--output", "none/w"], "klayer: --output: none/w: its folder does not exist"),
        (["tiny", "--output", "klayer.db"], "klayer.db: is a SQLite database"),
        (["other", "--output", "w"], "klayer: other: no search of this name"),
        (["tiny", "--output", "w", "--storage", "sqlite:///none.db"], "none.db"),
    ],
)
def test_faults_are_one_message_and_status_2(
    klayer_here: Any, folder: Path, arguments: list[str], told: str
) -> None:
    before = sorted(folder.iterdir())
    status, out, err = klayer_here("model", *arguments)
    assert (status, out) == (2, "")
    assert told in err
    assert "Traceback" not in err
    assert {path.name for path in set(folder.iterdir()) - set(before)} <= {
        "klayer.db-wal",
        "klayer.db-shm",
    }


def test_a_terminal_sees_one_bar() -> None:
    console = Console(force_terminal=True, width=120, record=True, file=io.StringIO())
    with EpochsView(console, "tiny") as view:
        for epoch in (1, 2):
            view(epoch, 2, REPORT)
    shown = console.export_text()
    assert "tiny: training the winner again" in shown
    assert "epoch 2/2, as recorded: training accuracy 50.00 %" in shown


def test_a_finalist_that_diverges_again_is_told_as_such() -> None:
    console = Console(force_terminal=True, width=120, record=True, file=io.StringIO())
    lost = Report(1, {"train_accuracy": math.nan}, None, "diverged in epoch 1", diverged=True)
    with EpochsView(console, "tiny", finalists=True) as view:
        view(1, 4, lost)
    shown = console.export_text()
    assert "tiny: training the finalists again" in shown
    assert "epoch 1/4, as recorded: diverged in epoch 1" in shown
