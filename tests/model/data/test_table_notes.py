"""What is told of a table as it was read."""

from pathlib import Path

import numpy as np
import pytest

from model.data import table, table_notes
from model.data.table_notes import notes, telling
from model.data.table_options import TableOptions

ROWS = [
    "age;fuel;km;same;none;price",
    "3;diesel;1,5;7;;1",
    "4;\u00e9lectrique;;7;NA;2",
    "6;diesel;2,5;7;?;1",
    "9;diesel;3,75;7;;2",
]


def written(folder: Path, rows: list[str], encoding: str) -> Path:
    """A table of the rows."""
    file = folder / "cars.csv"
    file.write_text("\n".join(rows), encoding)
    return file


def told_of(file: Path, target: str) -> tuple[str, ...]:
    return notes(table.read(file, TableOptions((target,))))


def test_encoding_columns_left_out_and_missing_values_are_told(tmp_path: Path) -> None:
    file = written(tmp_path, ROWS, "cp1252")
    assert told_of(file, "price") == (
        "it is not UTF-8, and was read as Windows-1252",
        "column 'same' is left out: it is '7' in every row",
        "column 'none' is left out: it has no values",
        "1 input with missing values: 'km' (1)",
    )


def test_of_many_columns_that_are_left_out_the_first_are_named(tmp_path: Path) -> None:
    names = [*(f"same{place}" for place in range(11)), "km", "price"]
    rows = [",".join([*["0"] * 11, str(km), str(2.5 * km)]) for km in (1, 4, 2, 8, 5, 7)]
    told = told_of(written(tmp_path, [",".join(names), *rows], "utf-8"), "price")
    assert told[7:] == (
        "column 'same7' is left out: it is '0' in every row",
        "3 more columns are left out likewise",
    )


def test_of_many_columns_the_first_are_named(tmp_path: Path) -> None:
    names = [f"x{i}" for i in range(10)]
    rows = [",".join([*names, "y"]), *(",".join(["", *"123456789", c]) for c in "ab")]
    rows += [",".join([*"9753124680", c]) for c in "ab"]
    rows += [",".join([*[""] * 10, c]) for c in "ab"]
    (told,) = told_of(written(tmp_path, rows, "utf-8"), "y")
    assert "10 inputs with missing values: 'x0' (4), 'x1' (2)" in told
    assert told.endswith("'x7' (2) and 2 more")


def test_of_a_plain_table_nothing_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, ["x,y", "3,a", "5,b", "1,a", "2,b"], "utf-8")
    assert told_of(file, "y") == ()


def test_of_many_rows_in_the_order_of_their_classes_some_of_each_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of them are of one class, which whatever varies would seem to tell."""
    monkeypatch.setattr(table_notes, "MOST_ROWS", 30)
    lines = [f"{'pq'[i % 2]},{'uv'[i // 45]},{'uv'[i // 45]}" for i in range(90)]
    read = table.read(written(tmp_path, ["a,copy,y", *lines], "utf-8"), TableOptions(("y",)))
    (told,) = telling(read, np.arange(90))
    assert told.endswith(": 'copy'")
    assert telling(read, np.arange(45)) == ()


def test_inputs_that_tell_the_target_in_the_training_rows_are_named(tmp_path: Path) -> None:
    lines = [f"{i % 3},{'uv'[i % 2]},{i * i % 7},{'pq'[i % 2]},{i % 5 + 0.5}" for i in range(40)]
    lines.append("2,v,1,p,0.5")  # no training row
    file = written(tmp_path, ["a,copy,b,y,z", *lines], "utf-8")
    read = table.read(file, TableOptions(("y",)))
    (told,) = telling(read, np.arange(40))
    assert told.startswith("1 input tells the target in all training rows by itself; exclude")
    assert told.endswith(": 'copy'")
    assert telling(read, np.arange(41)) == ()
    assert telling(read, np.arange(19)) == ()
    numbers = written(
        tmp_path, ["x,w,y", *(f"{i * i},{i % 7},{1.5 - 3 * i * i}" for i in range(30))], "utf-8"
    )
    (told,) = telling(table.read(numbers, TableOptions(("y",))), np.arange(30))
    assert told.endswith(": 'x'")
