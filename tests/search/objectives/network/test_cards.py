"""The card of prepared data says of them what the file says, and reads nothing for it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from search.objective.data_card import DataCard
from search.objectives.network.cards import MOST_COLUMNS, _unscaled
from search.objectives.network.data import open_data
from search.study.reading import load
from tests.model.data.tables import column, write_table
from tests.search.objectives.network.own_tables import (
    ROWS,
    labels_of,
    laid_out,
    parts,
    study_in,
    values_of,
)
from tests.search.objectives.network.trainings import section_and_data, study_with


def card_in(folder: Path, targets: Sequence[str] = ("label",), *overrides: str) -> DataCard:
    study = study_in(folder, targets, overrides=overrides)
    return open_data(study.objective, study.seed, None).card


def test_classes_are_counted_in_each_part(tmp_path: Path) -> None:
    card, right = card_in(tmp_path), parts()
    assert right.test is not None
    sizes = [len(rows) for rows in (right.training, right.validation, right.test)]
    assert [card.rows, card.held_out, card.tested] == sizes
    counted = [np.bincount(labels_of(rows)) for rows in (right.training, right.validation)]
    assert card.class_rows == tuple(zip(*(one.tolist() for one in counted), strict=True))
    assert card.targets == ()


def test_with_folds_the_one_that_trains_on_fewest_rows_is_counted(tmp_path: Path) -> None:
    card, right = card_in(tmp_path, ("label",), "data.folds=3"), parts()
    seen = [*right.training, *right.validation]
    counted = np.bincount(labels_of(seen)).tolist()
    assert [sum(both) for both in card.class_rows] == counted
    assert (card.rows, card.held_out) == tuple(map(sum, zip(*card.class_rows, strict=True)))
    assert card.split.startswith("3 folds, of which each is held out in turn; by chance; rows of")


def test_values_have_their_range_and_spread_in_their_unit(tmp_path: Path) -> None:
    names = ("price", "weight")
    card = card_in(tmp_path, names)
    values = values_of(names, parts(names).training)
    assert card.class_rows == ()
    assert [one.name for one in card.targets] == list(names)
    for place, one in enumerate(card.targets):
        found = values[:, place]
        ends = [one.least, one.most, one.mean, one.deviation]
        right = [found.min(), found.max(), found.mean(), found.std()]
        assert ends == pytest.approx(right, rel=1e-6)


def test_the_ends_of_values_are_rounded_as_they_are_known() -> None:
    standardised = np.array([0, 1], np.float32) - np.float32(0.4667)
    ends = [_unscaled(one / np.float32(0.4989), 0.4667, 0.4989) for one in standardised]
    assert [f"{end:g}" for end in ends] == ["0", "1"]


def test_missing_values_are_counted_without_the_test_rows(tmp_path: Path) -> None:
    card, split = card_in(tmp_path), parts()
    seen = [*split.training, *split.validation]
    counts = {
        name: sum(column(ROWS, name)[row] == "" for row in seen)
        for name in ("colour", "size", "weight")
    }
    assert counts["colour"] > counts["size"] > counts["weight"] == 0
    assert card.missing == (("colour", counts["colour"]), ("size", counts["size"]))
    assert card.missing_columns == 2


def test_of_very_many_columns_those_that_lack_most_are_kept(tmp_path: Path) -> None:
    file, count = laid_out(tmp_path), MOST_COLUMNS + 20
    empty = [
        ["" if row % 90 < place % 70 else f"{row * 7 % 13}" for place in range(count)]
        for row in range(len(ROWS))
    ]
    header = [f"c{place}" for place in range(count)]
    rows = [[*own, label] for own, label in zip(empty, column(ROWS, "label"), strict=True)]
    write_table(tmp_path / "cars.csv", rows, [*header, "label"])
    text = file.read_text().replace("exclude = ['price']\ngroup = \"patient\"\n", "")
    file.write_text(text)
    study = load(str(file))
    card = open_data(study.objective, study.seed, None).card
    assert card.missing is not None
    assert len(card.missing) == MOST_COLUMNS < card.missing_columns < count
    lacked = [lacks for _, lacks in card.missing]
    assert lacked == sorted(lacked, reverse=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("data.group=patient", "by chance; rows of one 'patient' are in one part"),
        ("data.time=weight", "in the order of 'weight'; the last rows are for the test"),
    ],
)
def test_it_says_how_rows_are_split(tmp_path: Path, change: str, said: str) -> None:
    file = laid_out(tmp_path)
    file.write_text(file.read_text().replace('group = "patient"\n', ""))
    study = load(str(file), [change, 'data.exclude=["price"]'])
    assert open_data(study.objective, study.seed, None).card.split == said


def test_parts_of_their_own_files_are_named_and_counted(tmp_path: Path) -> None:
    file = laid_out(tmp_path)
    file.write_text(file.read_text().replace('group = "patient"\n', ""))
    write_table(tmp_path / "more.csv", ROWS[:40])
    changes = ["data.test=more.csv", 'data.exclude=["price", "patient"]']
    study = load(str(file), changes)
    card = open_data(study.objective, study.seed, None).card
    assert (card.rows, card.held_out, card.tested) == (120, 30, 40)
    assert (
        card.split
        == "by chance; each class has the same share in every part; test rows from 'more.csv'"
    )
    lacks = dict(card.missing or ())
    assert lacks["size"] == sum(told == "" for told in column(ROWS, "size"))


def test_data_with_a_name_say_what_is_known_of_them() -> None:
    _, data = section_and_data(study_with())
    card = data.card
    assert (card.tested, card.missing, card.targets) == (297, None, ())
    assert [sum(part) for part in zip(*card.class_rows, strict=True)] == [1_200, 300]
    assert "those of the data set" in card.split
