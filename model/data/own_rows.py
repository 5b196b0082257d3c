"""Rows of numbers of a user's own: which are for what, looked through, put one behind the other."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data import array_file, splits
from model.data.kinds import DEFAULT_PART
from model.data.labelled import Labelled
from model.data.splits import Part
from model.data.standardise import Rows, block_rows
from model.data.table_file import LARGEST
from model.errors import DataFileError, ModelError

MOST_INPUTS = 1_000_000  # a row would take more than 4 MB


@dataclass(frozen=True, eq=False)
class Places:
    """Which rows are for what, of those that did not come as a part of their own.

    Attributes:
        training: (a,) int64.
        validation: (b,) int64; none where the validation rows came by themselves.
        test: (c,) int64; likewise.
    """

    training: Rows
    validation: Rows
    test: Rows


def places_of(
    y: npt.NDArray[Any],
    given: Collection[str],
    where: Path,
    *,
    validation: Part | None,
    test: Part | None,
    seed: int,
) -> Places:
    """Split rows by chance, in equal shares of each class, as far as no part came by itself.

    Args:
        y: (n,) labels, or (n, t) values.
        given: The parts that came by themselves, "validation" and "test".
        where: What messages call the rows.
        validation: A count or a share of the rows; `DEFAULT_PART` where it is None, 0 for none. It
            is not asked for where that part is given.
        test: Likewise.
        seed: Of the split.

    Raises:
        ModelError: As `model.data.splits.split`.
    """
    said = {"validation": validation, "test": test}
    sizes = {
        part: DEFAULT_PART if size is None else size
        for part, size in said.items()
        if part not in given and size != 0
    }
    try:
        found = splits.split(
            len(y),
            validation=sizes.get("validation"),
            test=sizes.get("test"),
            seed=seed,
            labels=y if y.ndim == 1 else None,
        )
    except ModelError as error:
        raise ModelError(f"{where}: {error}") from error
    return Places(found.training, found.validation, found.test)


def missing(x: npt.NDArray[Any]) -> int:
    """How many numbers of x (n, d) are NaN."""
    if x.dtype.kind != "f":
        return 0
    return int(sum(np.count_nonzero(np.isnan(block)) for block in _blocks(x)))


def checked(where: str, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows (n, ...) as (n, d), once every number is known to be finite, or NaN for a missing one.

    Raises:
        DataFileError: There are more than `MOST_INPUTS` numbers a row, or one is infinite, or too
            large for float32.
    """
    rows = x.reshape(len(x), -1)
    if rows.shape[1] > MOST_INPUTS:
        raise DataFileError(
            f"{where}: has {rows.shape[1]:,} numbers a row; expected at most {MOST_INPUTS:,}"
        )
    if rows.dtype.kind == "f":
        before = 0
        for block in _blocks(rows):
            wrong = np.abs(block.astype(np.float64)) > LARGEST
            if wrong.any():
                place = int(wrong.argmax())
                row, odd = before + place // block.shape[1], block.flat[place]
                raise DataFileError(
                    f"{where}: row {row + 1:,} has the number {odd:g}; expected finite numbers of "
                    f"at most {LARGEST:.1e}, and NaN for missing ones"
                )
            before += len(block)
    return rows


def check_varied(where: str, rows: npt.NDArray[Any]) -> None:
    """Refuse rows (n, d) that are all alike, of which nothing can be learned.

    Raises:
        DataFileError: They are, or hold missing numbers alone.
    """
    first = rows[0]
    for block in _blocks(rows):
        if ((block != first) & (block == block)).any():  # NaN, which is missing, is not itself
            return
    raise DataFileError(f"{where}: all rows are alike; expected rows that differ")


def joined(one: Labelled, other: Labelled, folder: Path | None) -> Labelled:
    """The rows of both, one behind the other, in a temporary file.

    Raises:
        DataFileError: It cannot be written.
    """
    dtype = np.result_type(one.x, other.x)
    shape = (len(one) + len(other), one.x.shape[1])
    x = array_file.temporary(shape, dtype.str, chain(_blocks(one.x), _blocks(other.x)), folder)
    return Labelled(x, np.concatenate([one.y, other.y]))


def _blocks(x: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    step = block_rows(x.shape[1])
    return (x[start : start + step] for start in range(0, len(x), step))
