"""Parquet files of every type of value, damaged ones, and a machine without polars."""

import datetime
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from model.data import parquet_file
from model.data.parquet_file import read_parquet
from model.errors import DataFileError

NOON = datetime.datetime(2020, 1, 31, 12, 0, 0, 5)
FRAME = polars.DataFrame(
    {
        " whole ": [1, None, 2**60 + 1],
        "float": [1.5, float("nan"), None],
        "decimal": [Decimal("1.50"), None, Decimal("-2.25")],
        "small": polars.Series([1, 2, 3], dtype=polars.UInt8),
        "boolean": [True, False, None],
        "text": ["größe", None, ""],
        "category": polars.Series(["a", "b", None], dtype=polars.Categorical),
        "enum": polars.Series(["a", "b", None], dtype=polars.Enum(["a", "b"])),
        "date": [datetime.date(2020, 1, 31), None, datetime.date(1999, 12, 1)],
        "moment": [NOON, None, NOON],
        "null": [None, None, None],
    }
)


def columns_of(path: Path, as_text: frozenset[str] = frozenset()) -> dict[str, Any]:
    """All values of each column."""
    found = read_parquet(path, as_text=as_text)
    joined = [
        np.concatenate(list(map(np.array, values))) for values in zip(*found.blocks(), strict=True)
    ]
    return dict(zip(found.names, joined, strict=True))


def written(folder: Path, frame: polars.DataFrame, name: str = "Tabelle für uns.parquet") -> Path:
    frame.write_parquet(folder / name)
    return folder / name


def test_every_type_comes_as_numbers_or_as_a_text_file_holds_it(tmp_path: Path) -> None:
    found = columns_of(written(tmp_path, FRAME))
    assert list(found) == [name.strip() for name in FRAME.columns]
    assert {k: v.tolist() for k, v in found.items() if v.dtype != np.float64} == {
        "boolean": ["true", "false", ""],
        "text": ["größe", "", ""],
        "category": ["a", "b", ""],
        "enum": ["a", "b", ""],
        "date": ["2020-01-31", "", "1999-12-01"],
        "moment": ["2020-01-31 12:00:00.000005", "", "2020-01-31 12:00:00.000005"],
        "null": ["", "", ""],
    }
    np.testing.assert_array_equal(found["whole"], [1, np.nan, 2.0**60])
    np.testing.assert_array_equal(found["float"], [1.5, np.nan, np.nan])
    np.testing.assert_array_equal(found["decimal"], [1.5, np.nan, -2.25])
    np.testing.assert_array_equal(found["small"], [1, 2, 3])


def test_numbers_come_as_text_with_all_digits_where_asked(tmp_path: Path) -> None:
    found = columns_of(written(tmp_path, FRAME), frozenset({"whole"}))
    assert found["whole"].tolist() == ["1", "", str(2**60 + 1)]


@pytest.mark.parametrize("values", [[[1]], [{"a": 1}], [datetime.timedelta(1)], [b"x"]])
def test_other_types_are_refused_unless_skipped(tmp_path: Path, values: list[object]) -> None:
    path = written(tmp_path, polars.DataFrame({"a": values, "b": [1]}))
    with pytest.raises(DataFileError, match=r"column 'a' holds values of type .* or exclude it"):
        read_parquet(path)
    found = read_parquet(path, skip={"a", "b"})
    assert (found.names, found.skipped) == (("b",), {"a"})
    assert [block[0].tolist() for block in found.blocks()] == [[1]]


def test_no_rows_and_equal_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="has no rows"):
        read_parquet(written(tmp_path, polars.DataFrame({"a": []})))
    with pytest.raises(DataFileError, match="has two columns 'a'; expected each name once"):
        read_parquet(written(tmp_path, polars.DataFrame({"a": [1], " a": [2]})))


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    whole = written(tmp_path, FRAME).read_bytes()
    path = tmp_path / "a.parquet"
    for content in (
        b"a,b\n1,2\n",
        whole[:-20],
        whole[: len(whole) // 2] + whole[len(whole) // 2 + 5 :],
        b"PAR1" + b"\xff" * 50 + b"PAR1",
    ):
        path.write_bytes(content)
        with pytest.raises(DataFileError, match=r"a\.parquet: is damaged or cut short") as raised:
            columns_of(path)
        assert "\n" not in str(raised.value)
    path.write_bytes(b"")
    with pytest.raises(DataFileError, match="has 0 bytes"):
        read_parquet(path)
    with pytest.raises(DataFileError, match="is a folder"):
        read_parquet(tmp_path)


def test_a_table_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_file, "MOST_VALUES", 32)
    with pytest.raises(DataFileError, match="holds 33 values; expected at most 32"):
        read_parquet(written(tmp_path, FRAME))


def test_without_polars_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, FRAME)
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(DataFileError, match=r"pip install 'klayer\[tables\]', or save .* as CSV"):
        read_parquet(path)
