"""Read a file whole, once it is known to be a regular file of a bearable size."""

import stat
from pathlib import Path

from model.errors import DataFileError


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
    right = f"{least:,} bytes" if least == most else f"{least:,} to {most:,} bytes"
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a device, pipe or socket"
            raise DataFileError(f"{path}: is {kind}; expected a regular file of {right}")
        if not least <= found.st_size <= most:
            raise DataFileError(f"{path}: has {found.st_size:,} bytes; expected {right}")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError as error:
        raise DataFileError(f"{path}: is missing; expected a file of {right}") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataFileError(f"{path}: cannot be read ({reason}); expected {right}") from error
    if not least <= len(content) <= most:
        raise DataFileError(f"{path}: changed its size while it was read; expected {right}")
    return content
