"""Standard streams that are closed, or cannot be written to: one message, and nothing mixed up.

A descriptor from 0 to 2 that is closed is the next one that a file gets, perhaps the database, and
what is printed would land there. So closed ones are opened first, to nothing.
"""

import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any

from search.errors import KlayerError, UnforeseenError

LEAST_COLUMNS = 20
NAMES = {1: "standard output", 2: "standard error"}


class OutputError(UnforeseenError):
    """What a command prints cannot be written."""


def ignore_odd_width(environment: MutableMapping[str, str]) -> None:
    """Take COLUMNS out of an environment where no terminal can be so narrow.

    Some shells and containers say 0, and libraries would print nothing then.
    """
    said = environment.get("COLUMNS", "")
    if said.isdecimal() and int(said) < LEAST_COLUMNS:
        del environment["COLUMNS"]


@contextmanager
def checked_streams() -> Iterator[None]:
    """While the block runs, let faults of standard output and standard error be `OutputError`.

    A reader that has gone away, as in `klayer status | head`, ends the command with exit status 1.

    Raises:
        KlayerError: Standard output is closed.
        OutputError: Something that was printed could not be written.
    """
    closed = [descriptor for descriptor in (0, 1, 2) if _is_closed(descriptor)]
    for descriptor in closed:
        _open_to_nothing(descriptor)
    if 1 in closed:
        raise KlayerError("standard output is closed; send what is not wanted to /dev/null")
    if 0 in closed:  # then Python has none
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    if 2 in closed:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    before = sys.stdout, sys.stderr
    ours = [_Checked(stream, number) for stream, number in zip(before, NAMES, strict=True)]
    sys.stdout, sys.stderr = ours
    try:
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before
            for stream in ours:
                stream.flush()
    except BrokenPipeError:
        if any(stream.failed for stream in ours):
            sys.exit(1)
        raise
    finally:
        for stream in ours:
            stream.settle()


class _Checked:
    """A text stream whose faults are told of by what the stream is called."""

    def __init__(self, stream: Any, descriptor: int) -> None:
        self._stream, self._descriptor = stream, descriptor
        self.failed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._told():
            return int(self._stream.write(text))

    def flush(self) -> None:
        if not self.failed:  # else what is left of it would fail once more
            with self._told():
                self._stream.flush()

    def settle(self) -> None:
        """Let what could not be written be dropped, as the interpreter flushes once more."""
        if self.failed:
            _open_to_nothing(self._descriptor)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self.failed = True
            raise
        except OSError as error:
            self.failed = True
            raise OutputError(
                f"{NAMES[self._descriptor]} cannot be written: {error.strerror}"
            ) from error


def _is_closed(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False


def _open_to_nothing(descriptor: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != descriptor:
        with suppress(OSError):
            os.dup2(nothing, descriptor)
        os.close(nothing)
