"""A dashboard beside a run: a process of its own, which can neither slow nor end the run.

It stands back behind workers where the processor is wanted, hears no Ctrl-C of the run's terminal,
and ends with the run, however that ends: its input is a pipe whose other end the run holds. What it
is asked for comes by that pipe as well, since command lines, which everybody on a machine may read,
must hold no password of a database. What goes wrong there is a line to be shown, and no more.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import IO

from search.errors import KlayerError
from search.views.dashboard.dashboard import Settings, check_installed, run_dashboard

NICENESS = 10
SECONDS_TO_END = 3.0


class Beside:
    """A dashboard in a process of its own, until it is closed.

    Args:
        settings: What it is asked for.
        say: Told, in another thread, where it is, or why there is none.

    Attributes:
        pid: The process.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "search.views.dashboard.beside"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self.pid = self._process.pid
        input_, output = self._process.stdin, self._process.stdout
        if input_ is not None:
            with suppress(OSError):
                input_.write(json.dumps(asdict(settings)) + "\n")
                input_.flush()
        self._reader = threading.Thread(target=_tell, args=(output, say), daemon=True)
        self._reader.start()

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(SECONDS_TO_END)


def _tell(output: IO[str] | None, say: Callable[[str], None]) -> None:
    if output is not None:
        with output:
            for line in output:
                say(line.rstrip("\n"))


def main() -> None:
    """Be the process beside a run."""
    with suppress(OSError):
        os.nice(NICENESS)
    asked = json.loads(sys.stdin.readline())
    asked["allowed_hosts"] = tuple(asked["allowed_hosts"])
    threading.Thread(target=_end_with_the_run, daemon=True).start()
    try:
        _run(Settings(**asked))
    except KlayerError as error:
        print(f"no dashboard: {error}", flush=True)  # noqa: T201


def _run(settings: Settings) -> None:
    """Serve, at another port where the one that is asked for is taken, by another run perhaps."""
    check_installed()
    from search.views.dashboard.server import PortTakenError

    def ready(where: str) -> None:
        print(f"dashboard: {where}", flush=True)  # noqa: T201

    try:
        run_dashboard(settings, ready)
    except PortTakenError:
        run_dashboard(replace(settings, port=0), ready)


def _end_with_the_run() -> None:
    while sys.stdin.readline():
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
