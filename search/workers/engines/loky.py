"""Worker processes on this machine, by joblib's own loky: one executor of one process each."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from joblib.externals.loky import ProcessPoolExecutor

from search.runtime.refusals import RefusedError, refusal
from search.workers.engines.engine import WorkerKilledError, signals_blocked
from search.workers.engines.task import Task

T = TypeVar("T")

# One thread for each worker. A BLAS reads it when it is loaded.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class LokyEngine:
    """Starts a process for each task, and ends it with its task."""

    def __init__(self) -> None:
        self.parent: int | None = os.getpid()
        self._lock = threading.Lock()
        self._killed = False
        self._executors: set[Any] = set()
        self._threads: list[threading.Thread] = []

    def start(self, serve: Callable[[T], None], job: T) -> Future[None]:
        """As `Engine.start`."""
        result: Future[None] = Future()
        arguments = (Task(serve, job), result)
        thread = threading.Thread(target=self._run, args=arguments, daemon=True, name="loky")
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()
        return result

    def _run(self, task: Task[Any], result: Future[None]) -> None:
        """Run a task; whatever is raised on the way is its result, for which others wait."""
        executor = None
        try:
            with signals_blocked():
                executor = self._executor()
                self._submit(executor, task).result()
        except BrokenProcessPool as error:
            result.set_exception(WorkerKilledError(str(error)))
        except BaseException as error:
            result.set_exception(WorkerKilledError() if self._killed else error)
        else:
            result.set_result(None)
        if executor is not None:
            with self._lock:
                self._executors.discard(executor)
            _end(executor)

    def _executor(self) -> Any:
        with _refusals_told():
            return ProcessPoolExecutor(max_workers=1, env=ONE_THREAD)

    def _submit(self, executor: Any, task: Task[Any]) -> Future[None]:
        with self._lock, _refusals_told():
            if self._killed:
                raise WorkerKilledError("the engine was killed")
            self._executors.add(executor)
            inner: Future[None] = executor.submit(task)
        return inner

    def kill(self) -> None:
        """As `Engine.kill`."""
        with self._lock:
            self._killed = True
            executors = list(self._executors)
        for executor in executors:
            thread = threading.Thread(target=_end, args=[executor], daemon=True, name="loky")
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """As `Engine.close`.

        A process goes a moment after its task is known to be done, and is waited for.
        """
        self.kill()
        for thread in self._threads:
            thread.join()


@contextmanager
def _refusals_told() -> Iterator[None]:
    """Say of what the system refuses to a new process that none can be started.

    Raises:
        RefusedError: Where the pipes, semaphores, threads or the process itself are refused.
    """
    doing = "a worker process cannot be started"
    try:
        yield
    except Exception as error:
        told = refusal(error, doing)
        if told is None and isinstance(error, OSError):  # without a /dev/shm, for example
            told = RefusedError(f"{doing}: {error}; it needs pipes, and semaphores in /dev/shm")
        if told is None:
            raise
        raise told from error


def _end(executor: Any) -> None:
    """End its process, and wait until it is gone."""
    # Ending in order would take half a second, and the work is done or not wanted.
    executor.shutdown(wait=True, kill_workers=True)
