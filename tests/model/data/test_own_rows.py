"""Rows are split as far as no part came by itself; numbers that cannot be trained on are told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.data import own_rows, splits
from model.data.labelled import Labelled
from model.data.own_rows import MOST_INPUTS, checked, joined, missing, places_of
from model.errors import DataFileError, ModelError

LABELS = np.arange(40) % 3
X = Path("x.npy")


def places(y: np.ndarray, given: Any = (), **sizes: Any) -> own_rows.Places:
    return places_of(y, given, X, **{"validation": None, "test": None, "seed": 4, **sizes})


def test_rows_are_split_as_a_table_s() -> None:
    found = places(LABELS, validation=9, test=0.25)
    right = splits.split(40, validation=9, test=0.25, seed=4, labels=LABELS)
    np.testing.assert_array_equal(found.training, right.training)
    np.testing.assert_array_equal(found.validation, right.validation)
    np.testing.assert_array_equal(found.test, right.test)
    assert np.bincount(LABELS[found.test]).tolist() == [4, 3, 3]
    usual = places(LABELS)
    assert [len(usual.training), len(usual.validation), len(usual.test)] == [24, 8, 8]


def test_values_are_split_by_chance() -> None:
    found = places(np.zeros((40, 2)), test=10)
    right = splits.split(40, validation=0.2, test=10, seed=4)
    np.testing.assert_array_equal(found.test, right.test)


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        (("test",), (32, 8, 0)),
        (("validation",), (32, 0, 8)),
        (("validation", "test"), (40, 0, 0)),
    ],
)
def test_parts_that_came_by_themselves_are_not_split_off(
    given: tuple[str, ...], counts: tuple[int, ...]
) -> None:
    found = places(LABELS, given)
    parts = (found.training, found.validation, found.test)
    assert tuple(map(len, parts)) == counts
    assert sorted(np.concatenate(parts).tolist()) == list(range(40))


def test_there_may_be_no_validation_part() -> None:
    found = places(LABELS, validation=0, test=0.85)
    assert tuple(map(len, (found.training, found.validation, found.test))) == (6, 0, 34)
    with pytest.raises(ModelError, match="test 41 leave none of 40 rows for training"):
        places(LABELS, ("validation",), test=41)


def test_a_split_that_cannot_be_made_is_told_with_the_path() -> None:
    with pytest.raises(ModelError, match=r"x\.npy: validation 20 and test 19 of 40 rows leave too"):
        places(LABELS, validation=20, test=19)


def test_rows_are_flat_and_missing_numbers_are_left() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    x[1, 2, 3] = np.nan
    found = checked("x", x)
    assert found.shape == (2, 12)
    assert missing(found) == 1
    assert missing(np.ones((2, 3), int)) == 0
    assert checked("x", np.arange(4)).shape == (4, 1)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f8"])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_infinite_number_is_told_with_its_row(
    kind: str, sign: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.data.standardise.BLOCK_ROWS", 3)
    x = np.ones((8, 2), kind)
    x[6, 1] = sign * np.inf
    with pytest.raises(DataFileError, match=rf"here: row 7 has the number {sign * np.inf:g}; exp"):
        checked("here", x)


def test_numbers_too_large_for_float32_and_too_many_a_row_are_refused() -> None:
    with pytest.raises(DataFileError, match=r"row 1 has the number 1e\+39"):
        checked("x", np.array([[1e39]]))
    with pytest.raises(DataFileError, match="1,000,001 numbers a row; expected at most 1,000,000"):
        checked("x", np.zeros((1, MOST_INPUTS + 1), np.uint8))


def test_parts_are_joined_in_a_file(tmp_path: Path) -> None:
    one = Labelled(np.full((2, 3), 200, np.uint8), np.array([0, 1]))
    other = Labelled(np.full((3, 3), -0.5, np.float32), np.array([1, 1, 0]))
    found = joined(one, other, tmp_path / "made")
    np.testing.assert_array_equal(found.x, np.concatenate([one.x, other.x]))
    assert found.y.tolist() == [0, 1, 1, 1, 0]
    assert not list((tmp_path / "made").iterdir())
