"""Validation and test rows in files of their own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.data import encoding, prepared
from model.data.own_table import OwnTable, Parts
from model.data.table_options import TableOptions
from model.errors import DataFileError, ModelError
from tests.model.data.tables import HEADER, changed, column, rows_of, write_table

ROWS = rows_of(120)
TRAIN, VALID, TEST = ROWS[:80], ROWS[80:100], ROWS[100:]
LABEL = TableOptions(("label",), exclude=("patient", "price"))
PRICE = TableOptions(("price",), exclude=("patient", "label"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files, of which the last has its columns the other way round and lacks some."""
    write_table(tmp_path / "train.csv", TRAIN)
    write_table(tmp_path / "valid.csv", VALID)
    backwards = [row[:0:-1] for row in TEST]
    write_table(tmp_path / "test rows, größer.csv", backwards, HEADER[:0:-1])
    return tmp_path


def own(folder: Path, options: TableOptions = LABEL, **parts: Any) -> OwnTable:
    files = {"validation": folder / "valid.csv", "test": folder / "test rows, größer.csv"}
    return OwnTable(folder / "train.csv", options, Parts(**{**files, **parts}), 3)


def weights(rows: Any) -> np.ndarray:
    return np.array(column(rows, "weight"), float)


def test_each_file_is_a_part(folder: Path) -> None:
    fold = own(folder).fold()
    assert fold.encoding is not None
    origin = fold.encoding["columns"][2]["origin"]
    tested = own(folder).source(fold.classes).test()
    parts = [*(fold.raw.x[rows] for rows in fold.rows), tested.x]
    for part, rows in zip(parts, (TRAIN, VALID, TEST), strict=True):
        np.testing.assert_allclose(part[:, 6] + origin, weights(rows), atol=1e-5)
    labels = [("no", "yes").index(text) for text in column(ROWS, "label")]
    np.testing.assert_array_equal([*fold.raw.y, *tested.y], labels)


def test_files_of_their_own_have_the_decimal_commas_of_the_source(tmp_path: Path) -> None:
    for name, sizes in (
        ("train", ("1,25", "2,5", "3,75", "5,125") * 3),
        ("test", ("1,234", "2,345")),
    ):
        rows = [f"{size};{'yn'[place % 2]}" for place, size in enumerate(sizes)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["size;code", *rows]))
    parts = Parts(validation=0.25, test=tmp_path / "test.csv")
    given = OwnTable(tmp_path / "train.csv", TableOptions(("code",)), parts, 3)
    fold = given.fold()
    assert fold.encoding is not None
    origin = fold.encoding["columns"][0]["origin"]
    found = given.source(fold.classes).test().x[:, 0] + origin
    np.testing.assert_allclose(found, [1.234, 2.345], rtol=1e-6)


def test_one_part_may_be_split_from_the_source(folder: Path) -> None:
    given = own(folder, PRICE, validation=0.25)
    fold = given.fold()
    assert [len(rows) for rows in fold.rows] == [60, 20]
    prices = np.array(column(TEST, "price"), float)
    np.testing.assert_array_equal(given.source(()).test().y[:, 0], prices)
    given = own(folder, PRICE, test=0.25)
    fold = given.fold()
    assert [len(rows) for rows in fold.rows] == [60, 20]
    np.testing.assert_array_equal(fold.raw.y[60:, 0], np.array(column(VALID, "price"), float))
    assert len(given.source(()).test()) == 20
    grouped = own(folder, LABEL, validation=0.3, group="patient").fold()
    assert sum(map(len, grouped.rows)) == 80


def test_what_is_learned_comes_from_the_source_alone(folder: Path) -> None:
    before = own(folder).fold()
    for name, rows in (("valid.csv", VALID), ("test rows, größer.csv", TEST)):
        every = range(len(rows))
        wild = changed(rows, "weight", every, lambda _: "")
        wild = changed(wild, "colour", every, lambda _: "infrared")
        write_table(folder / name, changed(wild, "size", every, lambda _: "7"))
    after = own(folder).fold()
    assert after.encoding == before.encoding
    assert before.statistics is not None
    assert after.statistics is not None
    np.testing.assert_array_equal(after.statistics.mean, before.statistics.mean)
    np.testing.assert_array_equal(after.statistics.std, before.statistics.std)


def test_kinds_are_those_of_the_source(folder: Path) -> None:
    """A column of text there is one here, though its values look like numbers; so is the target."""
    grades = [("1", "x")[place % 2] for place in range(40)]
    rows = [[grade, f"{place * place % 11}.5"] for place, grade in enumerate(grades)]
    write_table(folder / "train.csv", [[*row, row[0]] for row in rows], ("a", "b", "y"))
    for name in ("valid.csv", "test rows, größer.csv"):
        write_table(folder / name, [["2", "1", "1"], ["3", "1", "1"]], ("b", "a", "y"))
    fold = own(folder, TableOptions(("y",))).fold()
    assert fold.encoding is not None
    assert encoding.of(fold.encoding).names == ("a=1", "a=x", "b")
    assert fold.raw.x[fold.rows[1], :2].tolist() == [[1, 0]] * 2
    assert fold.raw.y[fold.rows[1]].tolist() == [0, 0]


@pytest.mark.parametrize("name", ["valid.csv", "test rows, größer.csv"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: changed(r, "label", [4], lambda _: "maybe"), "row 5 .*'label' is of class 'may"),
        (lambda r: changed(r, "label", [4], lambda _: ""), "'label' is missing in 1 of 20 rows"),
        (lambda r: changed(r, "weight", [4], lambda _: "7 kg"), "row 5 of column 'weight' holds"),
        (lambda r: changed(r, "weight", [4], lambda _: "inf"), "row 5 of column 'weight' is inf"),
        (lambda r: [], "has column names and no rows"),
    ],
)
def test_values_that_cannot_be_used_are_told_before_a_search_begins(
    folder: Path, name: str, change: Any, message: str
) -> None:
    write_table(folder / name, change(VALID))
    with pytest.raises(DataFileError, match=f"{name}: .*{message}"):
        own(folder).fold()


@pytest.mark.parametrize("name", ["valid.csv", "test rows, größer.csv"])
def test_other_columns_are_told_before_a_search_begins(folder: Path, name: str) -> None:
    write_table(folder / name, [[*row, "1"] for row in VALID], (*HEADER, "power"))
    with pytest.raises(
        DataFileError, match=r"has 'power', which train\.csv lacks; expected the co"
    ):
        own(folder).fold()
    write_table(folder / name, [row[:4] for row in VALID], HEADER[:4])
    with pytest.raises(DataFileError, match="lacks the column 'label'; expected the columns 'colo"):
        own(folder).fold()
    (folder / name).unlink()
    with pytest.raises(DataFileError, match=f"{name}: is missing"):
        own(folder).fold()


def test_the_fingerprint_is_of_all_files(folder: Path, tmp_path: Path) -> None:
    found = {own(folder).fingerprint()}
    for name in ("train.csv", "valid.csv", "test rows, größer.csv"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content + b"\n")
        found.add(own(folder).fingerprint())
        (folder / name).write_bytes(content)
    assert len(found) == 4
    assert own(folder).fingerprint() in found
    (folder / "valid.csv").rename(folder / "moved.csv")
    assert own(folder, validation=folder / "moved.csv").fingerprint() in found


def test_rows_that_go_to_another_file_are_another_fingerprint(folder: Path) -> None:
    before = own(folder).fingerprint()
    write_table(folder / "train.csv", ROWS[:90])
    write_table(folder / "valid.csv", ROWS[90:100])
    assert own(folder).fingerprint() != before


def test_parts_of_files_are_prepared_and_tested(folder: Path, tmp_path: Path) -> None:
    given = own(folder)
    fold = given.fold()
    ready = prepared.keep(fold, tmp_path / "cache")
    tested = prepared.test_set(ready, given.source(fold.classes))
    (block,) = tested.blocks()
    assert block.shape == (20, 7)
    assert prepared.kept(tmp_path / "cache", given.name, given.fingerprint(), 3) is not None


def test_a_split_of_the_source_alone_names_the_file(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"train\.csv: validation 80 and test 0 leave none of 80"):
        own(folder, PRICE, validation=80).fold()
