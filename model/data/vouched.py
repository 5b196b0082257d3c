"""Whether files are those that were written, and whether others could have changed them.

A file is read whole, and its SHA-256 compared, when it is opened for the first time. What was found
right is remembered in a small file beside it, with the size, times and inode that it had, so that
workers look at those alone. A file that is copied, touched or written to is read again. Bits that
decay on the disk afterwards, without a write, are not noticed.
"""

import hashlib
import json
import os
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from model.data.regular import read_regular
from model.errors import DataFileError

CHECKED = "checked.json"
_MOST_BYTES = 100_000
# A file system's clock ticks each 4 ms or so: two writes within a tick look like one.
_TICK_NS = 20_000_000
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class ForeignFolderError(DataFileError):
    """A folder belongs to another user, who can change what is in it."""


def check_owner(folder: Path) -> None:
    """Refuse a folder that others can change; a missing one passes.

    Raises:
        ForeignFolderError: It, or a file in it, belongs neither to this user nor to root.
        DataFileError: Others may write to it or to a file in it, or it cannot be read.
    """
    right = "expected a folder that only this user or root may write to"
    try:
        paths = [folder, *folder.iterdir()] if folder.exists() else []
        found = [(path, path.stat()) for path in paths]
    except OSError as error:
        raise DataFileError(f"{folder}: cannot be read ({error.strerror}); {right}") from error
    for path, about in found:
        if about.st_uid not in _owners():
            raise ForeignFolderError(
                f"{path}: belongs to the user with id {about.st_uid}; {right}; remove the folder, "
                "or set XDG_CACHE_HOME to a folder of your own"
            )
        if about.st_mode & _OTHERS_MAY_WRITE:
            raise DataFileError(
                f"{path}: others may write to it (mode {stat.S_IMODE(about.st_mode):o}); {right}"
            )


def close_to_others(folder: Path) -> None:
    """Take from others the right to write to the folder and its files.

    Raises:
        OSError: That cannot be done.
    """
    for path in (folder, *folder.iterdir()):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS_MAY_WRITE)


def check_files(folder: Path, digests: Mapping[str, str]) -> None:
    """Refuse files whose content is not what was written.

    Args:
        folder: Where they are.
        digests: The SHA-256 of each, by name; they are regular files.

    Raises:
        DataFileError: One of them is damaged, or cannot be read.
    """
    known, checked = _remembered(folder), {}
    for name, digest in digests.items():
        path = folder / name
        try:
            now, before = time.time_ns(), _state(path)
            is_known = known.get(name) == [*before, digest]
            if not is_known and _digest(path) != digest:
                raise DataFileError(f"{path}: is damaged; expected what was written there")
        except OSError as error:
            raise DataFileError(f"{path}: cannot be read ({error.strerror})") from error
        if is_known or now - max(before[1:3]) > _TICK_NS:
            checked[name] = [*before, digest]
    if checked != known:
        with suppress(OSError):  # a cache that may only be read: it is checked each time
            # Whatever the umask says, nobody else may write to it.
            descriptor = os.open(folder / CHECKED, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            with os.fdopen(descriptor, "w") as file:
                json.dump(checked, file)


def _owners() -> tuple[int, ...]:
    """Who may own what is read here."""
    return os.geteuid(), 0


def _remembered(folder: Path) -> dict[str, object]:
    try:
        found = json.loads(read_regular(folder / CHECKED, least=2, most=_MOST_BYTES))
    except (ValueError, RecursionError):  # absent, or another process writes it now
        return {}
    return found if isinstance(found, dict) else {}


def _state(path: Path) -> list[int]:
    """What changes with a file: its size, two times in nanoseconds, its inode."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
