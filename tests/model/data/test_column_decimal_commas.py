"""Numbers with decimal commas that were left as text, since commas separate the values."""

from pathlib import Path

import pytest

from model.data.column import category_column
from model.data.table import read
from model.data.table_options import TableOptions
from model.errors import DataFileError

ROWS = 'x,y\n"1,234",a\n"2,5",a\n"1,1",b\n7,b\n'


def test_they_are_told_from_thousands_and_from_other_texts() -> None:
    column = category_column("x", ["1,234", None, "2,5", "7"])
    assert column.holds_decimal_commas()
    assert column.first_comma() == "2,5"
    for texts in (["1,234", "7"], ["1,5", "a"], ["1,5,2"], ["7", None], [None]):
        assert not category_column("x", texts).holds_decimal_commas()
    assert category_column("x", ["1,234"]).first_comma() is None


def test_an_input_of_them_is_refused_until_it_is_named_in_categories(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(ROWS, "utf-8")
    with pytest.raises(DataFileError, match="'x' holds numbers with decimal commas, such as '2,5'"):
        read(file, TableOptions(("y",)))
    named = read(file, TableOptions(("y",), categories=("x",)))
    assert named.inputs[0].kind == "category"


def test_a_target_of_them_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(ROWS, "utf-8")
    with pytest.raises(DataFileError, match="target 'x' holds numbers with decimal commas"):
        read(file, TableOptions(("x",)))
