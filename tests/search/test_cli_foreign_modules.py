"""Files of the user's folder that are named like modules change nothing, in any process of klayer.

Each file leaves a mark where it is imported, and raises. The real commands run in its folder.
"""

import os
import signal
import subprocess
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


def test_the_traps_work(folder: Path) -> None:
    code = "import importlib, sys; sys.path.insert(0, ''); import search"
    done = subprocess.run(
        ["python3", "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "a file of the user's folder was imported" in done.stderr
    (folder / "marks" / "search").unlink()


def test_a_plan_is_timed(klayer: Klayer, folder: Path) -> None:
    """`klayer plan` times trials in processes of joblib's."""
    done = klayer("plan", "digits", "--workers", "2", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("engine", get_args(EngineName))
def test_a_search_runs(klayer: Klayer, folder: Path, engine: str) -> None:
    options = ("--engine", engine, "--workers", "2", "--name", engine)
    done = klayer("run", "digits", *SMALL, *options, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{engine}: finished" in done.stdout


def test_workers_that_are_started_by_hand_work(klayer: Klayer, folder: Path) -> None:
    assert klayer("submit", "digits", *SMALL, "--name", "by-hand", cwd=folder).returncode == 0
    done = klayer("worker", "by-hand", "--workers", "2", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "by-hand: finished" in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("report", "loky", "--output", "report.html"),
        ("plot", "loky", "best", "--output", "best.png"),
        ("model", "loky", "--output", "winner.npz"),
    ],
    ids=lambda command: command[0],
)
def test_a_finished_search_is_shown(klayer: Klayer, folder: Path, command: tuple[str, ...]) -> None:
    done = klayer(*command, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / command[-1]).stat().st_size > 1000


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("dashboard", "--port", "0"), 0),
        (("run", "digits", "--name", "watched", "--workers", "1", "--dashboard", *ENDLESS), 130),
    ],
    ids=["alone", "beside a run"],
)
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
