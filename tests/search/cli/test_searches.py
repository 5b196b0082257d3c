"""Searches as users meet them: a real one, run, looked at, exported, and run again."""

import csv
import io
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from search.cli import options
from search.runtime.environment import environment, kernels

EXPORTS = (("--format", "json"), ("--format", "csv"), ("--steps",))


@pytest.fixture
def exported(klayer_here: Any, tiny_run: Any) -> Callable[..., str]:
    """What `klayer export tiny` prints, with options."""

    def printed(*options: str) -> str:
        status, out, err = klayer_here("export", "tiny", *options, cwd=tiny_run.folder)
        assert (status, err) == (0, "")
        return str(out)

    return printed


@pytest.fixture
def summary(tiny_run: Any) -> dict[str, Any]:
    """What the run printed on stdout, being asked for JSON."""
    document: dict[str, Any] = json.loads(tiny_run.stdout)
    return document


def test_a_run_tells_of_its_stages_its_trials_and_its_winner_in_plain_lines(tiny_run: Any) -> None:
    assert "\x1b" not in tiny_run.stderr
    lines = tiny_run.stderr.splitlines()
    assert lines[0] == f"tiny: 1 worker, sqlite:///klayer.db, {kernels(environment())} kernels"
    for told in ("1 coarse: 4 trials", "2 fine: 2 trials"):
        assert told in lines
    for number in range(4):
        assert sum(line.startswith(f"  coarse #{number}: ") for line in lines) == 1
    assert any(line.startswith("tiny: finished in ") for line in lines)
    assert any(line.startswith("Best configuration") for line in lines)
    assert sum("297 images, read once" in line for line in lines) == 1


def test_a_run_leaves_one_database_and_nothing_else(tiny_run: Any) -> None:
    files = {path.name for path in tiny_run.folder.iterdir()}
    assert files - {"klayer.db-wal", "klayer.db-shm"} == {"tiny.toml", "klayer.db"}


def test_a_finished_search_is_not_run_again(klayer_here: Any, tiny_run: Any) -> None:
    status, out, err = klayer_here("run", "tiny.toml", cwd=tiny_run.folder)
    assert (status, err) == (0, "")
    assert out.startswith("tiny: this search is finished already; nothing was run.\n")
    shown = tiny_run.stderr[tiny_run.stderr.index("\ntiny: the path of the box") :]
    assert out.endswith(shown)


def test_status_of_one_search_shows_its_summary(klayer_here: Any, tiny_run: Any) -> None:
    status, out, err = klayer_here("status", "tiny", cwd=tiny_run.folder)
    assert (status, err) == (0, "")
    assert len(out) > 100
    assert out in tiny_run.stderr


def test_status_lists_all_searches(klayer_here: Any, tiny_run: Any, summary: Any) -> None:
    _, out, _ = klayer_here("status", cwd=tiny_run.folder)
    rows = out.splitlines()
    assert " ".join(rows[0].split()) == "search state trials best single value at test"
    assert len(rows) == 2
    assert rows[1].split()[:2] == ["tiny", "finished"]
    assert f"{100 * summary['best']['value']:.2f} %" in rows[1]


def test_status_in_json_is_what_the_run_printed(
    klayer_here: Any, tiny_run: Any, summary: Any
) -> None:
    _, one, _ = klayer_here("status", "tiny", "--json", cwd=tiny_run.folder)
    _, every, _ = klayer_here("status", "--json", cwd=tiny_run.folder)
    assert json.loads(one) == summary
    assert json.loads(every) == [summary]


def test_json_says_how_the_search_stands(summary: dict[str, Any]) -> None:
    told = ["name", "finished", "stopped", "failure", "workers", "best", "validation", "test"]
    told += ["data", "extensions", "verdict", "stages", "set_aside", "strays"]
    assert list(summary) == told
    assert [summary[key] for key in told[:4]] == ["tiny", True, False, None]
    assert list(summary["best"]) == ["stage", "number", "value", "parameters", "seed"]
    assert [stage["name"] for stage in summary["stages"]][:2] == ["coarse", "fine"]
    assert all(stage["finished"] == stage["trials"] for stage in summary["stages"])
    assert all(0 <= share <= 1 for share in summary["test"]["accuracies"])


def test_the_json_export_holds_every_trial_and_its_curve(exported: Any, summary: Any) -> None:
    document = json.loads(exported("--format", "json"))
    assert len(document["trials"]) == sum(stage["trials"] for stage in summary["stages"])
    for trial in document["trials"]:
        keys = {"stage", "number", "state", "value", "parameters", "seed", "order_seed", "reason"}
        assert set(trial) == {*keys, "pruned_after", "reports"}
        assert [report["step"] for report in trial["reports"]] == [*range(1, 21)]
    best = summary["best"]
    same = [
        trial
        for trial in document["trials"]
        if (trial["stage"], trial["number"]) == (best["stage"], best["number"])
    ]
    assert [(trial["value"], trial["seed"]) for trial in same] == [(best["value"], best["seed"])]
    assert same[0]["reports"][-1]["validation_accuracy"] == best["value"]


def test_the_csv_exports_hold_the_same_trials(exported: Any) -> None:
    trials = json.loads(exported("--format", "json"))["trials"]
    rows = list(csv.DictReader(io.StringIO(exported())))
    assert [(row["stage"], int(row["number"])) for row in rows] == [
        (trial["stage"], trial["number"]) for trial in trials
    ]
    assert [float(row["value"]) for row in rows] == [trial["value"] for trial in trials]
    assert [float(row["learning_rate"]) for row in rows] == [
        trial["parameters"]["learning_rate"] for trial in trials
    ]
    losses = [row["train_loss"] for row in csv.DictReader(io.StringIO(exported("--steps")))]
    assert [float(loss) for loss in losses] == [
        report["train_loss"] for trial in trials for report in trial["reports"]
    ]


def test_an_export_goes_to_a_file(
    klayer_here: Any, tiny_run: Any, exported: Any, tmp_path: Path
) -> None:
    file = tmp_path / "tiny.csv"
    done = klayer_here("export", "tiny", "--output", str(file), cwd=tiny_run.folder)
    assert done == (0, "", "")
    assert file.read_text("utf-8") == exported("--format", "csv")


@pytest.fixture(scope="module")
def on_terminal(
    klayer_path: Path,
    shell_environment: dict[str, str],
    tiny_run: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    """The tiny search once more, with two workers, on a terminal: its database, and its output."""
    database = tmp_path_factory.mktemp("terminal") / "elsewhere.db"
    environment = shell_environment | {"KLAYER_STORAGE": f"sqlite:///{database}"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [klayer_path, "run", "tiny.toml", "--workers", "2"],
        cwd=tiny_run.folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        output = _read_to_end(ours)
    os.close(ours)
    assert process.returncode == 0, output
    return database, output


def _read_to_end(terminal: int) -> str:
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says so when the last process has closed the terminal
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode("utf-8")


def test_a_terminal_sees_bars(on_terminal: tuple[Path, str]) -> None:
    _, output = on_terminal
    assert "━" in output
    assert "4/4" in output
    assert "coarse #0:" not in output  # a line for each trial is for pipes and files
    assert "Best configuration" in output


def test_the_storage_comes_from_the_environment(on_terminal: tuple[Path, str]) -> None:
    database, output = on_terminal
    assert database.is_file()
    assert f"tiny: 2 workers, sqlite:///{database}" in output


@pytest.mark.parametrize("options", EXPORTS, ids=" ".join)
def test_one_worker_and_two_give_the_same_bytes(
    klayer_here: Any, on_terminal: tuple[Path, str], exported: Any, options: list[str]
) -> None:
    storage = f"sqlite:///{on_terminal[0]}"
    assert klayer_here("export", "tiny", *options, "--storage", storage)[1] == exported(*options)


@pytest.mark.parametrize(
    "columns", ["0", *(pytest.param(one, marks=pytest.mark.long) for one in ("1", "30"))]
)
def test_a_name_is_one_word_in_a_pipe_however_narrow_a_terminal_is_said_to_be(
    klayer_here: Any, tiny_run: Any, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    for command in (["status"], ["status", "tiny"], ["plan", "digits"], ["--help"]):
        wide = klayer_here(*command, cwd=tiny_run.folder)[1]
        monkeypatch.setenv("COLUMNS", columns)
        narrow = klayer_here(*command, cwd=tiny_run.folder)[1]
        monkeypatch.setenv("COLUMNS", "200")
        assert narrow.strip()
        if command != ["--help"]:
            assert without_times(narrow) == without_times(wide)


def without_times(text: str) -> list[str]:
    """The lines, without their ends, and without what is timed anew each time."""
    return [re.sub(r"\d[\d.:]* s", "", line).split() for line in text.splitlines()]


def test_escape_sequences_in_the_database_are_not_obeyed(
    klayer_here: Any, tiny_run: Any, tmp_path: Path
) -> None:
    """Whoever may write to the database has not thereby the terminals of those who read it."""
    shutil.copy(tiny_run.folder / "klayer.db", tmp_path)
    evil = "\x1b]0;owned\x07\x1b[2J"
    with closing(sqlite3.connect(tmp_path / "klayer.db")) as connection, connection:
        connection.execute("UPDATE klayer_searches SET failure = ?", (evil,))
        connection.execute("UPDATE klayer_trials SET state = 'failed', reason = ?", (evil,))
        connection.execute(
            "INSERT INTO klayer_workers (name, kind, host, machine, process, started_at, seen_at, "
            "lease_seconds, stop_asked, klayer) VALUES (?, 'worker', ?, 'm', 1, 0, 0, 1, 0, '0')",
            (evil, evil),
        )
        connection.execute("UPDATE klayer_searches SET name = ?", (evil,))
    for command in (["workers"], ["status"], ["status", evil], ["status", "none"]):
        _, out, err = klayer_here(*command)
        assert "owned" in out + err or command == ["status"]
        assert "\x1b" not in out + err
        assert "\x07" not in out + err


def test_an_export_is_as_recorded_in_a_pipe_and_harmless_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options.print_text("a\x9b2J\n")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    options.print_text("a\x9b2J\n")
    assert capsys.readouterr().out == "a\x9b2J\na�2J\n"
