"""A data set travels as a path; missing images cost one message."""

import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from model.data import prepared
from model.data.fold import Fold
from model.data.own_table import OwnTable
from search.errors import DataError
from search.objective.data_card import DataCard
from search.objectives.network.data import Dataset, open_data
from search.objectives.network.kind import recorded
from search.study.reading import load
from tests.model.data.arrays import rows_and_labels, write_folder, write_mnist
from tests.model.data.tables import write_table
from tests.search.objectives.network.own_tables import ROWS, laid_out, parts, study_in
from tests.search.objectives.network.trainings import section_and_data, study_with


def test_a_data_set_travels_as_a_path_and_arrives_equal() -> None:
    _, data = section_and_data(study_with())
    sent = pickle.dumps(data)
    assert len(sent) < 4_000  # the arrays have 400,000
    there = pickle.loads(sent)
    assert there.card == data.card
    assert np.array_equal(there.prepared.training.x, data.prepared.training.x)


def test_a_named_set_is_standardised_by_channel_where_its_study_says_so() -> None:
    _, data = section_and_data(study_with("data.scaling='channel'"))
    assert len(set(data.prepared.mean)) == 1
    _, plain = section_and_data(study_with())
    assert len(set(plain.prepared.mean)) > 1
    assert data.card.fingerprint == plain.card.fingerprint


def test_missing_images_are_one_message() -> None:
    study = load("lambda-coarse-to-fine")
    with pytest.raises(DataError, match="klayer data fetch cifar10"):
        open_data(study.objective, study.seed, None)


def test_a_card_says_what_is_to_be_known_without_the_images() -> None:
    _, data = section_and_data(study_with())
    card = data.card
    assert (card.source, card.rows, card.held_out) == ("digits", 1_200, 300)
    assert (card.shape, card.inputs, card.task) == ((1, 8, 8), 64, "classification")
    assert card.classes == tuple(map(str, range(10)))
    assert DataCard.of(json.loads(json.dumps(card.plain()))) == card


def test_the_cache_is_kept_below_its_size_where_rows_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is not looked through where they are found."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    seen: list[tuple[int, Path]] = []

    def bound(_: Path, most: int, spared: Path) -> int:
        seen.append((most, spared))
        return 0

    monkeypatch.setattr(prepared, "bound", bound)
    studies = [load("digits"), study_in(tmp_path)]
    for _ in range(2):
        folders = [open_data(one.objective, one.seed, None).prepared.folder for one in studies]
    assert sorted(seen) == sorted((20_000_000_000, folder) for folder in folders)


# --- tables ---------------------------------------------------------------------------------------


def test_a_table_travels_as_a_path_and_arrives_equal(tmp_path: Path) -> None:
    _, data = section_and_data(study_in(tmp_path, ("price", "weight")))
    sent = pickle.dumps(data)
    assert len(sent) < 3_000
    there = pickle.loads(sent)
    assert there.card == data.card
    assert there.own == data.own
    np.testing.assert_array_equal(there.prepared.training.y, data.prepared.training.y)
    (x,) = prepared.test_set(there.prepared, there.source()).blocks()
    assert x.shape == (len(parts(("price",)).test), data.facts.inputs)


@pytest.mark.parametrize("targets", [("label",), ("price",)])
def test_a_card_of_a_table_has_its_sizes(tmp_path: Path, targets: tuple[str, ...]) -> None:
    _, data = section_and_data(study_in(tmp_path, targets))
    card, right = data.card, parts(targets)
    assert (card.source, card.inputs, card.shape) == ("cars.csv", 7, ())
    assert (card.rows, card.held_out) == (len(right.training), len(right.validation))
    assert (card.task, card.classes) == (
        ("classification", ("no", "yes")) if targets == ("label",) else ("regression", ())
    )
    assert card.fingerprint == data.own.fingerprint()
    assert DataCard.of(json.loads(json.dumps(card.plain()))) == card


def test_a_table_in_another_folder_has_the_same_card(tmp_path: Path) -> None:
    one, other = (study_in(tmp_path / name) for name in ("one", "other"))
    cards = [open_data(each.objective, each.seed, None).card for each in (one, other)]
    assert cards[0] == cards[1]
    (tmp_path / "data").mkdir()
    (tmp_path / "one" / "cars.csv").rename(tmp_path / "data" / "cars.csv")
    assert open_data(one.objective, one.seed, tmp_path / "data").card == cards[0]
    with pytest.raises(DataError, match=r"one/cars\.csv"):
        open_data(one.objective, one.seed, None)


def test_a_prepared_table_is_found_and_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_in(tmp_path)
    before = open_data(study.objective, study.seed, None)

    def never(self: OwnTable) -> Iterator[Fold]:
        raise AssertionError("the table was read again")

    monkeypatch.setattr(OwnTable, "every_fold", never)
    again = open_data(study.objective, study.seed, None)
    assert again.prepared.folder == before.prepared.folder
    with pytest.raises(AssertionError, match="read again"):
        open_data(study.objective, study.seed + 1, None)


def test_every_kind_has_a_card_and_travels_as_paths(tmp_path: Path) -> None:
    study = laid_out(tmp_path)
    text = study.read_text()
    head, rest = text[: text.index("[data]")], text[text.index("[network]") :]
    x, y = rows_and_labels(40, (9, 8))
    np.savez(tmp_path / "x é.npz", x=x, y=y)
    write_folder(tmp_path / "animals", each=15)
    write_mnist(tmp_path)
    cards = {
        "x é.npz": ("x é.npz", (24, 8), (9, 8), ("0", "1", "2")),
        "animals/": ("animals", (18, 6), (1, 8, 9), ("cat", "dog")),
        "train-images-idx3-ubyte.gz": (
            "train-images-idx3-ubyte.gz",
            (24, 6),
            (8, 9),
            ("0", "1", "2"),
        ),
        "iris": ("iris", (90, 30), (), ("setosa", "versicolor", "virginica")),
    }
    for source, (called, rows, shape, classes) in cards.items():
        study.write_text(f'{head}[data]\nsource = "{source}"\n{rest}')
        loaded = load(str(study))
        data = open_data(loaded.objective, loaded.seed, None)
        card = data.card
        assert (card.source, card.shape, card.classes) == (called, shape, classes)
        assert (card.rows, card.held_out, card.task) == (*rows, "classification")
        sent = pickle.dumps(data)
        assert len(sent) < 4_000
        assert pickle.loads(sent).card == card
        again = recorded(loaded.objective.recorded())
        assert open_data(again, loaded.seed, None).prepared.folder == data.prepared.folder
        assert data.source().classes == classes
        if called != "iris":
            target = tmp_path / source
            file = target / "cat" / "00.png" if target.is_dir() else target
            file.write_bytes(file.read_bytes() + b"1")
            with pytest.raises(DataError, match="changed since it was opened for this search"):
                data.source()


@pytest.mark.parametrize("source", ["rows.npz", "animals/", "iris"])
def test_every_kind_has_folds_of_the_rows_that_are_not_for_the_test(
    tmp_path: Path, source: str
) -> None:
    study = laid_out(tmp_path)
    text = study.read_text()
    head, rest = text[: text.index("[data]")], text[text.index("[network]") :]
    x, y = rows_and_labels(40, (9, 8))
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    write_folder(tmp_path / "animals", each=15)
    single = study_and_data(study, f'{head}[data]\nsource = "{source}"\n{rest}')
    data = study_and_data(study, f'{head}[data]\nsource = "{source}"\nfolds = 3\n{rest}')
    whole, once = data.prepared, single.prepared
    assert sorted(whole.both.y) == sorted(once.both.y)
    assert [len(one.both) for one in data.folds] == [len(whole.both)] * 3
    assert sum(len(one.validation) for one in data.folds) == len(whole.both)
    assert data.facts.rows == min(one.trained_on for one in data.folds)
    assert data.card.held_out == len(whole.both) - data.facts.rows
    for one in data.folds:
        np.testing.assert_allclose(one.training.x.mean(axis=0), 0, atol=1e-5)
    test, expected = (prepared.test_set(d.prepared, d.source()) for d in (data, single))
    np.testing.assert_array_equal(test.targets, expected.targets)
    again = open_data(data.objective, 1, None)
    assert [one.folder for one in again.folds] == [one.folder for one in data.folds]
    assert pickle.loads(pickle.dumps(data)).folds[0].folder == data.folds[0].folder


def study_and_data(study: Path, text: str) -> Dataset:
    """The data of a study file that says this."""
    study.write_text(text)
    loaded = load(str(study))
    return open_data(loaded.objective, loaded.seed, None)


def test_one_validation_row_has_no_r2(tmp_path: Path) -> None:
    study = study_in(tmp_path, ("price",), "r2")
    rows = ("data.validation=1", "data.test=1")
    text = laid_out(tmp_path, ("price",), "r2")
    text.write_text(
        text.read_text().replace('group = "patient"', "").replace("['label'", "['label', 'patient'")
    )
    assert open_data(study.objective, study.seed, None).card.held_out > 1
    single = load(str(text), rows)
    with pytest.raises(DataError, match="there is one validation row; r2 needs two or more"):
        open_data(single.objective, single.seed, None)
    mae = load(str(text), [*rows, "objective.score='mae'"])
    assert open_data(mae.objective, mae.seed, None).card.held_out == 1


def test_a_test_file_that_changed_meanwhile_is_not_read(tmp_path: Path) -> None:
    laid_out(tmp_path)
    write_table(tmp_path / "test.csv", ROWS[100:])
    _, data = section_and_data(load(str(tmp_path / "cars.toml"), ['data.test="test.csv"']))
    assert len(data.source().test()) == len(ROWS) - 100
    write_table(tmp_path / "test.csv", ROWS[101:])
    with pytest.raises(DataError, match=r"cars\.csv or .*test\.csv: changed since it was opened"):
        data.source()


def test_test_rows_of_a_table_that_changed_meanwhile_are_not_read(tmp_path: Path) -> None:
    """Split anew, they might be rows that were trained on."""
    _, data = section_and_data(study_in(tmp_path))
    data.source()
    write_table(tmp_path / "cars.csv", ROWS[:-1])
    with pytest.raises(DataError, match=r"cars\.csv: changed since it was opened"):
        data.source()
    (tmp_path / "cars.csv").unlink()
    with pytest.raises(DataError, match=r"cars\.csv: is missing"):
        data.source()
