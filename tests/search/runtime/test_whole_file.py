"""A file is written whole; links, devices, modes and what others planted stay as they are."""

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from search.runtime.whole_file import whole_file
from tests.without_rights import WITHOUT_RIGHTS

ROOT = Path(__file__).parents[3]


def write(output: Path, content: bytes = b"new") -> None:
    with whole_file(output) as file:
        file.write(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_has_the_usual_mode_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "out")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o666 & ~mask
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_file_that_is_replaced_keeps_its_mode_and_owner(tmp_path: Path, mode: int) -> None:
    output = tmp_path / "out"
    output.write_text("old")
    output.chmod(mode)
    before = output.stat()
    write(output)
    after = output.stat()
    assert output.read_bytes() == b"new"
    assert before.st_ino != after.st_ino
    assert [before.st_mode, before.st_uid] == [after.st_mode, after.st_uid]
    assert names(tmp_path) == ["out"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to others")
def test_a_file_of_somebody_else_stays_theirs(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.write_text("old")
    os.chown(output, 12345, 54321)
    write(output)
    assert (output.stat().st_uid, output.stat().st_gid) == (12345, 54321)


def test_a_link_is_followed_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("second")
    (tmp_path / "second").symlink_to("there/file")
    for content in (b"made", b"replaced"):
        write(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "there" / "file").read_bytes() == content
    assert not (tmp_path / "there" / "file").is_symlink()


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        write(tmp_path / "a")


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=write, args=(pipe, b"x" * 200_000))
    writer.start()
    assert pipe.read_bytes() == b"x" * 200_000
    writer.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


def test_devices_are_written_through() -> None:
    write(Path("/dev/null"))
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(OSError, match="No space left"):
        write(Path("/dev/full"))
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


@pytest.mark.parametrize("mode", ["wb", "ab"])
def test_standard_output_in_a_file_stays_that_file(tmp_path: Path, mode: str) -> None:
    """What was printed before and behind it stands around it."""
    log = tmp_path / "log"
    log.write_text("before\n" if mode == "ab" else "")
    inode = log.stat().st_ino
    program = (
        "from pathlib import Path\n"
        "from search.runtime.whole_file import whole_file\n"
        "with whole_file(Path('/dev/stdout')) as file: file.write(b'content\\n')\n"
        "print('behind')\n"
    )
    with log.open(mode) as out:
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=out, check=True)
    text = log.read_text()
    assert text == ("before\n" if mode == "ab" else "") + "content\nbehind\n"
    assert log.stat().st_ino == inode


def test_a_planted_draft_is_not_followed(tmp_path: Path) -> None:
    """Drafts had a name that anybody who may write to the folder could take before."""
    (tmp_path / "victim").write_text("mine")
    (tmp_path / ".out.part").symlink_to("victim")
    write(tmp_path / "out")
    assert (tmp_path / "victim").read_text() == "mine"
    assert not (tmp_path / "out").is_symlink()


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.write_text("old")
    with pytest.raises(TypeError), whole_file(output) as file:
        file.writelines([b"half", None])  # type: ignore[list-item]
    assert output.read_text() == "old"
    assert names(tmp_path) == ["out"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "out"
    output.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(output)
    assert output.read_text() == "old"
    assert names(tmp_path) == ["out"]


def test_a_file_that_is_mounted_is_written_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's single file cannot be replaced, only written to."""
    output = tmp_path / "out"
    output.write_text("an older and longer text")
    inode = output.stat().st_ino

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", busy)
    write(output)
    assert output.read_bytes() == b"new"
    assert output.stat().st_ino == inode
    assert names(tmp_path) == ["out"]


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write(tmp_path)
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "none" / "out")
    (tmp_path / "there").write_text("old")
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "none" / ".." / "there")
    assert (tmp_path / "there").read_text() == "old"


WRITES = """\
import sys
from pathlib import Path
from search.runtime.whole_file import whole_file
try:
    with whole_file(Path(sys.argv[1])) as file: file.write(b"new")
except OSError as error:
    print(type(error).__name__)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="rights are given up in Linux's way")
@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "told", "content"),
    [
        (0o555, 0o644, "", b"new"),  # written through, as its folder takes no draft
        (0o755, 0o444, "PermissionError", b"old"),
        (0o555, None, "PermissionError", None),
    ],
)
def test_what_may_not_be_written_is_not_replaced(
    tmp_path: Path, folder_mode: int, file_mode: int | None, told: str, content: bytes | None
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    output = folder / "out"
    if file_mode is not None:
        output.write_bytes(b"old")
        output.chmod(file_mode)
    folder.chmod(folder_mode)
    assert write_without_rights(output) == told
    folder.chmod(0o755)
    assert names(folder) == ([] if content is None else ["out"])
    if file_mode is not None:
        assert output.read_bytes() == content
        assert stat.S_IMODE(output.stat().st_mode) == file_mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to others")
def test_a_file_whose_owner_cannot_be_kept_is_written_through(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.write_text("old")
    output.chmod(0o666)
    os.chown(output, 12345, 12345)
    assert write_without_rights(output) == ""
    assert output.read_bytes() == b"new"
    assert output.stat().st_uid == 12345
    assert names(tmp_path) == ["out"]


def write_without_rights(output: Path) -> str:
    """Write as who is bound by modes; the name of the error that came of it, if one did."""
    command = [*WITHOUT_RIGHTS, sys.executable, "-c", WRITES, str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
