"""The last lines that a program printed."""

from pathlib import Path

import pytest

from search.objectives.output import MOST_KEPT, TAIL, bound, last_lines


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"", ""),
        (b"one\ntwo\n", "one\ntwo"),
        (b"\n\none\n\ntwo", "one\n\ntwo"),
        (b"windows\r\nlines\r\n", "windows\nlines"),
        (b"\x1b[1;31mred\x1b[0m and \x1b[2Kplain", "red and plain"),
        (b"\x1b]0;a title\x07text\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "textlink"),
        (b"10 %\r 50 %\r100 %\nend", "100 %\nend"),
        (b"a\0b\x08\x07c\x7f", "abc"),
        (b"a\tb", "a       b"),
        ("größer → naïve".encode(), "größer → naïve"),
        (b"not \xff\xfe UTF-8", "not \ufffd\ufffd UTF-8"),
        ("right\u202eto left\u2028".encode(), "rightto left"),
    ],
)
def test_it_is_plain_text(tmp_path: Path, printed: bytes, shown: str) -> None:
    file = tmp_path / "output"
    file.write_bytes(printed)
    assert last_lines(file) == shown


def test_it_is_the_last_of_many_lines(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_text("".join(f"line {i}\n" for i in range(1000)))
    assert last_lines(file, 3) == "line 997\nline 998\nline 999"
    assert len(last_lines(file).split("\n")) == 20


def test_it_is_short_whatever_was_printed(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_text("ö" * 1_000_000)
    text = last_lines(file, most_bytes=101)
    assert set(text) == {"ö"}
    assert len(text.encode()) == 100


def test_no_file_is_no_text(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none") == ""


def test_an_output_without_end_keeps_its_last_lines(tmp_path: Path) -> None:
    file = tmp_path / "output"
    with file.open("a+b", buffering=0) as output:
        output.write(b"begins")
        bound(output.fileno())
        assert file.read_bytes() == b"begins"
        output.truncate(MOST_KEPT)
        output.write(b"\nlast line\n")
        bound(output.fileno())
        output.write(b"goes on")
    assert file.stat().st_size == TAIL + len(b"goes on")
    assert last_lines(file, lines=2) == "last line\ngoes on"
