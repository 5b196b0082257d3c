"""Files of the user's folder that are named like modules change nothing, in any process of klayer.

Each file leaves a mark where it is imported, and raises. The real commands run in its folder.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from search.workers.engines.engine import EngineName
from tests.search.conftest import Klayer

OWN = ("search", "model", "studies")
LIBRARIES = ("alembic", "choreographer", "cloudpickle", "dash", "dask", "distributed", "joblib")
LIBRARIES += ("kaleido", "numpy", "optuna", "plotly", "psutil", "ray", "sqlalchemy", "typer")
STANDARD = ("calendar", "queue", "random", "secrets", "selectors", "signal", "socket", "types")
MARKS = """
import os
os.close(os.open({!r}, os.O_CREAT | os.O_WRONLY))
raise RuntimeError("a file of the user's folder was imported")
"""
SMALL = ("--set", "stages.coarse.trials=4", "--set", "stages.fine.trials=2")
SMALL += ("--set", "stages.finest.trials=2", "--set", "training.schedule.epochs=2")
OWN_TRAINING = """
[objective]
kind = "function"
function = "train.py:train"

[hyperparameters]
x = {low = 0.0, high = 1.0, log = false}

[[metrics]]
name = "loss"
direction = "minimize"

[[stages]]
name = "coarse"
trials = 4
"""
ENDLESS = ("--set", "training.schedule.epochs=100000")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of traps, and in `marks` the names of those that were sprung."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "marks").mkdir()
    for name in (*OWN, *LIBRARIES, *STANDARD):
        trap = folder / f"{name}.py"
        if name == "studies":
            (folder / name).mkdir()
            trap = folder / name / "__init__.py"
        trap.write_text(MARKS.format(str(folder / "marks" / name)))
    return folder


@pytest.fixture(autouse=True)
def _untouched(folder: Path) -> Iterator[None]:
    yield
    sprung = sorted(mark.name for mark in (folder / "marks").iterdir())
    for name in sprung:
        (folder / "marks" / name).unlink()
    assert sprung == []


def test_the_traps_work(folder: Path, shell_environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", "import search"]
    done = subprocess.run(
        command, cwd=folder, env=shell_environment, capture_output=True, text=True, check=False
    )
    assert "a file of the user's folder was imported" in done.stderr
    (folder / "marks" / "search").unlink()


@pytest.mark.long
def test_a_plan_is_timed(klayer: Klayer, folder: Path) -> None:
    """`klayer plan` times trials in processes of joblib's."""
    done = klayer("plan", "digits", "--workers", "2", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")


def run(klayer: Klayer, folder: Path, engine: str) -> str:
    """What `klayer run` says of a search that is named after its engine."""
    options = ("--engine", engine, "--workers", "2", "--name", engine)
    done = klayer("run", "digits", *SMALL, *options, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def run_by_loky(klayer: Klayer, folder: Path) -> str:
    """The search that the other commands show, as its run told of it."""
    return run(klayer, folder, "loky")


def test_a_search_runs(run_by_loky: str) -> None:
    assert "loky: finished" in run_by_loky


@pytest.mark.long
@pytest.mark.parametrize("engine", [one for one in get_args(EngineName) if one != "loky"])
def test_a_search_runs_on_a_cluster(klayer: Klayer, folder: Path, engine: str) -> None:
    assert f"{engine}: finished" in run(klayer, folder, engine)


@pytest.mark.long
def test_workers_that_are_started_by_hand_work(klayer: Klayer, folder: Path) -> None:
    assert klayer("submit", "digits", *SMALL, "--name", "by-hand", cwd=folder).returncode == 0
    done = klayer("worker", "by-hand", "--workers", "2", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "by-hand: finished" in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("report", "loky", "--output", "report.html"), marks=pytest.mark.long),
        pytest.param(("plot", "loky", "best", "--output", "best.png"), marks=pytest.mark.long),
        ("model", "loky", "--output", "winner.npz"),
    ],
    ids=["report", "plot", "model"],
)
@pytest.mark.usefixtures("run_by_loky")
def test_a_finished_search_is_shown(klayer: Klayer, folder: Path, command: tuple[str, ...]) -> None:
    done = klayer(*command, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (folder / command[-1]).stat().st_size > 1000


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("dashboard", "--port", "0"), 0),
        pytest.param(
            ("run", "digits", "--name", "watched", "--workers", "1", "--dashboard", *ENDLESS),
            130,
            marks=pytest.mark.long,
        ),
    ],
    ids=["alone", "beside a run"],
)
@pytest.mark.usefixtures("run_by_loky")
def test_a_dashboard_is_served(
    klayer_path: Path,
    shell_environment: dict[str, str],
    folder: Path,
    command: tuple[str, ...],
    status: int,
) -> None:
    with subprocess.Popen(
        [klayer_path, *command],
        cwd=folder,
        env=shell_environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if "dashboard: http://127.0.0.1:" in line:
                    break
            else:
                pytest.fail(f"there was no dashboard: {lines}")
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == status
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def test_a_users_training_imports_what_klayer_does_not(klayer: Klayer, tmp_path: Path) -> None:
    """The user's `search.py` and `model.py` are for the user's own function alone."""
    (tmp_path / "model.py").write_text("def loss(x):\n    return (x - 0.3) ** 2\n")
    (tmp_path / "search.py").write_text("from model import loss\n")
    (tmp_path / "train.py").write_text(
        "import search\n\n\ndef train(parameters, seed, report):\n"
        "    report(step=1, loss=search.loss(parameters['x']))\n"
    )
    (tmp_path / "own.toml").write_text(OWN_TRAINING)
    done = klayer("run", "own.toml", "--workers", "2", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    exported = klayer("export", "own", "--format", "json", cwd=tmp_path)
    trials = json.loads(exported.stdout)["trials"]
    assert [trial["state"] for trial in trials] == ["complete"] * len(trials)
    assert len(trials) >= 4
