"""Workers on a Dask cluster: one on this machine, made for the purpose, or one that runs already.

Whoever connects to a cluster can run code as its owner. One that is started here asks for a
certificate that is made for it, and kept in memory; one that runs already is as safe as its owner
made it.

A cluster's slots are the threads of its workers. Where a worker dies, its nanny starts another;
Dask itself would run the task again there, which a cluster of our own leaves to the launcher.
"""

import logging
import os
import re
import signal
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, TypeVar

import dask
from distributed import Client, KilledWorker, LocalCluster
from distributed.client import FutureCancelledError
from distributed.security import Security

from search.workers.engines.engine import (
    ClusterLostError,
    EngineError,
    WorkerKilledError,
    check_slots,
    failed,
    signals_blocked,
    silence,
)
from search.workers.engines.task import Task

T = TypeVar("T")
CONNECT_SECONDS = 10
POLL_SECONDS = 0.1
CONNECTION_LOST = "scheduler-connection-lost"  # Dask's reason why a future was cancelled
ADDRESSES = "an address looks like tcp://host:8786"


class DaskEngine:
    """A client of a Dask cluster, which it ends if it has started it.

    Args:
        workers: The most tasks that it will be given at once.
        address: Of a cluster that runs; None to start one here.

    Raises:
        EngineError: The cluster does not answer, or has fewer slots.
    """

    def __init__(self, workers: int, address: str | None) -> None:
        self.parent: int | None = None
        self._lock = threading.Lock()
        self._killed = False
        self._started: dict[Any, Future[None]] = {}
        silence("distributed")
        self._cluster = _local_cluster(workers) if address is None else None
        self._address = address
        self._client = self._connect()
        slots = _slots(self._client, workers)
        if slots < workers:
            self.close()
        check_slots(slots, "threads of workers", workers, "Dask", address)

    def _connect(self) -> Client:
        if self._address is not None and not re.search(r":\d+/?$", self._address):
            raise self._no_answer("it names no port")
        certificate = dask.config.get("distributed.comm.tls.client.cert")
        if certificate is None and (self._address or "").startswith("tls:"):
            raise EngineError(
                f"--address: {self._address} asks for a certificate, and Dask's configuration has "
                "none: set ca-file, client.cert and client.key of distributed.comm.tls"
            )
        try:
            at = self._cluster or self._address
            return Client(at, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise self._no_answer(str(error)) from None

    def _no_answer(self, why: str) -> EngineError:
        return EngineError(
            f"--address: no Dask scheduler answers at {self._address} ({why}); {ADDRESSES}"
        )

    def start(self, serve: Callable[[T], None], job: T) -> Future[None]:
        """As `Engine.start`."""
        result: Future[None] = Future()
        key = f"klayer-worker-{uuid.uuid4().hex}"
        with self._lock:
            if self._killed:
                return failed(WorkerKilledError("the engine was killed"))
            if self._client.status != "running":
                return failed(self._lost_error())
            inner = self._client.submit(Task(serve, job), key=key, pure=False, retries=0)
            self._started[inner] = result
        # `inner` would tell so in a thread of its own, which outlives it by a while.
        waiting = threading.Thread(target=self._wait, args=[inner, result], daemon=True)
        waiting.start()
        return result

    def _wait(self, inner: Any, result: Future[None]) -> None:
        raised: BaseException | None = None
        try:
            inner.result()
        except FutureCancelledError as error:
            lost = error.reason == CONNECTION_LOST and not self._killed
            raised = self._lost_error() if lost else WorkerKilledError(str(error))
        except KilledWorker as error:
            raised = WorkerKilledError(str(error))
        except BaseException as error:
            raised = WorkerKilledError() if self._killed else error
        self._started.pop(inner, None)
        with suppress(InvalidStateError):  # `kill` has not waited for it
            if raised is None:
                result.set_result(None)
            else:
                result.set_exception(raised)

    def _lost_error(self) -> ClusterLostError:
        return ClusterLostError("Dask", self._address, "the connection to its scheduler broke")

    def kill(self) -> None:
        """As `Engine.kill`."""
        with self._lock:
            self._killed = True
        for nanny in self._cluster.workers.values() if self._cluster else ():
            nanny.close_gracefully()  # it shall not start another
            with suppress(ProcessLookupError):
                if nanny.pid is not None:
                    os.kill(nanny.pid, signal.SIGKILL)
        with suppress(Exception):  # the scheduler may be gone as well
            self._client.cancel(list(self._started), force=True)
        for result in list(self._started.values()):
            with suppress(InvalidStateError):  # it has come to its end meanwhile
                result.set_exception(WorkerKilledError("the engine was killed"))

    def close(self) -> None:
        """As `Engine.close`."""
        with suppress(Exception):
            self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _local_cluster(workers: int) -> LocalCluster:
    settings: dict[str, Any] = {
        "distributed.scheduler.allowed-failures": 0,
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
    }
    with signals_blocked(), dask.config.set(settings):
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            security=Security.temporary(),
            # Without a dashboard there are still servers of pages, which ask nobody: above they are
            # left without pages. Not on a port that others may want, of which Dask would warn.
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            memory_limit=None,  # Dask would pause and kill workers that come near it
            silence_logs=logging.CRITICAL,
        )


def _slots(client: Client, enough: int) -> int:
    """How many threads the workers have; waits a while for enough, if the cluster just starts."""
    until = time.monotonic() + CONNECT_SECONDS
    while (slots := sum(client.nthreads().values())) < enough and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    return int(slots)
