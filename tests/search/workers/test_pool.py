"""The launcher watches its workers, passes on what they raise, and leaves nothing behind.

Whole searches under kills of every kind are tested in `tests/faults`.
"""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from search.errors import DataError, KlayerError
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.queries import Queries
from search.ledger.records import CohortClaim, Search, TrialResult
from search.objective.data_card import DataCard
from search.study.reading import load
from search.workers.engines import Engine, WorkerKilledError, open_engine
from search.workers.heartbeat import Heartbeat
from search.workers.planning import plan_next
from search.workers.pool import (
    MOST_FRUITLESS_DEATHS,
    InterruptedRunError,
    Job,
    WorkersDiedError,
    launch,
    shared,
)
from tests.search.workers.serving import (
    COUNTS,
    HOPELESS,
    SMALL,
    Threads,
    attempts,
    is_finished,
    recorded,
    states,
    table,
    work,
    worker,
)

# Eight cohorts, since trials of different batch sizes share none; what follows is short.
POINTS = ", ".join(f"{{batch_size={100 + place}, learning_rate=0.1}}" for place in range(8))
LONG = (
    f"stages=[{{name='only', sampler='points', points=[{POINTS}]}}]",
    "training.schedule.epochs=20",
    "final.finalists=1",
    "final.seeds=1",
    "final.training={schedule={kind='constant', epochs=2}}",
)
ENDLESS = ("training.schedule.epochs=5000",)


class Watch:
    """What is called while workers work: notes how many trials are in, and acts when it is time."""

    def __init__(self, ledger: Ledger, search: Search, act: Callable[[], object] = list) -> None:
        self._ledger, self._search, self._act = ledger, search, act
        self.finished: list[int] = []
        self.told = 0  # that it stops
        self.pids: list[int] = []  # of workers, once both train

    def __call__(self) -> None:
        self.finished.append(sum(one.finished for one in self._ledger.read.stages(self._search)))
        if not self.pids:
            known = self._ledger.read.workers(self._search)
            training = [one for one in known if one.kind == "worker" and one.work is not None]
            if len(training) == 2 and self._ledger.read.curves(self._search):
                self.pids = [one.process for one in training]
                self._act()

    def on_stop(self) -> None:
        self.told += 1


def run(
    ledger: Ledger, storage: str, watch: Watch, search: Search, engine: Engine | None = None
) -> None:
    """Launch two workers: processes on this machine, unless said otherwise."""
    with closing(engine or open_engine("loky", 2, None)) as opened:
        launch(ledger, storage, search, None, 2, opened, watch, watch.on_stop)


def nothing_is_left(pids: list[int] | None = None) -> bool:
    """Whether neither threads nor, within some seconds, processes are left of a launch."""
    names = {one.name for one in threading.enumerate()}
    until = time.monotonic() + 20
    while any(is_alive(pid) for pid in pids or ()) and time.monotonic() < until:
        time.sleep(0.05)
    return not names & {"planner", "lease heartbeat", "worker"} and not any(
        is_alive(pid) for pid in pids or ()
    )


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_search_is_run_to_its_end_and_watched(ledger: Ledger, storage: str) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    search = recorded(ledger)
    watch = Watch(ledger, search)
    run(ledger, storage, watch, search)
    assert is_finished(ledger, search)
    assert watch.finished == sorted(watch.finished)
    assert (watch.finished[0], watch.finished[-1]) == (0, sum(COUNTS.values()))
    assert watch.told == 0
    assert {number: signal.getsignal(number) for number in before} == before
    assert ledger.read.workers() == []
    assert nothing_is_left()


def test_a_killed_worker_is_replaced_alone_and_changes_no_number(
    ledger: Ledger, storage: str
) -> None:
    undisturbed, search = recorded(ledger, *LONG, name="undisturbed"), recorded(ledger, *LONG)
    watch = Watch(ledger, search, lambda: os.kill(watch.pids[0], signal.SIGKILL))
    run(ledger, storage, watch, search)
    assert watch.pids
    assert is_finished(ledger, search)
    *others, killed = sorted(attempts(ledger, search))
    assert killed[0] == 2  # it may have come further since, and then counts as lost no more
    assert set(others) == {(1, 0)}  # the other worker has trained on
    work(ledger, undisturbed)
    assert table(ledger, search) == table(ledger, undisturbed)
    assert nothing_is_left(watch.pids)


def test_what_a_worker_raises_is_raised(ledger: Ledger, storage: str) -> None:
    search = ledger.record(load("digits", SMALL), "", DataCard("digits", "f" * 64), {})
    with pytest.raises(DataError, match="this search ran on other data"):
        run(ledger, storage, Watch(ledger, search), search, Threads())
    assert ledger.read.workers() == []
    assert nothing_is_left()


def test_a_search_that_cannot_go_on_ends_with_the_reason(ledger: Ledger, storage: str) -> None:
    search = recorded(ledger, *HOPELESS)
    with pytest.raises(KlayerError, match="there is no finalist: none of the 1 trials"):
        run(ledger, storage, Watch(ledger, search), search, Threads())
    assert [stage.state for stage in ledger.read.stages(search)][:2] == ["finished", "planning"]
    assert ledger.read.again(search).failure is not None
    assert ledger.read.workers() == []


def test_a_search_that_another_process_found_to_fail_ends_with_the_reason(
    ledger: Ledger, storage: str
) -> None:
    search = recorded(ledger)
    ledger.fail(search, "it cannot be")
    with pytest.raises(KlayerError, match="it cannot be"):
        run(ledger, storage, Watch(ledger, search), search, Threads())


def test_a_watcher_that_fails_leaves_no_worker_behind(ledger: Ledger, storage: str) -> None:
    def fail() -> None:
        raise SystemExit("the pipe is closed")

    search = recorded(ledger, *ENDLESS)
    watch = Watch(ledger, search, fail)
    with pytest.raises(SystemExit, match="the pipe is closed"):
        run(ledger, storage, watch, search, Threads())
    assert states(ledger, search) == ["waiting"] * 4
    assert ledger.read.workers() == []
    assert nothing_is_left()


def test_a_wish_to_stop_is_told_once_and_ends_the_run(ledger: Ledger, storage: str) -> None:
    search = recorded(ledger, *ENDLESS)
    watch = Watch(ledger, search, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(InterruptedRunError, match="digits: stopped before it was finished"):
        run(ledger, storage, watch, search, Threads())
    assert watch.told == 1
    assert states(ledger, search) == ["waiting"] * 4
    assert attempts(ledger, search) == [(1, 0), (1, 0)]
    assert ledger.read.workers() == []
    assert nothing_is_left()


def test_a_second_signal_kills_and_what_was_held_is_free_and_not_lost(
    ledger: Ledger, storage: str
) -> None:
    search = recorded(ledger, *ENDLESS)

    def stop() -> None:
        for pid in watch.pids:
            os.kill(pid, signal.SIGSTOP)  # as in an epoch that does not end
        os.kill(os.getpid(), signal.SIGINT)

    class Impatient(Watch):
        def on_stop(self) -> None:
            super().on_stop()
            os.kill(os.getpid(), signal.SIGINT)

    watch = Impatient(ledger, search, stop)
    with pytest.raises(InterruptedRunError):
        run(ledger, storage, watch, search)
    assert watch.told == 1
    assert states(ledger, search) == ["waiting"] * 4
    assert attempts(ledger, search) == [(1, 0), (1, 0)]
    assert ledger.read.workers() == []
    assert nothing_is_left(watch.pids)


class SecondPlan:
    """In place of `plan_next`: the first stage is planned at once; then `instead` is done."""

    def __init__(self, instead: Callable[[], None]) -> None:
        self._instead = instead

    def __call__(self, ledger: Ledger, search: Search, *rest: Any) -> None:
        if ledger.read.stages(search)[0].state == "finished":  # so the workers are there
            self._instead()
        else:
            plan_next(ledger, search, *rest)


@dataclass
class SlowPlan:
    """A plan that takes until it is let go, or far too long."""

    begun: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        self.begun.set()
        self.let_go.wait(30)
        self.over.set()


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_does_not_wait_for_a_slow_plan(
    ledger: Ledger, storage: str, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    slow, search = SlowPlan(), recorded(ledger)
    monkeypatch.setattr("search.workers.pool.plan_next", SecondPlan(slow))
    # Asked once, the run waits for the plan as long as this; told twice, not at all.
    monkeypatch.setattr("search.workers.pool.PLANNING_LEASE_SECONDS", 0.5 if times == 1 else 60.0)
    answered: list[bool] = []

    class Pressing(Watch):
        def __call__(self) -> None:
            if slow.begun.is_set() and not self.told:
                os.kill(os.getpid(), signal.SIGINT)

        def on_stop(self) -> None:
            super().on_stop()
            if times == 2:
                os.kill(os.getpid(), signal.SIGINT)
            answered.append(not slow.over.is_set())

    try:
        with pytest.raises(InterruptedRunError, match="digits: stopped before it was finished"):
            run(ledger, storage, Pressing(ledger, search), search, Threads())
        assert answered == [True]
        assert not slow.over.is_set()  # nor does the end of the run wait for it
    finally:
        slow.let_go.set()
        assert slow.over.wait(10) or not slow.begun.is_set()


def test_what_planning_raises_ends_the_run(
    ledger: Ledger, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing() -> None:
        raise KlayerError("there is no plan")

    search = recorded(ledger)
    monkeypatch.setattr("search.workers.pool.plan_next", SecondPlan(failing))
    with pytest.raises(KlayerError, match="there is no plan"):
        run(ledger, storage, Watch(ledger, search), search, Threads())
    found = [stage.state for stage in ledger.read.stages(search)]
    # The first stage may have ended between the look and the plan that followed it.
    assert found[0] == "finished"
    assert set(found[2:]) == {"unplanned"}
    assert nothing_is_left()


class Mortal:
    """An engine whose workers do something in this process, and are killed then."""

    parent: int | None = None

    def __init__(self, do: Callable[[Job], object]) -> None:
        self._do = do
        self.started: list[str] = []
        self.killed = threading.Event()

    def start(self, _: Callable[[Job], None], job: Job) -> Future[None]:
        self.started.append(job.owner)
        future: Future[None] = Future()
        self._do(job)
        future.set_exception(WorkerKilledError("killed"))
        return future

    def kill(self) -> None:
        self.killed.set()

    def close(self) -> None:
        """Nothing is open."""


def test_more_workers_than_the_server_has_connections_for_are_refused_at_once(
    ledger: Ledger, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would wait for minutes, and then end."""
    search, engine = recorded(ledger), Mortal(lambda _: None)
    monkeypatch.setattr(Queries, "free_connections", lambda _: 5)
    with pytest.raises(KlayerError) as refused:
        launch(ledger, storage, search, None, 3, engine, list, list)
    assert str(refused.value) == (
        f"{ledger.database.shown}: 3 workers need 6 connections, and the server has 5 left (its "
        "max_connections, or a limit of the role or of the database): start fewer --workers, or "
        "let it take more"
    )
    assert engine.started == []


def test_workers_that_only_die_end_the_run_with_the_reason(ledger: Ledger, storage: str) -> None:
    search, engine, told = recorded(ledger), Mortal(lambda _: None), list[int]()
    with pytest.raises(WorkersDiedError) as caught:
        launch(ledger, storage, search, None, 3, engine, list, list, on_loss=lambda: told.append(1))
    deaths = MOST_FRUITLESS_DEATHS * 3
    assert len(told) == deaths - 1  # the last one is told by the error
    assert str(caught.value).startswith(f"digits: worker processes died {deaths} times without")
    assert "--workers" in str(caught.value)
    assert len(set(engine.started)) == len(engine.started)  # no two of one name
    assert ledger.read.workers() == []


def test_deaths_between_results_are_no_reason_to_end(ledger: Ledger, storage: str) -> None:
    """Each worker hands in one cohort, and is killed in the next one."""
    count = 3 * MOST_FRUITLESS_DEATHS
    points = ", ".join(f"{{batch_size={10 + place}}}" for place in range(count))
    stage = f"stages=[{{name='only', sampler='points', points=[{points}]}}]"
    search = recorded(ledger, stage, "final.finalists=1")
    with Heartbeat(ledger, worker("planner")) as heartbeat:
        plan_next(ledger, search, "planner", heartbeat)

    def hand_in_and_claim(job: Job) -> None:
        ledger.join(worker(job.owner, search, job.launcher))
        claim = ledger.next_work(search, job.owner, only="cohorts")
        if isinstance(claim, CohortClaim):
            ledger.hand_in(claim, [TrialResult(number, 0.5) for number in claim.numbers])
            ledger.next_work(search, job.owner, only="cohorts")

    engine = Mortal(hand_in_and_claim)
    with pytest.raises(WorkersDiedError):  # in the end, where nothing is trained any more
        launch(ledger, storage, search, None, 1, engine, list, list)
    assert len(engine.started) > count + MOST_FRUITLESS_DEATHS
    assert states(ledger, search, "only") == ["complete"] * count


def test_workers_that_cannot_be_asked_to_stop_are_killed(
    ledger: Ledger, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise DatabaseFaultError("the disk is full")

    monkeypatch.setattr(Ledger, "ask_to_stop", failing)
    search, engine = recorded(ledger), Mortal(lambda _: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(InterruptedRunError):
        launch(ledger, storage, search, None, 1, engine, list, list)
    assert engine.killed.wait(10)


class Hanging:
    """An engine whose workers do nothing until they are killed, one of them amid a transaction."""

    parent: int | None = None

    def __init__(self, database: str) -> None:
        self._connection = sqlite3.connect(database, check_same_thread=False)
        self._working: list[Future[None]] = []

    def start(self, _: Callable[[Job], None], __: Job) -> Future[None]:
        self._working.append(Future())
        return self._working[-1]

    def lock(self) -> None:
        """Let one of them hold the database's one lock for writing."""
        self._connection.execute("BEGIN IMMEDIATE")

    def kill(self) -> None:
        self._connection.rollback()
        for future in self._working:
            future.set_exception(WorkerKilledError("killed"))

    def close(self) -> None:
        self._connection.close()


def test_a_worker_that_hangs_amid_a_transaction_keeps_nobody_from_killing_it(
    ledger: Ledger, storage: str
) -> None:
    search, begun = recorded(ledger), time.monotonic()
    with closing(Hanging(storage.removeprefix("sqlite:///"))) as engine:
        told: list[str] = []

        def watch() -> None:
            if states(ledger, search) and not told:
                told.append("stop")
                engine.lock()
                os.kill(os.getpid(), signal.SIGINT)

        def on_stop() -> None:
            os.kill(os.getpid(), signal.SIGINT)

        with pytest.raises(InterruptedRunError):
            launch(ledger, storage, search, None, 2, engine, watch, on_stop)
    assert told
    assert time.monotonic() < begun + 20  # SQLite waits for the lock for a minute
    assert ledger.read.workers() == []


def test_what_a_worker_is_told_shows_no_password() -> None:
    job = Job("postgresql://anna:secret@db/klayer", "digits", 1, None, "a", "a/launcher", None)
    assert "secret" not in repr(job)


@pytest.mark.parametrize(
    ("devices", "workers", "each"),
    [
        ("", 2, [(), ()]),
        ("0123", 2, [("0", "1"), ("2", "3")]),
        ("01234", 3, [("0", "1"), ("2", "3"), ("4",)]),
        ("0", 2, [("0",), ()]),
    ],
)
def test_devices_are_shared_and_none_is_given_twice(
    devices: str, workers: int, each: list[tuple[str, ...]]
) -> None:
    assert shared(list(devices), workers) == each
