"""Columns by which rows are split are called by their key where they are wrong."""

from pathlib import Path

import pytest

from model.data.own_table import OwnTable, Parts
from model.data.table_options import TableOptions
from model.errors import DataFileError, ModelError

ROWS = "".join(f"{i % 7},{i // 4},{'ab'[i % 2]}\n" for i in range(40))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A table of 40 rows in 10 groups."""
    path = tmp_path / "visits.csv"
    path.write_text(f"x,patient,y\n{ROWS}", "utf-8")
    return path


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        (Parts(group="patiens"), "group"),
        (Parts(time="patiens"), "time"),
        (Parts(said="patiens"), "part_column"),
    ],
)
def test_one_that_is_not_there_is_told_with_its_key(file: Path, parts: Parts, key: str) -> None:
    told = f"{key} names 'patiens', which is no column; did you mean 'patient'"
    with pytest.raises(DataFileError, match=told):
        OwnTable(file, TableOptions(("y",)), parts, 1).fold()


def test_the_target_is_none_of_them(file: Path) -> None:
    own = OwnTable(file, TableOptions(("y",)), Parts(group="y"), 1)
    with pytest.raises(ModelError, match="'y' is named twice, in target and group"):
        own.fold()


@pytest.mark.parametrize("exclude", [(), ("patient",)])
def test_it_is_no_input_whether_it_is_excluded_as_well_or_not(
    file: Path, exclude: tuple[str, ...]
) -> None:
    own = OwnTable(file, TableOptions(("y",), exclude=exclude), Parts(group="patient"), 1)
    fold = own.fold()
    assert fold.raw.x.shape[1] == 1
    assert fold.encoding is not None
    assert set(fold.encoding["ignored"]) == {"y", "patient"}
