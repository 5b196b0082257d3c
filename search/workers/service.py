"""Worker processes that are started by hand, or by what keeps services: on any host, at any time.

Each says in lines what it does, for whoever reads its log. SIGTERM and Ctrl-C let it hand back what
it holds after the epoch that it is in; Ctrl-C again ends it at once.
"""

import platform
import signal
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

from rich.console import Console

from search.errors import KlayerError
from search.ledger.ledger import PATIENCE_SECONDS, Ledger
from search.ledger.records import Search
from search.runtime.formatting import plural
from search.runtime.lines import say
from search.runtime.signals import stop_requests
from search.workers.engines import Engine
from search.workers.heartbeat import presence
from search.workers.loop import serve
from search.workers.pool import InterruptedRunError, launch


def serve_here(
    name: str | None,
    storage: str,
    data_folder: Path | None,
    console: Console,
    devices: Sequence[str] = (),
) -> None:
    """Be one worker process, until there is nothing left to do for it, or it is asked to stop.

    Args:
        name: The one search to serve, until it is finished or stopped; None for all.
        storage: The ledger's URL.
        data_folder: Where the files of data sets lie; None for the cache.
        console: Where lines go that say what happens.
        devices: The graphics processors that may be used.

    Raises:
        KlayerError: There is no such search, it stands still or cannot go on, or it cannot be
            worked on here.
    """
    with _opened(storage, name) as ledger:
        search = _wanted(ledger, name)

        def stop(number: int, count: int) -> None:
            if count > 1 and number == signal.SIGINT:
                raise KeyboardInterrupt
            ledger.stop_retrying()

        with stop_requests(stop) as requests:
            say(console, _greeting(ledger, 1, name))
            key = None if search is None else search.id
            me = presence(f"{platform.node()}/{uuid.uuid4().hex[:12]}", "worker", key)
            serve(
                ledger,
                me,
                name,
                data_folder,
                requests.any,
                lambda line: say(console, line),
                devices=devices,
            )
            stopped = requests.any()
        _farewell(ledger, search, console, stopped=stopped)


def serve_with(
    name: str | None,
    storage: str,
    data_folder: Path | None,
    workers: int,
    engine: Callable[[], Engine],
    console: Console,
    devices: Sequence[str] = (),
) -> None:
    """Start several worker processes, and watch over them as long as there is work for them.

    Args:
        name: The one search to serve, until it is finished or stopped; None for all.
        storage: The ledger's URL.
        data_folder: Where the files of data sets lie; None for the cache.
        workers: How many processes.
        engine: Opens what runs them.
        console: Where lines go that say what happens.
        devices: The graphics processors that may be used.

    Raises:
        KlayerError: There is no such search, it stands still or cannot go on, or it cannot be
            worked on here.
    """
    with closing(engine()) as opened, _opened(storage, name) as ledger:
        search = _wanted(ledger, name)
        say(console, _greeting(ledger, workers, name))
        asked = threading.Event()

        def on_stop() -> None:
            asked.set()
            say(console, "Stopping: workers hand back what they hold.")

        def on_loss() -> None:
            say(console, "A worker was killed; another begins, and goes on from what was stored.")

        with suppress(InterruptedRunError):
            launch(
                ledger,
                storage,
                search,
                data_folder,
                workers,
                opened,
                lambda: None,
                on_stop,
                devices,
                on_loss,
            )
        _farewell(ledger, search, console, stopped=asked.is_set())


def _opened(storage: str, name: str | None) -> Ledger:
    """The ledger; its tables are made for who waits for searches, and not for who looks for one."""
    return Ledger(storage, create=name is None, patience_seconds=PATIENCE_SECONDS)


def _wanted(ledger: Ledger, name: str | None) -> Search | None:
    """The search that is to be served; None for all.

    Raises:
        KlayerError: There is none of this name, or it stands still.
    """
    if name is None:
        return None
    search = ledger.read.search(name)
    if search.finished_at is None and (search.stopped_at or search.failure):
        why = search.failure or "it was stopped"
        raise KlayerError(
            f"{name}: nobody works on this search: {why}; `klayer run` or `klayer submit` takes "
            "it up again"
        )
    return search


def _greeting(ledger: Ledger, workers: int, name: str | None) -> str:
    serving = "all searches, and waiting for new ones" if name is None else name
    where = f"{platform.node()}, {ledger.database.shown}"
    return f"{plural(workers, 'worker')} on {where}: serving {serving}"


def _farewell(ledger: Ledger, search: Search | None, console: Console, *, stopped: bool) -> None:
    """Say why the work is over.

    Raises:
        KlayerError: The search cannot go on.
    """
    now = None if search is None else ledger.read.again(search)
    if now is not None and now.finished_at is not None:
        say(console, f"{now.study.name}: finished")
    elif now is not None and now.failure is not None:
        raise KlayerError(now.failure)
    elif stopped:
        say(console, "stopped; what was held is handed back")
    elif now is not None and now.stopped_at is not None:
        say(console, f"{now.study.name}: it was stopped; what was held is handed back")
