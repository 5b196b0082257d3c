"""Workers on a Ray cluster: one on this machine, started for the purpose, or one that runs already.

A cluster's slots are its CPUs, of which each worker takes one. A process has one connection to Ray.

Whoever connects to a cluster can run code as its owner. One that is started here admits only this
process (`private_ray.py`); one that runs already is as safe as its owner made it.
"""

import logging
import os
import signal
import socket
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import ExitStack, suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from search.workers.engines.engine import (
    ClusterLostError,
    EngineError,
    WorkerKilledError,
    check_slots,
    failed,
    signals_blocked,
    silence,
)
from search.workers.engines.private_ray import private_cluster, read_token_again
from search.workers.engines.task import Task, call

T = TypeVar("T")
KNOCK_SECONDS = 10
CONNECT_SECONDS = 60  # Ray starts half a dozen processes
POLL_SECONDS = 1.0
# A head that does not answer for so long is gone. Ray itself ends this process after a minute.
LOST_SECONDS = 10.0
CLOSE_SECONDS = 10.0  # to disconnect from a head that is gone
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
        self._address = address
        self._started: list[tuple[Any, Future[None]]] = []
        self._lock = threading.Lock()
        self._killed = False
        self._connection = _Connection(workers, address, self._lose)
        import ray

        self._ray = ray
        # Where a process dies the launcher starts another; each task has a process of its own.
        self._call: Any = ray.remote(num_cpus=1, max_retries=0, max_calls=1)(call)
        slots = self._connection.slots()
        if slots < workers:
            self.close()
        check_slots(slots, "CPUs", workers, "Ray", address)

    def start(self, serve: Callable[[T], None], job: T) -> Future[None]:
        """As `Engine.start`."""
        result: Future[None] = Future()
        with self._lock:
            if self._killed:
                return failed(WorkerKilledError("the engine was killed"))
            if self._connection.lost:
                return failed(self._lost_error())
            # What the task carries is kept out of what Ray shows of a call.
            reference = self._call.options(name="klayer_worker").remote(Task(serve, job))
            self._started.append((reference, result))
        if self._connection.lost:
            self._lose()
        waiting = threading.Thread(target=self._wait, args=[reference, result], daemon=True)
        waiting.start()
        return result

    def _wait(self, reference: Any, result: Future[None]) -> None:
        raised: Exception | None = None
        try:
            self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause if isinstance(error.cause, Exception) else error
            raised = WorkerKilledError() if self._killed else cause
        except Exception as error:  # the process died, or the node, or the cluster
            there = self._killed or self._connection.answers()
            raised = WorkerKilledError(str(error)) if there else self._lost_error()
        with suppress(InvalidStateError):  # the cluster is known to be lost
            if raised is None:
                result.set_result(None)
            else:
                result.set_exception(raised)

    def _lost_error(self) -> ClusterLostError:
        return ClusterLostError("Ray", self._address, "its head does not answer")

    def _lose(self) -> None:
        """Wait no longer for what the cluster would tell."""
        for _, result in list(self._started):  # `start` may wait for Ray, and hold the lock
            with suppress(InvalidStateError):
                result.set_exception(self._lost_error())

    def kill(self) -> None:
        """As `Engine.kill`."""
        with self._lock:
            self._killed = True
        for reference, _ in self._started:
            with suppress(Exception):  # it has come to its end meanwhile
                self._ray.cancel(reference, force=True)

    def close(self) -> None:
        """As `Engine.close`."""
        self._connection.close()


class _Connection:
    """This process's connection to Ray, in a thread of its own.

    What Ray starts ends with the thread that started it, and has Ctrl-C blocked as that thread has.
    In a thread that is not the main one Ray leaves the handlers of Python's signals alone.

    Attributes:
        lost: Whether the cluster's head has not answered for too long.
    """

    def __init__(self, workers: int, address: str | None, on_loss: Callable[[], None]) -> None:
        self.lost = False
        self._on_loss = on_loss
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
        self._address = address
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
        self._head = _split(
            address if address and _is_of_client(address) else ray.get_runtime_context().gcs_address
        )
        threading.Thread(target=self._watch, name="ray watch", daemon=True).start()

    def slots(self) -> int:
        """How many CPUs the cluster has."""
        return int(self._ray.cluster_resources().get("CPU", 0))

    def answers(self) -> bool:
        """Whether the cluster's head listens."""
        try:
            socket.create_connection(self._head, POLL_SECONDS).close()
        except OSError:
            return False
        return True

    def _watch(self) -> None:
        heard = time.monotonic()
        while not self._closing.wait(POLL_SECONDS) and not self.lost:
            now = time.monotonic()
            heard = now if self.answers() else heard
            self.lost = now - heard > LOST_SECONDS
        if self.lost:
            self._on_loss()

    def close(self) -> None:
        """Disconnect, and end what was started here."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS if self.lost or not self.answers() else None)
        _set_handlers_again()

    def _hold(self, options: dict[str, Any]) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if self._address is None or not _is_of_client(self._address):
            # Ray puts the folder in which a program runs first on the path of its workers, except
            # for programs that run elsewhere, which it takes this one for.
            quiet["job_config"] = self._ray.job_config.JobConfig(_client_job=True)
        with signals_blocked(), ExitStack() as stack:
            try:
                private = {} if self._address else stack.enter_context(private_cluster())
                read_token_again()
                self._ray.init(**options, **private, **quiet)
                # What Ray says of a worker's death it would print, on the output of results.
                self._ray._private.worker._worker_logs_enabled = False
                # Of a head that is gone Ray's client would speak as well.
                silence("ray")
                warnings.filterwarnings("ignore", module=r"ray\.util\.client")
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
        socket.create_connection(_split(address), KNOCK_SECONDS).close()
    except OSError as error:
        raise EngineError(f"no Ray cluster answers at {address} ({error}); {ADDRESSES}") from error


def _is_of_client(address: str) -> bool:
    return address.startswith("ray://")


def _split(address: str) -> tuple[str, int]:
    """Host and port of an address.

    Raises:
        EngineError: It has none.
    """
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None or parts.scheme not in {"", "ray"}:
        raise EngineError(f"{address} is no address of a Ray cluster; {ADDRESSES}")
    return host, port
