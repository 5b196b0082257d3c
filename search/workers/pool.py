"""The launcher: worker processes, started, watched, and ended without loss.

An engine runs the processes: on this machine, or on a cluster that is there. They take their work
from the ledger, not from here; the launcher asks them through the ledger to stop, frees what killed
ones held, and starts others in their place. Workers stop by themselves when the launcher is gone.

While they train one search it plans its stages, so that Optuna is imported once, beside the
workers' own start.
"""

import os
import platform
import signal
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from search.errors import KlayerError
from search.ledger.claims import MOST_LOST
from search.ledger.database import LONGEST_PAUSE_SECONDS
from search.ledger.faults import DatabaseFaultError, NoAnswerError
from search.ledger.ledger import LEASE_SECONDS, PATIENCE_SECONDS, Ledger, WorkKind
from search.ledger.postgresql import EACH_WORKERS
from search.ledger.records import Search
from search.runtime.formatting import plural
from search.runtime.signals import StopRequests, stop_requests
from search.workers import locks
from search.workers.engines import Engine, WorkerKilledError
from search.workers.heartbeat import Heartbeat, presence
from search.workers.loop import serve
from search.workers.planning import plan_next

POLL_SECONDS = 0.03
# Renewed while it lasts; a longer one would only keep others waiting where this process dies.
PLANNING_LEASE_SECONDS = 5.0
# When it has not been heard of for so long, its workers stop: longer than it bears a database that
# does not answer.
LAUNCHER_LEASE_SECONDS = PATIENCE_SECONDS + LEASE_SECONDS
# Deaths for each worker, one after another, without a single cohort being handed in or given up:
# then it is no cohort that kills them.
MOST_FRUITLESS_DEATHS = MOST_LOST + 1


class WorkersDiedError(KlayerError):
    """Worker processes are killed again and again before they finish anything."""


class InterruptedRunError(KlayerError):
    """The run was asked to stop before the search was finished."""


@dataclass(frozen=True)
class Job:
    """What a worker process is told. Plain values: each opens the rest for itself.

    Attributes:
        storage: The ledger's URL; it may hold a password.
        name: Of the search; None to serve all.
        search_id: Its key.
        data_folder: Where the files of data sets lie; None for the cache.
        owner: The name of the worker.
        launcher: The name of the launcher.
        parent: Process id of the launcher, where that is the parent of the worker's process.
        devices: The graphics processors that it may use.
    """

    storage: str = field(repr=False)
    name: str | None
    search_id: int | None
    data_folder: Path | None
    owner: str
    launcher: str
    parent: int | None
    devices: tuple[str, ...] = ()

    def orphaned(self) -> bool:
        """Whether the launcher of this process is known to be gone."""
        return self.parent is not None and os.getppid() != self.parent


def launch(
    ledger: Ledger,
    storage: str,
    search: Search | None,
    data_folder: Path | None,
    workers: int,
    engine: Engine,
    watch: Callable[[], None],
    on_stop: Callable[[], None],
    devices: Sequence[str] = (),
    on_loss: Callable[[], object] = lambda: None,
) -> None:
    """Run a search with worker processes until it is finished; or serve all until asked to stop.

    Args:
        ledger: The database.
        storage: Its URL, which the workers open for themselves.
        search: Which search; None for every open one.
        data_folder: Where the files of data sets lie; None for the cache.
        workers: How many processes.
        engine: What runs them.
        watch: Called every now and then while they work.
        on_stop: Called once if the run is asked to stop (Ctrl-C, SIGTERM, a closed terminal).
        devices: The graphics processors that the workers share, each its own.
        on_loss: Called when a worker was killed, and another is started in its place.

    Raises:
        InterruptedRunError: It was asked to stop. Cohorts in work were handed back.
        WorkersDiedError: Workers are killed again and again without any result.
        KlayerError: The search cannot go on: there is no plan for its next stage; or the database's
            server takes too few connections for so many workers.
        Exception: What a worker raised, or one of the functions, once no worker is left.
    """
    _check_connections(ledger, workers)
    key = None if search is None else search.id
    who = presence(
        f"{platform.node()}/{uuid.uuid4().hex[:12]}/launcher",
        "launcher",
        key,
        lease_seconds=LAUNCHER_LEASE_SECONDS,
    )

    def retry_no_more(_: int, count: int) -> None:
        if count > 1:
            ledger.stop_retrying()

    with (
        stop_requests(retry_no_more) as requests,
        Heartbeat(ledger, who, PLANNING_LEASE_SECONDS) as heartbeat,
        locks.waiting_for_locks(ledger, locks.say, lambda: requests.any()),
    ):
        name = None if search is None else search.study.name
        job = Job(storage, name, key, data_folder, "", who.name, engine.parent)
        pool = _Pool(ledger, engine, job, shared(devices, workers), search, on_loss)
        try:
            with _Planner(ledger, search, who.name, heartbeat, requests) as planner:
                pool.begin()
                _watch_over(pool, requests, planner, watch, on_stop)
        except BaseException:
            _wind_down(pool, requests)
            raise
        finally:
            with suppress(DatabaseFaultError):  # then it is free when its lease runs out
                ledger.release_of(who.name, lost=False)
    if search is None:
        return
    now = ledger.read.again(search)
    if now.failure is not None and now.finished_at is None:
        raise KlayerError(now.failure)
    if now.finished_at is None:
        raise InterruptedRunError(f"{search.study.name}: stopped before it was finished")


def _check_connections(ledger: Ledger, workers: int) -> None:
    """Whether the database takes the connections of so many workers.

    Raises:
        KlayerError: It does not; workers would wait for minutes, and then end.
    """
    free, needed = ledger.read.free_connections(), EACH_WORKERS * workers
    if free is not None and free < needed:
        raise KlayerError(
            f"{ledger.database.shown}: {plural(workers, 'worker')} need {needed} connections, and "
            f"the server has {free} left (its max_connections, or a limit of the role or of the "
            "database): start fewer --workers, or let it take more"
        )


def shared(devices: Sequence[str], workers: int) -> list[tuple[str, ...]]:
    """Which devices each worker has: as many as the next, in their order, none of them twice."""
    each, more = divmod(len(devices), workers)
    found, first = [], 0
    for worker in range(workers):
        last = first + each + (worker < more)
        found.append(tuple(devices[first:last]))
        first = last
    return found


class _Planner:
    """What the launcher itself does for a search: it plans.

    It does so in a thread of its own, since a plan of many trials takes its time.
    """

    def __init__(
        self,
        ledger: Ledger,
        search: Search | None,
        owner: str,
        heartbeat: Heartbeat,
        requests: StopRequests,
    ) -> None:
        self._ledger, self._search, self._owner = ledger, search, owner
        self._heartbeat, self._requests = heartbeat, requests
        self._done = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="planner", daemon=True)

    def __enter__(self) -> Self:
        if self._search is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        # Who else waits for its plan waits no longer than this, nor does who insists on the end.
        until = time.monotonic() + PLANNING_LEASE_SECONDS
        while self._thread.is_alive() and time.monotonic() < until and self._requests.count < 2:
            self._thread.join(POLL_SECONDS)

    def stop(self) -> None:
        """Let it begin nothing new."""
        self._done.set()

    def check(self) -> None:
        """Raise what ended it, if anything did.

        Raises:
            Exception: As it was raised in the thread.
        """
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with self._ledger.changes() as changes:
                due = 0.0  # without any change, a lease runs out
                while not self._done.wait(POLL_SECONDS):
                    if changes.any() or time.monotonic() > due:
                        due = time.monotonic() + PLANNING_LEASE_SECONDS
                        if self._search is not None:
                            plan_next(self._ledger, self._search, self._owner, self._heartbeat)
        except Exception as error:
            self._error = error


class _Pool:
    """Worker processes, each of which is replaced when it dies."""

    def __init__(
        self,
        ledger: Ledger,
        engine: Engine,
        job: Job,
        devices: Sequence[tuple[str, ...]],
        search: Search | None,
        on_loss: Callable[[], object],
    ) -> None:
        self._ledger, self._engine, self._job, self._devices = ledger, engine, job, devices
        self._search, self._on_loss = search, on_loss
        self._started, self._deaths, self._done = 0, 0, self._trained()
        self._killed = False
        self._working: dict[Future[None], Job] = {}

    def begin(self) -> None:
        """Start all of them."""
        for devices in self._devices:
            self._start(devices)

    def _start(self, devices: tuple[str, ...]) -> None:
        owner = f"{self._job.launcher.removesuffix('launcher')}{self._started}"
        self._started += 1
        job = replace(self._job, owner=owner, devices=devices)
        self._working[self._engine.start(_work, job)] = job

    def is_working(self) -> bool:
        """Whether any of them is there."""
        return bool(self._working)

    def look(self, *, replacing: bool) -> None:
        """See who has ended; replace those that were killed, if asked to.

        Raises:
            WorkersDiedError: They die again and again without any result.
            Exception: What a worker raised.
        """
        for future, job in list(self._working.items()):
            if not future.done():
                continue
            del self._working[future]
            error = future.exception()
            if isinstance(error, WorkerKilledError):
                self._ledger.release_of(self._job.launcher, [job.owner], lost=not self._killed)
                if replacing and not self._killed:
                    self._count_death()
                    self._start(job.devices)
                    self._on_loss()
            elif error is not None:
                raise error

    def _count_death(self) -> None:
        before, self._done = self._done, self._trained()
        self._deaths = self._deaths + 1 if self._done == before else 1
        if self._search is not None and self._deaths >= MOST_FRUITLESS_DEATHS * len(self._devices):
            raise WorkersDiedError(
                f"{self._search.study.name}: worker processes died {self._deaths} times without "
                "bringing a trial further; look for the reason in the system's log (out of "
                "memory?), or try fewer --workers. What is finished is kept."
            )

    def _trained(self) -> tuple[int, int]:
        return (0, 0) if self._search is None else self._ledger.read.trained(self._search)

    def ask_to_stop(self) -> None:
        """Let the workers hand back what they hold; end them where that cannot be told.

        It is told by a thread: where a worker that hangs holds SQLite's lock, the database answers
        when that is killed, and who may ask for that is not to wait until then.
        """
        try:
            threading.Thread(target=self._ask_to_stop, name="asking", daemon=True).start()
        except RuntimeError:  # the system refuses one
            self._ask_to_stop()

    def _ask_to_stop(self) -> None:
        try:
            self._ledger.ask_to_stop(self._job.launcher)
        except DatabaseFaultError:  # a full disk, a server that is gone
            self.kill()

    def kill(self) -> None:
        """End the processes at once."""
        self._killed = True
        self._engine.kill()


def _watch_over(
    pool: _Pool,
    requests: StopRequests,
    planner: _Planner,
    watch: Callable[[], None],
    on_stop: Callable[[], None],
) -> None:
    """Watch a pool to its end; pass on the request to stop, and a second one as an order."""
    told = killed = False
    while pool.is_working():
        time.sleep(POLL_SECONDS)
        pool.look(replacing=not requests.any())
        planner.check()
        watch()
        if requests.any() and not told:
            planner.stop()
            pool.ask_to_stop()
            told = True
            on_stop()
        if requests.count > 1 and not killed:
            pool.kill()
            killed = True
    watch()


def _wind_down(pool: _Pool, requests: StopRequests) -> None:
    """Let a pool stop that nobody watches any more; another signal to stop ends it at once."""
    pool.ask_to_stop()
    before = requests.count
    while pool.is_working():
        time.sleep(POLL_SECONDS)
        with suppress(Exception):  # one is on its way already
            pool.look(replacing=False)
        if requests.count > before:
            before = requests.count
            pool.kill()


def _work(job: Job) -> None:
    """What a worker process runs."""
    with (
        _opened(job) as ledger,
        stop_requests(lambda *_: ledger.stop_retrying(), [signal.SIGTERM]) as requests,
    ):

        def should_stop() -> bool:
            return requests.any() or job.orphaned()

        # A cluster may run it once more where it is thought dead: that is another worker.
        name = job.owner if job.parent else f"{job.owner}-{uuid.uuid4().hex[:6]}"
        who = presence(
            name, "worker", job.search_id, job.launcher, sees_launcher=job.parent is not None
        )
        only: WorkKind | None = None if job.name is None else "cohorts"
        serve(
            ledger,
            who,
            job.name,
            job.data_folder,
            should_stop,
            _say_nothing,
            only,
            devices=job.devices,
            alarm=locks.say,
        )
    if job.orphaned():
        os._exit(0)  # nobody is left to take a result, and the engine would wait for more work


def _opened(job: Job) -> Ledger:
    """The ledger, which the launcher has open: where it does not answer, it soon does again.

    Raises:
        LedgerError: It does not, or cannot be opened here.
    """
    patiently = Retrying(
        retry=retry_if_exception_type(NoAnswerError),
        stop=stop_after_delay(PATIENCE_SECONDS),
        wait=wait_random_exponential(multiplier=0.05, max=LONGEST_PAUSE_SECONDS),
        reraise=True,
    )
    return patiently(Ledger, job.storage, patience_seconds=PATIENCE_SECONDS)


def _say_nothing(_: str) -> None:
    """Take a line that nobody reads: the launcher tells what happens."""
