"""Read a file that holds a table into columns of numbers and categories, whatever its form.

The form follows from the file's name: `.csv`, `.tsv` and `.txt` are text (also with `.gz` behind),
`.parquet` is Parquet.

A file is read some rows at a time. What its columns hold is put into a temporary file, which has
no name and goes with the process, and is mapped into memory from there: so a table may be larger
than the memory.
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.data.array_file import temporary_file
from model.data.column import Column, Kind
from model.data.delimited import FALLBACK_ENCODING, read_delimited
from model.data.draft import Draft, Form, amended
from model.data.kinds import TEXT_TABLES
from model.data.parquet_file import read_parquet
from model.errors import DataFileError

MOST_LISTED = 8  # names in a message or a note
MOST_TEXTS = 1_000_000  # different ones, which are in memory
# The network computes in float32, and differences of two numbers must fit as well.
LARGEST = float(np.finfo(np.float32).max) / 4


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of one file, of equally many rows.

    Attributes:
        by_name: Each column that was asked for, in the file's order, of one row or more.
        names: Of all its columns: those that can be read, in the file's order, then the others.
        notes: What a reader should be told of how the file was read, each a sentence.
        has_commas: Whether its numbers have decimal commas.
    """

    by_name: Mapping[str, Column]
    names: tuple[str, ...]
    notes: tuple[str, ...]
    has_commas: bool = False


def read_columns(
    path: Path,
    *,
    numbers: Collection[str] = (),
    categories: Collection[str] = (),
    skip: Collection[str] = (),
    unlimited: Collection[str] = (),
    has_commas: bool = False,
    scratch: Path | None = None,
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
        skip: Columns that are left out; a Parquet file may have them of any type.
        unlimited: Columns that may have more than `MOST_TEXTS` different texts.
        has_commas: Whether decimal commas are known to be meant, where the separator is none.
        scratch: The folder of the temporary file; None for the system's own.

    Raises:
        DataFileError: The file's name has another ending; the file cannot be read, see
            `read_delimited` and `read_parquet`; a name is empty or occurs twice; a column of
            `numbers` holds something else; one has too many different texts; or the temporary
            file cannot be written.
    """
    raw = _raw(path, categories, skip)
    forms: tuple[Form, ...] = ("number", "comma number", "category")
    if not raw.allows_commas:
        forms = ("number", "category")
    drafts = [
        Draft(
            path,
            name,
            ("category",) if name in categories else forms,
            is_kept=name not in skip,
            most_texts=None if name in unlimited else MOST_TEXTS,
        )
        for name in raw.names
    ]
    while True:
        found = _stored(path, raw, drafts, scratch)
        for draft in drafts:
            if draft.name in numbers and draft.other and draft.forms == ("category",):
                row, text = draft.other
                raise DataFileError(
                    f"{path}: row {row:,} of column {draft.name!r} holds {text!r}; "
                    "expected a number"
                )
        if not amended(drafts, has_commas=has_commas):
            by_name = {column.name: column for column in found}
            has_commas = any(draft.forms[0] == "comma number" for draft in drafts)
            return Columns(by_name, (*raw.names, *raw.skipped), raw.notes, has_commas)


def read_alike(
    path: Path,
    kinds: Mapping[str, Kind],
    ignored: Collection[str],
    lacking: str = "the input",
    foreign: str = "which the model does not know",
    *,
    has_commas: bool = False,
    scratch: Path | None = None,
) -> tuple[Column, ...]:
    """The columns of a file whose kinds another file has set, in the order of `kinds`.

    They are found by their names, in whatever order the file has them.

    Args:
        path: The file.
        kinds: The kind of each column.
        ignored: Columns that the file may have and that are left out.
        lacking: What a column is called that the file lacks.
        foreign: What is said of a column that is neither.
        has_commas: Whether the other file has decimal commas.
        scratch: As for `read_columns`.

    Raises:
        DataFileError: The file cannot be read as a table; it lacks a column, or has a foreign one;
            a column of numbers has a text, or a number that is infinite or too large.
    """
    found = read_columns(
        path,
        numbers={name for name, kind in kinds.items() if kind == "number"},
        categories={name for name, kind in kinds.items() if kind == "category"},
        skip=set(ignored),
        has_commas=has_commas,
        scratch=scratch,
    )
    return matched(path, found.by_name, list(kinds), lacking, foreign)


def matched(
    where: Path | str,
    found: Mapping[str, Column],
    names: Sequence[str],
    lacking: str = "the input",
    foreign: str = "which the model does not know",
) -> tuple[Column, ...]:
    """Those columns, in that order, of a table that has them and no others.

    Args:
        where: What messages call the table.
        found: Its columns.
        names: Of those that it must have.
        lacking: As for `read_alike`.
        foreign: Likewise.

    Raises:
        DataFileError: It lacks one, or has a foreign one, or a number that is infinite or too
            large.
    """
    missing = [name for name in names if name not in found]
    others = [name for name in found if name not in set(names)]
    if missing or others:
        lacks = [f"lacks {lacking} {listed(missing)}"] if missing else []
        has = [f"has {listed(others)}, {foreign}"] if others else []
        raise DataFileError(
            f"{where}: {' and '.join(lacks + has)}; expected the columns {listed(names)}"
        )
    for name in names:
        check_numbers(where, found[name])
    return tuple(found[name] for name in names)


def near(name: str, names: Collection[str]) -> str:
    """A clause that lists the names most like `name`, or, where none is, the first few."""
    if len(names) == 1 and " " in (only := next(iter(names))):
        return (
            f"its only column is {only!r}: values are separated by commas, semicolons, tabs or "
            "bars, and not by blanks"
        )
    like = difflib.get_close_matches(name, names, n=3)
    if like:
        return f"did you mean {' or '.join(map(repr, like))}?"
    shown = ", ".join(repr(one) for one in list(names)[:MOST_LISTED])
    return f"its columns are {shown}{' …' if len(names) > MOST_LISTED else ''}"


def listed(names: Collection[str], counts: Mapping[str, int] | None = None) -> str:
    """The first few names, in quotes, each with its count if there are any; how many more."""
    told = [f"{name!r} ({counts[name]:,})" if counts else repr(name) for name in names]
    more = f" and {len(told) - MOST_LISTED:,} more" if len(told) > MOST_LISTED else ""
    return ", ".join(told[:MOST_LISTED]) + more


def check_numbers(where: Path | str, column: Column) -> None:
    """Refuse numbers that are infinite, or too large for float32.

    Raises:
        DataFileError: The column has one.
    """
    lowest, highest = column.extent
    if column.kind == "number" and max(-lowest, highest) > LARGEST:
        row = int((np.abs(column.values) > LARGEST).argmax())
        raise DataFileError(
            f"{where}: row {row + 1:,} of column {column.name!r} is {column.values[row]:g}; "
            f"expected a finite number of at most {LARGEST:.1e}"
        )


@dataclass(frozen=True)
class _Raw:
    """A file whose form is known.

    Attributes:
        names: Of the columns that can be read.
        most_rows: It has no more rows than that.
        blocks: Some rows at a time: for each name texts, or numbers.
        skipped: Columns that cannot be read.
        allows_commas: Whether decimal commas may occur.
        notes: See `Columns`.
    """

    names: tuple[str, ...]
    most_rows: int
    blocks: Callable[[], Iterable[tuple[Any, ...]]]
    skipped: tuple[str, ...] = ()
    allows_commas: bool = False
    notes: tuple[str, ...] = ()


def _stored(path: Path, raw: _Raw, drafts: Sequence[Draft], scratch: Path | None) -> list[Column]:
    """Read the whole file once; its columns as the drafts are at the end of it."""
    kept = [draft for draft in drafts if draft.is_kept]
    places = {draft.name: place for place, draft in enumerate(kept)}
    shape = (max(1, len(kept)), raw.most_rows)
    with temporary_file(8 * shape[0] * shape[1], scratch) as file:
        for draft in drafts:
            draft.begin()
        for block in raw.blocks():
            for draft, given in zip(drafts, block, strict=True):
                first, values = draft.rows, draft.take(given)
                if draft.rows > raw.most_rows:
                    raise DataFileError(f"{path}: changed while it was read; try again")
                if values is not None:
                    file.seek(8 * (places[draft.name] * shape[1] + first))
                    file.write(values.tobytes())
        file.flush()
        whole = np.asarray(np.memmap(file, np.float64, mode="r", shape=shape))
    return [
        Column(
            draft.name,
            "category" if draft.forms[0] == "category" else "number",
            whole[place, : draft.rows],
            tuple(draft.places),
        )
        for place, draft in enumerate(kept)
    ]


def _raw(path: Path, categories: Collection[str], skip: Collection[str]) -> _Raw:
    name = path.name.lower()
    if name.endswith(".parquet"):
        found = read_parquet(path, as_text=categories, skip=skip)
        _check_names(path, found.names)
        return _Raw(found.names, found.rows, found.blocks, tuple(sorted(found.skipped)))
    unpacked = name.removesuffix(".gz")
    if not unpacked.endswith(TEXT_TABLES) or unpacked in TEXT_TABLES:
        raise DataFileError(
            f"{path}: expected a file named .csv, .tsv or .txt (also with .gz behind) or .parquet"
        )
    read = read_delimited(path)
    _check_names(path, read.names)
    notes = ("it is not UTF-8, and was read as Windows-1252",)
    return _Raw(
        read.names,
        read.most_rows,
        read.blocks,
        allows_commas=read.separator != ",",
        notes=notes if read.encoding == FALLBACK_ENCODING else (),
    )


def _check_names(path: Path, names: Collection[str]) -> None:
    seen = set()
    for place, name in enumerate(names, 1):
        if not name:
            raise DataFileError(f"{path}: column {place} has no name; expected one for each column")
        if name in seen:
            raise DataFileError(f"{path}: has two columns {name!r}; expected each name once")
        seen.add(name)
