"""What an engine does, and how one is opened by its name.

Dask and Ray are extras: what imports them is imported when they are asked for.
"""

import logging
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Literal, Protocol, TypeVar

from search.errors import KlayerError, UnforeseenError

T = TypeVar("T")
EngineName = Literal["loky", "dask", "ray"]


class EngineError(KlayerError):
    """An engine that is not installed, not there, or too small."""


class WorkerKilledError(Exception):
    """A worker process ended before its function did: killed by somebody, or by its engine."""


class ClusterLostError(UnforeseenError):
    """A cluster, or the way to it, is gone while tasks run there."""

    def __init__(self, name: str, address: str | None, what: str) -> None:
        super().__init__(
            f"the {name} cluster {f'at {address}' if address else 'of this run'} is gone: {what}. "
            f"What is finished is kept; {'when it is there again, ' if address else ''}the same "
            "command goes on."
        )


class Engine(Protocol):
    """Runs a function in other processes.

    The function
    - need not run in the main thread: with Dask it does not, and so can set no signal handler;
    - may be run again, with an equal job, where its process died: Dask does that;
    - is found by import, as is the job's class: this package is installed where workers run.

    Attributes:
        parent: Process id of this process where it is the workers' parent; None where it is not.
    """

    parent: int | None

    def start(self, serve: Callable[[T], None], job: T) -> Future[None]:
        """Run `serve(job)` in a process, beside all others that were started.

        The future raises what `serve` raised, `WorkerKilledError` where the process died, and
        `ClusterLostError` where nobody can tell any more: then no other task can be run either.
        Processes that are started here hear neither Ctrl-C nor a closed terminal. After `kill`
        nothing is started: the future raises `WorkerKilledError`.
        """

    def kill(self) -> None:
        """End all processes at once, and start no more.

        On a cluster that runs elsewhere they are abandoned: nothing ends a function that runs.
        """

    def close(self) -> None:
        """Give back what was started or connected. Nothing runs any more."""


def open_engine(name: EngineName, workers: int, address: str | None = None) -> Engine:
    """Open an engine for so many workers, on this machine or on a cluster that runs already.

    Args:
        name: Which one.
        workers: The most tasks that it will be given at once.
        address: Of a running cluster, as its own tools say it; None to start one here.

    Raises:
        EngineError: It is not installed, not reachable, or too small.
    """
    if name == "loky":
        if address is not None:
            raise EngineError(
                f"--address: {address}: loky runs on this machine alone, and has no address; "
                "--engine dask and --engine ray have"
            )
        from search.workers.engines.loky import LokyEngine

        return LokyEngine()
    try:
        if name == "dask":
            from search.workers.engines.dask import DaskEngine

            return DaskEngine(workers, address)
        from search.workers.engines.ray import RayEngine

        return RayEngine(workers, address)
    except ImportError as error:
        raise EngineError(
            f"--engine: {name} is not installed here ({error}); pip install 'klayer[{name}]'"
        ) from error


def failed(error: Exception) -> Future[None]:
    """What becomes of a task that an engine cannot run any more."""
    result: Future[None] = Future()
    result.set_exception(error)
    return result


def check_slots(slots: int, kind: str, workers: int, name: str, address: str | None) -> None:
    """Whether a cluster is large enough.

    Raises:
        EngineError: It has fewer slots than workers are asked for.
    """
    if slots < workers:
        raise EngineError(
            f"--workers: {workers} are more than the {slots} slots ({kind}) of the {name} cluster "
            f"at {address}; add to it, or ask for fewer"
        )


def silence(library: str) -> None:
    """Stop a library's log: it would stand between the lines of the progress.

    What matters of it is raised.
    """
    for name in list(logging.root.manager.loggerDict):  # many have levels of their own
        if name.partition(".")[0] == library:
            logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Let processes that this thread, or a thread begun by it, starts never hear Ctrl-C.

    It is for the launcher, as is a terminal that is closed, and the launcher then asks. Processes
    inherit what the thread that starts them blocks, so it holds from their first moment, while they
    import. This thread does not hear it either.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    # Python's resource tracker goes first: where it starts, it unblocks SIGINT, which it ignores.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
