"""A table of a user's own: what is learned of it comes from its training rows alone."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder

from model.data import cross_validation, prepared, splits, table
from model.data.own_table import OwnTable, Parts
from model.data.standardise import statistics
from model.data.table_options import Scaling, TableOptions
from model.errors import DataFileError, ModelError
from tests.model.data.tables import HEADER, changed, column, rows_of, write_table

ROWS = rows_of(120)
LABEL = TableOptions(("label",), exclude=("patient", "price"))
PRICE = TableOptions(("price",), exclude=("patient", "label"))


def own(path: Path, options: TableOptions = LABEL, seed: int = 3, **parts: Any) -> OwnTable:
    return OwnTable(path, options, Parts(**parts), seed)


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    return write_table(tmp_path / "cars.csv", ROWS)


def split_of(labels: Any = None, **more: Any) -> splits.Split:
    """The same rows by the module that splits."""
    sizes = {"validation": 0.2, "test": 0.2, "seed": 3, "labels": labels, **more}
    return splits.split(len(ROWS), **sizes)


def labels() -> np.ndarray:
    return np.array([("no", "yes").index(text) for text in column(ROWS, "label")], np.int64)


def numbers(name: str, rows: Any) -> np.ndarray:
    return np.array([float(column(ROWS, name)[row] or "nan") for row in rows])


def test_the_rows_are_the_table_s_encoded_as_scikit_learn_does(cars: Path) -> None:
    fold, right = own(cars).fold(), split_of(labels())
    order = np.concatenate([right.training, right.validation])
    assert fold.encoding is not None
    one, two, three = fold.encoding["columns"]
    assert (one["name"], two["name"], three["name"]) == ("colour", "size", "weight")
    assert two["marks_missing"]
    colours = np.array([[text or "(missing)"] for text in column(ROWS, "colour")])
    known = OneHotEncoder(categories=[["blue", "green", "red", "(missing)"]], sparse_output=False)
    np.testing.assert_array_equal(fold.raw.x[:, :4], known.fit_transform(colours)[order])
    size = numbers("size", order)
    np.testing.assert_allclose(fold.raw.x[:, 4] + two["origin"], size, atol=1e-5)
    np.testing.assert_array_equal(fold.raw.x[:, 5], np.isnan(size))
    weight = numbers("weight", order)
    np.testing.assert_allclose(fold.raw.x[:, 6] + three["origin"], weight, atol=1e-5)
    np.testing.assert_array_equal(fold.raw.y, labels()[order])
    assert (fold.classes, fold.target_names, fold.name) == (("no", "yes"), ("label",), "cars")
    assert len(fold.rows[0]) == len(right.training) == 72
    assert fold.statistics is not None
    assert fold.statistics.mean[4] == pytest.approx(np.nanmean(size[:72]) - two["origin"], abs=1e-6)
    assert fold.statistics.std[4] == pytest.approx(np.nanstd(size[:72]), rel=1e-5)
    np.testing.assert_array_equal(fold.statistics.std[[0, 1, 2, 3, 5]], 1)


@pytest.mark.parametrize("part", ["validation", "test"])
def test_what_is_learned_of_the_rows_comes_from_the_training_rows_alone(
    cars: Path, tmp_path: Path, part: str
) -> None:
    before, right = own(cars).fold(), split_of(labels())
    where = getattr(right, part)
    wild = changed(ROWS, "colour", where, lambda _: "infrared")
    wild = changed(wild, "size", where, lambda _: "1e6")
    wild = changed(wild, "weight", where, lambda _: "")
    after = own(write_table(tmp_path / "wild.csv", wild)).fold()
    assert after.encoding == before.encoding
    assert before.statistics is not None
    assert after.statistics is not None
    np.testing.assert_array_equal(after.statistics.mean, before.statistics.mean)
    np.testing.assert_array_equal(after.statistics.std, before.statistics.std)
    training = before.rows[0]
    np.testing.assert_array_equal(after.raw.x[training], before.raw.x[training])
    held_out = before.rows[1]
    same = np.array_equal(after.raw.x[held_out], before.raw.x[held_out], equal_nan=True)
    assert same == (part == "test")
    assert after.fingerprint != before.fingerprint


def test_the_targets_scale_comes_from_the_training_rows_alone(cars: Path, tmp_path: Path) -> None:
    right = split_of()
    before = prepared.keep(own(cars, PRICE).fold(), tmp_path / "one")
    others = [*right.validation, *right.test]
    wild = changed(ROWS, "price", others, lambda text: str(-1e5 * float(text)))
    after = prepared.keep(
        own(write_table(tmp_path / "wild.csv", wild), PRICE).fold(), tmp_path / "two"
    )
    assert before.targets is not None
    assert after.targets is not None
    prices = numbers("price", right.training)
    np.testing.assert_allclose(before.targets.mean, [prices.mean()])
    np.testing.assert_allclose(before.targets.std, [prices.std()])
    np.testing.assert_array_equal(after.targets.mean, before.targets.mean)
    np.testing.assert_array_equal(after.targets.std, before.targets.std)
    np.testing.assert_array_equal(after.training.y, before.training.y)


def test_test_rows_are_not_among_those_that_a_search_sees(cars: Path, tmp_path: Path) -> None:
    """The weights are all different, so they tell which rows there are."""
    given, right = own(cars), split_of(labels())
    fold = given.fold()
    assert fold.encoding is not None
    origin = fold.encoding["columns"][2]["origin"]
    ready = prepared.keep(fold, tmp_path)
    tested = prepared.test_set(ready, given.source(fold.classes))
    (x,) = tested.blocks()
    np.testing.assert_array_equal(tested.targets, labels()[right.test])
    weights = x[:, 6] * ready.std[6] + ready.mean[6] + origin
    np.testing.assert_allclose(weights, numbers("weight", right.test), atol=1e-4)
    seen = np.sort(fold.raw.x[:, 6] + origin)
    rest = np.sort(numbers("weight", np.concatenate([right.training, right.validation])))
    np.testing.assert_allclose(seen, rest, atol=1e-5)
    assert len(seen) + len(weights) == len(ROWS)
    assert np.abs(seen[:, None] - weights).min() > 1e-5


def test_test_rows_are_encoded_as_the_training_rows_say(tmp_path: Path) -> None:
    right = split_of(labels())
    strange = changed(ROWS, "colour", right.test, lambda _: "infrared")
    given = own(write_table(tmp_path / "cars.csv", strange))
    fold = given.fold()
    (x,) = prepared.test_set(
        prepared.keep(fold, tmp_path / "cache"), given.source(fold.classes)
    ).blocks()
    np.testing.assert_array_equal(x[:, :4], 0)


def test_one_seed_gives_one_split_and_another_seed_another(cars: Path) -> None:
    one, again, other = (own(cars, seed=seed).fold() for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.raw.x, again.raw.x)
    np.testing.assert_array_equal(one.raw.y, again.raw.y)
    assert not np.array_equal(one.raw.x, other.raw.x, equal_nan=True)
    assert one.fingerprint == other.fingerprint  # the seed stands beside it


def test_the_fingerprint_is_the_content_s_wherever_the_file_lies(
    cars: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere" / "cars.csv"
    elsewhere.parent.mkdir()
    shutil.copy(cars, elsewhere)
    first = own(cars).fingerprint()
    assert own(elsewhere).fingerprint() == first
    assert own(cars).fold().fingerprint == first
    content = elsewhere.read_bytes()
    for change in (content[:-2] + b"9\n", content + b"p99,red,1,2,no,3\n", b" " + content):
        elsewhere.write_bytes(change)
        assert own(elsewhere).fingerprint() != first


@pytest.mark.parametrize(
    "other",
    [
        {"options": replace(LABEL, exclude=("price",))},
        {"options": PRICE},
        {"options": replace(LABEL, categories=("weight",))},
        {"options": replace(LABEL, task="classification")},
        {"options": replace(LABEL, scaling="quantile")},
        {"validation": 0.25},
        {"test": 10},
        {"stratified": False},
        {"group": "patient"},
    ],
    ids=str,
)
def test_what_is_said_of_the_columns_is_in_the_fingerprint(
    cars: Path, other: dict[str, Any]
) -> None:
    assert own(cars, **other).fingerprint() != own(cars).fingerprint()


def test_what_is_not_said_is_not_in_the_fingerprint(tmp_path: Path) -> None:
    """So that searches of before go on: this one was recorded before scaling could be said."""
    path = tmp_path / "cars.csv"
    path.write_text("a,y\n1,x\n2,z\n")
    found = OwnTable(path, TableOptions(("y",)), Parts(), 1).fingerprint()
    assert found == "5eea0d6ab618d3d0283131e5bc243a6a699ebde0911a912560244cffa087404e"


def test_scaling_by_quantiles_looks_at_the_training_rows_alone(cars: Path, tmp_path: Path) -> None:
    options, right = replace(LABEL, scaling="quantile"), split_of(labels())
    fold = own(cars, options).fold()
    assert fold.encoding is not None
    weight = np.sort(numbers("weight", right.training))
    assert fold.encoding["columns"][2]["quantiles"] == pytest.approx(weight)
    ready = prepared.keep(fold, tmp_path)
    assert np.abs(ready.both.x[:, 6]).max() < 6
    assert ready.training.x[:, 6].std() == pytest.approx(1, abs=1e-6)


def test_rows_of_one_group_stay_together_and_the_group_is_no_input(cars: Path) -> None:
    given = own(cars, TableOptions(("label",), exclude=("price",)), group="patient")
    fold, patients = given.fold(), np.array(column(ROWS, "patient"))
    tested = given.source(fold.classes).test()
    assert fold.encoding is not None
    assert [one["name"] for one in fold.encoding["columns"]] == ["colour", "size", "weight"]
    assert "patient" in fold.encoding["ignored"]
    origin = fold.encoding["columns"][2]["origin"]
    of_weight = {
        f"{float(text):.3f}": who
        for text, who in zip(column(ROWS, "weight"), patients, strict=True)
    }
    parts = (*(fold.raw.x[rows] for rows in fold.rows), tested.x)
    whose = [{of_weight[f"{w:.3f}"] for w in part[:, 6].astype(float) + origin} for part in parts]
    assert not whose[0] & whose[1]
    assert not whose[0] & whose[2]
    assert not whose[1] & whose[2]
    assert set().union(*whose) == set(patients)


def test_time_puts_the_last_rows_into_the_test(tmp_path: Path) -> None:
    """Days run backwards through the file, so that its order is not that of the times."""
    dated = [
        [*row, f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}"]
        for day, row in zip(range(119, -1, -1), ROWS, strict=True)
    ]
    path = write_table(tmp_path / "cars.csv", dated, (*HEADER, "day"))
    given = own(path, PRICE, time="day", test=10, validation=5)
    fold = given.fold()
    prices = np.array(column(ROWS, "price"), float)
    np.testing.assert_array_equal(given.source(()).test().y[:, 0], prices[:10])
    np.testing.assert_array_equal(fold.raw.y[fold.rows[1], 0], prices[10:15])
    np.testing.assert_array_equal(fold.raw.y[fold.rows[0], 0], prices[15:])


def test_a_column_may_say_each_row_s_part(tmp_path: Path) -> None:
    said = [["train", "Train", "VAL", "test"][place % 4] for place in range(len(ROWS))]
    rows = [[*row, part] for row, part in zip(ROWS, said, strict=True)]
    path = write_table(tmp_path / "cars.csv", rows, (*HEADER, "part"))
    given = own(path, PRICE, said="part")
    fold, prices = given.fold(), np.array(column(ROWS, "price"), float)
    np.testing.assert_array_equal(given.source(()).test().y[:, 0], prices[3::4])
    np.testing.assert_array_equal(fold.raw.y[fold.rows[1], 0], prices[2::4])
    assert len(fold.rows[0]) == 60


def test_a_class_of_the_test_alone_is_refused_with_the_file(tmp_path: Path) -> None:
    said = [["train", "val", "train", "test"][place % 4] for place in range(len(ROWS))]
    rare = changed(ROWS, "label", [3, 7], lambda _: "maybe")
    rows = [[*row, part] for row, part in zip(rare, said, strict=True)]
    path = write_table(tmp_path / "cars.csv", rows, (*HEADER, "part"))
    told = r"cars\.csv: no training row is of the class of row 4 \(1 such in all\)"
    with pytest.raises(ModelError, match=told):
        own(path, said="part").fold()


def test_a_column_that_says_of_no_row_that_it_is_for_the_test_is_refused(tmp_path: Path) -> None:
    rows = [[*row, ["train", "val"][place % 2]] for place, row in enumerate(ROWS)]
    path = write_table(tmp_path / "cars.csv", rows, (*HEADER, "part"))
    with pytest.raises(
        ModelError, match="no row is for the test; expected at least one that 'part'"
    ):
        own(path, PRICE, said="part").fold()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cars.csv", "cars"),
        ("My Cars, 2024 (new).csv", "my-cars-2024-new"),
        ("größer.tsv", "grosser"),
        ("車.csv", "own"),
        ("...csv", "own"),
        ("x" * 90 + ".csv", "x" * 40),
        ("a" * 39 + "--b.csv", "a" * 39),
        ("cars.csv.gz", "cars-csv"),
    ],
)
def test_every_file_gives_a_name_that_a_data_set_may_have(name: str, told: str) -> None:
    given = own(Path(name))
    assert given.name == told
    assert given.source(("a", "b")).name == told


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for look in (own(tmp_path / "none.csv").fold, own(tmp_path / "none.csv").fingerprint):
        with pytest.raises(DataFileError, match=r"none.csv"):
            look()


@pytest.mark.parametrize("option", ["group", "time", "said"])
def test_a_column_that_is_not_there_is_named(cars: Path, option: str) -> None:
    with pytest.raises((ModelError, DataFileError), match=r"'patiemt'.*did you mean 'patient'"):
        own(cars, PRICE, **{option: "patiemt"}).fold()


def test_values_have_the_statistics_of_the_shared_function(cars: Path, tmp_path: Path) -> None:
    """The targets of a table are standardised by the function that arrays are standardised by."""
    fold = own(cars, TableOptions(("price", "weight"), exclude=("patient", "label"))).fold()
    ready = prepared.keep(fold, tmp_path)
    right = statistics(fold.raw.y, fold.rows[0])
    assert ready.targets is not None
    np.testing.assert_array_equal(ready.targets.mean, right.mean)
    np.testing.assert_array_equal(ready.targets.std, right.std)
    assert (ready.classes, ready.target_names) == ((), ("price", "weight"))
    np.testing.assert_allclose(ready.training.y.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(ready.training.y.std(axis=0), 1, atol=1e-6)


def test_a_table_that_changes_while_it_is_read_is_refused(
    cars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its old rows would be kept under the hash of the new ones."""
    real = table.read

    def slow(path: Path, options: TableOptions, scratch: Path | None) -> table.Table:
        found = real(path, options, scratch)
        write_table(cars, changed(ROWS, "size", [3], lambda _: "0.5"))
        return found

    monkeypatch.setattr(table, "read", slow)
    with pytest.raises(DataFileError, match=r"cars\.csv: changed while it was read"):
        own(cars).fold()
    monkeypatch.undo()
    assert own(cars).fold().fingerprint == own(cars).fingerprint()


@pytest.mark.parametrize("scaling", ["standard", "quantile"])
def test_each_fold_is_encoded_and_standardised_by_its_own_training_rows(
    cars: Path, tmp_path: Path, scaling: Scaling
) -> None:
    """As the same table is whose column says which rows are held out."""

    def scaled(given: OwnTable) -> OwnTable:
        return replace(given, options=replace(given.options, scaling=scaling))

    table_of_folds = scaled(own(cars, folds=3))
    whole, *folds = table_of_folds.every_fold()
    assert [one.split for one in folds] == list(cross_validation.names(3)[1:])
    everything, *right = cross_validation.folds(len(ROWS), 3, test=0.2, seed=3, labels=labels())
    np.testing.assert_array_equal(whole.raw.y, labels()[everything.training])
    assert len(whole.rows[1]) == 0
    assert whole.encoding is not None
    numbers = [one for one in whole.encoding["columns"] if one["kind"] == "number"]
    assert all(bool(one.get("quantiles")) == (scaling == "quantile") for one in numbers)
    for number, (fold, split) in enumerate(zip(folds, right, strict=True)):
        said = np.full(len(ROWS), "train", object)
        said[split.validation], said[split.test] = "validation", "test"
        rows = [[*row, part] for row, part in zip(ROWS, said, strict=True)]
        path = write_table(tmp_path / f"{number}.csv", rows, [*HEADER, "part"])
        expected = scaled(own(path, said="part")).fold()
        np.testing.assert_array_equal(fold.raw.x, expected.raw.x)
        np.testing.assert_array_equal(fold.raw.y, expected.raw.y)
        assert fold.encoding is not None
        assert expected.encoding is not None
        assert fold.encoding["columns"] == expected.encoding["columns"]
        assert fold.statistics is not None
        assert expected.statistics is not None
        np.testing.assert_array_equal(fold.statistics.mean, expected.statistics.mean)
        for ours, theirs in zip(fold.rows, expected.rows, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_folds_are_kept_apart_and_tested_on_the_rows_of_a_single_split(
    cars: Path, tmp_path: Path
) -> None:
    table_of_folds = own(cars, folds=3)
    kept = [prepared.keep(fold, tmp_path / "kept") for fold in table_of_folds.every_fold()]
    assert len({one.folder for one in kept}) == 4
    for one, name in zip(kept, cross_validation.names(3), strict=True):
        fingerprint = table_of_folds.fingerprint()
        found = prepared.kept(tmp_path / "kept", "cars", fingerprint, 3, name)
        assert found is not None
        assert found.folder == one.folder
    single = own(cars)
    test = prepared.test_set(kept[0], table_of_folds.source(kept[0].classes))
    alone = prepared.keep(single.fold(), tmp_path / "kept")
    expected = prepared.test_set(alone, single.source(alone.classes))
    np.testing.assert_array_equal(test.targets, expected.targets)
