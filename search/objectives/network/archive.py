"""A published archive: its address, its checksum, and the few files to unpack from it.

Only the expected members are ever written, each under its own plain name, so neither a path that
climbs out of the folder nor a link can lead a file elsewhere. Kinds and sizes are checked on the
archive's headers, before any content is read.
"""

import gzip
import re
import shutil
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from search.errors import DataError

_MEMBER = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_CHUNK_BYTES = 1 << 16
_MOST_BYTES = 1_000_000  # of a member whose size is not stated


@dataclass(frozen=True)
class Archive:
    """A gzipped tar archive that somebody published.

    Attributes:
        url: Its address.
        md5: Its published MD5 checksum, in hexadecimal digits.
        members: The files to unpack, all named `<one folder>/<file>`, with their exact size in
            bytes, or None where any size up to a million is right.

    Raises:
        DataError: There is no member, or members are named otherwise.
    """

    url: str
    md5: str
    members: Mapping[str, int | None] = field(hash=False)

    def __post_init__(self) -> None:
        tops = {PurePosixPath(name).parts[:-1] for name in self.members}
        if len(tops) != 1 or any(not _MEMBER.fullmatch(name) for name in self.members):
            raise DataError(
                f"{self.url}: members must be named <one folder>/<file>, not {list(self.members)}"
            )
        object.__setattr__(self, "members", MappingProxyType(dict(self.members)))

    @property
    def folder(self) -> str:
        """The folder that all members lie in."""
        return PurePosixPath(next(iter(self.members))).parts[0]


def unpack(archive: Archive, packed: Path, draft: Path) -> None:
    """Write the expected members of the archive into the folder `draft`, and nothing else.

    Args:
        archive: What the file should be.
        packed: The downloaded file.
        draft: An empty folder; the members come to lie in it without their folder's name.

    Raises:
        DataError: The file is truncated or no such archive, or a member is missing, stands twice,
            is not a regular file, or has another size.
        OSError: A file cannot be written.
    """
    missing = dict(archive.members)
    try:
        with gzip.open(packed) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if name not in archive.members:
                    continue
                _check_member(archive, member, is_first=name in missing)
                content = tar.extractfile(member)
                if content is not None:
                    with content, (draft / PurePosixPath(name).name).open("xb") as file:
                        shutil.copyfileobj(content, file, _CHUNK_BYTES)
                del missing[name]
            while plain.read(_CHUNK_BYTES):  # to the end, where gzip's own checksum stands
                pass
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{archive.url}: is truncated or no gzipped tar archive ({error}); expected one with "
            f"{len(archive.members)} files in {archive.folder}/"
        ) from error
    if missing:
        raise DataError(f"{archive.url}: the archive lacks {next(iter(missing))}")


def _check_member(archive: Archive, member: tarfile.TarInfo, *, is_first: bool) -> None:
    expected = archive.members[member.name.removeprefix("./")]
    if not member.isreg():
        raise DataError(
            f"{archive.url}: {member.name} is a link, folder or device; expected a file"
        )
    if not is_first:
        raise DataError(f"{archive.url}: {member.name} stands twice in the archive")
    if member.size != expected if expected is not None else member.size > _MOST_BYTES:
        raise DataError(
            f"{archive.url}: {member.name} has {member.size:,} bytes; expected "
            + (f"{expected:,}" if expected is not None else f"{_MOST_BYTES:,} or fewer")
        )
