"""Results of before, from which a search starts: points with their values.

They come from a CSV file, such as `klayer export` writes, or stand in the study file as tables. A
value is read as the range of its hyperparameter says, so that the box of the stage tells what a
column holds.
"""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import PlainValidator

from search.space.space import Box, Choices, Point, Range, Value
from search.study.faults import Fault, Key, faulty, near, shown

LARGEST_BYTES = 2**26
MOST_FAULTS = 10
VALUE, STATE, STAGE, NUMBER = "value", "state", "stage", "number"
OF_EXPORTS = (STAGE, NUMBER, STATE, "seed", "reason", "pruned_after", "steps")
"""Columns of exports that say nothing of a point."""
_PREFIX = "parameter_"
RERUNS = ("finalists", "final")
"""Stages of exports whose trials were trained otherwise."""


@dataclass(frozen=True)
class Results:
    """What is known before a search begins.

    Attributes:
        points: Points of the box, in the order of the file.
        values: Of each the score.
        source: The file, as the study file names it; empty where the study file has them itself.
    """

    points: tuple[Point, ...]
    values: tuple[float, ...]
    source: str


@dataclass(frozen=True)
class _Row:
    """One row: where it is, for messages, and its cells by column; None for one that is missing."""

    key: tuple[int, ...]
    place: str
    cells: Mapping[str, Any]


class UnusableResultsError(Exception):
    """Results that cannot be used; `faults` says why, at the keys of the stage."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.text for fault in faults))


def read_results(given: str | Sequence[Any], box: Box, score: str, folder: Path) -> Results:
    """Read what a stage names, and check all of it.

    Args:
        given: The path of a CSV file, or tables as of a list in the study file.
        box: The box that its points lie in.
        score: The name of the score, by which the column of the values may be called.
        folder: From which a relative path starts.

    Raises:
        UnusableResultsError: With the first ten faults.
    """
    source = given if isinstance(given, str) else ""
    if isinstance(given, str):
        rows = _of_file(folder / given, given, (*box.ranges, VALUE, score))
    else:
        rows = _of_tables(given, (*box.ranges, VALUE, score))
    points, values, faults = list[Point](), list[float](), list[Fault]()
    seen: dict[object, str] = {}
    for row in rows:
        point, value, found = _read(row, box, score)
        faults += found
        if not found:
            key = _identity(row, point, value)
            if key in seen:
                faults.append(_at(row, f"found {seen[key]} once more; leave one of them out"))
            seen[key] = row.place or f"results {row.key[0] + 1}"
            points.append(point)
            values.append(value)
        if len(faults) >= MOST_FAULTS:
            break
    if not faults and not points:
        faults.append(Fault((), f"found no result in {source}; give rows with a value"))
    if faults:
        raise UnusableResultsError([fault.under("results") for fault in faults])
    return Results(tuple(points), tuple(values), source)


def parted(table: Mapping[str, Value]) -> tuple[Point, float]:
    """Point and value of a result that `as_table` wrote."""
    point = {key.removeprefix(_PREFIX): one for key, one in table.items() if key != VALUE}
    return point, float(table[VALUE])


def as_table(point: Point, value: float) -> dict[str, Value]:
    """A result as a table of the study file."""
    taken = (VALUE, *OF_EXPORTS)
    named = {f"{_PREFIX}{key}" if key in taken else key: one for key, one in point.items()}
    return named | {VALUE: value}


def _of_tables(given: Sequence[Any], known: Sequence[str]) -> list[_Row]:
    faults = list[Fault]()
    for place, one in enumerate(given):
        if not isinstance(one, Mapping):
            right = "give a table, such as {momentum = 0.9, value = 0.5}"
            faults.append(Fault((place,), f"found {shown(one)}; {right}"))
        else:
            faults += [Fault((place, *key), text) for key, text in _unknown(one, known)]
    if faults:
        raise UnusableResultsError([fault.under("results") for fault in faults[:MOST_FAULTS]])
    return [_Row((place,), "", one) for place, one in enumerate(given)]


def _unknown(columns: Iterable[str], known: Sequence[str]) -> Iterator[tuple[Key, str]]:
    """The columns that are neither a hyperparameter nor of an export."""
    for column in columns:
        if column.removeprefix(_PREFIX) not in known and column not in OF_EXPORTS:
            found = f"found {shown(column)}, which the box of the stage lacks"
            yield (column,), f"{found}; {near(column, known)}"


def _of_file(path: Path, name: str, known: Sequence[str]) -> list[_Row]:
    """The rows of a CSV file that count: of an export the trials that have a value."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _unusable(f"found {name}, which is larger than 64 MiB; give fewer results")
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_rows(file, name, known))
    except OSError as error:
        raise _unusable(
            f"found {shown(name)}, which cannot be read: {error.strerror}; give the path of a CSV "
            "file, from the folder of the study file"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unusable(f"found {name}, which is no CSV file in UTF-8: {error}") from None


def _rows(file: Iterable[str], name: str, known: Sequence[str]) -> Iterator[_Row]:
    reader = csv.reader(file, strict=True)
    header = [column.strip() for column in next(reader, [])]
    twice = [column for column in header if header.count(column) > 1]
    if twice:
        raise _unusable(f"{name}: found the column {shown(twice[0])} twice; give it once")
    if unknown := [text for _, text in _unknown(header, known)]:
        raise UnusableResultsError(
            [Fault(("results",), f"{name}: {text}") for text in unknown[:MOST_FAULTS]]
        )
    for cells in reader:
        place = f"{name}, line {reader.line_num}"
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise _unusable(f"{place}: found {len(cells)} cells; give {len(header)}, one a column")
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        if row.get(STATE, "complete") == "complete" and row.get(STAGE) not in RERUNS:
            yield _Row((), place, {key: cell for key, cell in row.items() if cell != ""})


def _given(raw: object) -> object:
    if isinstance(raw, str | list | tuple):
        return raw if isinstance(raw, str) else tuple(raw)
    right = "give the path of a CSV file, or a list of tables"
    raise faulty([Fault((), f"found {shown(raw)}; {right}")])


ResultsTable = Annotated[str | tuple[dict[str, Value], ...], PlainValidator(_given)]
"""Results, in a pydantic model, as a file names or writes them."""


def _unusable(text: str) -> UnusableResultsError:
    return UnusableResultsError([Fault(("results",), text)])


def _read(row: _Row, box: Box, score: str) -> tuple[Point, float, list[Fault]]:
    """Point and value of a row, and what is wrong with it."""
    faults, point = list[Fault](), dict[str, Value]()
    cells = {_parameter(column): cell for column, cell in row.cells.items()}
    for name, extent in box.ranges.items():
        if name in cells:
            value = _as(extent, cells[name])
            if value is None:
                text = f"{name}: found {shown(cells[name])}; give {_span(extent)}"
                faults.append(_at(row, text))
            else:
                point[name] = value
    active = box.active_names(point)
    for name in box.ranges:
        if name in active and name not in cells:
            faults.append(_at(row, f"{name}: missing; give {_span(box.ranges[name])}"))
        elif name in point and name not in active:
            where = box.described(name).partition(", where ")[2]
            faults.append(_at(row, f"{name}: found, but it is there only where {where}"))
    told = row.cells.get(VALUE, row.cells.get(score))
    worth = _number(told)
    if worth is None:
        found = "missing" if told is None else f"found {shown(told)}"
        faults.append(_at(row, f"{VALUE}: {found}; give the score, a finite number"))
    return {name: point[name] for name in box.ranges if name in point}, worth or 0.0, faults


def _parameter(column: str) -> str | None:
    """The hyperparameter of a column, which has another name where its own is taken."""
    return None if column in (VALUE, *OF_EXPORTS) else column.removeprefix(_PREFIX)


def _as(extent: Range, cell: Any) -> Value | None:
    """A value of a range as a cell has it; None where it is no value of it."""
    if isinstance(extent, Choices):
        number = _number(cell)
        for option in extent.options:
            if isinstance(option, bool):
                same = str(cell).lower() == str(option).lower()
            else:
                same = option in (cell, number) and not isinstance(cell, bool)
            if same:
                return option
        return None
    number = _number(cell)
    if number is None or not extent.contains(number):
        return None
    if extent.step is None:
        return number
    whole = (number - extent.low) % extent.step == 0
    return int(number) if whole else None


def _span(extent: Range) -> str:
    """What a range takes, in words."""
    if isinstance(extent, Choices):
        return f"one of {', '.join(map(shown, extent.options))}"
    whole = "a number" if extent.step is None else "a whole number"
    steps = f", in steps of {extent.step}" if extent.step not in (None, 1) else ""
    return f"{whole} from {extent.low:g} to {extent.high:g}{steps}"


def _number(cell: Any) -> float | None:
    """A cell as a finite number; None where it is none."""
    if isinstance(cell, bool) or cell is None:
        return None
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _identity(row: _Row, point: Point, value: float) -> object:
    """What no two rows may share: of an export the trial, else the point with its value."""
    if STAGE in row.cells and NUMBER in row.cells:
        return row.cells[STAGE], row.cells[NUMBER]
    return frozenset(point.items()), value


def _at(row: _Row, text: str) -> Fault:
    return Fault(row.key, f"{row.place}: {text}" if row.place else text)
