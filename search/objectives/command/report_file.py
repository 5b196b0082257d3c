"""The file to which a program appends its reports, a JSON object a line, read while it grows."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from search.objectives.faults import TrialError
from search.space.hyperparameters import shown

MOST_LINE_BYTES = 1_000_000
MOST_SHOWN = 200
CHUNK_BYTES = 1 << 18
REMEMBERED_BYTES = 256
EXAMPLE = '{"step": 3, "loss": 0.41}'


class _NamedTwiceError(Exception):
    """An object of JSON has a name twice, which is the exception's argument."""


def _named_once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON; the standard library would silently take the last value of a name."""
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _NamedTwiceError(name)
        found[name] = value
    return found


class ReportFile:
    """Reads what is appended to a file, from its beginning. A context manager, which closes it.

    Args:
        path: The file, which must be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb", buffering=0)
        self._position = 0
        self._modified = 0
        self._before = b""  # what stood just before the position, to notice that it changed
        self._rest = b""  # a line without its end
        self._line = 0

    def records(self, *, complete: bool = False) -> Iterator[Mapping[str, object]]:
        """The records of the next lines, some at a time, so that the caller can look elsewhere.

        Args:
            complete: Nobody writes any more: read up to the end; a last line needs no newline.

        Raises:
            TrialError: If a line is not a JSON object, or the file did not just grow.
        """
        while chunk := self._appended():
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                yield from self._record(line)
            self._check_length(self._rest)
            if not complete:
                return
        if complete:
            last, self._rest = self._rest, b""
            yield from self._record(last)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _appended(self) -> bytes:
        opened = os.fstat(self._file.fileno())
        try:
            there = self._path.stat()
        except OSError:
            raise self._changed("removed") from None
        if not os.path.samestat(opened, there):
            raise self._changed("replaced")
        if there.st_size < self._position:
            raise self._changed("truncated")
        if (there.st_size, there.st_mtime_ns) == (self._position, self._modified):
            return b""
        self._file.seek(self._position - len(self._before))
        if self._file.read(len(self._before)) != self._before:
            raise self._changed("overwritten")
        chunk = self._file.read(CHUNK_BYTES)
        self._position += len(chunk)
        self._before = (self._before + chunk)[-REMEMBERED_BYTES:]
        self._modified = there.st_mtime_ns
        return chunk

    def _changed(self, how: str) -> TrialError:
        return TrialError(
            f"the report file was {how} after line {self._line}: expected a program that opens the "
            "file that KLAYER_REPORT names for appending, and adds a line a report"
        )

    def _record(self, line: bytes) -> Iterator[Mapping[str, object]]:
        """The record of a line; none of an empty one."""
        self._check_length(line)
        self._line += 1
        if not line.strip():
            return
        try:
            record = json.loads(line.decode(), object_pairs_hook=_named_once)
        except UnicodeDecodeError:
            raise self._not_a_record(line, "is not UTF-8 text") from None
        except _NamedTwiceError as error:
            raise self._not_a_record(line, f"has {shown(error.args[0])} twice") from None
        except (ValueError, RecursionError):
            raise self._not_a_record(line, "is not JSON") from None
        if not isinstance(record, dict):
            raise self._not_a_record(line, "is not a JSON object")
        yield record

    def _check_length(self, line: bytes) -> None:
        if len(line) > MOST_LINE_BYTES:
            self._line += 1
            raise self._not_a_record(line, f"is longer than {MOST_LINE_BYTES:,} bytes")

    def _not_a_record(self, line: bytes, fault: str) -> TrialError:
        shown = line[:MOST_SHOWN].decode(errors="replace")
        more = " …" if len(line) > MOST_SHOWN else ""
        return TrialError(
            f"line {self._line} of the report file {fault}: {shown!r}{more}; expected a JSON "
            f"object a line, such as {EXAMPLE}"
        )
