"""A user's own table: its columns become inputs, and one or more of them the target.

Everything that would make training meaningless or impossible is refused here, in one message that
names the file, the column and, where there is one, the row, counted from 1 below the header.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.column import Column, shown
from model.data.table_file import (
    MOST_LISTED,
    Columns,
    check_numbers,
    listed,
    near,
    read_alike,
    read_columns,
)
from model.data.table_options import TableOptions, Task
from model.data.table_target import (
    check_missing,
    check_target,
    known_labels,
    labels,
    quantities,
    task_of,
)
from model.errors import DataFileError, ModelError

MOST_CATEGORIES = 1_000
FEW_ROWS = 20
_FIRST_ROWS = 2**16
MANY_CATEGORIES = 100  # refused where more than half of the rows differ as well


@dataclass(frozen=True, eq=False)
class Table:
    """A table of n rows, ready to be split and encoded.

    Attributes:
        inputs: The input columns in the file's order; at least one.
        task: What is to be predicted.
        classes: The names of the classes, in ascending order: numbers as numbers, text as text.
            Empty for regression.
        targets: (n,) int64, each row's place in `classes`; or (n, t) float64 of regression.
        target_names: The target columns, t of them.
        missing: How many values are missing in each input that lacks any.
        left_out: (name, reason) of each column that is no input though nobody excluded it.
        notes: What a reader should be told of how the file was read, each a sentence.
        others: The columns that are no inputs, but for excluded ones: targets, those by which rows
            are split, and those left out.
        ignored: Every name that is no input's: a file that is predicted from may have them.
        has_commas: Whether the file has decimal commas.
    """

    inputs: tuple[Column, ...]
    task: Task
    classes: tuple[str, ...]
    targets: npt.NDArray[Any]
    target_names: tuple[str, ...]
    missing: Mapping[str, int]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    others: tuple[Column, ...]
    ignored: tuple[str, ...]
    has_commas: bool = False

    def __len__(self) -> int:
        return len(self.targets)

    def column(self, name: str) -> Column:
        """A column that is not excluded, such as one that says groups, times or parts.

        Raises:
            ModelError: There is none of that name.
        """
        every = {column.name: column for column in (*self.inputs, *self.others)}
        if name not in every:
            raise ModelError(f"the table has no column {name!r}; {near(name, every)}")
        return every[name]


def read(path: Path, options: TableOptions, scratch: Path | None = None) -> Table:
    """Read the table in the file, see `read_columns`, and decide what each column is.

    The task, where none is given: several targets are a regression. One target of text or booleans
    is a classification; so are whole numbers of at most `MOST_WHOLE_CLASSES` values. Other numbers
    are a regression. Values decide and not their form: 1.0 is a whole number.

    An input that never varies is left out. Inputs whose values are a date each, hardly repeat as
    text, or count the rows are refused, a line each, until the options say what they are.

    Raises:
        DataFileError: The file cannot be read as a table; an option names no column; a target has
            missing, infinite or all equal values, or does not fit the task; a class has a single
            row, or there are more than `MOST_CLASSES`; an input has a number that float32 cannot
            hold, or is refused for the reasons above; or no input is left.
    """
    found = read_columns(
        path,
        numbers=options.numbers,
        categories=options.categories,
        skip=options.exclude,
        unlimited=[name for _, name in options.splitting],
        scratch=scratch,
    )
    _check_options(path, options, found)
    targets = tuple(found.by_name[name] for name in options.target)
    for target in targets:
        check_target(path, target, options.task)
    task = options.task or task_of(targets)
    classes, values = (
        labels(path, targets[0]) if task == "classification" else quantities(path, targets)
    )
    inputs, left_out = _inputs(path, options, found)
    taken = {column.name for column in inputs}
    others = tuple(c for name, c in found.by_name.items() if name not in taken)
    return Table(
        inputs=inputs,
        task=task,
        classes=classes,
        targets=values,
        target_names=options.target,
        missing={c.name: count for c in inputs if (count := int(c.is_missing.sum()))},
        left_out=left_out,
        notes=(*found.notes, *_like_ids(inputs, options)),
        others=others,
        ignored=tuple(name for name in found.names if name not in taken),
        has_commas=found.has_commas,
    )


def read_more(path: Path, known: Table, source: str, scratch: Path | None = None) -> Table:
    """More rows of a known table from another file, whose columns are found by name.

    Args:
        path: The other file.
        known: The table; kinds of columns and classes are as it has them.
        source: What its file is called.
        scratch: As for `read`.

    Raises:
        DataFileError: As `read_alike`; a target has missing values, or a class that is not known.
    """
    targets = [known.column(name) for name in known.target_names]
    kinds = {column.name: column.kind for column in (*known.inputs, *targets)}
    ignored = [name for name in known.ignored if name not in kinds]
    found = read_alike(
        path,
        kinds,
        ignored,
        "the column",
        f"which {source} lacks",
        has_commas=known.has_commas,
        scratch=scratch,
    )
    inputs, own = found[: len(known.inputs)], found[len(known.inputs) :]
    for target in own:
        check_missing(path, target)
    values = (
        known_labels(path, own[0], known.classes) if known.classes else quantities(path, own)[1]
    )
    return replace(known, inputs=inputs, targets=values, others=own)


def _check_options(path: Path, options: TableOptions, read: Columns) -> None:
    for option, names in options.named():
        for name in names:
            if name not in (read.names if option == "exclude" else read.by_name):
                raise DataFileError(
                    f"{path}: {option} names {name!r}, which is no column; {near(name, read.names)}"
                )


def _inputs(
    path: Path, options: TableOptions, read: Columns
) -> tuple[tuple[Column, ...], tuple[tuple[str, str], ...]]:
    """The input columns, and those left out with the reason."""
    inputs, left_out, doubts = [], [], []
    for name, column in read.by_name.items():
        if name in options.no_inputs:
            continue
        lowest, highest = column.extent
        if np.isnan(lowest):
            left_out.append((name, "has no values"))
            continue
        if lowest == highest and not column.is_missing.any():
            only = column.texts[0] if column.texts else lowest
            left_out.append((name, f"is {shown(only)!r} in every row"))
            continue
        try:
            check_numbers(path, column)
        except DataFileError as error:
            doubts.append(str(error))
            continue
        said = name in (*options.numbers, *options.categories)
        if not said and (doubt := _doubt(column)) is not None:
            doubts.append(f"{path}: column {name!r} {doubt}")
        inputs.append(column)
    if doubts:
        more = len(doubts) - MOST_LISTED
        others = [f"{path}: and {more:,} more columns that are to be looked at"] if more > 0 else []
        raise DataFileError("\n".join([*doubts[:MOST_LISTED], *others]))
    if not inputs:
        why = "".join(f"; {name!r} {reason}" for name, reason in left_out[:MOST_LISTED])
        raise DataFileError(f"{path}: has no input column beside the target{why}")
    return tuple(inputs), tuple(left_out)


def _doubt(column: Column) -> str | None:
    """Why a column is hardly meant to be an input as it stands, and what to do; None if it is."""
    if column.kind == "number":
        if not _numbers_rows(column):
            return None
        lowest, highest = column.extent
        rows = f"counts the rows from {lowest:.15g} to {highest:.15g}, as an id does"
        return f"{rows}; exclude it, or name it in numbers"
    if (doubt := column.doubt()) is not None:
        return f"{doubt.holds}; {doubt.remedy}, exclude it, or name it in categories"
    texts, present = column.texts, int((~column.is_missing).sum())
    many = len(texts) > MANY_CATEGORIES and 2 * len(texts) > present
    if not many and len(texts) <= MOST_CATEGORIES:
        return None
    row, text = column.first_other() or (1, min(texts))
    return (
        f"has {len(texts):,} different texts in {present:,} rows, such as {text!r} in row {row:,}; "
        "exclude it, or name it in categories (or correct it, if its values should be numbers)"
    )


def _numbers_rows(column: Column) -> bool:
    """Whether its values are whole numbers at equal distances, each once, in any order.

    Few rows may have such values by chance: there, only 1, 2, 3 in the order of the file counts.
    """
    lowest, highest = column.extent
    if column.is_missing.any() or lowest % 1 or (highest - lowest) % max(1, len(column) - 1):
        return False
    is_few = len(column) < FEW_ROWS
    steps = np.diff(column.values if is_few else np.sort(column.values))
    right = steps[:1] == 1 if is_few else steps[:1] >= 1
    return bool(right.any() and (steps == steps[0]).all())


def _like_ids(inputs: Iterable[Column], options: TableOptions) -> tuple[str, ...]:
    """A sentence that names the inputs that may be ids, if any."""
    known = (*options.numbers, *options.categories)
    found = [c.name for c in inputs if c.name not in known and _is_like_id(c)]
    if not found:
        return ()
    what = "1 input has" if len(found) == 1 else f"{len(found):,} inputs have"
    like = f"{what} another whole number or text in each row, as ids do"
    return (f"{like}; exclude what is one: {listed(found)}",)


def _is_like_id(column: Column) -> bool:
    values = column.values
    if len(values) < FEW_ROWS or column.is_missing.any():
        return False
    if column.kind == "category":
        return len(column.texts) == len(values)
    parts = (values[:_FIRST_ROWS], values)  # of most columns the first says it
    return all(not (part % 1).any() and len(np.unique(part)) == len(part) for part in parts)
