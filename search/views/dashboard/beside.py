"""A dashboard beside a run: a process of its own, which can neither slow nor end the run.

It stands back behind workers where the processor is wanted, hears no Ctrl-C of the run's terminal,
and ends with the run, however that ends: its input is a pipe whose other end the run holds. What it
is asked for comes by that pipe as well, since command lines, which everybody on a machine may read,
must hold no password of a database. Whatever goes wrong there, at its start or later, is one line
to be shown, and the run goes on.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import IO

from search.errors import KlayerError
from search.runtime.passwords import without_password
from search.views.dashboard.dashboard import Settings, check_installed, run_dashboard

NICENESS = 10
SECONDS_TO_END = 3.0
LINE_LENGTH = 1000  # of what the process writes to standard error; a longer line is read in parts


class Beside:
    """A dashboard in a process of its own, until it is closed.

    Args:
        settings: What it is asked for.
        say: Told, in another thread, where it is, why there is none, or why it has ended.

    Attributes:
        pid: The process.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._say, self._closing = say, False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "search.views.dashboard.beside"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self.pid = self._process.pid
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.write(json.dumps(asdict(settings)) + "\n")
                self._process.stdin.flush()
        self._reader = threading.Thread(target=self._tell, name="beside", daemon=True)
        self._reader.start()

    def close(self) -> None:
        """End it."""
        self._closing = True
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(SECONDS_TO_END)

    def _tell(self) -> None:
        """Pass on what it says; where it ends unasked, say why."""
        last: deque[str] = deque(maxlen=1)
        errors = threading.Thread(target=_keep, args=(self._process.stderr, last), daemon=True)
        errors.start()
        served = False
        if self._process.stdout is not None:
            with self._process.stdout as output:
                for line in output:
                    served = True
                    self._say(line.rstrip("\n"))
        status = self._process.wait()
        errors.join(SECONDS_TO_END)
        if not self._closing:
            why = _reason(status, last)
            self._say(
                f"the dashboard has ended: {why}; the run goes on"
                if served
                else f"no dashboard: {why}"
            )


def _keep(errors: IO[str] | None, last: deque[str]) -> None:
    """Read standard error to its end, so that its writer never waits, and keep the last line."""
    if errors is not None:
        with errors:
            while line := errors.readline(LINE_LENGTH):
                if line.strip():
                    last.append(without_password(line.strip()))


def _reason(status: int, last: deque[str]) -> str:
    if status == 0:
        return "it was asked to stop"
    if status < 0:
        names = {one.value: one.name for one in signal.Signals}
        return f"it was killed by {names.get(-status, f'signal {-status}')}"
    return last[0] if last else f"it exited with status {status}"


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
        sys.exit(_one_line(str(error)))
    except Exception as error:
        sys.exit(_one_line(f"{type(error).__name__}: {error}"))


def _one_line(message: str) -> str:
    return " ".join(line.strip() for line in message.splitlines())


def _run(settings: Settings) -> None:
    """Serve, at another port where the one that is asked for is taken, by another run perhaps."""
    check_installed()
    from search.views.dashboard.server import PortTakenError

    def ready(where: str, note: str = "") -> None:
        print(f"dashboard: {where}{note}", flush=True)  # noqa: T201

    try:
        run_dashboard(settings, ready)
    except PortTakenError:
        note = f" (port {settings.port} is taken)"
        run_dashboard(replace(settings, port=0), lambda where: ready(where, note))


def _end_with_the_run() -> None:
    while sys.stdin.readline():
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
