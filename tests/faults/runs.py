"""The command `klayer` in a process that a test may kill, and the processes of its workers."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.faults.watch import LONGEST_SECONDS, Watch, wait_until

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TINY = HERE / "tiny.toml"
HALVED = HERE / "halved.toml"  # among the trials of a stage
LEARNING = HERE / "learning.toml"
SHORTEST = HERE / "shortest.toml"
LONG = ("stages.coarse.trials=2000", "training.schedule.half_cycle_epochs=2")  # changes of TINY
COMMAND = (sys.executable, "-c", "from search.cli import main; main()")
STOPPED = 130  # exit status of a run that was asked to stop


def klayer(*arguments: str, before: tuple[str, ...] = (), **env: str) -> subprocess.Popen[str]:
    """A command of klayer in a session of its own; `before` stands before it in the command."""
    return subprocess.Popen(
        [*before, *COMMAND, *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)} | os.environ | {"COLUMNS": "200"} | env,
        stdout=subprocess.DEVNULL,  # a pipe that nobody reads fills up, and then it waits
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@dataclass(frozen=True)
class Run:
    """A `klayer run`, and what its database says meanwhile."""

    process: subprocess.Popen[str]
    watch: Watch

    @property
    def storage(self) -> str:
        """Its database."""
        return self.watch.storage

    def workers(self) -> list[int]:
        """Process ids of its workers that are alive."""
        try:
            family = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return [one.pid for one in family if _is_worker(one)]

    def wait_for(self, holds: Callable[[], bool], what: str) -> bool:
        """Wait until something holds; False if the run ended before that."""
        wait_until(lambda: self.process.poll() is not None or holds(), what)
        return self.process.poll() is None

    def end(self, seconds: float = LONGEST_SECONDS) -> tuple[int, str]:
        """Wait for its end; exit status, and what it said on standard error."""
        _, said = self.process.communicate(timeout=seconds)
        self.watch.close()
        return self.process.returncode, said


def _is_worker(process: psutil.Process) -> bool:
    try:
        command = " ".join(process.cmdline())
        ended = process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
    return "loky" in command and "resource_tracker" not in command and not ended


def is_alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(pids: list[int]) -> None:
    """Wait for the end of processes, which is soon."""
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "workers to end", 30.0)


def kill_now_and_then(run: Run, times: int) -> int:
    """Kill a worker amid its training, as often as said if the run lasts; how many were killed."""
    chance, killed = random.Random(5), 0
    while killed < times and run.wait_for(run.watch.is_training, "training"):
        time.sleep(chance.uniform(0, 0.05))
        victims = run.workers()
        if victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
            killed += 1
            before = run.watch.finished()
            run.wait_for(lambda: run.watch.finished() > before, "a result")  # noqa: B023
    return killed


def kill_every(run: Run, seconds: float) -> int:
    """Kill a worker every now and then until the run ends; how many were killed."""
    chance, killed = random.Random(7), 0
    while run.process.poll() is None:
        time.sleep(seconds)
        victims = run.workers()
        if victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
            killed += 1
    return killed


def kill_everything(run: Run, workers: list[int]) -> None:
    """Kill a launcher and its workers at once: nothing of what is in work is handed back."""
    os.kill(run.process.pid, signal.SIGSTOP)  # it must not see its workers die
    for pid in [*workers, run.process.pid]:
        os.kill(pid, signal.SIGKILL)
    run.process.communicate()
    assert "running" in run.watch.states()
