"""Commands that go on by themselves: started in a process of their own, watched line by line."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

SOON_SECONDS = 30.0


class Running:
    """A command in a process and a session of its own.

    Attributes:
        lines: What it has said so far, on either output.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self.pid = process, process.pid
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            self.lines.extend(line.rstrip("\n") for line in output)

    def says(self, words: str) -> None:
        """Wait for a line with these words."""
        self.waits_for(lambda: any(words in line for line in list(self.lines)), words)

    def waits_for(self, holds: Callable[[], object], what: str) -> None:
        """Wait for something to hold, as long as the command goes on."""
        until = time.monotonic() + SOON_SECONDS
        while not holds():
            assert self._process.poll() is None, f"it ended before {what}: {self.lines}"
            assert time.monotonic() < until, f"waited for {what}: {self.lines}"
            time.sleep(0.01)

    def hears(self, number: int, *, group: bool = False) -> None:
        """Send it a signal; to its group, as a terminal does."""
        (os.killpg if group else os.kill)(self.pid, number)

    def end(self) -> int:
        """Wait for its end; its exit status."""
        status = self._process.wait(SOON_SECONDS)
        self._reader.join(SOON_SECONDS)
        return status

    def put_down(self) -> None:
        """Let nothing be left of it, however the test ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.end()


@pytest.fixture(scope="module")
def start(klayer_path: Path, shell_environment: dict[str, str]) -> Iterator[Callable[..., Running]]:
    """Starts `klayer` in a folder; what is left at the end of the module's tests is killed."""
    begun: list[Running] = []

    def started(*arguments: str, cwd: Path, **env: str) -> Running:
        process = subprocess.Popen(
            [klayer_path, *arguments],
            cwd=cwd,
            env=shell_environment | env | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        begun.append(Running(process))
        return begun[-1]

    yield started
    for one in begun:
        one.put_down()
