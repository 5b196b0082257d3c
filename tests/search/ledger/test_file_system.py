"""SQLite files are refused on file systems of the network, and nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from search.errors import LedgerError
from search.ledger import file_system
from search.ledger.file_system import Mount, check_file_system, mount_of

LOCAL = [
    Mount("/dev/sda1", "/", "ext4"),
    Mount("/dev/sda2", "/home", "xfs"),
    Mount("tmpfs", "/tmp", "tmpfs"),
    Mount("pool/data", "/data", "zfs"),
    Mount("overlay", "/", "overlay"),
    Mount("/dev/sdb1", "/media/disk", "fuseblk"),
    Mount("/dev/sdb1", "/media/disk", "fuse.ntfs-3g"),
    Mount("/home/anna/.closed", "/home/anna/open", "fuse.gocryptfs"),
    Mount("gvfsd-fuse", "/run/user/1000/gvfs", "fuse.gvfsd-fuse"),
    Mount("/dev/disk1s1", "/", "apfs"),
    Mount("C:\\", "C:\\", "NTFS"),
]
REMOTE = [
    Mount("server:/export", "/home", "nfs"),
    Mount("server:/export", "/home", "nfs4"),
    Mount("//server/share", "/mnt/share", "cifs"),
    Mount("//server/share", "/mnt/share", "smb3"),
    Mount("//anna@server/share", "/Volumes/share", "smbfs"),
    Mount("anna@server:", "/mnt/server", "fuse.sshfs"),
    Mount("sshfs#anna@server:/home", "/mnt/server", "fuse"),
    Mount("share", "/mnt/host", "9p"),
    Mount("share", "/mnt/host", "virtiofs"),
    Mount("vol", "/mnt/gluster", "fuse.glusterfs"),
    Mount("10.0.0.1,10.0.0.2:/", "/mnt/ceph", "ceph"),
    Mount("ceph-fuse", "/mnt/ceph", "fuse.ceph-fuse"),
    Mount("10.0.0.1@tcp:/scratch", "/scratch", "lustre"),
    Mount("gpfs0", "/gpfs", "gpfs"),
    Mount("beegfs_nodev", "/mnt/beegfs", "beegfs"),
    Mount("s3fs", "/mnt/bucket", "fuse.s3fs"),
    Mount("cloud:", "/mnt/cloud", "fuse.rclone"),
    Mount("https://cloud/files", "/mnt/cloud", "fuse"),
    Mount("server:/files", "/mnt/new", "fuse.of-tomorrow"),
]


@pytest.mark.parametrize("mount", LOCAL, ids=lambda mount: mount.fstype)
def test_disks_and_memory_are_local(mount: Mount) -> None:
    assert not mount.is_remote


@pytest.mark.parametrize("mount", REMOTE, ids=lambda mount: f"{mount.fstype} {mount.device}")
def test_what_another_machine_holds_is_remote(mount: Mount) -> None:
    assert mount.is_remote


ROOT = Mount("/dev/sda1", "/", "ext4")
SHARED = Mount("server:/export", "/srv/shared", "nfs4")
WITHIN = Mount("/dev/sdb1", "/srv/shared/local", "xfs")


@pytest.mark.parametrize(
    ("path", "mount"),
    [
        ("/a.db", ROOT),
        ("/srv/a.db", ROOT),
        ("/srv/shared", SHARED),
        ("/srv/shared/a.db", SHARED),
        ("/srv/shared/b/c/a.db", SHARED),
        ("/srv/shared-not/a.db", ROOT),
        ("/srv/shared/local/a.db", WITHIN),
        ("/srv/shared/locally/a.db", SHARED),
    ],
)
def test_a_file_is_on_the_mount_that_is_nearest_above_it(path: str, mount: Mount) -> None:
    for mounts in ([ROOT, SHARED, WITHIN], [WITHIN, SHARED, ROOT]):
        assert mount_of(Path(path), mounts) == mount


def test_of_two_mounts_in_one_place_the_later_one_is_seen() -> None:
    under = Mount("systemd-1", "/srv/shared", "autofs")
    assert mount_of(Path("/srv/shared/a.db"), [ROOT, under, SHARED]) == SHARED
    assert mount_of(Path("/srv/shared/a.db"), [ROOT, SHARED, under]) == under


def test_without_mounts_none_is_found() -> None:
    assert mount_of(Path("/a.db"), []) is None


def test_a_file_here_is_let_pass(tmp_path: Path) -> None:
    assert mount_of(tmp_path, file_system._mounts()) is not None
    check_file_system(tmp_path / "a.db")


def test_a_file_on_the_network_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where only a symbolic link leads there, and the file is yet to be made."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "link").symlink_to("shared")
    mounts = [ROOT, Mount("server:/export", str(tmp_path.resolve() / "shared"), "nfs4")]
    monkeypatch.setattr(file_system, "_mounts", lambda: mounts)
    check_file_system(tmp_path / "a.db")
    with pytest.raises(LedgerError) as caught:
        check_file_system(tmp_path / "link" / "a.db")
    message = str(caught.value)
    assert message.startswith(f"--storage: {tmp_path}/link/a.db is on a network file system (nfs4 ")
    assert "write-ahead log" in message
    assert "locks" in message
    assert message.endswith("postgresql://USER@HOST/DATABASE")


# Mounts a file system of the kind that sshfs mounts, in a namespace of this process's own. Nobody
# serves it; so it is closed before somebody looks into it, who would wait for an answer.
MOUNTS = """
import ctypes, os, sys
from pathlib import Path
from search.errors import LedgerError
from search.ledger.file_system import check_file_system
libc = ctypes.CDLL(None, use_errno=True)
place = sys.argv[1]
try:
    served = os.open("/dev/fuse", os.O_RDWR)
except OSError as error:
    sys.exit(f"cannot mount: {error}")
options = f"fd={served},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
if libc.mount(b"anna@server:/home", place.encode(), b"fuse.sshfs", 0, options.encode()):
    sys.exit(f"cannot mount: {os.strerror(ctypes.get_errno())}")
os.close(served)
try:
    check_file_system(Path(place, "a.db"))
except LedgerError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_a_real_mount_is_seen(tmp_path: Path) -> None:
    command = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--mount"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this machine gives no namespace to mount in: {error}")
    python = [sys.executable, "-c", MOUNTS, str(tmp_path)]
    done = subprocess.run([*command, *python], capture_output=True, text=True, timeout=60)
    if done.stderr.startswith("cannot mount"):
        pytest.skip(done.stderr.strip())
    assert f"(fuse.sshfs at {tmp_path})" in done.stdout, done.stderr
    assert not os.path.ismount(tmp_path)
