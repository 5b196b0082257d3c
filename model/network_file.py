"""One trained network in one file: all that is needed to use it on raw rows.

    winner = network_file.load("winner.npz")
    labels = winner.probabilities(rows).argmax(axis=1)  # of regression: winner.predictions(rows)

The file is an uncompressed .npz, which `np.load(file, allow_pickle=False)` opens too:

- `about` is JSON: format, architecture, member, precision, number of snapshots, classes, targets,
  the encoding of a table's columns, and what the other finalists are that vote (see
  `network_layout.About`);
- the arrays are named as in `network.layer_1.weights`, `snapshot_2.layer_1.mean` or
  `other_1.layer_1.bias`;
- `sha256` is the checksum, 64 hexadecimal digits: SHA-256 over `about` and then the arrays in
  ascending order of their names; of each its name, a line feed, and its bytes as a .npy file.

The zip has a CRC-32 of each entry, which finds damage of one entry. The checksum also finds entries
of different files put together, and tells networks apart. Neither is a signature.

The same network gives the same bytes. Whoever wrote the file: nothing in it is executed, each array
must be of the shape that `about` implies, and reading takes about as much memory as the file has
bytes.

Versions: the format number is what a reader must understand to predict rightly; a higher one than
it knows is refused. It is raised when a network needs something new to predict, and a file has the
lowest number that suffices for it. Keys that change no predictions are added to `about` without
that: a reader passes over those that it does not know, and one that is missing has the default of
its dataclass, which therefore is what older files meant. Format 2 is 3 without `sha256`; format 4
is 3 with other finalists; format 5 is 4 with skip connections or
bottlenecks.
"""

import hashlib
import json
import math
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from model import network_layout, plain_values
from model.errors import DataFileError, ModelError
from model.network_layout import About, Shape
from model.saved_network import FORMAT, SavedNetwork

OLDEST_FORMAT = 2
_ABOUT, _CHECKSUM = "about", "sha256"
_MOST_ABOUT_BYTES = 500_000_000  # of an encoding with very many categories, in UTF-32
_SUFFIX = ".npy"
_BLOCK_BYTES = 2**20
_MAGIC = (
    b"\x93NUMPY\x01\x00"  # of version 1.0 of NumPy's format, which suffices for all arrays here
)
_PREFIX_BYTES = 10  # the magic, and the length of the header in two bytes

Array = npt.NDArray[Any]


def save(file: Path | str | IO[bytes], saved: SavedNetwork) -> None:
    """Write the network to a file that is opened for writing, or to a path.

    Raises:
        OSError: It cannot be written.
    """
    about = np.array(json.dumps(asdict(saved.about()), allow_nan=False))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as entries:
        _write_all(entries, about, saved.arrays())


def load(path: Path | str) -> SavedNetwork:
    """The network in a file that `save` wrote.

    Raises:
        DataFileError: The file is missing, cannot be read, is damaged, or is anything else.
    """
    source = Path(path)
    try:
        is_file, exists = source.is_file(), source.exists()
        size = source.stat().st_size if is_file else 0
        if is_file:
            with zipfile.ZipFile(source) as entries:
                return _saved(entries, size)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataFileError(f"{source}: cannot be read ({reason})") from error
    except _VersionError as error:
        raise DataFileError(f"{source}: {error}") from error
    # What zipfile, JSON and this package raise of what is no zip, is damaged, encrypted, cut off.
    except (zipfile.BadZipFile, ValueError, EOFError, RuntimeError, struct.error) as error:
        raise DataFileError(
            f"{source}: is damaged, or no file that `klayer model` wrote ({error!s:.300})"
        ) from error
    what = "is no regular file" if exists else "is missing"
    raise DataFileError(f"{source}: {what}; expected one that `klayer model` wrote")


def _write_all(entries: zipfile.ZipFile, about: Array, arrays: Mapping[str, Array]) -> None:
    digest = hashlib.sha256()
    for name, array in [(_ABOUT, about), *sorted(arrays.items())]:
        digest.update(f"{name}\n".encode())
        _write(entries, name, array, digest.update)
    _write(entries, _CHECKSUM, np.array(digest.hexdigest()))


def _write(
    entries: zipfile.ZipFile,
    name: str,
    array: Array,
    also: Callable[[bytes], None] = lambda _: None,
) -> None:
    """Write an array as an entry; its bytes are also given to a function."""
    entry = zipfile.ZipInfo(name + _SUFFIX)  # dated 1980, so that the time of writing is not in it
    entry.external_attr = 0o644 << 16
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
    with entries.open(entry, "w", force_zip64=True) as file:
        np.lib.format.write_array(_Both(file, also), little, version=(1, 0), allow_pickle=False)


class _VersionError(ModelError):
    """The file has a format that is not read here."""


@dataclass(frozen=True)
class _Both:
    """A file for writing, whose bytes are also given to a function."""

    file: IO[bytes]
    also: Callable[[bytes], None]

    def write(self, content: bytes) -> None:
        self.also(content)
        self.file.write(content)


def _saved(entries: zipfile.ZipFile, size: int) -> SavedNetwork:
    names = _names(entries, size)
    about = _about(entries)
    if about.fewest_arrays() > len(names):
        raise ModelError(f"it has {len(names)} entries where {about.fewest_arrays()} are needed")
    shapes = about.shapes()
    checksum = {_CHECKSUM} if about.format > OLDEST_FORMAT else set()
    odd = {_ABOUT, *shapes, *checksum} ^ names
    if odd:
        raise ModelError(f"{min(odd):.100} is {'too much' if min(odd) in names else 'missing'}")
    found = {name: _array(entries, name, shape) for name, shape in shapes.items()}
    if checksum:
        _check_sum(entries, sorted(shapes))
    network, *rest = network_layout.networks(about, found)
    return SavedNetwork(
        network,
        tuple(rest[: about.snapshots]),
        found["mean"],
        found["std"],
        about.classes,
        found.get("target_mean"),
        found.get("target_std"),
        about.targets,
        about.encoding,
        about.rows,
        about.bound,
        tuple(rest[about.snapshots :]),
    )


def _names(entries: zipfile.ZipFile, size: int) -> set[str]:
    """The entries by name, once it is known that they hold no more than the file has bytes."""
    for entry in entries.infolist():
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise ModelError(f"{entry.filename:.100} is packed")
    if sum(entry.file_size for entry in entries.infolist()) > size:
        raise ModelError("its entries overlap")
    names = [name.removesuffix(_SUFFIX) for name in entries.namelist()]
    if len(set(names)) != len(names):
        raise ModelError("a name stands in it twice")
    if _ABOUT not in names:
        raise ModelError(f"{_ABOUT}{_SUFFIX} is missing")
    return set(names)


def _about(entries: zipfile.ZipFile) -> About:
    if entries.getinfo(_ABOUT + _SUFFIX).file_size > _MOST_ABOUT_BYTES:
        raise ModelError(f"{_ABOUT} has more than {_MOST_ABOUT_BYTES:,} bytes")
    header, content = _entry(entries, _ABOUT)
    if header != _header(Shape((), f"<U{len(content) // 4}")):
        raise ModelError(f"{_ABOUT} is not one text")
    told = json.loads(content.decode("utf-32-le"))
    version = told.get("format") if isinstance(told, dict) else None
    if type(version) is int and not OLDEST_FORMAT <= version <= FORMAT:
        raise _VersionError(
            f"has format {version}, and this klayer reads formats {OLDEST_FORMAT} to {FORMAT}; use "
            f"{'a later' if version > FORMAT else 'an earlier'} klayer"
        )
    return plain_values.read(About, told, _ABOUT)


def _check_sum(entries: zipfile.ZipFile, arrays: Sequence[str]) -> None:
    digest = hashlib.sha256()
    for name in (_ABOUT, *arrays):
        digest.update(f"{name}\n".encode())
        with entries.open(name + _SUFFIX) as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    header, content = _entry(entries, _CHECKSUM)
    right = digest.hexdigest()
    if header != _header(Shape((), "<U64")) or content != right.encode("utf-32-le"):
        raise ModelError(f"its checksum is another than that of its content, {right[:16]}…")


def _array(entries: zipfile.ZipFile, name: str, right: Shape) -> Array:
    header, content = _entry(entries, name)
    if header != _header(right):
        raise ModelError(f"{name} must be {_header(right)}, not {header:.200}")
    if len(content) != math.prod(right.shape) * np.dtype(right.dtype).itemsize:
        raise ModelError(f"{name} has {len(content):,} bytes, which are not those of its shape")
    return np.frombuffer(content, right.dtype).reshape(right.shape)


def _entry(entries: zipfile.ZipFile, name: str) -> tuple[str, bytes]:
    """An entry's header, without its padding, and the bytes behind it."""
    raw = entries.read(name + _SUFFIX)
    if not raw.startswith(_MAGIC):
        raise ModelError(f"{name} is no array in version 1.0 of NumPy's format")
    end = _PREFIX_BYTES + int.from_bytes(raw[len(_MAGIC) : _PREFIX_BYTES], "little")
    return raw[_PREFIX_BYTES:end].decode("ascii").rstrip(), raw[end:]


def _header(of: Shape) -> str:
    """What NumPy writes as header of such an array; compared, never evaluated."""
    return f"{{'descr': '{of.dtype}', 'fortran_order': False, 'shape': {of.shape}, }}"
