"""No orphans: whatever becomes of the worker, its program and what that started are gone soon."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from search.objectives.supervised import GRACE_SECONDS
from tests.search.objectives.conftest import is_there, pids_in, wait_until

# A worker: starts a program and lives on, perhaps with a fork that holds its pipes open.
WORKER = """
import os, sys, time
from pathlib import Path
from search.objectives.supervised import start

with open("output", "wb") as output:
    program = start(["sh", "-c", sys.argv[1]], Path.cwd(), dict(os.environ), output)
while program.pid is None:
    program.wait(1)
if sys.argv[2] == "fork" and os.fork() == 0:
    time.sleep(100)
print(program._guardian.pid, flush=True)
time.sleep(100)
"""
# The program, a child, a grandchild, and one that left group and session.
FAMILY = """
echo $$ >> pids
sleep 100 & echo $! >> pids
(sleep 100 & echo $! >> pids; wait) &
setsid sh -c 'echo $$ >> pids; while :; do sleep 1; done' &
wait
"""
IGNORING_SIGTERM = FAMILY.replace("while", 'trap "" TERM; while')
COUNT = 4


class Worker:
    """A process of its own that holds a program, and the process ids of all."""

    def __init__(self, folder: Path, mode: str = "alone", program: str = FAMILY) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, program, mode],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.guardian = int(self.process.stdout.readline())
        self.pids = pids_in(folder / "pids", COUNT)
        assert all(is_there(pid) for pid in self.pids)

    def all_gone(self) -> bool:
        return not any(is_there(pid) for pid in [*self.pids, self.guardian])


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    """Ends what a failed test would leave."""
    started: list[Worker] = []
    yield started
    for worker in started:
        for pid in [*worker.pids, worker.guardian]:
            if is_there(pid):
                os.kill(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(worker.process.pid, signal.SIGKILL)
        worker.process.communicate()


@pytest.mark.parametrize("mode", ["alone", "fork"])
def test_a_killed_worker_leaves_no_process(
    workers: list[Worker], tmp_path: Path, mode: str
) -> None:
    worker = Worker(tmp_path, mode)
    workers.append(worker)
    worker.process.kill()
    worker.process.wait()
    begun = time.monotonic()
    wait_until(worker.all_gone)
    assert time.monotonic() - begun < GRACE_SECONDS


def test_a_killed_worker_leaves_nothing_that_ignores_sigterm(
    workers: list[Worker], tmp_path: Path
) -> None:
    worker = Worker(tmp_path, program=IGNORING_SIGTERM)
    workers.append(worker)
    worker.process.kill()
    worker.process.wait()
    wait_until(worker.all_gone)


def test_a_killed_group_of_workers_leaves_no_process(workers: list[Worker], tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    workers.append(worker)
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    wait_until(worker.all_gone)


def test_signals_of_a_terminal_end_neither_guardian_nor_program(
    workers: list[Worker], tmp_path: Path
) -> None:
    worker = Worker(tmp_path)
    workers.append(worker)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        os.kill(worker.guardian, number)
    time.sleep(0.3)
    assert is_there(worker.guardian)
    assert all(is_there(pid) for pid in worker.pids)


def test_a_terminated_guardian_ends_its_program_first(
    workers: list[Worker], tmp_path: Path
) -> None:
    worker = Worker(tmp_path)
    workers.append(worker)
    os.kill(worker.guardian, signal.SIGTERM)
    wait_until(lambda: not any(is_there(pid) for pid in worker.pids))


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_not_even_a_killed_guardian_leaves_the_program(
    workers: list[Worker], tmp_path: Path
) -> None:
    worker = Worker(tmp_path)
    workers.append(worker)
    os.kill(worker.guardian, signal.SIGKILL)
    wait_until(lambda: not is_there(worker.pids[0]))
