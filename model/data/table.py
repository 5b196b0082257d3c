"""A user's own table: its columns become inputs, and one or more of them the target.

Everything that would make training meaningless or impossible is refused here, in one message that
names the file, the column and, where there is one, the row, counted from 1 below the header.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.column import Column, shown
from model.data.table_file import Columns, check_numbers, near, read_columns
from model.data.table_options import TableOptions, Task
from model.data.table_target import check_target, labels, quantities, task_of
from model.errors import DataFileError, ModelError

MOST_CATEGORIES = 1_000
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
        others: Every column that is no input: targets, excluded ones, and those left out.
        ignored: Their names, and those of excluded columns that could not be read: a file that is
            predicted from may have them.
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

    def __len__(self) -> int:
        return len(self.targets)

    def column(self, name: str) -> Column:
        """Any column of the file, such as an excluded one that says groups, times or parts.

        Raises:
            ModelError: There is none of that name.
        """
        every = {column.name: column for column in (*self.inputs, *self.others)}
        if name not in every:
            raise ModelError(f"the table has no column {name!r}; {near(name, every)}")
        return every[name]


def read(path: Path, options: TableOptions) -> Table:
    """Read the table in the file, see `read_columns`, and decide what each column is.

    The task, where none is given: several targets are a regression. One target of text or booleans
    is a classification; so are whole numbers of at most `MOST_WHOLE_CLASSES` values. Other numbers
    are a regression. Values decide and not their form: 1.0 is a whole number.

    An input that never varies is left out. An input whose values are a date each, hardly repeat
    as text, or count the rows is refused until the options say what it is.

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
    )
    _check_options(path, options, found)
    targets = tuple(found.by_name[name] for name in options.target)
    for target in targets:
        check_target(path, target)
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
        notes=found.notes,
        others=others,
        ignored=(*(column.name for column in others), *sorted(found.skipped)),
    )


def _check_options(path: Path, options: TableOptions, read: Columns) -> None:
    for option, names in options.named():
        for name in names:
            # An excluded column of a type that no table has was not read.
            if name not in read.by_name and not (option == "exclude" and name in read.skipped):
                raise DataFileError(
                    f"{path}: {option} names {name!r}, which is no column; "
                    f"{near(name, read.by_name)}"
                )


def _inputs(
    path: Path, options: TableOptions, read: Columns
) -> tuple[tuple[Column, ...], tuple[tuple[str, str], ...]]:
    """The input columns, and those left out with the reason."""
    inputs, left_out = [], []
    for name, column in read.by_name.items():
        if name in options.no_inputs:
            continue
        distinct = column.distinct()
        missing = int(column.is_missing.sum())
        if not distinct:
            left_out.append((name, "has no values"))
            continue
        if len(distinct) == 1 and not missing:
            left_out.append((name, f"is {shown(distinct[0])!r} in every row"))
            continue
        check_numbers(path, column)
        if name not in (*options.numbers, *options.categories):
            _check_meaning(path, column, distinct)
        inputs.append(column)
    if not inputs:
        why = "".join(f"; {name!r} {reason}" for name, reason in left_out[:8])
        raise DataFileError(f"{path}: has no input column beside the target{why}")
    return tuple(inputs), tuple(left_out)


def _check_meaning(path: Path, column: Column, distinct: list[Any]) -> None:
    """Refuse a column that is hardly meant to be an input as it stands."""
    about = f"{path}: column {column.name!r}"
    if column.kind == "number":
        if _counts_rows(column.values):
            raise DataFileError(
                f"{about} counts the rows from {column.values[0]:g} to {column.values[-1]:g}; "
                "exclude it, or name it in numbers"
            )
        return
    if column.holds_dates():
        raise DataFileError(
            f"{about} holds dates; exclude it, or make numbers of them (such as the month), or "
            "name it in categories"
        )
    if column.holds_grouped_numbers():
        raise DataFileError(
            f"{about} holds numbers with commas, such as {distinct[0]!r}; write them without, or "
            "name it in categories"
        )
    if column.holds_decimal_commas():
        raise DataFileError(
            f"{about} holds numbers with decimal commas, such as {column.first_comma()!r}; write "
            "them with points, or separate values by semicolons, or name it in categories"
        )
    present = int((~column.is_missing).sum())
    many = len(distinct) > MANY_CATEGORIES and 2 * len(distinct) > present
    if many or len(distinct) > MOST_CATEGORIES:
        row, text = column.first_other() or (1, distinct[0])
        raise DataFileError(
            f"{about} has {len(distinct):,} different texts in {present:,} rows, such as {text!r} "
            f"in row {row:,}; exclude it, or name it in categories (or correct it, if its values "
            "should be numbers)"
        )


def _counts_rows(values: npt.NDArray[np.float64]) -> bool:
    return bool(np.all(values == np.floor(values)) and np.all(np.diff(values) == 1))
