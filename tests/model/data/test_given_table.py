"""Rows in memory are read as a file with the same rows, or are refused with the column's name."""

import datetime
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from model.data.encoding import EncodedColumn, Encoding, read_inputs
from model.data.given_table import given_inputs
from model.errors import ModelError

ENCODING = Encoding(
    (
        EncodedColumn("size", "number", marks_missing=True, origin=1.0),
        EncodedColumn("code", "category", ("1", "2024-01-02", "true", "x"), marks_missing=True),
    ),
    ("y",),
)
SIZES = [1, 2.5, None, "3", 1e300 / 1e299]
CODES = [1, True, None, "x ", datetime.date(2024, 1, 2)]


def encoded(rows: Any) -> np.ndarray:
    found = given_inputs(rows, ENCODING)
    return ENCODING.encode(found, np.arange(len(found[0])))


def test_values_are_those_of_a_file_with_the_same_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("size,code\n1,1\n2.5,true\n,NA\n3,x\n10,2024-01-02\n")
    inputs = read_inputs(tmp_path / "a.csv", ENCODING)
    right = ENCODING.encode(inputs, np.arange(5))
    ignored = {"y": [object()]}
    for rows in (
        {"size": SIZES, "code": CODES},
        {" code": tuple(CODES), **ignored, "size ": np.array(SIZES, object)},
        {"size": np.array([1, 2.5, np.nan, 3, 10], np.float32), "code": iter(CODES)},
    ):
        np.testing.assert_array_equal(encoded(rows), right)


def test_a_data_frame_is_read_by_its_columns() -> None:
    frame = polars.DataFrame(
        {"y": [[1], [2]], "code": [1, None], "size": [2, None]},
        schema_overrides={"code": polars.Int8},
    )
    np.testing.assert_array_equal(
        encoded(frame), [[1, 0, 1, 0, 0, 0, 0], [np.nan, 1, 0, 0, 0, 0, 1]]
    )


class Missing:
    """A value that pandas calls missing."""

    def __init__(self, written: str) -> None:
        self.written = written

    def __str__(self) -> str:
        return self.written

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")


class Frame:
    """A frame as pandas has it, with two missing values and with any names of columns."""

    def __init__(self, columns: list[Any]) -> None:
        self.columns = columns

    def __getitem__(self, name: Any) -> list[Any]:
        return [np.int64(1), Missing("<NA>"), Missing("NaT")]


def test_what_a_frame_calls_missing_is_missing() -> None:
    found = encoded(Frame(["code", "size"]))
    np.testing.assert_array_equal(found[:, 0], [0, np.nan, np.nan])
    assert found[:, 6].tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("categories", "values"),
    [
        (("False", "True"), [True, np.bool_(False)]),
        (("FALSE", "TRUE"), [True, False]),
        (("false", "true"), [True, False]),
        (("2", "4"), [4.0, np.float32(2)]),
        (("2.0", "4.0"), [4, np.int8(2)]),
        (("2", "2.0", "4", "4.0"), [4, 2]),
    ],
)
def test_truths_and_whole_numbers_are_categories_however_a_file_wrote_them(
    categories: tuple[str, ...], values: list[Any]
) -> None:
    """A frame holds True where its CSV had True or true, and 4.0 beside missing values."""
    encoding = Encoding((EncodedColumn("code", "category", categories),))
    found = given_inputs({"code": [*values, 5]}, encoding)
    high, low, none = encoding.encode(found, np.arange(3)).tolist()
    names = [categories[one.index(1)] for one in (high, low)]
    assert names in (
        ["True", "False"],
        ["TRUE", "FALSE"],
        ["true", "false"],
        ["4", "2"],
        ["4.0", "2.0"],
    )
    assert not any(none)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"size": [1]}, "lacks the input 'code'; expected the columns 'size', 'code'"),
        ({"size": [1], "Code": [1]}, "lacks the input 'code' and has 'Code', which"),
        ({"size": [1], "code": ["x"], "z": [1]}, "has 'z', which the model does not know"),
        ({"size": [1, "2 cm"], "code": [1, 1]}, "row 2 of 'size' is '2 cm'; expected a number"),
        ({"size": [True], "code": [1]}, "row 1 of 'size' is 'true'; expected a number"),
        ({"size": [1, np.inf], "code": [1, 1]}, "row 2 of column 'size' is inf; expected a finite"),
        ({"size": [1, 2], "code": [1]}, "each column must have as many values as the others"),
        ({"size": [], "code": []}, "1 or more, not [0]"),
        ({}, "lacks the input 'size', 'code'"),
        ({"size": 1, "code": [1]}, "'size' is 1; expected a list with a value for each row"),
        ({"size": [1], "code": "x"}, "'code' is 'x'; expected a list"),
        ({"size": [1], "size ": [1]}, "two columns 'size'"),
        (Frame(["size", 3]), "the name of a column is a text, not 3"),
        ([{"size": 1}], "found list; expected the path of a table, a data frame, or a mapping"),
        (np.zeros((2, 2)), "found ndarray; expected the path"),
        (None, "found NoneType"),
    ],
)
def test_what_is_no_such_table_is_refused(rows: Any, told: str) -> None:
    with pytest.raises(ModelError, match=re.escape(told)) as caught:
        given_inputs(rows, ENCODING)
    assert str(caught.value).startswith("the rows: ")
