"""Stub until the branch with engines is merged."""

import os, signal, threading
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol
from multiprocessing import resource_tracker


class WorkerKilledError(Exception):
    pass


class Engine(Protocol):
    parent: int | None

    def start(self, serve: Any, job: Any) -> Future[None]: ...
    def kill(self) -> None: ...
    def close(self) -> None: ...


class Loky:
    def __init__(self):
        self.parent = os.getpid()
        self.executors = []

    def start(self, serve, job):
        from joblib.externals.loky import ProcessPoolExecutor

        result = Future()

        def run():
            resource_tracker.ensure_running()
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGHUP])
            ex = ProcessPoolExecutor(max_workers=1, env={"OPENBLAS_NUM_THREADS": "1"})
            self.executors.append(ex)
            inner = ex.submit(serve, job)
            try:
                result.set_result(inner.result())
            except BrokenProcessPool as e:
                result.set_exception(WorkerKilledError(str(e)))
            except BaseException as e:
                result.set_exception(e)
            ex.shutdown(wait=True, kill_workers=True)

        threading.Thread(target=run, daemon=True).start()
        return result

    def kill(self):
        for e in self.executors:
            e.shutdown(wait=False, kill_workers=True)

    def close(self):
        pass


def open_engine(name, workers, address):
    return Loky()
