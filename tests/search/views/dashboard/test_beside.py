"""The dashboard beside a run: it says where it is, and ends with whoever started it."""

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

from search.views.dashboard.beside import NICENESS, Beside
from search.views.dashboard.dashboard import Settings

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
    assert f":{port}/" not in said[0]


def test_it_can_be_closed_at_once(storage: str) -> None:
    said: list[str] = []
    beside = Beside(Settings(storage, port=0), said.append)
    beside.close()
    assert not psutil.pid_exists(beside.pid)


def test_it_ends_with_a_run_that_is_killed(storage: str) -> None:
    root = Path(__file__).parents[4]
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, storage],
        env=os.environ | {"PYTHONPATH": str(root)},
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
