"""One-hot and standardised inputs agree with scikit-learn's; files to predict from are checked."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler

from model.data.column import Column, category_column
from model.data.encoding import (
    EncodedColumn,
    Encoding,
    fit,
    of,
    read_inputs,
    statistics,
)
from model.data.standardise import BLOCK_ROWS, standardised
from model.data.table_file import read_columns
from model.errors import DataFileError, ModelError
from tests.model.data.tables import listed

N = 3 * BLOCK_ROWS + 7


def number(name: str, values: Any) -> Column:
    return Column(name, "number", np.array(values, np.float64))


def some_inputs(*, missing: float = 0.2) -> list[Column]:
    random = np.random.default_rng(2)
    holes = random.random(N) < missing
    return [
        number("size", random.normal(3, 2, N)),
        category_column("colour", random.choice(["red", "blue", "green"], N).tolist()),
        number("holes", np.where(holes, np.nan, random.normal(-50, 0.1, N))),
        category_column("town", [None if h else f"t{i % 17}" for i, h in enumerate(holes)]),
        number("constant", np.full(N, 0.1)),
    ]


def test_a_file_is_read_with_the_decimal_commas_of_the_table_that_was_learned(
    tmp_path: Path,
) -> None:
    """Of one row alone, 1,234 could be a thousand."""
    for name, rows in (("table", "1,25;x\n2,5;y\n"), ("new", "1,234;x\n"), ("points", "1.5;y\n")):
        (tmp_path / f"{name}.csv").write_text(f"size;code\n{rows}")
    read = read_columns(tmp_path / "table.csv")
    assert read.has_commas
    known = fit(tuple(read.by_name.values()), np.arange(2), has_commas=True)
    again = of(json.loads(json.dumps(known.plain())))
    assert again == known
    for name, value in (("new", 1.234), ("points", 1.5)):
        assert read_inputs(tmp_path / f"{name}.csv", again)[0].values.tolist() == [value]
    without = fit(tuple(read.by_name.values()), np.arange(2))
    assert "has_commas" not in without.plain()
    with pytest.raises(
        DataFileError, match=r"row 1 of column 'size' holds '1,234'; expected a num"
    ):
        read_inputs(tmp_path / "new.csv", without)


def test_categories_agree_with_scikit_learn() -> None:
    inputs = some_inputs()
    rows = np.random.default_rng(3).permutation(N)[:40]
    everything = np.arange(N)
    texts = [inputs[1], inputs[3]]
    encoding = fit(texts, rows)
    stacked = np.array([listed(c) for c in texts], object).T
    oracle = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(stacked[rows])
    np.testing.assert_array_equal(encoding.encode(texts, everything), oracle.transform(stacked))
    assert encoding.names[:3] == ("colour=blue", "colour=green", "colour=red")
    assert encoding.names[-1] == "town=(missing)"
    assert encoding.width == len(encoding.names)


def test_an_unknown_category_is_zero_everywhere_and_is_told_of() -> None:
    column = category_column("a", ["x", "y", "z", None, "w"])
    encoding = fit([column], np.arange(2))
    assert encoding.names == ("a=x", "a=y")
    assert encoding.encode([column], np.arange(5)).tolist() == [[1, 0], [0, 1], *[[0, 0]] * 3]
    assert encoding.unknown([column], np.arange(5)) == {"a": ("w", "z")}
    assert encoding.unknown([column], np.arange(2)) == {}


def test_numbers_agree_with_scikit_learn() -> None:
    inputs = [column for column in some_inputs() if column.kind == "number"]
    rows = np.random.default_rng(4).permutation(N)[: 2 * BLOCK_ROWS + 5]
    encoding = fit(inputs, rows)
    assert encoding.names == ("size", "holes", "holes is missing", "constant")
    matrix = encoding.encode(inputs, np.arange(N))
    given = statistics(encoding, matrix, rows)
    found = np.concatenate(list(standardised(matrix, np.arange(N), given)))
    stacked = np.stack([c.values for c in inputs], axis=1)
    oracle = StandardScaler().fit(stacked[rows]).transform(stacked)
    is_missing = np.isnan(stacked[:, 1])
    np.testing.assert_allclose(
        found[:, [0, 1, 3]], np.where(np.isnan(oracle), 0, oracle), rtol=1e-5, atol=1e-5
    )
    np.testing.assert_array_equal(found[:, 2], is_missing)
    np.testing.assert_array_equal(found[is_missing, 1], 0)
    assert found.dtype == np.float32


def test_marks_and_categories_stay_zero_and_one() -> None:
    inputs = some_inputs()
    rows = np.arange(N)
    encoding = fit(inputs, rows)
    matrix = encoding.encode(inputs, rows)
    given = statistics(encoding, matrix, rows)
    assert (given.mean.shape, given.mean.dtype) == ((encoding.width,), np.float64)
    others = np.setdiff1d(np.arange(encoding.width), encoding.numbers)
    assert set(given.mean[others]) == {0}
    assert set(given.std[others]) == {1}
    assert [encoding.names[i] for i in encoding.numbers] == ["size", "holes", "constant"]


def test_a_constant_and_an_empty_number_have_no_spread() -> None:
    inputs = [number("a", [0.1] * 9 + [3]), number("b", [np.nan] * 9 + [1])]
    encoding = fit(inputs, np.arange(9))
    matrix = encoding.encode(inputs, np.arange(10))
    given = statistics(encoding, matrix, np.arange(9))
    assert given.std.tolist() == [1, 1, 1]
    (block,) = standardised(matrix, np.arange(10), given)
    np.testing.assert_array_equal(block[:9, 0], 0)
    assert block[9].tolist() == pytest.approx([2.9, 1, 0])


def test_a_large_number_of_small_spread_keeps_its_digits() -> None:
    seconds = 1_600_000_000 + np.arange(100.0)
    inputs = [number("time", seconds)]
    encoding = fit(inputs, np.arange(100))
    matrix = encoding.encode(inputs, np.arange(100))
    given = statistics(encoding, matrix, np.arange(100))
    (block,) = standardised(matrix, np.arange(100), given)
    np.testing.assert_allclose(block[:, 0], (seconds - seconds.mean()) / seconds.std(), rtol=1e-6)


def test_only_the_training_rows_are_looked_at() -> None:
    inputs = some_inputs()
    rows = np.arange(100)
    others = [replace(c, values=np.concatenate([c.values[:100], c.values[:0:-1]])) for c in inputs]
    assert fit(inputs, rows) == fit(others, rows)
    whole = [number("a", [1, 2, np.nan]), category_column("b", ["x", "y", None])]
    assert fit(whole, np.arange(2)).names == ("a", "b=x", "b=y")


def test_rows_come_in_the_order_asked_for_and_columns_in_any() -> None:
    inputs = some_inputs()
    encoding = fit(inputs, np.arange(N))
    whole = encoding.encode(inputs, np.arange(N))
    rows = np.array([5, 3, 5])
    np.testing.assert_array_equal(encoding.encode(inputs[::-1], rows), whole[rows])


def test_json_holds_an_encoding() -> None:
    encoding = fit(some_inputs(), np.arange(N), ignored=("y", "id"))
    assert of(json.loads(json.dumps(encoding.plain(), allow_nan=False))) == encoding


def test_numbers_scaled_by_quantiles_agree_with_scikit_learn() -> None:
    inputs = some_inputs()
    rows = np.random.default_rng(4).permutation(N)[:2_000]
    encoding = fit(inputs, rows, scaling="quantile")
    assert encoding.names == fit(inputs, rows).names
    matrix = of(json.loads(json.dumps(encoding.plain()))).encode(inputs, np.arange(N))
    stacked = np.stack([inputs[0].values, inputs[2].values], axis=1)
    oracle = QuantileTransformer(output_distribution="normal", subsample=None)
    right = oracle.fit(stacked[rows]).transform(stacked)
    np.testing.assert_allclose(matrix[:, encoding.numbers[:2]], right, atol=1e-5)
    given = statistics(encoding, matrix, rows)
    np.testing.assert_allclose(given.std[encoding.numbers[:2]], 1, atol=0.05)
    assert of(encoding.plain()) == encoding
    assert all("quantiles" not in one for one in fit(inputs, rows).plain()["columns"])


@pytest.mark.parametrize(
    "change",
    [
        {"quantiles": [1.0]},
        {"quantiles": 1},
        {"columns": 1},
        {"columns": []},
        {"columns": ["a"]},
        {"ignored": [1]},
        {"ignored": 1},
        {"more": 1},
        {"name": 1},
        {"kind": "text"},
        {"categories": ["b", "a"]},
        {"categories": ["a", "a"]},
        {"categories": [1]},
        {"categories": None},
        {"marks_missing": 1},
        {"origin": float("nan")},
        {"origin": "0"},
        {"kind": "number"},
        {"more_of_it": 1},
    ],
)
def test_a_damaged_encoding_is_refused(change: dict[str, Any]) -> None:
    plain = Encoding((EncodedColumn("a", "category", ("x", "y")),), ("y",)).plain()
    (key,) = change
    is_of_column = key in (
        *("name", "kind", "categories", "marks_missing", "origin", "quantiles", "more_of_it"),
    )
    (plain["columns"][0] if is_of_column else plain).update(change)
    with pytest.raises(ModelError, match="encoding"):
        of(plain)


def test_an_encoding_needs_rows_columns_and_the_inputs_it_was_fitted_on() -> None:
    column = number("a", [1, 2])
    with pytest.raises(ModelError, match="one training row or more"):
        fit([column], np.arange(0))
    with pytest.raises(ModelError, match="not 0 outputs"):
        fit([], np.arange(2))
    with pytest.raises(ModelError, match=r"columns \['a'\] twice"):
        fit([column, column], np.arange(2))
    names = category_column("names", [f"n{i}" for i in range(100_001)])
    with pytest.raises(
        ModelError, match="100,002 numbers in each row, 100,001 of them for 'names'"
    ):
        fit([number("a", [1] * 100_001), names], np.arange(100_001))
    encoding = fit([column], np.arange(2))
    with pytest.raises(ModelError, match="no input is named 'a'; its columns are 'b'"):
        encoding.encode([number("b", [1])], np.arange(1))
    with pytest.raises(ModelError, match="input 'a' must be a number, not a category"):
        encoding.encode([category_column("a", ["1"])], np.arange(1))


ENCODING = Encoding(
    (
        EncodedColumn("größe", "number", marks_missing=True),
        EncodedColumn("code", "category", ("01", "1"), marks_missing=True),
    ),
    ("id", "y"),
)


def test_a_file_to_predict_from_is_read_by_its_names(tmp_path: Path) -> None:
    path = tmp_path / "neue Fälle.csv"
    for text in ("id;code;größe\n7;01;1,5\n8;1;?\n", "größe,code\n1.5,01\n,1\n"):
        path.write_text(text, "utf-8")
        found = read_inputs(path, ENCODING)
        assert [column.name for column in found] == ["größe", "code"]
        np.testing.assert_array_equal(
            ENCODING.encode(found, np.arange(2)), [[1.5, 0, 1, 0, 0], [np.nan, 1, 0, 1, 0]]
        )
    frame = polars.DataFrame({"y": [[1]], "größe": [2], "code": [1]})
    frame.write_parquet(tmp_path / "a.parquet")
    found = read_inputs(tmp_path / "a.parquet", ENCODING)
    assert ENCODING.encode(found, np.arange(1)).tolist() == [[2, 0, 0, 1, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,y\n1,2\n", "lacks the input 'größe', 'code'; expected the columns 'größe', 'code'"),
        ("größe,code,x,z\n1,2,3,4\n", "has 'x', 'z', which the model does not know; expected"),
        ("größe,Code\n1,2\n", "lacks the input 'code' and has 'Code', which"),
        ("größe,code\n1,1\n2 cm,1\n", "row 2 of column 'größe' holds '2 cm'; expected a number"),
        ("größe,code\n1,1\n1e99,1\n", r"row 2 of column 'größe' is 1e\+99; expected a finite"),
        ("größe,code\n", "has column names and no rows"),
    ],
)
def test_a_file_that_cannot_be_predicted_from_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(DataFileError, match=message):
        read_inputs(path, ENCODING)


def test_many_names_are_cut_short(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",".join(f"c{i}" for i in range(20)) + "\n" + "1," * 19 + "1\n")
    with pytest.raises(DataFileError, match="'c7' and 12 more, which the model does not know"):
        read_inputs(tmp_path / "a.csv", ENCODING)
