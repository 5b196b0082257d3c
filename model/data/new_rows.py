"""Rows to predict for, from arrays or images: read as those were that a network was trained on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data import array_files, image_files, image_folder, own_rows
from model.data.kinds import kind_of
from model.data.labelled import is_real
from model.data.row_form import RowForm
from model.data.standardise import block_rows
from model.errors import DataFileError

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class NewRows:
    """Rows to predict for.

    Attributes:
        blocks: The rows in order, some at a time, each (some, d).
        files: Of images the name of each row's file; else ().
    """

    blocks: Iterator[Array]
    files: tuple[str, ...] = ()


def new_rows(given: Path | Array, form: RowForm | None, inputs: int) -> NewRows:
    """The rows of an array, of a file of one, or of image files.

    Args:
        given: An array (n, ...), a `.npy`, `.npz` or IDX file; or where the network was trained on
            image files, one, or a folder of them or of folders of them.
        form: How rows lay that the network was trained on; None where that is not known.
        inputs: Numbers a row, d.

    Raises:
        DataFileError: It is missing, damaged or something else, or has other rows.
    """
    if not isinstance(given, np.ndarray):
        if form is not None and form.kind == "image" and kind_of(str(given)) != "arrays":
            return _images(given, form)
        where, x = _array(given)
    else:
        where, x = "the array", given
    if not is_real(x.dtype) or not x.ndim or not x.size:
        raise DataFileError(
            f"{where}: has the type {x.dtype} and the shape {x.shape}; expected "
            "real numbers, a row or more"
        )
    shape = (inputs,) if form is None else form.shape
    found = x.shape[1:]
    fits = int(np.prod(found)) == inputs and (len(found) == 1 or found == shape or form is None)
    if not fits:
        raise DataFileError(
            f"{where}: has rows of the shape {found}; expected {shape}, as those that the network "
            "was trained on"
        )
    rows = own_rows.checked(where, x)
    step = block_rows(inputs)
    return NewRows(rows[start : start + step] for start in range(0, len(rows), step))


def _array(path: Path) -> tuple[str, Array]:
    if kind_of(str(path)) != "arrays":
        raise DataFileError(
            f"{path}: this network was trained on arrays, and knows no columns of a table; "
            "expected a .npy, .npz or IDX file of rows"
        )
    if path.suffix.lower() != ".npz":
        return str(path), array_files.array(path, None)
    there = array_files.arrays(path, None)
    alone = there if len(there) == 1 else ()
    name = next((name for name in ("x", "x_test", *alone) if name in there), None)
    if name is None:
        listed = ", ".join(map(repr, list(there)[:8])) or "no array"
        raise DataFileError(f"{path}: has {listed}; expected the rows in x")
    return f"{path}: {name!r}", there[name].array()


def _images(path: Path, form: RowForm) -> NewRows:
    found = image_folder.images_in(path)
    step = block_rows(form.inputs)

    def blocks() -> Iterator[Array]:
        for start in range(0, len(found), step):
            some = found[start : start + step]
            images = [image_files.pixels(one, form.shape, scaled=True) for _, one in some]
            yield np.stack(images).reshape(len(images), -1)

    return NewRows(blocks(), tuple(name for name, _ in found))
