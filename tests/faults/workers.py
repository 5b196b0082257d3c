"""Worker processes without a launcher, forked from one that has imported everything they need.

A test may start, kill and pause many of them; each would take a second to import what it needs.
What they run is what `klayer worker tiny` runs, but for its lease, which a test may make short.
"""

import os
import sys
import time
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

from search.ledger.ledger import LEASE_SECONDS, PATIENCE_SECONDS, Ledger
from search.ledger.opening import card_of
from search.study.reading import load
from search.workers.heartbeat import presence
from search.workers.loop import serve
from tests.faults.outcome import NAME
from tests.faults.runs import ROOT
from tests.faults.watch import LONGEST_SECONDS, POLL_SECONDS

# To start a process is to ask each that was started before whether it has ended. Two threads that
# ask one at once tear its answer apart, and its status becomes 255.
_asking = Lock()


def fork(target: Any, *arguments: Any) -> ForkServerProcess:
    """A function of some module here in a process of its own, which has begun."""
    os.environ.setdefault("PYTHONPATH", str(ROOT))  # where the server is started, it imports
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.workers", "tests.faults.points", "optuna"])
    forkserver.ensure_running()
    process = context.Process(target=target, args=arguments, daemon=True)
    with _asking:
        process.start()
    return process


def ended(process: ForkServerProcess) -> int:
    """The exit status of a process, once it has one; several threads may wait for theirs."""
    while True:
        with _asking:
            status = process.exitcode
            if status is not None:
                process.close()
                return status
        time.sleep(POLL_SECONDS)


def record(storage: str, file: Path, *changes: str) -> None:
    """Record the search of a study file, in a database that is made where there is none."""
    study = load(str(file), changes)
    with Ledger(storage, create=True) as ledger:
        ledger.record(study, file.read_text(), card_of(study, None), {})


def work(storage: str, owner: str, lease_seconds: float, log: str) -> None:
    """Be a worker, until the search is finished; what it says, and what ends it, goes to a file."""
    write_to(log)
    with Ledger(storage, patience_seconds=PATIENCE_SECONDS) as ledger:
        who = presence(owner, "worker", ledger.read.search(NAME).id, lease_seconds=lease_seconds)
        serve(ledger, who, NAME, None, lambda: False, lambda line: print(line, flush=True))  # noqa: T201


def write_to(log: str) -> None:
    """Let all that this process says go to the end of a file."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for number in (1, 2):
        os.dup2(file, number)
    os.close(file)


class Pool:
    """Workers of one search, each of which a test may kill, and have others in its place.

    Args:
        storage: The database, in which the search is recorded.
        log: The file that they all write to.
        lease_seconds: For how long others wait for what a killed one held.
    """

    def __init__(self, storage: str, log: Path, lease_seconds: float = LEASE_SECONDS) -> None:
        self._storage, self._log, self._lease_seconds = storage, log, lease_seconds
        self.all: list[ForkServerProcess] = []

    def start(self, count: int = 1) -> list[ForkServerProcess]:
        """Let some more begin."""
        begun = []
        for _ in range(count):
            owner = f"worker {len(self.all)}"
            begun.append(fork(work, self._storage, owner, self._lease_seconds, str(self._log)))
            self.all += begun[-1:]
        return begun

    def alive(self) -> list[ForkServerProcess]:
        """Those that have not ended."""
        return [one for one in self.all if one.is_alive()]

    def kill_one(self, chance: Random) -> bool:
        """Kill one of them; whether there was any."""
        alive = self.alive()
        if alive:
            victim = chance.choice(alive)
            victim.kill()
            victim.join()
        return bool(alive)

    def end(self, seconds: float = LONGEST_SECONDS) -> set[int | None]:
        """Wait until all have ended; with which statuses."""
        until = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > until:
                raise TimeoutError(
                    f"after {seconds:g} s workers are there, that said {self.said()}"
                )
            time.sleep(POLL_SECONDS)
        return {one.exitcode for one in self.all}

    def said(self) -> str:
        """What all of them said."""
        return self._log.read_text() if self._log.exists() else ""

    def close(self) -> None:
        """Kill what is left of them."""
        for one in self.all:
            one.kill()
            one.join()
            one.close()
