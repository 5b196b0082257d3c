"""Rows to predict for come as those that were trained on; others are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.data.new_rows import new_rows
from model.data.row_form import RowForm
from model.errors import DataFileError
from tests.model.data.arrays import write_folder, write_idx, write_image

X = np.random.default_rng(0).integers(0, 256, (5, 8, 9))
FORM, INPUTS = RowForm("array", (8, 9)), 72


def rows(given: Any, form: RowForm | None = FORM) -> np.ndarray:
    return np.concatenate(list(new_rows(given, form, INPUTS).blocks))


@pytest.mark.parametrize("form", [FORM, None])
def test_arrays_come_in_memory_and_from_every_kind_of_file(
    tmp_path: Path, form: RowForm | None
) -> None:
    right = X.reshape(5, -1)
    np.save(tmp_path / "ä.npy", X)
    np.savez(tmp_path / "one.npz", X)
    np.savez_compressed(tmp_path / "keras.npz", x_test=X, y_test=X[:, 0, 0])
    write_idx(tmp_path / "a-idx3-ubyte.gz", X)
    names = ("ä.npy", "one.npz", "keras.npz", "a-idx3-ubyte.gz")
    for given in (X, right, X.astype("f2"), *(tmp_path / name for name in names)):
        np.testing.assert_array_equal(rows(given, form), right)
    assert new_rows(X, form, INPUTS).files == ()


@pytest.mark.parametrize("names", [("x", "x_test"), ("x_test", "x")])
def test_of_several_arrays_it_is_x_in_whatever_order(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    arrays = {name: X[: 1 + (name == "x")] for name in names}
    np.savez(tmp_path / "a.npz", **arrays)
    assert len(rows(tmp_path / "a.npz")) == 2


def test_blocks_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.data.standardise.BLOCK_ROWS", 2)
    assert [len(block) for block in new_rows(X, FORM, INPUTS).blocks] == [2, 2, 1]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (X[:, :, :8], r"the array: has rows of the shape \(8, 8\); expected \(8, 9\)"),
        (X.transpose(0, 2, 1), r"has rows of the shape \(9, 8\); expected \(8, 9\)"),
        (X[0, 0], r"has rows of the shape \(\)"),
        (X[:0], r"the shape \(0, 8, 9\); expected real numbers, a row or more"),
        (X.astype("U3"), "has the type <U3"),
        (X.astype(object), "has the type object"),
        (np.where(X > 250, np.inf, X), "the array: row 1 has the number inf"),
    ],
)
def test_other_arrays_are_refused(given: np.ndarray, told: str) -> None:
    with pytest.raises(DataFileError, match=told):
        rows(given)


def test_other_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", a=X, b=X)
    with pytest.raises(DataFileError, match=r"two\.npz: has 'a', 'b'; expected the rows in x"):
        rows(tmp_path / "two.npz")
    with pytest.raises(DataFileError, match=r"new\.csv: this network was trained on arrays"):
        rows(tmp_path / "new.csv")
    with pytest.raises(DataFileError, match=r"none\.npy: is missing"):
        rows(tmp_path / "none.npy")


def test_images_are_scaled_and_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "neu é", each=1)
    large = X[0].repeat(2, axis=0).repeat(2, axis=1).astype(np.uint8)
    path = write_image(folder / "large.png", np.stack([large] * 3, axis=-1))
    form = RowForm("image", (3, 8, 9))
    found = new_rows(folder, form, 216)
    assert found.files == ("large.png", "cat/00.png", "dog/00.png")
    (block,) = found.blocks
    right = Image.open(path).resize((9, 8), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(block[0], np.asarray(right).transpose(2, 0, 1).reshape(-1))
    np.testing.assert_array_equal(block[1, :72], np.asarray(Image.open(folder / "cat/00.png")).flat)
    np.save(tmp_path / "x.npy", np.zeros((2, 3, 8, 9), np.uint8))
    assert len(np.concatenate(list(new_rows(tmp_path / "x.npy", form, 216).blocks))) == 2
    with pytest.raises(DataFileError, match=r"new\.csv: is missing"):
        list(new_rows(tmp_path / "new.csv", form, 216).blocks)
