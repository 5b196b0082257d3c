"""Arrays of a user's own: `.npy`, `.npz` and IDX files, opened without reading them whole.

A plain file is mapped into memory; a packed one is unpacked into a file without a name, and that is
mapped. Headers are held against sizes first, so that a file that is cut short is told and not read.
Nothing that is pickled is ever loaded.
"""

import gzip
import io
import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from model.data import array_file
from model.data.kinds import is_idx
from model.data.regular import check_expansion, check_regular
from model.errors import DataFileError

MOST_BYTES = 1_000_000_000_000  # of a file that is mapped
MOST_UNPACKED = 100_000_000_000
_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CHUNK = 2**20
_MOST_HEADER = 10_000  # bytes of a .npy file, as NumPy has it
_DAMAGED = (
    zipfile.BadZipFile,
    EOFError,
    ValueError,
    SyntaxError,
    tokenize.TokenError,
    zlib.error,
    lzma.LZMAError,
)  # what reading a damaged file raises

Array = npt.NDArray[Any]
Readable = IO[bytes] | gzip.GzipFile


@dataclass(frozen=True)
class _Header:
    """What a file says of its array, and how many bytes it says that in."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    by_columns: bool
    size: int

    @property
    def bytes(self) -> int:
        """Of the array alone."""
        return prod(self.shape) * self.dtype.itemsize


def array(path: Path, folder: Path | None) -> Array:
    """The one array of a `.npy` or an IDX file, read from the disk as it is used.

    Args:
        path: The file; IDX may be gzipped, with a name that ends in `.gz`.
        folder: Where a packed file is unpacked to; see `array_file.temporary`.

    Raises:
        DataFileError: The file is missing, cut short, damaged or no such file, is empty, or holds
            Python objects.
    """
    check_regular(path, least=1, most=MOST_BYTES)
    idx = is_idx(path.name)
    with _faults(path, "an IDX file" if idx else "a .npy file"):
        if idx and path.suffix.lower() == ".gz":
            with gzip.open(path) as file:
                packed = path.stat().st_size
                return _unpacked(str(path), _idx_header(path, file), file, folder, packed)
        with path.open("rb") as file:
            header = _idx_header(path, file) if idx else _npy_header(str(path), file)
        found = path.stat().st_size - header.size
        if found != header.bytes:
            raise DataFileError(_other_size(str(path), header, found))
        order: Any = "F" if header.by_columns else "C"
        return np.memmap(path, header.dtype, "r", header.size, header.shape, order)


def arrays(path: Path, folder: Path | None) -> dict[str, "Entry"]:
    """The arrays of an `.npz` file by name; each is unpacked when it is asked for.

    Raises:
        DataFileError: The file is missing, cut short, damaged or none.
    """
    check_regular(path, least=1, most=MOST_BYTES)
    with _faults(path, "an .npz file"), zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
    return {name.removesuffix(".npy"): Entry(path, name, folder) for name in names}


@dataclass(frozen=True)
class Entry:
    """An array in an `.npz` file."""

    path: Path
    name: str
    folder: Path | None

    def array(self) -> Array:
        """The array, unpacked and mapped.

        Raises:
            DataFileError: It is damaged, holds Python objects, or is too large.
        """
        where = f"{self.path}: {self.name.removesuffix('.npy')!r}"
        with (
            _faults(self.path, "an .npz file"),
            zipfile.ZipFile(self.path) as archive,
            archive.open(self.name) as file,
        ):
            packed = archive.getinfo(self.name).compress_size
            return _unpacked(where, _npy_header(where, file), file, self.folder, packed)


def _unpacked(
    where: str, header: _Header, file: Readable, folder: Path | None, packed: int
) -> Array:
    if header.bytes > MOST_UNPACKED:
        raise DataFileError(
            f"{where}: has {header.bytes:,} bytes unpacked; expected at most {MOST_UNPACKED:,}"
        )
    check_expansion(where, packed, header.bytes)
    found = 0

    def blocks() -> Iterator[Array]:
        nonlocal found
        with _faults(where, "what its name says"):  # of reading, which are none of writing
            while found <= header.bytes and (chunk := file.read(_CHUNK)):
                found += len(chunk)
                if found <= header.bytes:
                    yield np.frombuffer(chunk, np.uint8)
        if found != header.bytes:
            raise DataFileError(_other_size(where, header, found))

    shape = header.shape[::-1] if header.by_columns else header.shape
    held = array_file.temporary((header.bytes,), "|u1", blocks(), folder)
    held = held.view(header.dtype).reshape(shape)
    return held.T if header.by_columns else held


def _npy_header(where: str, file: Readable) -> _Header:
    version = np.lib.format.read_magic(file)
    size = 2 if version == (1, 0) else 4
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version}")
    told = file.read(size)
    length = int.from_bytes(told, "little")
    if length > _MOST_HEADER:
        raise ValueError(f"a header of {length:,} bytes")
    content = file.read(length)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, by_columns, dtype = read(io.BytesIO(told + content))
    if dtype.hasobject:
        raise DataFileError(
            f"{where}: holds Python objects, which are never loaded; expected numbers or text, as "
            "astype(float) or astype(str) makes them"
        )
    return _checked(where, _Header(shape, dtype, by_columns, 8 + size + len(content)))


def _idx_header(path: Path, file: Readable) -> _Header:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _IDX_TYPES or not magic[3]:
        raise DataFileError(
            f"{path}: begins with {magic.hex(' ')}; expected 00 00, a type (08 for bytes) and the "
            "number of axes, as an IDX file does"
        )
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataFileError(f"{path}: is cut short amid its header")
    shape = struct.unpack(f">{magic[3]}I", sizes)
    return _checked(
        str(path), _Header(shape, np.dtype(_IDX_TYPES[magic[2]]), False, 4 + len(sizes))
    )


def _checked(where: str, header: _Header) -> _Header:
    if not header.shape or not prod(header.shape):
        raise DataFileError(f"{where}: has the shape {header.shape}; expected a row or more")
    return header


def _other_size(where: str, header: _Header, found: int) -> str:
    what = "is cut short" if found < header.bytes else "is longer than its array"
    return (
        f"{where}: {what}: expected {header.bytes:,} bytes for {_shown(header.shape)} numbers, "
        f"found {'more' if found > header.bytes else f'{found:,}'}"
    )


def _shown(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{size:,}" for size in shape)


@contextmanager
def _faults(where: object, what: str) -> Iterator[None]:
    """Raise DataFileError for what reading a damaged, foreign or locked file raises."""
    try:
        yield
    except DataFileError:
        raise
    except gzip.BadGzipFile as error:
        raise DataFileError(f"{where}: is damaged, or no gzip file ({error})") from error
    except _DAMAGED as error:
        raise DataFileError(
            f"{where}: is cut short, damaged, or not {what} ({error!s:.200})"
        ) from error
    except (RuntimeError, NotImplementedError, TypeError, KeyError) as error:
        raise DataFileError(f"{where}: cannot be read as {what} ({error!s:.200})") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataFileError(f"{where}: cannot be read ({reason})") from error
