"""Folders for the time of some work, and the removal of those that killed processes left behind."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# A younger folder may have been made just now, and not be locked yet.
LEAST_AGE_SECONDS = 60.0


@contextmanager
def scratch(prefix: str, where: Path | None = None) -> Iterator[Path]:
    """A folder that is there for as long as it is used; it is locked for as long as its user lives.

    Locks end with the process that holds them, whatever ends it.

    Args:
        prefix: Its name begins so.
        where: What it lies in; None for the system's folder of temporary files.
    """
    with tempfile.TemporaryDirectory(
        prefix=prefix, dir=where, ignore_cleanup_errors=True
    ) as folder:
        lock = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # of a file system without locks, where nothing is swept
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(folder)
        finally:
            os.close(lock)


def sweep(
    prefix: str, where: Path | None = None, least_age_seconds: float = LEAST_AGE_SECONDS
) -> None:
    """Remove the folders of processes that have ended.

    Args:
        prefix: As for `scratch`.
        where: Likewise.
        least_age_seconds: How long ago such a folder was last changed, at least.
    """
    oldest = time.time() - least_age_seconds
    for folder in (where or Path(tempfile.gettempdir())).glob(f"{prefix}*"):
        with suppress(OSError):  # another user's, locked, or removed just now
            if folder.stat().st_mtime > oldest:
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)
