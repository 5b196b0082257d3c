"""Fetch a published data set: download, check, unpack; the folder is complete or absent.

pooch downloads, tries again after a break, and checks the checksum before anything is opened.
Archive and files stand in a folder of their own until all is whole; then one rename puts the files
in place. What a killed process left is removed by the next call. Only the expected files are
unpacked, under plain names, whatever else an archive holds.
"""

import re
import shutil
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pooch
import requests

from search.errors import DataError
from search.runtime.scratch import scratch, sweep

RETRIES = 3  # of a broken download, after 1, 2 and 3 seconds
_CHUNK_BYTES = 1 << 16
_MOST_BYTES = 1_000_000  # of a file whose size is not known
_PREFIX = ".fetching-"
_OF_A_CONNECTION = re.compile(r"^<?HTTPS?Connection(Pool)?\([^)]*\)[^:]*: ")


@dataclass(frozen=True)
class Archive:
    """A gzipped tar archive that somebody published.

    Attributes:
        url: Its address.
        md5: Its published MD5 checksum, in hexadecimal digits.
        members: The files to unpack, all named `<one folder>/<file>`, with their exact size in
            bytes, or None where any size is right.
    """

    url: str
    md5: str
    members: Mapping[str, int | None] = field(hash=False)

    @property
    def folder(self) -> str:
        """The folder that all members lie in."""
        return PurePosixPath(next(iter(self.members))).parts[0]


CIFAR10 = Archive(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    md5="c32a1d4ab5d03f1284b67883e8d87530",
    members={
        **{f"cifar-10-batches-bin/data_batch_{i}.bin": 30_730_000 for i in range(1, 6)},
        "cifar-10-batches-bin/test_batch.bin": 30_730_000,
        "cifar-10-batches-bin/batches.meta.txt": None,
    },
)


def fetch(archive: Archive, folder: Path, *, progress: bool = False) -> Path:
    """The folder of the archive's files within `folder`, downloaded unless it is there.

    Args:
        archive: What to fetch.
        folder: Where the archive's own folder shall stand; made if need be.
        progress: Whether to show a bar on standard error.

    Returns:
        `folder / archive.folder`, with every member of its right size in it.

    Raises:
        DataError: It cannot be downloaded, stored or unpacked, its checksum is another, or
            something else stands in its place.
    """
    target = folder / archive.folder
    try:
        sweep(_PREFIX, folder)
        if target.exists():
            _check(archive, target, "remove it to have the files fetched")
            return target
        folder.mkdir(parents=True, exist_ok=True)
        with scratch(_PREFIX, folder) as place:
            draft = place / archive.folder
            draft.mkdir()
            _unpack(archive, _download(archive, place, progress), draft)
            _check(archive, draft, f"{archive.url} holds others")
            try:
                draft.rename(target)
            except OSError:
                if not target.exists():  # else another process was first
                    raise
    except OSError as error:
        raise DataError(
            f"{target}: cannot store {archive.url} ({error.strerror or error}); expected a folder "
            "that can be written to, with room for the archive and its files"
        ) from error
    return target


def _download(archive: Archive, place: Path, progress: bool) -> str:
    """The path of the archive, whose checksum is right."""
    pooch.get_logger().setLevel("WARNING")
    name = f"{archive.folder}.tar.gz"
    downloading = pooch.create(
        place,
        base_url="",
        registry={name: f"md5:{archive.md5}"},
        urls={name: archive.url},
        retry_if_failed=RETRIES,
    )
    # Not what a server repacks: the checksum is that of the archive as it is.
    headers = {"Accept-Encoding": "identity"}
    over_http = pooch.HTTPDownloader(progress, chunk_size=_CHUNK_BYTES, headers=headers)
    try:
        return str(downloading.fetch(name, downloader=over_http))
    except (requests.RequestException, ValueError) as error:
        raise DataError(
            f"{archive.url}: cannot be downloaded ({_cause(error)}); the same command tries again"
        ) from error


def _cause(error: Exception) -> str:
    """What is the matter, of the errors that requests wraps in each other."""
    cause: object = error
    while isinstance(cause, Exception) and cause.args and isinstance(cause.args[0], Exception):
        cause = cause.args[0]
        cause = getattr(cause, "reason", cause)
    if isinstance(cause, Exception) and len(cause.args) > 1 and isinstance(cause.args[0], str):
        cause = cause.args[0]  # behind it stands the error that it was made of
    return _OF_A_CONNECTION.sub("", str(cause))


def _unpack(archive: Archive, packed: str, draft: Path) -> None:
    try:
        with tarfile.open(packed, "r:gz") as tar:
            for name, size in archive.members.items():
                found = tar.getmember(name).size
                if found > (_MOST_BYTES if size is None else size):
                    raise DataError(
                        f"{archive.url}: holds {name} of {found:,} bytes, which is too much"
                    )
                content = tar.extractfile(name)
                if content is not None:
                    with content, (draft / PurePosixPath(name).name).open("wb") as file:
                        shutil.copyfileobj(content, file)
    except (tarfile.TarError, KeyError, EOFError, zlib.error) as error:
        raise DataError(f"{archive.url}: cannot be unpacked ({error})") from error


def _check(archive: Archive, folder: Path, otherwise: str) -> None:
    """Raise DataError unless every member is in `folder`, of its right size."""
    for name, size in archive.members.items():
        path = folder / PurePosixPath(name).name
        if not path.is_file():
            raise DataError(f"{folder}: lacks the file {path.name}; {otherwise}")
        if size not in (None, path.stat().st_size):
            raise DataError(
                f"{path}: has {path.stat().st_size:,} bytes instead of {size:,}; {otherwise}"
            )
