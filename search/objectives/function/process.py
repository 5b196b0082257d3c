"""The process that calls a user's function, as the worker sees it: requests, replies, its end.

It runs `host.py` by the user's interpreter, in the user's folder. It ends with the worker, however
that ends.
"""

import fcntl
import json
import os
import select
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any

from search.objectives.faults import DoubtfulError, TrialError
from search.objectives.output import bound, last_lines
from search.objectives.supervised import start

HOST = Path(__file__).with_name("host.py")
KILL_SECONDS = 1.0  # between SIGTERM and SIGKILL, for a process that had its time to end


class Process:
    """The process of a function, the pipes to it, and what it prints.

    Args:
        python: The user's interpreter.
        arguments: Of `host.py`, behind the descriptors of the pipes.
        folder: The working folder.
        environment: All of its environment.

    Attributes:
        loaded: Whether it has loaded the function.
        has_failed: Whether a trial has raised an error in it, and may have left it damaged.

    Raises:
        TrialError: The folder cannot be entered.
    """

    def __init__(
        self,
        python: str,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        self.loaded = self.has_failed = False
        self._unread = b""
        with ExitStack() as opened:
            self._printed = opened.enter_context(tempfile.TemporaryFile())
            fcntl.fcntl(self._printed, fcntl.F_SETFL, os.O_APPEND)  # so that it can be emptied
            requests, replies = os.pipe(), os.pipe()
            self._requests = opened.enter_context(os.fdopen(requests[1], "wb", buffering=0))
            self._replies = opened.enter_context(os.fdopen(replies[0], "rb", buffering=0))
            theirs = requests[0], replies[1]
            try:
                command = [python, str(HOST), *map(str, theirs), *arguments]
                self._program = start(command, folder, environment, self._printed, theirs)
            finally:
                for descriptor in theirs:
                    os.close(descriptor)
            self._poll = select.poll()
            self._poll.register(self._replies, select.POLLIN)
            self._opened = opened.pop_all()

    def send(self, request: object) -> None:
        """Send a request; a process that has ended is found when its reply is read."""
        with suppress(BrokenPipeError):
            self._requests.write(json.dumps(request).encode() + b"\n")

    def receive(self, seconds: float) -> Any:
        """The next reply, or None after some seconds.

        Raises:
            EOFError: The process has ended.
        """
        bound(self._printed.fileno())
        while b"\n" not in self._unread:
            if not self._poll.poll(1000 * seconds):
                return None
            read = os.read(self._replies.fileno(), 1 << 16)
            if not read:
                raise EOFError
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return json.loads(line)

    def ended_between_trials(self) -> bool:
        """Whether it has ended, where no reply is expected."""
        return self.loaded and bool(self._poll.poll(0))

    def printed(self, more: str | None = None) -> str:
        """The last lines that the trial has printed, and more below them."""
        last = last_lines(Path(f"/dev/fd/{self._printed.fileno()}"))
        return "\n".join(part for part in (last, more) if part)

    def fault(self, reason: str, output: str) -> TrialError:
        """The fault of a trial, where it is no other one's."""
        return (DoubtfulError if self.has_failed else TrialError)(reason, output)

    def paused(self) -> AbstractContextManager[bool]:
        """Hold it still, and what it started; whether it stands still."""
        return self._program.paused()

    def forget_printed(self) -> None:
        """Begin anew for another trial."""
        os.ftruncate(self._printed.fileno(), 0)

    def close(self, seconds: float) -> str:
        """End it, and all that it started; it has some seconds to end by itself. How it ended."""
        until = time.monotonic() + seconds
        failure = ""
        with self._opened:
            self._requests.close()
            try:
                while not self._program.wait(max(0.0, until - time.monotonic())):
                    if time.monotonic() >= until:
                        break
            except TrialError as error:
                failure = f"could not be started: {error.reason}"
            self._program.end(KILL_SECONDS)
        status = self._program.poll() or 0
        if failure or status >= 0:
            return failure or f"ended with exit status {status}"
        names = {one.value: one.name for one in signal.Signals}
        cause = ", as the system does where memory runs out" if -status == signal.SIGKILL else ""
        return f"was ended by {names.get(-status, f'signal {-status}')}{cause}"
