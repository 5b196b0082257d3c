"""Whether SQLite can be trusted where its file is: not on a file system of the network.

SQLite's write-ahead log is read through memory that all who have it open share, so all of them must
run on one kernel; and not every server keeps the locks that it grants. File systems that a virtual
machine is lent by its host count as the network's: there are two kernels as well.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import psutil

from search.errors import LedgerError
from search.ledger.location import POSTGRESQL_EXAMPLE

# As the kernel calls them; those in user space have "fuse." before their name.
_KINDS = re.compile(
    r"""
    nfs\d? | cifs | smb\w* | ncpfs | afs | afpfs | coda | webdav | davfs\d? | ftpfs | curlftpfs
    | sshfs | 9p | virtiofs | vboxsf | prl_fs | vmhgfs | vmhgfs-fuse | drvfs | grpcfuse | osxfs
    | ceph | ceph-fuse | gluster\w* | lustre\w* | gpfs | mmfs | beegfs\w* | fhgfs | orangefs | pvfs2
    | panfs | weka\w* | quobyte | moosefs | mfs | lizardfs | saunafs | ocfs2 | gfs2? | acfs
    | s3fs | goofys | mount-s3 | mountpoint-s3 | gcsfuse | blobfuse\d? | rclone | juicefs
    | seaweedfs | hdfs | fuse_dfs
    """,
    re.VERBOSE | re.IGNORECASE,
)
# A device such as server:/export, anna@server:/home or //server/share, whatever mounts it.
_REMOTE_DEVICE = re.compile(r"//[^/]|[^/\s]+:/")


class Mount(NamedTuple):
    """A mounted file system, in the kernel's words."""

    device: str
    mountpoint: str
    fstype: str

    @property
    def is_remote(self) -> bool:
        """Whether its files are another machine's."""
        kind = self.fstype.lower().removeprefix("fuse.")
        return bool(_KINDS.fullmatch(kind) or _REMOTE_DEVICE.match(self.device))


def mount_of(path: Path, mounts: Iterable[Mount]) -> Mount | None:
    """The file system that a file is, or would be, on; None where no mount holds it.

    Args:
        path: Absolute, without symbolic links.
        mounts: In the order in which they were mounted: of two in one place the later one is seen.
    """
    holding = [mount for mount in mounts if path.is_relative_to(mount.mountpoint)]
    return max(reversed(holding), key=lambda mount: len(Path(mount.mountpoint).parts), default=None)


def check_file_system(path: Path) -> None:
    """Refuse a SQLite file on a file system of the network. The file need not exist.

    Raises:
        LedgerError: It is on one.
    """
    place = path.resolve()  # first: to look may be what mounts it
    mount = mount_of(place, _mounts())
    if mount is not None and mount.is_remote:
        raise LedgerError(
            f"--storage: {path} is on a network file system ({mount.fstype} at "
            f"{mount.mountpoint}). SQLite is not safe there: its write-ahead log needs memory that "
            "one kernel shares, and locks over a network may not hold. Use a local disk or "
            f"PostgreSQL, {POSTGRESQL_EXAMPLE}"
        )


def _mounts() -> list[Mount]:
    try:
        found = psutil.disk_partitions(all=True)
    except OSError:  # a sandbox that hides them
        return []
    return [Mount(one.device, one.mountpoint, one.fstype) for one in found]
