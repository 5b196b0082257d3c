"""A cohort that kills whoever trains it is given up, with the reason; the search goes on."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from search.ledger.claims import MOST_LOST
from search.ledger.ledger import PATIENCE_SECONDS, Ledger
from search.objectives.network.trainer import NetworkTrainer
from search.workers import loop
from search.workers.heartbeat import presence
from search.workers.loop import serve
from tests.faults.databases import mostly_sqlite
from tests.faults.outcome import NAME, Counts, Table, count, table
from tests.faults.runs import ROOT, TINY, Run
from tests.faults.watch import Watch
from tests.faults.workers import fork, record, write_to

How = Literal["kill", "raise"]
STAGE = "coarse"
Tried = Callable[..., None]

# Python runs this when it starts; the launcher's workers are Pythons that it starts.
DEADLY = """
import sys
if any("loky" in word and "tracker" not in word for word in sys.orig_argv):
    from tests.faults.test_losses import make_deadly
    make_deadly("kill", {seed})
"""


def deadly_work(storage: str, owner: str, name: str | None, how: How, seed: int, log: str) -> None:
    """Be a worker of one search, or of all, that one cohort kills."""
    write_to(log)
    make_deadly(how, seed)
    loop.PASS_OVER_SECONDS = 0.1  # a service does other searches' work for a minute
    with Ledger(storage, patience_seconds=PATIENCE_SECONDS) as ledger:
        search = ledger.read.search(NAME)
        who = presence(owner, "worker", search.id if name else None, lease_seconds=0.6)

        def is_over() -> bool:
            return ledger.read.again(search).finished_at is not None

        serve(ledger, who, name, None, is_over, lambda line: print(line, flush=True))  # noqa: T201


def make_deadly(how: How, seed: int) -> None:
    """Let a training end this process, or fail, when a trial of that seed is in it."""
    train: Callable[..., Any] = NetworkTrainer.train

    def deadly(trainer: Any, training: Any, trials: Any, *rest: Any, **more: Any) -> Any:
        if seed in [trial.seed for trial in trials]:
            if how == "raise":
                raise MemoryError("there is none left")
            os.kill(os.getpid(), signal.SIGKILL)
        return train(trainer, training, trials, *rest, **more)

    NetworkTrainer.train = deadly  # type: ignore[method-assign]


@pytest.fixture
def seed(expected: Table) -> int:
    """The seed of a trial, coarse #7, in whose cohort there is none of the best ones."""
    return next(row[4] for row in expected if row[:2] == (STAGE, 7))


@pytest.fixture
def assert_given_up(storage: str, expected: Table, tried: Tried) -> Callable[[str, int], None]:
    """Holds the search against the undisturbed one, but for a cohort that is given up."""

    def hold(fault: str, times: int) -> None:
        lost = {(STAGE, 6), (STAGE, 7)}
        counts, found = count(storage, expected), table(storage)
        others = [row for row in expected if row[:2] not in lost]
        equal = [row for row in found if row[:2] not in lost] == others
        tried(fault, times, len(expected), counts, equal=equal)
        assert counts == Counts(failed=len(lost))
        assert equal
        failed = [row for row in found if row[:2] in lost]
        assert [(row[2], row[5], row[6]) for row in failed] == 2 * [("failed", "None", "()")]
        with Ledger(storage) as ledger:
            search = ledger.read.search(NAME)
            assert search.result is not None
            reasons = {one.reason for one in ledger.read.trials(search) if one.state == "failed"}
        assert len(reasons) == 1
        assert f"given up: {MOST_LOST} workers" in reasons.pop()

    return hold


@pytest.mark.long
@mostly_sqlite
def test_without_a_launcher(
    storage: str, seed: int, tmp_path: Path, assert_given_up: Callable[[str, int], None]
) -> None:
    """What keeps services starts another worker each time."""
    record(storage, TINY)
    watch, log, started = Watch(storage), tmp_path / "said", 0
    while not watch.is_over():
        worker = fork(deadly_work, storage, f"worker {started}", NAME, "kill", seed, str(log))
        worker.join()
        started += 1
        assert started < 20, log.read_text()
    watch.close()
    deaths = started - 1
    assert deaths == MOST_LOST
    assert_given_up("a cohort kills whoever trains it (no launcher)", deaths)


@pytest.mark.long
@mostly_sqlite
def test_with_a_launcher(
    begin: Callable[..., Run],
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    assert_given_up: Callable[[str, int], None],
) -> None:
    (tmp_path / "sitecustomize.py").write_text(DEADLY.format(seed=seed))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    run = begin(2)
    status, said = run.end()
    assert (status, said.count("\n")) == (3, 1), said
    assert "tiny: 2 trials failed; `klayer retry tiny" in said
    assert_given_up("a cohort kills whoever trains it (`klayer run`)", MOST_LOST)


@mostly_sqlite
@pytest.mark.long
def test_that_fails_each_time_in_a_service(
    storage: str, seed: int, tmp_path: Path, assert_given_up: Callable[[str, int], None]
) -> None:
    """A worker of all searches outlives what a training raises."""
    record(storage, TINY)
    log = tmp_path / "said"
    worker = fork(deadly_work, storage, "service", None, "raise", seed, str(log))
    worker.join()
    assert worker.exitcode == 0, log.read_text()
    assert "MemoryError: there is none left" in log.read_text()
    assert_given_up("MemoryError each time a cohort is trained (service)", MOST_LOST)
