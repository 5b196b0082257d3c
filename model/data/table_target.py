"""A table's target: the task that it sets, and the classes or numbers to be predicted."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.column import Column, shown
from model.data.table_file import check_numbers
from model.data.table_options import Task
from model.errors import DataFileError

MOST_CLASSES = 1_000
MOST_WHOLE_CLASSES = 20  # whole numbers of more values than that are a quantity


def check_target(path: Path, target: Column, task: Task | None) -> None:
    """Refuse a target that nothing can be learnt from, whatever the task.

    Numbers beside a few texts, or with units, are classes where the task is said to be that.

    Raises:
        DataFileError: It has missing values, numbers that are infinite or too large, one value in
            every row, dates, numbers beside a few texts, or numbers with commas or units.
    """
    check_missing(path, target)
    check_numbers(path, target)
    distinct = target.distinct()
    if len(distinct) == 1:
        raise DataFileError(
            f"{path}: the target {target.name!r} is {shown(distinct[0])!r} in every row; "
            "expected at least two values"
        )
    doubt = target.doubt()
    if doubt is None or (doubt.may_be_names and task == "classification"):
        return
    names = ", or give the task classification for names of classes" if doubt.may_be_names else ""
    raise DataFileError(f"{path}: the target {target.name!r} {doubt.holds}; {doubt.remedy}{names}")


def check_missing(path: Path, target: Column) -> None:
    """Refuse a target with missing values.

    Raises:
        DataFileError: It has some.
    """
    missing = target.is_missing
    if missing.any():
        raise DataFileError(
            f"{path}: the target {target.name!r} is missing in {int(missing.sum()):,} of "
            f"{len(target):,} rows, first in row {int(missing.argmax()) + 1:,}; expected a value "
            "in each, so take those rows out"
        )


def task_of(targets: tuple[Column, ...]) -> Task:
    """The task that the checked targets are of, see `model.data.table.read`."""
    if len(targets) > 1:
        return "regression"
    if targets[0].kind == "category":
        return "classification"
    distinct = targets[0].distinct()
    is_few = len(distinct) <= MOST_WHOLE_CLASSES
    return "classification" if is_few and (distinct % 1 == 0).all() else "regression"


def labels(path: Path, target: Column) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """The classes, and (n,) the place of each row's class among them.

    Raises:
        DataFileError: There are more than `MOST_CLASSES`, or one has a single row.
    """
    distinct = target.distinct()
    about = f"{path}: the target {target.name!r} has"
    if len(distinct) > MOST_CLASSES:
        raise DataFileError(
            f"{about} {len(distinct):,} classes; expected at most {MOST_CLASSES:,}, or the task "
            "regression for numbers"
        )
    labels = _places(target, distinct)
    counts = np.bincount(labels)
    if counts.min() < 2:
        single = int(counts.argmin())
        row = int((labels == single).argmax()) + 1
        raise DataFileError(
            f"{about} a single row of class {shown(distinct[single])!r}, row {row:,}; "
            "expected 2 or more rows of each class, or the task regression for numbers"
        )
    return tuple(shown(value) for value in distinct), labels


def known_labels(path: Path, target: Column, classes: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """(n,), the place of each row's class among classes that are known.

    Raises:
        DataFileError: A row has another.
    """
    distinct = target.distinct()
    places = {name: place for place, name in enumerate(classes)}
    found = np.array([places.get(shown(value), -1) for value in distinct], np.int64)
    labels = found[_places(target, distinct)]
    if (labels < 0).any():
        row = int((labels < 0).argmax())
        unknown = shown(distinct[_places(target, distinct)[row]])
        raise DataFileError(
            f"{path}: row {row + 1:,} of the target {target.name!r} is of class {unknown!r}, which "
            "no training row has; expected rows of the classes that are learned"
        )
    return labels


def _places(target: Column, distinct: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """(n,), the place of each value among the distinct ones."""
    if target.kind == "number":
        return np.searchsorted(distinct, target.values)
    of_texts = np.searchsorted(distinct, np.array(target.texts, np.object_))
    return of_texts[target.values.astype(np.int64)]


def quantities(
    path: Path, targets: tuple[Column, ...]
) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    """No classes, and the (n, t) numbers of the targets.

    Raises:
        DataFileError: A target is text.
    """
    for target in targets:
        if target.kind != "number":
            row, text = target.first_other() or (1, target.texts[0])
            raise DataFileError(
                f"{path}: row {row:,} of the target {target.name!r} holds {text!r}; "
                "regression expected a number in every row"
            )
    return (), np.stack([target.values for target in targets], axis=1)
