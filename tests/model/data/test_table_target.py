"""Which task a target sets, and the targets that nothing can be learnt from."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from model.data.column import Column, category_column
from model.data.table_target import check_target, labels, quantities, task_of
from model.errors import DataFileError

PATH = Path("a.csv")


def number(values: Sequence[float]) -> Column:
    return Column("y", "number", np.array(values, np.float64))


def test_the_task_follows_from_the_values() -> None:
    assert task_of((category_column("y", ["a", "b"]),)) == "classification"
    assert task_of((number(range(20)),)) == "classification"
    assert task_of((number([-1.0, 1.0]),)) == "classification"
    assert task_of((number(range(21)),)) == "regression"
    assert task_of((number([0.5, 1]),)) == "regression"
    assert task_of((number([0, 1]), number([0, 1]))) == "regression"


def test_classes_are_sorted_as_what_they_are() -> None:
    classes, y = labels(PATH, number([10, 9, -1, 10, 9, -1]))
    assert (classes, y.tolist(), y.dtype) == (("-1", "9", "10"), [2, 1, 0, 2, 1, 0], np.int64)
    classes, y = labels(PATH, number([0.5, 0.1, 0.5, 0.1]))
    assert (classes, y.tolist()) == (("0.1", "0.5"), [1, 0, 1, 0])
    classes, y = labels(PATH, category_column("y", ["b", "B", "b", "B", "ä", "ä"]))
    assert (classes, y.tolist()) == (("B", "b", "ä"), [1, 0, 1, 0, 2, 2])


def test_quantities_stand_in_columns() -> None:
    classes, y = quantities(PATH, (number([1, 2]), number([3, 4])))
    assert (classes, y.tolist()) == ((), [[1, 3], [2, 4]])
    with pytest.raises(DataFileError, match="row 2 of the target 'y' holds 'x'; regression expect"):
        quantities(PATH, (category_column("y", ["1", "x"]),))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (category_column("y", ["a", None, None, "b"]), "missing in 2 of 4 rows, first in row 2"),
        (number([1, np.nan]), "missing in 1 of 2 rows"),
        (number([1, 2, -np.inf]), "row 3 of column 'y' is -inf; expected a finite number"),
        (number([1, 1e39]), r"row 2 of column 'y' is 1e\+39"),
        (number([7, 7]), "the target 'y' is '7' in every row; expected at least two values"),
        (category_column("y", ["a", "a"]), "is 'a' in every row"),
        (category_column("y", ["2020-01-01", "2020-01-02"]), "the target 'y' holds dates"),
        (category_column("y", ["1,234", "12"]), "holds numbers with commas, such as '1,234'"),
    ],
)
def test_a_useless_target_is_refused(target: Column, message: str) -> None:
    with pytest.raises(DataFileError, match=f"a.csv: .*{message}"):
        check_target(PATH, target, None)


def test_classes_need_two_rows_and_are_not_too_many() -> None:
    with pytest.raises(DataFileError, match="a single row of class 'b', row 3; expected 2 or more"):
        labels(PATH, category_column("y", ["a", "a", "b"]))
    many = [f"c{i}" for i in range(1_001)] * 2
    with pytest.raises(DataFileError, match="has 1,001 classes; expected at most 1,000"):
        labels(PATH, category_column("y", many))
    assert len(labels(PATH, category_column("y", many[:1_000] * 2))[0]) == 1_000
