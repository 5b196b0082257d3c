"""Only regular files of the right size are read, and none other is opened."""

import os
from pathlib import Path

import pytest

from model.data.regular import check_expansion, read_regular
from model.errors import DataFileError


def test_reads_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_regular(tmp_path / "link", least=3, most=3) == b"abc"


@pytest.mark.parametrize(("least", "most"), [(0, 2), (4, 9)])
def test_refuses_a_wrong_size(tmp_path: Path, least: int, most: int) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    with pytest.raises(DataFileError, match=rf"file: has 3 bytes; expected {least} to {most}"):
        read_regular(tmp_path / "file", least=least, most=most)


def test_refuses_what_is_no_regular_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "zeros").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    (tmp_path / "nowhere").symlink_to(tmp_path / "nothing")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name, reason in {
        "folder": "is a folder",
        "zeros": "is a device",
        "pipe": "is a device, pipe",
        "nowhere": "is missing",
        "absent": "is missing",
        "circle": "cannot be read",
    }.items():
        with pytest.raises(DataFileError, match=f"{name}: {reason}"):
            read_regular(tmp_path / name, least=0, most=9)


def test_little_may_unpack_to_any_multiple_of_itself_and_much_to_500_times() -> None:
    check_expansion("x", 0, 1_000_000_000)
    check_expansion("x", 10**7, 5 * 10**9)
    with pytest.raises(DataFileError, match=r"^x: unpacks to more than 500 times its 10,000,000 "):
        check_expansion("x", 10**7, 5 * 10**9 + 1)
