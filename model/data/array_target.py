"""What is to be learned of arrays' rows: classes of whole numbers or text, or values of floats.

The rules are those of a table's target (`model.data.table_target`), but for dates and commas: the
text of an array is what it is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.column import shown
from model.data.labelled import is_real
from model.data.table_file import LARGEST
from model.data.table_options import Task
from model.data.table_target import MOST_CLASSES
from model.errors import DataFileError

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Target:
    """The target of n rows.

    Attributes:
        classes: The name of each class; () for values.
        y: (n,) int64, the place of each row's class; or values, (n, t) float64.
        names: What the targets are called.
    """

    classes: tuple[str, ...]
    y: Array
    names: tuple[str, ...]


def target_of(path: Path, name: str, raw: Array, task: Task | None) -> Target:
    """The target that an array gives, which defines the classes.

    Args:
        path: The file that it is of.
        name: What it is called.
        raw: (n,), (n, 1), or values (n, t).
        task: None for classification, unless it holds floats.

    Raises:
        DataFileError: It is of another shape or type, or nothing can be learned from it.
    """
    where = f"{path}: {name!r}"
    wide = _wide(where, raw)
    if task is None:
        task = "regression" if raw.dtype.kind == "f" else "classification"
    if task == "regression":
        values = _values(where, wide)
        if (values == values[0]).all(axis=0).any():
            raise DataFileError(f"{where} is the same in every row; expected at least two values")
        count = values.shape[1]
        names = (name,) if count == 1 else tuple(f"{name}_{i + 1}" for i in range(count))
        return Target((), values, names)
    distinct, labels = np.unique(_classes(where, wide), return_inverse=True)
    if not 2 <= len(distinct) <= MOST_CLASSES:
        raise DataFileError(
            f"{where} has {len(distinct):,} class{'es' * (len(distinct) > 1)}; expected 2 to "
            f"{MOST_CLASSES:,}, or the task regression for numbers"
        )
    classes, counts = _named(where, distinct), np.bincount(labels)
    if counts.min() < 2:
        single = int(counts.argmin())
        row = int((labels == single).argmax()) + 1
        raise DataFileError(
            f"{where} has a single row of class {classes[single]!r}, row {row:,}; expected 2 or "
            "more rows of each class, or the task regression for numbers"
        )
    return Target(classes, labels.astype(np.int64), (name,))


def of_another_part(path: Path, name: str, raw: Array, given: Target) -> Array:
    """The labels or values of further rows, whose classes are those that are given.

    Raises:
        DataFileError: It is of another shape or type, misses a value, or has another class.
    """
    where = f"{path}: {name!r}"
    wide = _wide(where, raw)
    if wide.shape[1] != len(given.names):
        raise DataFileError(
            f"{where} has {wide.shape[1]} values a row; expected {len(given.names)}, as the "
            "training rows have"
        )
    if not given.classes:
        return _values(where, wide)
    distinct, place = np.unique(_classes(where, wide), return_inverse=True)
    known = {name: at for at, name in enumerate(given.classes)}
    classes = _named(where, distinct)
    labels = np.array([known.get(name, -1) for name in classes], np.int64)[place]
    if (labels < 0).any():
        row = int((labels < 0).argmax())
        raise DataFileError(
            f"{where} is {classes[place[row]]!r} in row {row + 1:,}, a class that no "
            "training row has; expected classes that are learned"
        )
    return labels


def _wide(where: str, raw: Array) -> Array:
    """(n, t)."""
    if raw.ndim > 2 or not (is_real(raw.dtype) or raw.dtype.kind == "U"):
        raise DataFileError(
            f"{where} has the shape {raw.shape} and the type {raw.dtype}; expected whole numbers "
            "or text, (n,), or floats, (n,) or (n, t)"
        )
    return raw.reshape(len(raw), -1)


def _classes(where: str, wide: Array) -> Array:
    """(n,), the class of each row."""
    if wide.shape[1] > 1:
        raise DataFileError(
            f"{where} has {wide.shape[1]} values a row; expected one class, or the task regression"
        )
    if wide.dtype.kind in "fU":
        _check_missing(where, wide == "" if wide.dtype.kind == "U" else np.isnan(wide))
    return wide[:, 0]


def _values(where: str, wide: Array) -> npt.NDArray[np.float64]:
    """(n, t)."""
    if wide.dtype.kind == "U":
        raise DataFileError(
            f"{where} holds {str(wide[0, 0])!r} in row 1; regression expected a number in every row"
        )
    values = wide.astype(np.float64)
    _check_missing(where, np.isnan(values))
    wrong = np.abs(values) > LARGEST
    if wrong.any():
        row = int(wrong.any(axis=1).argmax())
        raise DataFileError(
            f"{where} is {values[wrong][0]:g} in row {row + 1:,}; expected finite numbers of at "
            f"most {LARGEST:.1e}"
        )
    return values


def _check_missing(where: str, missing: npt.NDArray[np.bool_]) -> None:
    rows = np.asarray(missing.any(axis=1))
    if rows.any():
        raise DataFileError(
            f"{where} is missing in {int(rows.sum()):,} of {len(rows):,} rows, first in row "
            f"{int(rows.argmax()) + 1:,}; expected a value in each, so take those rows out"
        )


def _named(where: str, distinct: Array) -> tuple[str, ...]:
    """The classes as text; whole numbers, and true and false, are written as in a table."""
    if distinct.dtype.kind == "f":
        return tuple(shown(float(value)) for value in distinct)
    names = tuple(str(value) for value in distinct.tolist())
    if distinct.dtype.kind == "b":
        return tuple(name.lower() for name in names)
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise DataFileError(f"{where} has the class {name!r}, which is no text") from error
    return names
