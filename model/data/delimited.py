"""Read a text file of separated values, CSV, TSV and their gzipped forms, some rows at a time.

The standard library's reader is used and not a data-frame library's: it tells a row that is too
short from one with empty values, names the line, and needs nothing installed. The file is never in
memory whole.

Separator and encoding are found. The separator follows from the header and the rows below it. The
encoding is UTF-8 (with or without a byte-order mark), UTF-16 with a mark, or else Windows-1252.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from model.data.regular import check_expansion, check_regular
from model.errors import DataFileError

MOST_BYTES = 100_000_000_000
MOST_LINE = 50_000_000
SEPARATORS = (",", ";", "\t", "|")
FALLBACK_ENCODING = "cp1252"
SNIFFED_ROWS = 30
_BLOCK_VALUES = 2**18
_BLOCK_BYTES = 2**20
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NO_TEXT = "{path}: is not text; expected UTF-8, UTF-16 with a byte-order mark, or Windows-1252"
_NAMED = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Delimited:
    """A text file whose form is known.

    Attributes:
        path: The file.
        names: The header's names, stripped; they may repeat or be empty.
        most_rows: It has no more rows than that.
        separator: One of `SEPARATORS`.
        encoding: The Python name of the encoding that the file is read in.
    """

    path: Path
    names: tuple[str, ...]
    most_rows: int
    separator: str
    encoding: str

    def blocks(self) -> Iterator[tuple[tuple[str, ...], ...]]:
        """Some rows at a time: for each name their values, as they are written but without quotes.

        Raises:
            DataFileError: There is no row; rows are of unequal length; a quote is not closed; or
                the file has changed since its form was found.
        """
        width = len(self.names)
        with _lines(self.path, self.encoding) as lines:
            reader = _reader(lines, self.separator, strict=True)
            try:
                next(_not_blank(reader), None)
                rows = _full_rows(self.path, reader, width, self.separator)
                block = list(islice(rows, max(1, _BLOCK_VALUES // width)))
                if not block:
                    raise DataFileError(
                        f"{self.path}: has column names and no rows; expected at least one row"
                    )
                while block:
                    yield tuple(zip(*block, strict=True))
                    block = list(islice(rows, len(block)))
            except csv.Error as error:
                raise DataFileError(_quoting(self.path, reader.line_num, str(error))) from error


def read_delimited(path: Path) -> Delimited:
    """Find out the form of the file; one whose name ends with `.gz` is decompressed.

    Values stand in double quotes where they hold a separator, a quote (doubled) or a line's end.
    Blanks after a separator and lines without any character but blanks are passed over.

    Raises:
        DataFileError: The file is no regular file, is empty, is not text, is damaged, or has a
            quote in its header that is not closed.
    """
    check_regular(path, least=1, most=MOST_BYTES)
    encoding, most_rows = _encoding(path)
    separator = _separator(path, encoding)
    with _lines(path, encoding) as lines:
        reader = _reader(lines, separator, strict=True)
        try:
            header = next(_not_blank(reader), None)
        except csv.Error as error:
            raise DataFileError(_quoting(path, reader.line_num, str(error))) from error
    if header is None:
        raise DataFileError(f"{path}: is empty; expected a line of column names, then rows")
    names = tuple(name.strip() for name in header)
    return Delimited(path, names, most_rows, separator, encoding)


@contextmanager
def _content(path: Path) -> Iterator[BinaryIO]:
    """The file as it is read, decompressed."""
    is_packed = path.suffix.lower() == ".gz"
    try:
        with gzip.open(path) if is_packed else path.open("rb") as file:
            yield cast("BinaryIO", file)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataFileError(
            f"{path}: is damaged or cut short ({error}); expected a gzip file"
        ) from error
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read ({error.strerror})") from error


@contextmanager
def _lines(path: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    with _content(path) as file, io.TextIOWrapper(file, encoding, newline="") as lines:
        try:
            yield lines
        except UnicodeDecodeError as error:  # it was looked through before
            raise DataFileError(f"{path}: changed while it was read; try again") from error


def _encoding(path: Path) -> tuple[str, int]:
    """The encoding of the whole content, which decodes without an error and has no NUL.

    And how many lines there are at most.
    """
    with _content(path) as file:
        start = file.read(max(map(len, _MARKS)))
    by_mark = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    for name in (by_mark,) if by_mark else ("utf-8", FALLBACK_ENCODING):
        try:
            return name, _count_lines(path, name)
        except UnicodeDecodeError:
            continue
    raise DataFileError(_NO_TEXT.format(path=path))


def _count_lines(path: Path, encoding: str) -> int:
    """How many lines the file has at most: one end may be counted twice."""
    decoder, lines, size, blocks = codecs.getincrementaldecoder(encoding)(), 1, 0, 0
    with _content(path) as file:
        while piece := file.read(_BLOCK_BYTES):
            size += len(piece)
            check_expansion(str(path), path.stat().st_size, size)
            if size > MOST_BYTES:
                raise DataFileError(f"{path}: holds more than {MOST_BYTES:,} bytes, decompressed")
            text = decoder.decode(piece)
            if "\0" in text:
                raise DataFileError(_NO_TEXT.format(path=path))
            ends = text.count("\n") + text.count("\r") - text.count("\r\n")
            lines, blocks = lines + ends, 0 if ends else blocks + 1
            if blocks > MOST_LINE // _BLOCK_BYTES:  # which the reader has in memory whole
                raise DataFileError(
                    f"{path}: line {lines:,} has more than {MOST_LINE:,} bytes; expected rows of a "
                    "table"
                )
    decoder.decode(b"", final=True)
    return lines


def _reader(lines: io.TextIOWrapper, separator: str, *, strict: bool) -> Any:
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=strict)


def _not_blank(reader: Any) -> Iterator[list[str]]:
    return (row for row in reader if any(cell.strip() for cell in row))


def _separator(path: Path, encoding: str) -> str:
    """The one that cuts header and first rows into equally many values, and into the most.

    Where none cuts them equally, the one that cuts the header into the most: the reader then says
    which row differs.
    """
    best, most = ",", (0, 1)
    for separator in SEPARATORS:
        try:
            with _lines(path, encoding) as lines:
                full = _not_blank(_reader(lines, separator, strict=False))
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
