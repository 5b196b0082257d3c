"""Start a user's program so that it never outlives the worker: behind a guardian process.

The guardian (`guardian.py`) watches a pipe that the worker holds. It ends the program, with
everything that the program started, when the worker asks for that or ends in any way.
"""

import errno
import marshal
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

import psutil

from search.errors import KlayerError
from search.objectives.faults import TrialError
from search.runtime import safe_path
from search.runtime.refusals import refusal

GUARDIAN = Path(__file__).with_name("guardian.py")
# Between SIGTERM and SIGKILL: enough to write a checkpoint, short enough for a stopped search.
GRACE_SECONDS = 5.0
# For a program to stand still: it does so at once, unless it waits for a disk that does not answer.
STOP_SECONDS = 1.0
# Variables of this process that are not for users' programs: a setting of klayer's own children,
# which keeps the modules of a user's folder from them, and passwords, since what a program prints
# is stored and shown.
WITHHELD = frozenset(
    {
        safe_path.VARIABLE,
        "KLAYER_STORAGE",
        "KLAYER_STORAGE_PASSWORD",
        "KLAYER_DASHBOARD_PASSWORD",
    }
)


class Supervised:
    """A program that was started. As a context manager it ends the program.

    Attributes:
        pid: The program's process id, also that of its session; None until it is known.
    """

    def __init__(self, guardian: "subprocess.Popen[bytes]", arguments: Sequence[str]) -> None:
        self.pid: int | None = None
        self._guardian = guardian
        self._arguments = arguments
        self._said = b""
        self._status: int | None = None

    def poll(self) -> int | None:
        """The exit status once the program has ended, negative for a signal; until then None.

        By then all that the program started has ended, too.

        Raises:
            TrialError: If the program could not be started.
            RefusedError: If the system refuses another process.
        """
        self.wait(0)
        return self._status

    def wait(self, seconds: float) -> bool:
        """Wait until the program has ended, but no longer than some seconds.

        Returns:
            Whether it has ended.

        Raises:
            TrialError: If the program could not be started.
            RefusedError: If the system refuses another process.
        """
        until = time.monotonic() + seconds
        while self._status is None and self._readable(max(0.0, until - time.monotonic())):
            self._hear()
        return self._status is not None

    def end(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """End the program and all that it started, and wait for that.

        Args:
            grace_seconds: Time from SIGTERM to SIGKILL.
        """
        if self._guardian.stdin is not None and not self._guardian.stdin.closed:
            with suppress(BrokenPipeError):
                self._guardian.stdin.write(repr(float(grace_seconds)).encode())
                self._guardian.stdin.flush()
            with suppress(BrokenPipeError):
                self._guardian.stdin.close()
        with suppress(TrialError):
            while self._status is None:
                self._hear()

    @contextmanager
    def paused(self) -> Iterator[bool]:
        """Hold the program and its process group still, so that its files do not change.

        Gives whether it stands still: one that has ended, or has become another user, does not.
        """
        self.wait(0)  # by which its process id is known
        pid = self.pid
        if pid is None or self._status is not None:
            yield False
            return
        try:
            with suppress(OSError):
                os.killpg(pid, signal.SIGSTOP)
            until = time.monotonic() + STOP_SECONDS
            while (still := _stands_still(pid)) is None and time.monotonic() < until:
                time.sleep(0.001)
            yield bool(still)
        finally:
            with suppress(OSError):
                os.killpg(pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _readable(self, seconds: float) -> bool:
        poll = select.poll()  # unlike select, not limited to 1,024 open files
        poll.register(self._output, select.POLLIN)
        return bool(poll.poll(1000 * seconds))

    @property
    def _output(self) -> IO[bytes]:
        if self._guardian.stdout is None:  # Popen was asked for a pipe
            raise RuntimeError("the guardian's standard output is not a pipe")
        return self._guardian.stdout

    def _hear(self) -> None:
        """Take what the guardian says next; after its last word, the program's status is known."""
        more = os.read(self._output.fileno(), 512)
        self._said += more
        first, *others = self._said.decode().split("\n")[:-1] or [""]
        if first and not first.startswith("errno"):
            self.pid = int(first)
        if more:
            return
        self._guardian.wait()
        self._output.close()
        if others:
            self._status = int(others[0])
        else:  # it could not be started, or somebody killed the guardian
            self._status = -signal.SIGKILL
            if self.pid is not None:
                with suppress(OSError):
                    os.killpg(self.pid, signal.SIGKILL)
        if first.startswith("errno"):
            raise _not_started(self._arguments[0], int(first.split()[1]))


def users_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a user's program: this process's, without what is klayer's own.

    Args:
        extra: Further variables; they win.
    """
    own = {name: value for name, value in os.environ.items() if name not in WITHHELD}
    return {**own, **extra}


def start(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    output: IO[bytes],
    kept_open: Sequence[int] = (),
) -> Supervised:
    """Start a program. Its standard input is empty.

    Args:
        arguments: The program, which is looked for in PATH as a shell does, and its arguments.
        folder: The working folder.
        environment: All of its environment.
        output: Takes its standard output and standard error.
        kept_open: File descriptors that the program inherits under the same numbers. The caller
            closes its own.

    Raises:
        TrialError: If the working folder cannot be entered.
        RefusedError: If the system refuses pipes or another process.
    """
    try:
        guardian = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(GUARDIAN)],
            cwd=str(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            pass_fds=kept_open,
            start_new_session=True,  # neither Ctrl-C nor `kill -9` of the worker's group is for it
        )
    except OSError as error:
        told = refusal(error, f'the program "{arguments[0]}" cannot be started')
        if told is not None:
            raise told from error
        if error.filename != str(folder):
            raise
        raise TrialError(
            f"its working folder {folder} cannot be entered: {error.strerror}"
        ) from error
    order = marshal.dumps(
        (os.getpid(), list(arguments), dict(environment), list(kept_open), GRACE_SECONDS)
    )
    if guardian.stdin is not None:
        with suppress(BrokenPipeError):
            guardian.stdin.write(len(order).to_bytes(8, "big") + order)
            guardian.stdin.flush()
    return Supervised(guardian, arguments)


def _stands_still(pid: int) -> bool | None:
    """Whether a process stands still; False where it has ended, None while it runs."""
    try:
        status = psutil.Process(pid).status()
    except psutil.NoSuchProcess:
        return False
    if status == psutil.STATUS_ZOMBIE:
        return False
    return True if status == psutil.STATUS_STOPPED else None


def _not_started(program: str, number: int) -> KlayerError:
    """The trial's fault, or the system's."""
    found = f'the program "{program}" '
    refused = refusal(OSError(number, ""), f"{found}cannot be started")
    if refused is not None:
        return refused
    if number == errno.ENOENT:
        return TrialError(
            f"{found}was not found: expected a program in PATH, or a path such as ./train.sh from "
            "the working folder; if it is there, the interpreter that its first line names is not"
        )
    if number == errno.EACCES:
        return TrialError(f"{found}may not be executed: `chmod +x` makes a file a program")
    if number == errno.ENOEXEC:
        return TrialError(f"{found}is no program: a script begins with a line such as #!/bin/sh")
    return TrialError(f"{found}could not be started: {os.strerror(number)}")
