"""Read a file that holds a table into columns of numbers and categories, whatever its form.

The form follows from the file's name: `.csv`, `.tsv` and `.txt` are text (also with `.gz` behind),
`.parquet` is Parquet.
"""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.column import (
    Column,
    category_column,
    parsed,
    parsed_commas,
    shows_decimal_comma,
    texts_of,
)
from model.data.delimited import FALLBACK_ENCODING, read_delimited
from model.data.parquet_file import read_parquet
from model.errors import DataFileError

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
# The network computes in float32, and differences of two numbers must fit as well.
LARGEST = float(np.finfo(np.float32).max) / 4


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of one file, of equally many rows.

    Attributes:
        by_name: Each column, in the file's order; at least one, of one row or more.
        skipped: Columns that were left out, since they are of a type that no table has.
        notes: What a reader should be told of how the file was read, each a sentence.
    """

    by_name: Mapping[str, Column]
    skipped: frozenset[str]
    notes: tuple[str, ...]


def read_columns(
    path: Path,
    *,
    numbers: Collection[str] = (),
    categories: Collection[str] = (),
    skip: Collection[str] = (),
) -> Columns:
    """Read every column of the file.

    A column holds numbers where all its values that are not missing are numbers, with a decimal
    point, or with a decimal comma where the file's separator is none. 1,234 alone is not read as
    1.234: a decimal comma is recognised where a column of the file has another number of digits
    behind it.

    Args:
        path: The file.
        numbers: Columns that must hold numbers; names that the file lacks are passed over.
        categories: Columns whose values are categories also where all of them are numbers.
        skip: Columns that a Parquet file may have of any type; those that are no table's are
            left out.

    Raises:
        DataFileError: The file's name has another ending; the file cannot be read, see
            `read_delimited` and `read_parquet`; a name is empty or occurs twice; a column of
            `numbers` holds something else.
    """
    raw, skipped, allows_commas, notes = _raw(path, categories, skip)
    texts: dict[str, list[str | None]] = {}
    found: dict[str, Column] = {}
    for name in list(raw):
        values = raw.pop(name)  # one at a time, so that both forms of all are never in memory
        if values.dtype == np.float64:
            found[name] = Column(name, "number", values)
            continue
        column_texts = texts_of(values)
        as_numbers = None if name in categories else parsed(column_texts)
        if as_numbers is None:
            texts[name] = column_texts
            found[name] = category_column(name, column_texts)
        else:
            found[name] = Column(name, "number", as_numbers)
    candidates = {name: texts[name] for name in texts if name not in categories}
    if allows_commas and any(shows_decimal_comma(t) for t in candidates.values()):
        for name, column_texts in candidates.items():
            as_numbers = parsed_commas(column_texts)
            if as_numbers is not None:
                found[name] = Column(name, "number", as_numbers)
    for name in numbers:
        if name in found and found[name].kind != "number":
            row, text = found[name].first_other() or (1, "")
            raise DataFileError(
                f"{path}: row {row:,} of column {name!r} holds {text!r}; expected a number"
            )
    return Columns(found, skipped, notes)


def near(name: str, names: Collection[str]) -> str:
    """A clause that lists the names most like `name`, or, where none is, the first few."""
    like = difflib.get_close_matches(name, names, n=3)
    if like:
        return f"did you mean {' or '.join(map(repr, like))}?"
    shown = ", ".join(repr(one) for one in list(names)[:8])
    return f"its columns are {shown}{' …' if len(names) > 8 else ''}"


def check_numbers(where: Path | str, column: Column) -> None:
    """Refuse numbers that are infinite, or too large for float32.

    Raises:
        DataFileError: The column has one.
    """
    if column.kind == "number":
        wrong = np.abs(column.values) > LARGEST
        if wrong.any():
            row = int(wrong.argmax())
            raise DataFileError(
                f"{where}: row {row + 1:,} of column {column.name!r} is {column.values[row]:g}; "
                f"expected a finite number of at most {LARGEST:.1e}"
            )


def _raw(
    path: Path, categories: Collection[str], skip: Collection[str]
) -> tuple[dict[str, npt.NDArray[Any]], frozenset[str], bool, tuple[str, ...]]:
    """The columns as read, those skipped, whether decimal commas may occur, and notes."""
    name = path.name.lower()
    if name.endswith(".parquet"):
        found = read_parquet(path, as_text=categories, skip=skip)
        _check_names(path, list(found.columns))
        return dict(found.columns), found.skipped, False, ()
    unpacked = name.removesuffix(".gz")
    if not unpacked.endswith(TEXT_SUFFIXES) or unpacked in TEXT_SUFFIXES:
        raise DataFileError(
            f"{path}: expected a file named .csv, .tsv or .txt (also with .gz behind) or .parquet"
        )
    read = read_delimited(path)
    _check_names(path, read.names)
    notes = ("it is not UTF-8, and was read as Windows-1252",)
    return (
        dict(zip(read.names, read.columns, strict=True)),
        frozenset(),
        read.separator != ",",
        notes if read.encoding == FALLBACK_ENCODING else (),
    )


def _check_names(path: Path, names: Collection[str]) -> None:
    seen = set()
    for place, name in enumerate(names, 1):
        if not name:
            raise DataFileError(f"{path}: column {place} has no name; expected one for each column")
        if name in seen:
            raise DataFileError(f"{path}: has two columns {name!r}; expected each name once")
        seen.add(name)
