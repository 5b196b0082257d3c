"""What is wrong in a command costs one message and exit status 2, and leaves nothing behind."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from search.ledger.ledger import Ledger
from search.objective.data_card import DataCard
from search.study.reading import load

FAULTS = {
    "no such command": (["train", "digits"], ["No such command", "train"]),
    "no study": (["run"], ["Missing argument 'STUDY'"]),
    "no search": (["export"], ["Missing argument 'NAME'"]),
    "unknown study": (["run", "digit"], ["digit: no study", "digits", "path of a .toml file"]),
    "missing file": (["run", "mine.toml"], ["mine.toml: there is no such file"]),
    "a folder as study": (["plan", "./"], [": is a directory"]),
    "set without a value": (["run", "digits", "--set", "seed"], ["--set seed:", "key=value"]),
    "set of an unknown key": (["run", "digits", "--set", "sede=2"], ["sede", "unknown", "seed"]),
    "set of a wrong value": (["run", "digits", "--set", "seed=-1"], ["seed", "-1"]),
    "name with a space": (["run", "digits", "--name", "my digits"], ["my digits", "a-z"]),
    "unknown option": (["run", "digits", "--worker", "2"], ["No such option", "--worker"]),
    "no workers": (["run", "digits", "--workers", "0"], ["--workers", "1"]),
    "half a worker": (["run", "digits", "--workers", "1.5"], ["--workers", "integer"]),
    "no URL": (["run", "digits", "--storage", "my.db"], ["my.db", "sqlite:///klayer.db"]),
    "another kind of database": (
        ["run", "digits", "--storage", "mysql://me:secret@host/klayer"],
        ["mysql://me:***@host/klayer", "SQLite or PostgreSQL"],
    ),
    "no server": (
        ["submit", "digits", "--storage", "postgresql://me:secret@127.0.0.1:1/klayer"],
        ["postgresql://me@127.0.0.1:1/klayer", "cannot connect"],
    ),
    "database in memory": (["run", "digits", "--storage", "sqlite://"], ["in-memory"]),
    "database in a missing folder": (
        ["run", "digits", "--storage", "sqlite:///missing/klayer.db"],
        ["missing", "does not exist"],
    ),
    "missing database": (["status"], ["sqlite:///klayer.db", "no database", "KLAYER_STORAGE"]),
    "missing database, one name": (["status", "digits"], ["no database"]),
    "export without database": (["export", "digits"], ["no database"]),
    "workers without database": (["workers"], ["no database"]),
    "a worker without database": (["worker", "digits"], ["sqlite:///klayer.db", "no database"]),
    "an address of this machine": (
        ["run", "digits", "--address", "tcp://host:8786"],
        ["--address", "loky runs on this machine alone"],
    ),
    "stop without database": (["stop", "digits"], ["no database"]),
    "nothing to stop": (["stop"], ["Missing argument 'NAME'"]),
    "nothing to submit": (["submit"], ["Missing argument 'STUDY'"]),
    "unknown engine": (["run", "digits", "--engine", "slurm"], ["--engine", "loky", "dask", "ray"]),
    "no worker processes": (["worker", "--workers", "0"], ["--workers", "1"]),
    "unknown format": (["export", "digits", "--format", "xml"], ["--format", "csv", "json"]),
    "unknown data set": (["data", "fetch", "mnist"], ["mnist", "cifar10"]),
    "images in a missing folder": (
        ["run", "lambda-coarse-to-fine", "--data", "missing"],
        ["missing", "cifar-10-batches-bin"],
    ),
    "submitted without images": (["submit", "lambda-coarse-to-fine"], ["cifar-10-batches-bin"]),
    "images not fetched": (["run", "lambda-coarse-to-fine"], ["cifar-10-batches-bin"]),
    "no rows": (["gradcheck", "digits", "--rows", "0"], ["--rows"]),
    "too many rows": (["gradcheck", "digits", "--rows", "1201"], ["--rows", "1,200", "1,201"]),
    "too many inputs": (["gradcheck", "digits", "--inputs", "65"], ["--inputs", "64", "65"]),
    "unknown difference": (["gradcheck", "digits", "--difference", "left"], ["--difference"]),
}


def check(result: tuple[int, str, str], told: list[str]) -> None:
    """One message with these words on stderr, nothing on stdout, exit status 2."""
    status, out, err = result
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert "secret" not in err
    for words in told:
        assert words in err
    # klayer's own messages begin so; those of the command line's reader stand in one box.
    assert len(re.findall(r"^klayer: |^╭─ Error", err, re.MULTILINE)) == 1


@pytest.mark.parametrize(("arguments", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_each_fault_is_one_message(
    klayer_here: Any, tmp_path: Path, arguments: list[str], told: list[str]
) -> None:
    check(klayer_here(*arguments), told)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "study", "told"),
    [
        ("KLAYER_DATA", "lambda-coarse-to-fine", "cifar-10-batches-bin"),
        ("KLAYER_STORAGE", "digits", "not a database URL"),
        ("KLAYER_STORAGE_PASSWORD_FILE", "digits", "cannot be read"),
    ],
)
def test_faults_of_the_environment_are_told_likewise(
    klayer_here: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
    study: str,
    told: str,
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    url = ["--storage", "postgresql://me@host/klayer"] if "PASSWORD" in variable else []
    check(klayer_here("run", study, *url), [str(tmp_path), told])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["status", "export", "worker", "workers", "stop"])
def test_an_unknown_name_is_told_with_the_known_ones(
    klayer_here: Any, tiny_run: Any, command: str
) -> None:
    check(klayer_here(command, "tyni", cwd=tiny_run.folder), ["tyni: no search", "tiny"])


def test_an_export_into_a_missing_folder_is_refused(
    klayer_here: Any, tiny_run: Any, tmp_path: Path
) -> None:
    output = str(tmp_path / "missing" / "tiny.csv")
    result = klayer_here("export", "tiny", "--output", output, cwd=tiny_run.folder)
    check(result, ["--output", output, "No such file or directory"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"no database\n" * 100, b"\0" * 4096])
def test_a_file_that_is_no_database_stays_as_it_is(
    klayer_here: Any, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "klayer.db").write_bytes(content)
    check(klayer_here("run", "digits"), ["sqlite:///klayer.db", "cannot be used"])
    assert (tmp_path / "klayer.db").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["klayer.db"]


def test_a_changed_study_is_refused_with_the_difference_and_the_ways_out(
    klayer_here: Any, tiny_run: Any, tmp_path: Path
) -> None:
    shutil.copytree(tiny_run.folder, tmp_path, dirs_exist_ok=True)
    before = klayer_here("export", "tiny", "--format", "json")
    result = klayer_here("run", "tiny.toml", "--set", "stages.coarse.trials=5")
    check(result, ["tiny: ", "stages.coarse.trials: 4 before, 5 now", "--name", "--storage"])
    assert klayer_here("export", "tiny", "--format", "json") == before


def test_other_data_are_refused(klayer_here: Any, tiny_run: Any, tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path}/klayer.db", create=True) as ledger:
        ledger.record(load("digits"), "", DataCard("digits", "f" * 64), {})
    check(klayer_here("run", "digits"), ["digits: this search ran on other data", "--name"])


def test_a_study_whose_trials_all_diverge_says_what_to_change(klayer: Any, tmp_path: Path) -> None:
    (tmp_path / "steep.toml").write_text(
        '[data]\nsource = "digits"\n[network]\nwidths = [4]\n'
        '[training]\nschedule = {kind = "constant", epochs = 1}\n'
        "[[stages]]\ntrials = 2\nbox = {learning_rate = {low = 1e30, high = 1e31}}\n"
    )
    done = klayer("run", "steep.toml", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("klayer: ") == 1
    assert "all diverged or failed; search a range of lower learning rates" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_a_disk_that_fills_up_costs_one_message_and_no_trial(
    klayer: Any, klayer_here: Any, klayer_path: Path, tiny_run: Any, tmp_path: Path
) -> None:
    shutil.copy(tiny_run.folder / "tiny.toml", tmp_path)
    limited = tmp_path / "limited"
    limited.write_text(f"#!/bin/bash\nulimit -f 600\nexec {klayer_path} run tiny.toml -w 2\n")
    limited.chmod(0o755)
    full = klayer(cwd=tmp_path, program=limited)
    assert full.returncode == 1, full.stderr
    assert full.stderr.count("\n") == 1
    for told in ("klayer: sqlite:///klayer.db: ", "disk I/O error", "the same command goes on"):
        assert told in full.stderr

    with closing(sqlite3.connect(tmp_path / "klayer.db")) as connection, connection:
        for table in ("klayer_stages", "klayer_cohorts"):  # let the leases run out
            connection.execute(f"UPDATE {table} SET lease_until = 0 WHERE lease_until > 0")
    assert klayer("run", "tiny.toml", cwd=tmp_path).returncode == 0
    undisturbed = klayer_here("export", "tiny", "--epochs", cwd=tiny_run.folder)
    assert klayer_here("export", "tiny", "--epochs", cwd=tmp_path) == undisturbed
