"""Files are hashed once, and again whenever something may have changed them."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from model.data import vouched
from model.errors import DataFileError

CONTENT = b"the rows"
DIGESTS = {"x.npy": hashlib.sha256(CONTENT).hexdigest()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file."""
    (tmp_path / "x.npy").write_bytes(CONTENT)
    return tmp_path


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Which files were read whole; every write is long ago."""
    found: list[Path] = []
    digest = vouched._digest

    def noted(path: Path) -> str:
        found.append(path)
        return digest(path)

    monkeypatch.setattr(vouched, "_digest", noted)
    monkeypatch.setattr(vouched, "_TICK_NS", -1)
    return found


def test_a_file_is_hashed_once(folder: Path, hashed: list[Path]) -> None:
    for _ in range(3):
        vouched.check_files(folder, DIGESTS)
    assert hashed == [folder / "x.npy"]


def test_what_is_remembered_is_closed_to_others_too(folder: Path, hashed: list[Path]) -> None:
    before = os.umask(0)
    try:
        vouched.check_files(folder, DIGESTS)
    finally:
        os.umask(before)
    vouched.check_owner(folder)
    vouched.check_files(folder, DIGESTS)
    assert len(hashed) == 1


def test_a_file_that_was_touched_replaced_or_copied_is_hashed_again(
    folder: Path, hashed: list[Path]
) -> None:
    path = folder / "x.npy"
    vouched.check_files(folder, DIGESTS)
    os.utime(path, (1, 1))
    vouched.check_files(folder, DIGESTS)
    copy = folder / "copy"
    copy.write_bytes(CONTENT)
    copy.replace(path)
    vouched.check_files(folder, DIGESTS)
    assert len(hashed) == 3


def test_other_content_of_the_same_size_and_time_is_found(folder: Path, hashed: list[Path]) -> None:
    path = folder / "x.npy"
    vouched.check_files(folder, DIGESTS)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(CONTENT.upper())
    os.utime(path, ns=times)
    for _ in range(2):  # what is wrong is not remembered as right
        with pytest.raises(DataFileError, match=r"x\.npy: is damaged"):
            vouched.check_files(folder, DIGESTS)
    path.write_bytes(CONTENT)
    vouched.check_files(folder, DIGESTS)


def test_what_was_just_written_is_not_remembered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouched, "_TICK_NS", 10**12)
    vouched.check_files(folder, DIGESTS)
    assert not (folder / vouched.CHECKED).exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x.npy": 1}', "[" * 20_000, "\xff"])
def test_a_damaged_memory_of_it_costs_one_hash(
    folder: Path, hashed: list[Path], content: str
) -> None:
    (folder / vouched.CHECKED).write_text(content, "latin-1")
    vouched.check_files(folder, DIGESTS)
    assert len(hashed) == 1
    assert json.loads((folder / vouched.CHECKED).read_text())["x.npy"][-1] == DIGESTS["x.npy"]


def test_where_nothing_can_be_remembered_files_are_hashed_each_time(
    folder: Path, hashed: list[Path]
) -> None:
    (folder / vouched.CHECKED).mkdir()
    vouched.check_files(folder, DIGESTS)
    vouched.check_files(folder, DIGESTS)
    assert len(hashed) == 2


@pytest.mark.parametrize("name", [".", "x.npy"])
@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_what_others_may_write_to_is_refused_until_it_is_closed(
    folder: Path, name: str, mode: int
) -> None:
    vouched.check_owner(folder)
    (folder / name).chmod(mode)
    with pytest.raises(DataFileError, match=rf"others may write to it \(mode {mode:o}\)"):
        vouched.check_owner(folder)
    vouched.close_to_others(folder)
    vouched.check_owner(folder)


def test_what_belongs_to_another_user_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouched, "_owners", lambda: (os.geteuid() + 1,))
    with pytest.raises(vouched.ForeignFolderError, match="belongs to the user with id"):
        vouched.check_owner(folder)
    vouched.check_owner(folder / "absent")
