"""A whole search comes to the same bytes on every engine: `klayer run`, as it is typed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

from search.workers.engines.engine import EngineName

STUDY = Path(__file__).parents[3] / "faults" / "tiny.toml"
SMALLER = ("--set", "stages.coarse.trials=4", "--set", "stages.fine.trials=2")
LAST = ("finalists", "finalists", "finalists", "finalists", "final", "final")
KLAYER = (sys.executable, "-c", "from search.cli import main; main()")


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*KLAYER, *arguments, "--storage", f"sqlite:///{folder}/klayer.db"],
        cwd=folder,
        env=os.environ | {"COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_search_is_the_same_on_every_engine(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("loky", "dask", "ray")}
    assert set(folders) == set(get_args(EngineName))
    runs = {}
    for name, folder in folders.items():
        folder.mkdir()
        runs[name] = begun(folder, "run", str(STUDY), *SMALLER, "--engine", name, "--workers", "2")
    for name, run in runs.items():
        out, errors = run.communicate(timeout=120)
        assert (run.returncode, errors) == (0, ""), (name, out, errors)
        assert "Test accuracy" in out, name

    exported = {}
    for name, folder in folders.items():
        out, errors = begun(folder, "export", "tiny", "--format", "json").communicate(timeout=60)
        assert errors == "", name
        exported[name] = out
    trials = json.loads(exported["loky"])["trials"]
    assert [one["stage"] for one in trials] == [*["coarse"] * 4, *["fine"] * 2, *LAST]
    assert exported["dask"] == exported["loky"]
    assert exported["ray"] == exported["loky"]
