"""Read a file whole, once it is known to be a regular file of a bearable size, also unpacked."""

import stat
from pathlib import Path

from model.errors import DataFileError

# Data that repeat themselves are packed a hundredfold; what is made to fill a disk, a thousandfold.
MOST_EXPANSION, LEAST_EXPANDED = 500, 1_000_000_000


def read_regular(path: Path, *, least: int, most: int) -> bytes:
    """The bytes of the regular file at `path`; links are followed.

    Nothing is opened before its kind and size are known, so that neither a device that never ends
    nor a pipe that nobody writes to can hold up or fill up the reader.

    Args:
        path: The file.
        least: Smallest size in bytes that is right.
        most: Largest size in bytes that is right.

    Raises:
        DataFileError: The file is missing, cannot be read, is not a regular file, or is smaller or
            larger than that.
    """
    right = _right(least, most)
    check_regular(path, least=least, most=most)
    try:
        with path.open("rb") as file:
            content = file.read(min(most, path.stat().st_size) + 1)  # it makes room for all of it
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataFileError(f"{path}: cannot be read ({reason}); expected {right}") from error
    if not least <= len(content) <= most:
        raise DataFileError(f"{path}: changed its size while it was read; expected {right}")
    return content


def check_regular(path: Path, *, least: int, most: int) -> None:
    """Find out, without opening it, whether `read_regular` would begin to read the file.

    Raises:
        DataFileError: As `read_regular`.
    """
    right = _right(least, most)
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise DataFileError(f"{path}: is missing; expected a file of {right}") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataFileError(f"{path}: cannot be read ({reason}); expected {right}") from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a device, pipe or socket"
        raise DataFileError(f"{path}: is {kind}; expected a regular file of {right}")
    if not least <= found.st_size <= most:
        raise DataFileError(f"{path}: has {found.st_size:,} bytes; expected {right}")


def check_expansion(where: str, packed: int, unpacked: int) -> None:
    """Refuse what unpacks to so much more than it is packed that it can only fill the disk.

    Args:
        where: The file, and the part of it.
        packed: Bytes.
        unpacked: Bytes, as they are promised or as far as they were counted.

    Raises:
        DataFileError: It unpacks to more than `MOST_EXPANSION` times its bytes, and to no little.
    """
    if unpacked > max(LEAST_EXPANDED, MOST_EXPANSION * packed):
        raise DataFileError(
            f"{where}: unpacks to more than {MOST_EXPANSION} times its {packed:,} bytes; expected "
            "less, or unpacked data"
        )


def _right(least: int, most: int) -> str:
    return f"{least:,} bytes" if least == most else f"{least:,} to {most:,} bytes"
