"""Text files in the forms that spreadsheets and statistics programs write, and damaged ones."""

import codecs
import csv
import gzip
import os
from itertools import chain
from pathlib import Path

import pytest

from model.data import delimited
from model.data.delimited import read_delimited
from model.errors import DataFileError

TEXT = 'größe, name ,note\n1,Jürgen,"a, ""b"""\n2,Zoë,"two\nlines"\n'
COLUMNS = [["1", "2"], ["Jürgen", "Zoë"], ['a, "b"', "two\nlines"]]


def columns_of(path: Path) -> list[list[str]]:
    """All values of each column."""
    blocks = list(read_delimited(path).blocks())
    return [[*chain.from_iterable(values)] for values in zip(*blocks, strict=True)]


def written(folder: Path, content: bytes | str, name: str = "tabelle für uns.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("cp1252"), "cp1252"),
    ],
)
def test_every_encoding_gives_the_same_columns(
    tmp_path: Path, content: bytes, encoding: str
) -> None:
    path = written(tmp_path, content)
    found = read_delimited(path)
    assert found.names == ("größe", "name", "note")
    assert columns_of(path) == COLUMNS
    assert (found.encoding, found.separator) == (encoding, ",")


@pytest.mark.parametrize("separator", delimited.SEPARATORS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_separator_is_found(tmp_path: Path, separator: str, end: str) -> None:
    path = tmp_path / "a.txt"
    rows = [["a", "b", "c"], ["1,5", "x;y", "p|q"], ["2,5", "", "tab\there"], ["3,5", "z", "last"]]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=separator, lineterminator=end).writerows(rows)
    found = read_delimited(path)
    assert found.separator == separator
    assert [found.names, *zip(*columns_of(path), strict=True)] == [tuple(row) for row in rows]
    assert len(rows) - 1 <= found.most_rows <= len(rows) + 1


def test_decimal_commas_do_not_pass_for_separators(tmp_path: Path) -> None:
    found = columns_of(written(tmp_path, "a;b\n1,5;2,5\n3,5;4,5\n"))
    assert found == [["1,5", "3,5"], ["2,5", "4,5"]]


def test_a_single_column_and_a_last_line_without_an_end(tmp_path: Path) -> None:
    path = written(tmp_path, "a\n1\n2")
    assert (read_delimited(path).names, columns_of(path)) == (("a",), [["1", "2"]])


def test_blank_lines_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, "\n \na,b\n\n1,2\n  \n,\n\n")
    assert columns_of(path) == [["1", ""], ["2", ""]]


def test_a_gzipped_file_is_decompressed(tmp_path: Path) -> None:
    assert columns_of(written(tmp_path, gzip.compress(TEXT.encode()), "a.csv.gz")) == COLUMNS


def test_many_rows_keep_their_order(tmp_path: Path) -> None:
    numbers = [str(i) for i in range(150_001)]
    path = written(tmp_path, "a,b\n" + "".join(f"{i},x\n" for i in numbers))
    assert len(list(read_delimited(path).blocks())) == 2
    assert columns_of(path)[0] == numbers


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has 0 bytes; expected 1 to"),
        ("\n \n", "is empty; expected a line of column names"),
        ("a,b\n", "has column names and no rows"),
        ("a,b\n1,2\n3\n", "line 3 has 1 value, the header has 2; .* separated by commas"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 values, the header has 2"),
        ('a,b\n"x\ny",2\n3\n', "line 4 has 1 value"),
        ('a,b\n1,"2\n3,4\n', r"a double quote is not closed \(noticed at line 3\)"),
        ('a,b\n1,"' + "x" * 200_000 + '"\n', "a double quote is not closed"),
        ('a,b\n1,"2"x\n', "line 2 has characters after a closing double quote"),
        ("a,b\n1,\0\n", "is not text"),
        (b"a,b\n1,\x81\n", "is not text; expected UTF-8, UTF-16 with"),
        ("a,b\n1,2\n".encode("utf-16-le"), "is not text"),
        (codecs.BOM_UTF16_LE + b"a\0,", "is not text"),
    ],
)
def test_a_damaged_file_costs_one_message(
    tmp_path: Path, content: bytes | str, message: str
) -> None:
    with pytest.raises(DataFileError, match=message) as raised:
        columns_of(written(tmp_path, content))
    assert "tabelle für uns.csv: " in str(raised.value)


def test_a_line_without_an_end_is_refused_and_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "MOST_LINE", 3 * 2**20)
    content = gzip.compress(b"a,b\n1,2\n" + b"3" * 5 * 2**20)
    with pytest.raises(DataFileError, match=r"a\.csv\.gz: line 3 has more than 3,145,728 bytes"):
        read_delimited(written(tmp_path, content, "a.csv.gz"))


def test_a_gzipped_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(os.urandom(2_000))
    for content in (whole[:-9], b"a,b\n1,2\n", whole[:100] + b"\xff\xff" + whole[102:]):
        with pytest.raises(DataFileError, match="is damaged or cut short"):
            read_delimited(written(tmp_path, content, "a.csv.gz"))


def test_a_file_that_decompresses_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "MOST_BYTES", 1_000)
    with pytest.raises(DataFileError, match="holds more than 1,000 bytes, decompressed"):
        read_delimited(written(tmp_path, gzip.compress(b"a" * 1_001), "a.csv.gz"))


def test_a_file_that_decompresses_a_thousandfold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, gzip.compress(b"a\n" + b"1\n" * 1_000_000), "a.csv.gz")
    assert read_delimited(path).names == ("a",)
    monkeypatch.setattr("model.data.regular.LEAST_EXPANDED", 1000)
    with pytest.raises(DataFileError, match=r"unpacks to more than 500 times its [\d,]+ bytes"):
        read_delimited(path)


def test_a_folder_and_a_pipe_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, reason in {
        "folder": "is a folder",
        "pipe": "is a device",
        "no": "is missing",
    }.items():
        with pytest.raises(DataFileError, match=reason):
            read_delimited(tmp_path / f"{name}.csv")
