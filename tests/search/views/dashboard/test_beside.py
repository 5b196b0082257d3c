"""The dashboard beside a run: where it is and what fails is said, and it ends with the run."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from search.views.dashboard.beside import NICENESS, Beside
from search.views.dashboard.dashboard import Settings
from tests.search.conftest import TINY

ROOT = Path(__file__).parents[4]
SOON_SECONDS = 30.0
RUN = """
import sys, time
from search.views.dashboard.beside import Beside
from search.views.dashboard.dashboard import Settings

beside = Beside(Settings(sys.argv[1], port=0), lambda line: print(beside.pid, line, flush=True))
time.sleep(100)
"""


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + SOON_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_says_where_it_is_and_is_gone_once_it_is_closed(storage: str) -> None:
    said: list[str] = []
    with closing(Beside(Settings(storage, port=0), said.append)) as beside:
        until(lambda: said)
        assert said[0].startswith("dashboard: http://127.0.0.1:")
        with urllib.request.urlopen(f"{said[0].split()[1]}klayer/", timeout=SOON_SECONDS) as page:
            assert page.status == 200
        process = psutil.Process(beside.pid)
        assert process.nice() == min(19, os.nice(0) + NICENESS)
        assert storage not in " ".join(process.cmdline())
    assert not psutil.pid_exists(beside.pid)
    assert len(said) == 1


def test_why_there_is_none_is_said_and_nothing_else_happens(tmp_path: Path) -> None:
    said: list[str] = []
    with closing(Beside(Settings(f"sqlite:///{tmp_path}/absent.db"), said.append)):
        until(lambda: said)
    assert len(said) == 1
    assert said[0].startswith(f"no dashboard: sqlite:///{tmp_path}/absent.db: there is no database")


def test_where_its_port_is_taken_it_takes_another(storage: str) -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with closing(Beside(Settings(storage, port=port), said.append)):
            until(lambda: said)
    assert said[0].startswith("dashboard: http://127.0.0.1:")
    assert said[0].endswith(f"/ (port {port} is taken)")
    assert f":{port}/" not in said[0]


@pytest.mark.parametrize("library", ["waitress", "sqlalchemy"])
def test_a_library_that_fails_is_one_line_without_a_password(
    library: str, storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is imported when it is asked to serve, the other at the process's own start."""
    broken = "raise RuntimeError('broken at postgresql://me:secret@here/klayer\\n(ask its maker)')"
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / f"{library}.py").write_text(broken)
    path = os.pathsep.join([str(tmp_path / "broken"), str(ROOT)])
    monkeypatch.setenv("PYTHONPATH", path)
    said: list[str] = []
    with closing(Beside(Settings(storage, port=0), said.append)):
        until(lambda: said)
    assert len(said) == 1
    assert said[0].startswith("no dashboard: ")
    assert "secret" not in said[0]
    assert said[0].endswith("(ask its maker)")
    assert library == "sqlalchemy" or "RuntimeError: broken at postgresql://me:***@here" in said[0]


@pytest.mark.parametrize(
    ("number", "why"),
    [(signal.SIGKILL, "it was killed by SIGKILL"), (signal.SIGTERM, "it was asked to stop")],
)
def test_where_it_ends_before_the_run_does_that_is_said(
    number: int, why: str, storage: str
) -> None:
    said: list[str] = []
    with closing(Beside(Settings(storage, port=0), said.append)) as beside:
        until(lambda: said)
        os.kill(beside.pid, number)
        until(lambda: len(said) > 1)
    assert said[1:] == [f"the dashboard has ended: {why}; the run goes on"]


def test_a_run_shows_that_its_dashboard_has_ended_and_goes_on(
    klayer_path: Path, shell_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "tiny.toml").write_text(TINY.replace("epochs = 20", "epochs = 100000"))
    with subprocess.Popen(
        [klayer_path, "run", "tiny.toml", "--workers", "1", "--dashboard"],
        cwd=tmp_path,
        env=shell_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        try:
            for line in run.stdout:
                if "dashboard: http://" in line:
                    processes = psutil.Process(run.pid).children()
                    (beside,) = [one for one in processes if "beside" in " ".join(one.cmdline())]
                    beside.kill()
                if "the dashboard has ended" in line:
                    break
            else:
                pytest.fail("the run ended first")
            assert line == ("the dashboard has ended: it was killed by SIGKILL; the run goes on\n")
            time.sleep(0.5)
            assert run.poll() is None
            run.send_signal(signal.SIGINT)
            assert run.wait(SOON_SECONDS) == 130
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)


def test_it_can_be_closed_at_once(storage: str) -> None:
    said: list[str] = []
    beside = Beside(Settings(storage, port=0), said.append)
    beside.close()
    assert not psutil.pid_exists(beside.pid)


def test_it_ends_with_a_run_that_is_killed(storage: str) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, storage],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    with run.stdout as output:
        pid = int(output.readline().split()[0])
        assert psutil.pid_exists(pid)
        run.send_signal(signal.SIGKILL)
        run.wait()
        until(lambda: not is_alive(pid))


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
