"""Tables of the data sets that scikit-learn carries, in a folder of the user's."""

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from model.data import examples
from model.data.own_table import OwnTable, Parts
from model.data.table_options import TableOptions
from model.errors import DataFileError


@pytest.mark.parametrize("name", examples.TARGETS)
def test_every_example_is_a_table_that_can_be_trained_on(tmp_path: Path, name: str) -> None:
    path = examples.table(name, tmp_path / "made")
    options = {"scaled": False} if name == "diabetes" else {}
    right = getattr(datasets, f"load_{name}")(**options)
    fold = OwnTable(path, TableOptions((examples.TARGETS[name],)), Parts(), 1).fold()
    assert fold.encoding is not None
    columns = fold.encoding["columns"]
    assert [one["name"] for one in columns] == list(right.feature_names)
    count = len(right.target)
    assert abs(len(fold.raw) - 0.8 * count) < 2
    if name == "diabetes":
        assert fold.classes == ()
        assert set(fold.raw.y[:, 0]) <= set(right.target)
    else:
        assert fold.classes == tuple(sorted(map(str, right.target_names)))
        shares = np.bincount(fold.raw.y) / len(fold.raw)
        names = [str(right.target_names[place]) for place in right.target]
        assert shares == pytest.approx([names.count(c) / count for c in fold.classes], abs=0.02)
    assert [one.name for one in (tmp_path / "made").iterdir()] == [f"{name}.csv"]


def test_a_table_that_is_there_is_taken(tmp_path: Path) -> None:
    (tmp_path / "iris.csv").write_text("mine")
    assert examples.table("iris", tmp_path).read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataFileError, match=r"iris\.csv: cannot be written"):
        examples.table("iris", tmp_path / "file" / "below")
