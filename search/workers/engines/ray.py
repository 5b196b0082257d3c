"""Workers on a Ray cluster: one on this machine, started for the purpose, or one that runs already.

A cluster's slots are its CPUs, of which each worker takes one. A process has one connection to Ray.
"""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from search.workers.engines.engine import (
    EngineError,
    WorkerKilledError,
    check_slots,
    killed,
    signals_blocked,
)
from search.workers.engines.task import Task, call

T = TypeVar("T")
KNOCK_SECONDS = 10
CONNECT_SECONDS = 60  # Ray starts half a dozen processes
STORE_BYTES = 100_000_000  # for what tasks hand on to each other: ours hand on nothing
ADDRESSES = "an address looks like host:6379, ray://host:10001 or auto"


class RayEngine:
    """A connection to a Ray cluster, which it ends if it has started it.

    Args:
        workers: The most tasks that it will be given at once.
        address: Of a cluster that runs; None to start one here.

    Raises:
        EngineError: The cluster does not answer, or has fewer slots.
    """

    def __init__(self, workers: int, address: str | None) -> None:
        self.parent: int | None = None
        self._connection = _Connection(workers, address)
        import ray

        self._ray = ray
        # Where a process dies the launcher starts another; each task has a process of its own.
        self._call: Any = ray.remote(num_cpus=1, max_retries=0, max_calls=1)(call)
        self._references: list[Any] = []
        self._lock = threading.Lock()
        self._killed = False
        slots = self._connection.slots()
        if slots < workers:
            self.close()
        check_slots(slots, "CPUs", workers, "Ray", address)

    def start(self, serve: Callable[[T], None], job: T) -> Future[None]:
        """As `Engine.start`."""
        result: Future[None] = Future()
        with self._lock:
            if self._killed:
                return killed()
            # What the task carries is kept out of what Ray shows of a call.
            reference = self._call.options(name="klayer_worker").remote(Task(serve, job))
            self._references.append(reference)
        waiting = threading.Thread(target=self._wait, args=[reference, result], daemon=True)
        waiting.start()
        return result

    def _wait(self, reference: Any, result: Future[None]) -> None:
        errors = self._ray.exceptions
        try:
            self._ray.get(reference)
        except errors.RayTaskError as error:
            failed = error.cause if isinstance(error.cause, Exception) else error
            result.set_exception(WorkerKilledError() if self._killed else failed)
        except Exception as error:  # the process died, or the node, or the cluster
            result.set_exception(WorkerKilledError(str(error)))
        else:
            result.set_result(None)

    def kill(self) -> None:
        """As `Engine.kill`."""
        with self._lock:
            self._killed = True
        for reference in self._references:
            with suppress(Exception):  # it has come to its end meanwhile
                self._ray.cancel(reference, force=True)

    def close(self) -> None:
        """As `Engine.close`."""
        self._connection.close()


class _Connection:
    """This process's connection to Ray, in a thread of its own.

    What Ray starts ends with the thread that started it, and has Ctrl-C blocked as that thread has.
    In a thread that is not the main one Ray leaves the handlers of Python's signals alone.
    """

    def __init__(self, workers: int, address: str | None) -> None:
        if address is None:
            # Else Ray takes an outer address of the machine, and listens on all of them.
            os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
            # Else `uv run klayer` makes Ray copy the working folder, and workers import from it.
            os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
        elif address != "auto":
            _knock(address)
        import ray

        self._ray = ray
        self._ready, self._closing = threading.Event(), threading.Event()
        self._error: Exception | None = None
        local = {
            "address": "local",
            "num_cpus": workers,
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
        }
        options = local if address is None else {"address": address}
        self._thread = threading.Thread(target=self._hold, args=[options], name="ray", daemon=True)
        self._thread.start()
        ready = self._ready.wait(CONNECT_SECONDS)
        _set_handlers_again()
        if not ready or self._error is not None:
            hint = f" ({ADDRESSES}; clusters with a token need RAY_AUTH_MODE=token)"
            raise EngineError(
                f"cannot {'connect to' if address else 'start'} Ray"
                f"{f' at {address}' if address else ''}: "
                f"{self._error or f'no answer in {CONNECT_SECONDS} s'}{hint if address else ''}"
            ) from self._error

    def slots(self) -> int:
        """How many CPUs the cluster has."""
        return int(self._ray.cluster_resources().get("CPU", 0))

    def close(self) -> None:
        """Disconnect, and end what was started here."""
        self._closing.set()
        self._thread.join()
        _set_handlers_again()

    def _hold(self, options: dict[str, Any]) -> None:
        # Ray puts the folder in which a program runs first on the path of its workers, except for
        # programs that run elsewhere, which it takes this one for.
        job = self._ray.job_config.JobConfig(_client_job=True)
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        with signals_blocked():
            try:
                self._ray.init(**options, **quiet, job_config=job)
                # What Ray says of a worker's death it would print, on the output of results.
                self._ray._private.worker._worker_logs_enabled = False
            except Exception as error:
                self._error = error
                return
            finally:
                self._ready.set()
            self._closing.wait()
            self._ray.shutdown()


def _set_handlers_again() -> None:
    """Undo what Ray does to SIGTERM's handler: it replaces it, and takes its own away in the end.

    Only the main thread may set one; others have to hope that Ray was opened there.
    """
    handler = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is threading.main_thread() and handler is not None:
        signal.signal(signal.SIGTERM, handler)


def _knock(address: str) -> None:
    """See that somebody listens at an address: Ray itself would try for minutes."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None or parts.scheme not in {"", "ray"}:
        raise EngineError(f"{address} is no address of a Ray cluster; {ADDRESSES}")
    try:
        socket.create_connection((host, port), KNOCK_SECONDS).close()
    except OSError as error:
        raise EngineError(f"no Ray cluster answers at {address} ({error}); {ADDRESSES}") from error
