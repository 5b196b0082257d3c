"""A search in processes that a test may kill, and the table of trials that must come out of it."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from search.errors import KlayerError
from search.ledger.ledger import Ledger

HERE = Path(__file__).parent
STUDY = HERE / "tiny.toml"
HALVED = HERE / "halved.toml"  # among the trials of a stage
LONGEST_SECONDS = 60.0
STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.FAIL,
}


def started(script: str, *arguments: str, session: bool = False) -> subprocess.Popen[str]:
    """A script of this folder in a process of its own, with this repository in its path."""
    return subprocess.Popen(
        [sys.executable, str(HERE / script), *arguments],
        cwd=HERE.parents[1],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=session,
    )


@dataclass(frozen=True)
class Run:
    """A launcher in a process and a session of its own, and its database."""

    process: subprocess.Popen[str]
    storage: str

    def workers(self) -> list[int]:
        """Process ids of its workers that are alive."""
        found: list[int] = []
        for task in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            try:
                found += [int(word) for word in task.read_text().split()]
            except OSError:
                continue
        return [pid for pid in found if _is_worker(pid)]

    def wait_for(self, holds: Callable[["Run"], bool], what: str) -> bool:
        """Wait until something holds; False if the run ended before that."""
        until = time.monotonic() + LONGEST_SECONDS
        while not holds(self):
            if self.process.poll() is not None:
                return False
            if time.monotonic() > until:
                raise TimeoutError(f"waited {LONGEST_SECONDS:g} s for {what}")
            time.sleep(0.01)
        return True

    def is_training(self) -> bool:
        """Whether some trial that is not finished has epochs."""
        if not Path(self.storage.removeprefix("sqlite:///")).exists():
            return False
        try:
            with Ledger(self.storage) as ledger:
                search = ledger.read.search("tiny")
                curves = ledger.read.curves(search)
                return any(
                    one.state == "running" and one.id in curves
                    for one in ledger.read.trials(search)
                )
        except KlayerError:  # it has not got that far
            return False

    def finished_trials(self) -> int:
        """How many trials have a result."""
        with Ledger(self.storage) as ledger:
            return sum(one.finished for one in ledger.read.stages(ledger.read.search("tiny")))

    def end(self) -> tuple[int, str]:
        """Wait for its end; exit status, and all that it said."""
        out, err = self.process.communicate(timeout=LONGEST_SECONDS)
        return self.process.returncode, out + err


def _is_worker(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return b"loky" in command and b"resource_tracker" not in command and state != "Z"


def is_alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_now_and_then(run: Run, times: int) -> int:
    """Kill a worker amid its training, as often as said if the run lasts; how many were killed."""
    chance, killed = random.Random(5), 0
    while killed < times and run.wait_for(Run.is_training, "training"):
        time.sleep(chance.uniform(0, 0.05))
        victims = run.workers()
        if victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
            killed += 1
            before = run.finished_trials()
            run.wait_for(lambda run: run.finished_trials() > before, "a result")  # noqa: B023
    return killed


def kill_everything(run: Run, workers: list[int]) -> None:
    """Kill a launcher and its workers at once: nothing of what is in work is handed back."""
    os.kill(run.process.pid, signal.SIGSTOP)  # it must not see its workers die
    for pid in [*workers, run.process.pid]:
        os.kill(pid, signal.SIGKILL)
    run.process.communicate()
    assert "running" in states(run.storage)


def states(storage: str) -> set[str]:
    """The states of all its trials."""
    with Ledger(storage) as ledger:
        return {one.state for one in ledger.read.trials(ledger.read.search("tiny"))}


def table(storage: str) -> list[tuple[Any, ...]]:
    """Every trial: stage, number, state, parameters, seed, value, curve; floats in full."""
    with Ledger(storage) as ledger:
        search = ledger.read.search("tiny")
        curves = ledger.read.curves(search)
        return [
            (
                one.stage,
                one.number,
                one.state,
                repr(one.parameters),
                one.seed,
                repr(one.value),
                repr(curves[one.id].epochs),
            )
            for one in ledger.read.trials(search)
        ]


def assert_whole(storage: str, expected: list[tuple[Any, ...]]) -> None:
    """The search is finished, its table is the expected one, and Optuna says the same."""
    assert table(storage) == expected
    with Ledger(storage) as ledger:
        search = ledger.read.search("tiny")
        assert {stage.state for stage in ledger.read.stages(search)} == {"finished"}
        assert search.result is not None
        trials = ledger.read.trials(search)
        names = [f"tiny/{one.step.number}-{one.step.name}" for one in ledger.read.stages(search)]
    mirrored = RDBStorage(storage)
    try:
        assert sorted(optuna.get_all_study_names(mirrored)) == sorted(names)
        seen = [
            (name.partition("-")[2], one.number, one.state, one.params, one.values)
            for name in names
            for one in optuna.load_study(study_name=name, storage=mirrored).get_trials()
        ]
    finally:
        mirrored.scoped_session.remove()
        mirrored.engine.dispose()
    assert seen == [
        (
            one.stage,
            one.number,
            STATES[one.state],
            one.parameters,
            None if one.value is None else [one.value],
        )
        for one in trials
    ]
