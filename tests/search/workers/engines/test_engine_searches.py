"""A whole search comes to the same bytes on every engine: `klayer run`, as it is typed.

Where its cluster goes, it says so, and goes on later.
"""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

import pytest

from search.workers.engines.engine import EngineName
from tests.search.workers.engines.clusters import dask_cluster, dask_process, ray_cluster

STUDY = Path(__file__).parents[3] / "faults" / "tiny.toml"
SMALLER = ("--set", "stages.coarse.trials=4", "--set", "stages.fine.trials=2")
OTHERS = [one for one in get_args(EngineName) if one != "loky"]
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


@pytest.mark.long
@pytest.mark.parametrize("other", OTHERS)
def test_a_search_is_the_same_on_every_engine(other: EngineName, tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("loky", other)}
    runs = {}
    for name, folder in folders.items():
        folder.mkdir()
        runs[name] = begun(folder, "run", str(STUDY), *SMALLER, "--engine", name, "--workers", "2")
    for name, run in runs.items():
        out, errors = run.communicate(timeout=220)
        assert (run.returncode, errors) == (0, ""), (name, out, errors)
        assert "Test accuracy" in out, name

    exported = {}
    for name, folder in folders.items():
        out, errors = begun(folder, "export", "tiny", "--format", "json").communicate(timeout=60)
        assert errors == "", name
        exported[name] = out
    trials = json.loads(exported["loky"])["trials"]
    assert [one["stage"] for one in trials] == [*["coarse"] * 4, *["fine"] * 2, *LAST]
    assert exported[other] == exported["loky"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "interrupted"), [("dask", False), ("dask", True), ("ray", False), ("ray", True)]
)
def test_a_run_whose_cluster_goes_says_so_and_the_same_command_goes_on(
    name: EngineName, interrupted: bool, tmp_path: Path
) -> None:
    """Dask's scheduler is there again at once, and knows nothing of the run."""
    study = ("run", str(STUDY), "--set", "stages.coarse.trials=60")
    with (dask_cluster if name == "dask" else ray_cluster)(tmp_path) as cluster, ExitStack() as new:
        run = begun(tmp_path, *study, "--engine", name, "--address", cluster.address, "-w", "2")
        assert run.stdout is not None
        while "coarse #" not in (line := run.stdout.readline()):
            assert line
        cluster.kill_head()
        if interrupted:
            run.send_signal(signal.SIGINT)
        if name == "dask":
            port = cluster.address.rpartition(":")[2]
            new.enter_context(dask_process(tmp_path / "new.txt", f"scheduler --port {port}"))
        _, errors = run.communicate(timeout=50)
    gone = rf"klayer: the \w+ cluster at {cluster.address} is gone: .* the same command goes on\.\n"
    stopped = r"klayer: tiny: stopped; .* The same command goes on from here\.\n"
    expected = [(1, gone), (130, stopped)] if interrupted else [(1, gone)]
    assert any(
        run.returncode == status and re.fullmatch(said, errors) for status, said in expected
    ), (run.returncode, errors)

    again = begun(tmp_path, *study, "--workers", "2")
    out, errors = again.communicate(timeout=220)
    assert (again.returncode, errors) == (0, "")
    assert "going on behind" in out
    assert "they were killed" not in out  # nothing was left held
