"""One array in one `.npy` file: written block by block, opened as a read-only memory map.

A file is opened only where its header and its size are, byte for byte, those of the array that is
asked for. Damage inside an array that keeps the file's size is seen by `model.data.vouched`.

Arrays that are needed for a while and may be larger than the memory lie in a temporary file.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from model.errors import DataFileError


def write(
    path: Path, shape: tuple[int, ...], dtype: str, blocks: Iterable[npt.NDArray[Any]]
) -> str:
    """Write a new file, wait until it is on the disk, and return its SHA-256 in hexadecimal.

    It is written, not mapped: a full disk is then an error here instead of a signal that ends the
    process.

    Args:
        path: A file that does not exist.
        shape: Shape of the whole array.
        dtype: Its little-endian type, such as "<f4".
        blocks: Its rows in order.

    Raises:
        OSError: The file cannot be written.
    """
    header = _header(shape, dtype)
    digest = hashlib.sha256(header)
    with path.open("xb") as file:
        file.write(header)
        for block in blocks:
            content = np.ascontiguousarray(block, dtype).tobytes()
            digest.update(content)
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def opened(path: Path, shape: tuple[int, ...], dtype: str) -> np.memmap[Any, np.dtype[Any]]:
    """The array in the file, read from the disk as it is used; it cannot be written to.

    Args:
        path: A file that `write` made.
        shape: Shape of the array, without a 0.
        dtype: Its little-endian type, such as "<f4".

    Raises:
        DataFileError: The file is missing, cannot be read, or holds anything else.
    """
    header = _header(shape, dtype)
    size = len(header) + int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    try:
        if not path.is_file():
            raise DataFileError(f"{path}: is missing; expected a file of {size:,} bytes")
        if path.stat().st_size != size:
            raise DataFileError(f"{path}: has {path.stat().st_size:,} bytes; expected {size:,}")
        with path.open("rb") as file:
            if file.read(len(header)) != header:
                raise DataFileError(f"{path}: expected an array of shape {shape}, type {dtype}")
        return np.memmap(path, dtype, mode="r", offset=len(header), shape=shape)
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read ({error.strerror})") from error


def temporary(
    shape: tuple[int, ...], dtype: str, blocks: Iterable[npt.NDArray[Any]], folder: Path | None
) -> npt.NDArray[Any]:
    """An array that lies in a file without a name, which goes with the array.

    Args:
        shape: Of the whole array, without a 0.
        dtype: Its little-endian type, such as "<f4".
        blocks: Its rows in order.
        folder: Where the file is; None for the system's folder of temporary files.

    Raises:
        DataFileError: The file cannot be written.
    """
    with temporary_file(
        int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize, folder
    ) as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype).data)
        file.flush()
        return np.asarray(np.memmap(file, dtype, mode="r", shape=shape))


@contextmanager
def temporary_file(size: int, folder: Path | None) -> Iterator[BinaryIO]:
    """A file of `size` bytes without a name; it takes no room before it is written to.

    What is mapped from it stays when it is closed.

    Raises:
        DataFileError: It cannot be written, as anything that raises an OSError meanwhile says.
    """
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.truncate(size)
            yield cast("BinaryIO", file)
    except OSError as error:
        raise DataFileError(
            f"{folder or 'the folder of temporary files'}: cannot be written ({error.strerror}); "
            f"expected room for {size:,} bytes"
        ) from error


def _header(shape: tuple[int, ...], dtype: str) -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": dtype, "fortran_order": False, "shape": shape}
    )
    return header.getvalue()
