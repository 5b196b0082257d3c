"""Fetch a published data set: download, check, unpack; the folder is complete or absent.

The archive and what is unpacked from it stand in a folder of their own until all is whole; then
one rename puts the result in its place. A break within a call is tried again a few times; a later
call begins anew. Only the files that are expected are unpacked, whatever else an archive holds.
"""

import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path, PurePosixPath

from rich.console import Console

from search.errors import DataError
from search.objectives.network.archive import Archive, unpack
from search.objectives.network.download import USUAL, Patience, download

_DRAFT_PREFIX = ".fetching-"
_STALE_SECONDS = 24 * 3600

CIFAR10 = Archive(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    md5="c32a1d4ab5d03f1284b67883e8d87530",
    members={
        **{f"cifar-10-batches-bin/data_batch_{i}.bin": 30_730_000 for i in range(1, 6)},
        "cifar-10-batches-bin/test_batch.bin": 30_730_000,
        "cifar-10-batches-bin/batches.meta.txt": None,
    },
)


def fetch(
    archive: Archive,
    folder: Path,
    progress: Console | None,
    *,
    patience: Patience = USUAL,
) -> Path:
    """The folder of the archive's files within `folder`, downloaded unless it is there whole.

    Args:
        archive: What to fetch.
        folder: Where the archive's own folder shall stand; made if need be.
        progress: Where to show a bar; None shows nothing.
        patience: How often a broken download is tried within this call.

    Returns:
        `folder / archive.folder`, with every member of its right size in it.

    Raises:
        DataError: It cannot be downloaded, stored or unpacked, its checksum is another, or files
            of somebody else stand in its place.
    """
    target = folder / archive.folder
    try:
        if _is_whole(archive, target):
            return target
        _refuse_foreign(archive, target)
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        with tempfile.TemporaryDirectory(
            prefix=_DRAFT_PREFIX, dir=folder, ignore_cleanup_errors=True
        ) as place:
            packed = Path(place) / f"{archive.folder}.tar.gz"
            download(archive.url, archive.md5, packed, progress, patience)
            draft = Path(place) / archive.folder
            draft.mkdir()
            unpack(archive, packed, draft)
            _publish(archive, draft, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"{target}: cannot store {archive.url} ({reason}); expected a folder that can be "
            "written to, with room for the archive and its files"
        ) from error
    return target


def _is_whole(archive: Archive, target: Path) -> bool:
    for name, size in archive.members.items():
        path = target / PurePosixPath(name).name
        if not path.is_file() or size not in (None, path.stat().st_size):
            return False
    return True


def _refuse_foreign(archive: Archive, target: Path) -> None:
    """Raise DataError unless `target` is absent or holds nothing but members, whole or not."""
    if not target.exists() and not target.is_symlink():
        return
    expected = {PurePosixPath(name).name for name in archive.members}
    if target.is_symlink() or not target.is_dir():
        raise DataError(f"{target}: is not a folder; move it away to have the files fetched")
    foreign = sorted(path.name for path in target.iterdir() if path.name not in expected)
    if foreign:
        raise DataError(
            f"{target}: is not complete, and holds other files ({foreign[0]}), so it is not "
            "replaced; move it away to have the files fetched"
        )


def _sweep(folder: Path) -> None:
    """Remove what a killed process left, once it is too old to belong to a running one."""
    for draft in folder.glob(f"{_DRAFT_PREFIX}*"):
        with suppress(FileNotFoundError):  # a running process has just finished
            if time.time() - draft.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(draft, ignore_errors=True)


def _publish(archive: Archive, draft: Path, target: Path) -> None:
    """Put the whole folder `draft` in the place of `target`, which may hold a part of it."""
    if target.exists():
        if _is_whole(archive, target):  # another process was first
            return
        with suppress(FileNotFoundError):  # another process is replacing it too
            target.rename(draft.with_name("replaced"))
    try:
        draft.rename(target)
    except OSError:
        if not _is_whole(archive, target):
            raise
