"""The launcher: worker processes on this machine, started, watched, and ended without loss.

joblib (loky) runs the processes, one BLAS thread each. They take their work from the ledger, not
from here; the launcher asks them to stop, frees what killed ones held, and starts others in their
place. Workers stop by themselves when the launcher is gone.

While they train it plans the stages and their rungs, and tells Optuna how trials stand: so Optuna
is imported once, beside the workers' own start.
"""

import os
import signal
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from types import FrameType
from typing import Self

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from search.errors import KlayerError
from search.ledger.ledger import Ledger
from search.ledger.records import Search
from search.objective import Dataset
from search.worker import plan_next, work

POLL_SECONDS = 0.03
# Renewed while it lasts; a longer one would only keep others waiting where this process dies.
PLANNING_LEASE_SECONDS = 5.0
# Crews that die one after another without handing in a single cohort: then it is no accident.
MOST_FRUITLESS_CREWS = 5


class WorkersDiedError(KlayerError):
    """Worker processes are killed again and again before they finish anything."""


class InterruptedRunError(KlayerError):
    """The run was asked to stop before the search was finished."""


@dataclass(frozen=True)
class Job:
    """What every worker process is told. Plain values: each opens the rest for itself.

    Attributes:
        storage: The ledger's URL.
        name: Of the search.
        data: Its images; only their folder travels.
        launcher: Process id of the launcher.
        stop_file: The workers stop when this file is there.
        busy_file: There until a worker comes to its end.
    """

    storage: str
    name: str
    data: Dataset
    launcher: int
    stop_file: Path
    busy_file: Path

    def orphaned(self) -> bool:
        """Whether the launcher of this process is gone."""
        return os.getppid() != self.launcher


def launch(
    ledger: Ledger,
    storage: str,
    search: Search,
    data: Dataset,
    workers: int,
    watch: Callable[[], None],
    on_stop: Callable[[], None],
) -> None:
    """Run a search with local worker processes until it is finished.

    Args:
        ledger: The search's database.
        storage: Its URL, which the workers open for themselves.
        search: Which search.
        data: Its images.
        workers: How many processes.
        watch: Called every now and then while they work.
        on_stop: Called once if the run is asked to stop (Ctrl-C, SIGTERM, a closed terminal).

    Raises:
        InterruptedRunError: It was asked to stop. Cohorts in work were handed back.
        WorkersDiedError: Workers were killed `MOST_FRUITLESS_CREWS` times without any result.
        Exception: What a worker raised, or `watch` or `on_stop`, once no worker is left.
    """
    with tempfile.TemporaryDirectory(prefix="klayer-") as folder, _stop_signals() as signals:
        place = Path(folder)
        job = Job(storage, search.study.name, data, os.getpid(), place / "stop", place / "busy")
        fruitless, done = 0, ledger.read.cohorts_done(search)
        while not ledger.read.is_finished(search):
            crew = _Crew(job, workers)
            try:
                with _Clerk(ledger, search, crew.planner, signals) as clerk:
                    _attend(crew, signals, clerk, watch, on_stop)
            except BaseException:
                _dismiss(crew, signals)
                raise
            finally:
                for owner in (*crew.owners, crew.planner):
                    ledger.release(owner)
            if signals.count:
                break
            if crew.error is not None and not isinstance(crew.error, TerminatedWorkerError):
                raise crew.error
            before, done = done, ledger.read.cohorts_done(search)
            fruitless = fruitless + 1 if done == before else 0
            if fruitless >= MOST_FRUITLESS_CREWS:
                raise WorkersDiedError(
                    f"{search.study.name}: worker processes died {fruitless} times without "
                    "finishing a trial; look for the reason in the system's log (out of memory?), "
                    "or try fewer --workers. What is finished is kept."
                )
    ledger.follow_all(search)
    if not ledger.read.is_finished(search):
        raise InterruptedRunError(f"{search.study.name}: stopped before it was finished")


class _Clerk:
    """What the launcher itself does for a search: it plans, and tells Optuna how trials stand.

    It does so in a thread of its own, since a plan of many trials takes its time.
    """

    def __init__(self, ledger: Ledger, search: Search, owner: str, signals: "_Signals") -> None:
        self._ledger, self._search, self._owner = ledger, search, owner
        self._signals = signals
        self._done = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="clerk", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.dismiss()
        # Who else waits for its plan waits no longer than this, nor does who insists on the end.
        until = time.monotonic() + PLANNING_LEASE_SECONDS
        while self._thread.is_alive() and time.monotonic() < until and self._signals.count < 2:
            self._thread.join(POLL_SECONDS)

    def dismiss(self) -> None:
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
                        self._keep_up()
        except Exception as error:
            self._error = error

    def _keep_up(self) -> None:
        plan_next(self._ledger, self._search, self._owner, PLANNING_LEASE_SECONDS)
        self._ledger.follow_all(self._search)


class _Crew:
    """Some worker processes, run by joblib from a thread so that this one is free to watch."""

    def __init__(self, job: Job, workers: int) -> None:
        run = uuid.uuid4().hex[:12]
        self.owners = [f"{os.uname().nodename}/{run}/{place}" for place in range(workers)]
        self.planner = f"{os.uname().nodename}/{run}/launcher"
        self.stop_file = job.stop_file
        self.error: Exception | None = None
        self._job = job
        job.busy_file.touch()
        self.thread = threading.Thread(target=self._run, name="crew", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        # Ctrl-C, or a terminal that is closed, is for the launcher, which then asks. Processes
        # inherit what the thread that starts them blocks, and so are deaf to it from their first
        # moment, while they import.
        # Python's resource tracker goes first: where it starts, it unblocks the signal.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGHUP])
        tasks = [delayed(_serve)(self._job, owner) for owner in self.owners]
        if len(tasks) == 1:  # which joblib would run in this process
            tasks.append(delayed(_stand_by)(self._job))
        try:
            with parallel_config(backend="loky", inner_max_num_threads=1):
                Parallel(n_jobs=len(tasks), batch_size=1, pre_dispatch="all")(tasks)
            self.kill()  # nothing is left to do, and ending in order would take half a second
        except Exception as error:
            self.error = error

    def ask_to_stop(self) -> None:
        """Let the workers hand back what they hold; end them where that cannot be told."""
        try:
            self.stop_file.touch()
        except OSError:  # a full disk, a folder that somebody tidied away
            self.kill()

    def kill(self) -> None:
        """End the processes at once."""
        # Asked without `reuse`, loky would wait for the workers of an executor set up otherwise.
        get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)


def _attend(
    crew: _Crew,
    signals: "_Signals",
    clerk: _Clerk,
    watch: Callable[[], None],
    on_stop: Callable[[], None],
) -> None:
    """Watch a crew to its end; pass on the wish to stop, and a second one as an order."""
    told = False
    while crew.thread.is_alive():
        crew.thread.join(POLL_SECONDS)
        clerk.check()
        watch()
        if signals.count and not told:
            clerk.dismiss()
            crew.ask_to_stop()
            told = True
            on_stop()
        if signals.count > 1:
            crew.kill()
            crew.thread.join()
    watch()


def _dismiss(crew: _Crew, signals: "_Signals") -> None:
    """Let a crew stop that nobody watches any more; another signal to stop ends it at once."""
    crew.ask_to_stop()
    before = signals.count
    while crew.thread.is_alive():
        crew.thread.join(POLL_SECONDS)
        if signals.count > before:
            crew.kill()
            crew.thread.join()


@dataclass
class _Signals:
    """How often the run was asked to stop."""

    count: int = 0


@contextmanager
def _stop_signals(
    numbers: Sequence[int] = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
) -> Iterator[_Signals]:
    """Count signals that ask to stop, instead of being ended by them."""
    signals = _Signals()

    def count(_: int, __: FrameType | None) -> None:
        signals.count += 1

    heard = [n for n in numbers if n != signal.SIGHUP or signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, count) for number in heard}  # nohup has its way
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _serve(job: Job, owner: str) -> None:
    """What a worker process runs."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda _, __: asked.set())

    def should_stop() -> bool:
        return asked.is_set() or job.stop_file.exists() or job.orphaned()

    try:
        with Ledger(job.storage, tells=False) as ledger:
            search = ledger.read.search(job.name)
            work(ledger, search, job.data, owner, should_stop, only="cohorts")
    finally:
        job.busy_file.unlink(missing_ok=True)
    if job.orphaned():
        os._exit(0)  # nobody is left to take a result, and joblib would wait for more work


def _stand_by(job: Job) -> None:
    """What a process runs that has no work: it ends with the worker beside it, or its launcher."""
    while job.busy_file.exists() and not job.orphaned():
        time.sleep(POLL_SECONDS)
    if job.orphaned():
        os._exit(0)
