"""What a folder of prepared data holds: listed, cleared, and kept below a size.

When a folder was last used is the time of its description, which is set whenever it is opened.
Running workers keep what they have open, where the system allows a file in use to be removed.
"""

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from model.data.prepared_files import ABOUT, made_here, read_about
from model.errors import DataFileError

DRAFT_SECONDS = 86_400  # then nobody writes a folder any more whose name begins with a dot


@dataclass(frozen=True)
class Kept:
    """A prepared folder.

    Attributes:
        folder: Where it is.
        name: Of the data set; empty where the folder is damaged, or was left by a killed process.
        rows: For training and validation.
        inputs: Numbers a row.
        bytes: Of all its files.
        used_at: When it was last opened; seconds since 1970.
    """

    folder: Path
    name: str
    rows: int
    inputs: int
    bytes: int
    used_at: float


def listed(cache: Path) -> list[Kept]:
    """The folders of `cache` that were prepared, those used last first; others are left out.

    Raises:
        DataFileError: The cache cannot be read.
    """
    try:
        folders = sorted(cache.iterdir()) if cache.is_dir() else []
        found = [one for folder in folders if (one := _kept(folder)) is not None]
    except OSError as error:
        raise DataFileError(f"{cache}: cannot be read ({error.strerror})") from error
    return sorted(found, key=lambda one: -one.used_at)


def clear(cache: Path, name: str | None = None) -> int:
    """Remove prepared folders, and what killed processes left; the bytes freed.

    Anything that was not prepared here is left alone.

    Args:
        cache: A folder for such folders.
        name: Only those of the data set of this name.

    Raises:
        DataFileError: A folder cannot be removed, or there is none of that name.
    """
    kept = listed(cache)
    names = sorted({one.name for one in kept if one.name})
    if name is not None and name not in names:
        there = f"there is {', '.join(names)}" if names else "nothing is kept"
        raise DataFileError(f"{name}: no data of this name are kept in {cache}; {there}")
    return _removed([one for one in kept if name in (None, one.name)])


def bound(cache: Path, most_bytes: int, *spared: Path) -> int:
    """Remove the folders that were used longest ago until the others have so many bytes or fewer.

    Args:
        cache: A folder for such folders.
        most_bytes: Of all of them.
        spared: Those that are not removed: they are used now.

    Returns:
        The bytes freed.

    Raises:
        DataFileError: A folder cannot be removed.
    """
    kept = listed(cache)
    above = sum(one.bytes for one in kept) - most_bytes
    gone = []
    for one in reversed(kept):
        is_written = one.folder.name.startswith(".") and time.time() - one.used_at < DRAFT_SECONDS
        if above > 0 and one.folder not in spared and not is_written:
            gone.append(one)
            above -= one.bytes
    return _removed(gone)


def touch(folder: Path) -> None:
    """Remember that a folder is used now, where it may be written to."""
    with suppress(OSError):
        os.utime(folder / ABOUT)


def _kept(folder: Path) -> Kept | None:
    files = made_here(folder)
    if files is None:
        return None
    sizes = [file.stat() for file in files]
    used_at = max((one.st_mtime for one in sizes), default=folder.stat().st_mtime)
    size = sum(one.st_size for one in sizes)
    try:
        about = read_about(folder)
    except DataFileError:
        return Kept(folder, "", 0, 0, size, used_at)
    rows = about.training + about.validation
    return Kept(folder, about.name, rows, about.inputs, size, used_at)


def _removed(gone: list[Kept]) -> int:
    for one in gone:
        try:
            shutil.rmtree(one.folder)
        except FileNotFoundError:
            continue  # another process was quicker
        except OSError as error:
            raise DataFileError(f"{one.folder}: cannot be removed ({error.strerror})") from error
    return sum(one.bytes for one in gone)
