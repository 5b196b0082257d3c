"""Read a text file of separated values: CSV, TSV and their gzipped forms, as columns of text.

The standard library's reader is used and not a data-frame library's: it tells a row that is too
short from one with empty values, names the line, and needs nothing installed. Rows are taken some
at a time, and a value costs 16 bytes or little more.

Separator and encoding are found. The separator follows from the header and the rows below it. The
encoding is UTF-8 (with or without a byte-order mark), UTF-16 with a mark, or else Windows-1252.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.regular import read_regular
from model.errors import DataFileError

MOST_BYTES = 4_000_000_000
SEPARATORS = (",", ";", "\t", "|")
FALLBACK_ENCODING = "cp1252"
SNIFFED_ROWS = 30
_BLOCK_ROWS = 10_000
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NAMED = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, eq=False)
class Delimited:
    """A text file's columns, each value as it is written but without quotes.

    Attributes:
        names: The header's names, stripped; they may repeat or be empty.
        columns: For each name its n texts, (n,) `numpy.dtypes.StringDType`; n is 1 or more.
        separator: One of `SEPARATORS`.
        encoding: The Python name of the encoding that the file was read in.
    """

    names: tuple[str, ...]
    columns: tuple[npt.NDArray[Any], ...]
    separator: str
    encoding: str


def read_delimited(path: Path) -> Delimited:
    """Read the file; one whose name ends with `.gz` is decompressed.

    Values stand in double quotes where they hold a separator, a quote (doubled) or a line's end.
    Blanks after a separator and lines without any character but blanks are passed over.

    Raises:
        DataFileError: The file is no regular file, is empty, has a header alone, is not text, is
            damaged, has rows of unequal length, or a quote that is not closed.
    """
    content = _content(path)
    encoding = _encoding(path, content)
    separator = _separator(content, encoding)
    reader = _reader(content, encoding, separator, strict=True)
    try:
        header = next((row for row in reader if any(cell.strip() for cell in row)), None)
        if header is None:
            raise DataFileError(f"{path}: is empty; expected a line of column names, then rows")
        columns = _columns(_full_rows(path, reader, len(header), separator))
    except csv.Error as error:
        raise DataFileError(_quoting(path, reader.line_num, str(error))) from error
    if not columns:
        raise DataFileError(f"{path}: has column names and no rows; expected at least one row")
    return Delimited(tuple(name.strip() for name in header), columns, separator, encoding)


def _content(path: Path) -> bytes:
    content = read_regular(path, least=1, most=MOST_BYTES)
    if path.suffix.lower() == ".gz":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                content = file.read(MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise DataFileError(
                f"{path}: is damaged or cut short ({error}); expected a gzip file"
            ) from error
        if len(content) > MOST_BYTES:
            raise DataFileError(f"{path}: holds more than {MOST_BYTES:,} bytes, decompressed")
    return content


def _encoding(path: Path, content: bytes) -> str:
    """The encoding of the whole content: it decodes without an error, and has no NUL."""
    by_mark = next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    for name in (by_mark,) if by_mark else ("utf-8", FALLBACK_ENCODING):
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return name
    raise DataFileError(
        f"{path}: is not text; expected UTF-8, UTF-16 with a byte-order mark, or Windows-1252"
    )


def _reader(content: bytes, encoding: str, separator: str, *, strict: bool) -> Any:
    lines = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=strict)


def _separator(content: bytes, encoding: str) -> str:
    """The one that cuts header and first rows into equally many values, and into the most.

    Where none cuts them equally, the one that cuts the header into the most: the reader then says
    which row differs.
    """
    best, most = ",", (0, 1)
    for separator in SEPARATORS:
        reader = _reader(content, encoding, separator, strict=False)
        try:
            full = (row for row in reader if any(cell.strip() for cell in row))
            widths = [len(row) for row in islice(full, SNIFFED_ROWS)]
        except csv.Error:  # a quoted value without an end
            continue
        if widths:
            found = (int(len(set(widths)) == 1 and widths[0] > 1), widths[0])
            if found > most:
                best, most = separator, found
    return best


def _full_rows(path: Path, reader: Any, width: int, separator: str) -> Iterator[list[str]]:
    for row in reader:
        if len(row) == width:
            yield row
        elif len(row) > 1 or (row and row[0].strip()):
            raise DataFileError(
                f"{path}: line {reader.line_num:,} has {_counted(len(row))}, the header has "
                f"{width:,}; expected equally many, separated by {_NAMED[separator]} "
                "(a value that holds one stands in double quotes)"
            )


def _columns(rows: Iterator[list[str]]) -> tuple[npt.NDArray[Any], ...]:
    text = np.dtypes.StringDType()
    blocks = []
    while block := list(islice(rows, _BLOCK_ROWS)):
        blocks.append([np.array(values, text) for values in zip(*block, strict=True)])
    return tuple(np.concatenate(parts) for parts in zip(*blocks, strict=True))


def _quoting(path: Path, line: int, fault: str) -> str:
    if "unexpected end" in fault or "field limit" in fault:
        return (
            f"{path}: a double quote is not closed (noticed at line {line:,}); expected one at "
            "each end of a quoted value"
        )
    return (
        f"{path}: line {line:,} has characters after a closing double quote; expected a separator "
        "there, and quotes within a value doubled"
    )


def _counted(values: int) -> str:
    return f"{values:,} value" if values == 1 else f"{values:,} values"
