"""Predictions for a table's rows: columns are found by name, and what is odd is told or refused."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import network_file
from model.inference import Network
from model.members import Architecture, Member
from model.parameters import initialise
from model.saved_network import SavedNetwork
from search.errors import DataError, KlayerError
from search.objectives.network.views.predicting import listed, predict
from tests.model.data.tables import HEADER, changed, rows_of, write_table
from tests.model.tabular import network_of_table

ROWS = rows_of(25, seed=8)


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """A file with a network that has learned the label, as far as drawn weights have."""
    network_file.save(tmp_path / "classes.npz", network_of_table(tmp_path, "label", snapshots=2))
    return tmp_path / "classes.npz"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Rows to predict, with every column of the table that was learned."""
    return write_table(tmp_path / "new.csv", ROWS)


def written(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("vote", [False, True])
def test_a_row_has_its_class_and_the_probability_of_each(
    classes: Path, new: Path, tmp_path: Path, vote: bool
) -> None:
    done = predict(classes, new, tmp_path / "out.csv", vote=vote)
    said = network_file.load(classes).predict(new, vote=vote)
    header, *rows = written(tmp_path / "out.csv")
    assert header == ["label", "probability of no", "probability of yes"]
    assert (done.rows, done.columns, done.notes) == (25, tuple(header), ())
    shares = np.array([row[1:] for row in rows], float)
    np.testing.assert_array_equal(shares.astype(np.float32), said.values.astype(np.float32))
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert [row[0] for row in rows] == [("no", "yes")[best] for best in shares.argmax(axis=1)]


def test_votes_differ_from_the_network_alone(classes: Path, new: Path) -> None:
    """Guards the test above."""
    one, other = (network_file.load(classes).predict(new, vote=vote) for vote in (False, True))
    assert not np.allclose(one.values, other.values)


def test_values_are_in_their_own_units(new: Path, tmp_path: Path) -> None:
    saved = network_of_table(tmp_path, "price", "weight")
    network_file.save(tmp_path / "values.npz", saved)
    predict(tmp_path / "values.npz", new, tmp_path / "out.csv", vote=False)
    header, *rows = written(tmp_path / "out.csv")
    assert header == ["price", "weight"]
    values = np.array(rows, float)
    np.testing.assert_array_equal(values, saved.predict(new).values)
    assert 5_000 < np.median(values[:, 0]) < 40_000
    assert -5 < np.median(values[:, 1]) < 15


def test_columns_are_found_by_name_and_targets_may_be_missing(
    classes: Path, new: Path, tmp_path: Path
) -> None:
    predict(classes, new, tmp_path / "out.csv", vote=False)
    turned = write_table(
        tmp_path / "turned.csv",
        [[row[3], row[1], row[2]] for row in ROWS],
        ("weight", "colour", "size"),
    )
    predict(classes, turned, tmp_path / "again.csv", vote=False)
    assert written(tmp_path / "again.csv") == written(tmp_path / "out.csv")


def test_a_missing_number_counts_as_the_mean(classes: Path, tmp_path: Path) -> None:
    """Weights were never missing, so no output marks them; the mean is that of the origin."""
    saved = network_file.load(classes)
    assert saved.encoding is not None
    weight = saved.encoding.columns[2]
    mean = float(weight.origin + saved.mean[6])
    every = range(len(ROWS))
    gone = write_table(tmp_path / "gone.csv", changed(ROWS, "weight", every, lambda _: ""))
    same = write_table(tmp_path / "same.csv", changed(ROWS, "weight", every, lambda _: repr(mean)))
    np.testing.assert_allclose(
        saved.predict(gone).values, saved.predict(same).values, rtol=1e-5, atol=1e-6
    )


def test_unknown_categories_are_told_and_count_as_none(classes: Path, tmp_path: Path) -> None:
    rows = ROWS
    for place, name in enumerate("abcdefg"):
        rows = changed(rows, "colour", [place], lambda _, name=name: f"ultra{name}")
    odd = write_table(tmp_path / "odd.csv", rows)
    (note,) = predict(classes, odd, tmp_path / "out.csv", vote=False).notes
    assert "column 'colour' has 7 categories that no training row had" in note
    assert "('ultraa', 'ultrab', 'ultrac', 'ultrad', 'ultrae')" in note
    other = write_table(
        tmp_path / "other.csv", changed(ROWS, "colour", range(7), lambda _: "plaid")
    )
    (note,) = predict(classes, other, tmp_path / "again.csv", vote=False).notes
    assert "1 category that no training row had ('plaid')" in note
    assert written(tmp_path / "again.csv") == written(tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("header", "rows", "told"),
    [
        (("colour", "size"), [["red", "1"]], "lacks the input 'weight'"),
        (
            ("colour", "size", "weight", "hue"),
            [["red", "1", "2", "3"]],
            "has 'hue', which the model does not know",
        ),
        (("colour", "size", "weight"), [["red", "x", "2"]], "row 1 of column 'size' holds 'x'"),
        (("colour", "size", "weight"), [["red", "1", "1e39"]], "column 'weight' is 1e"),
        (("colour", "size", "weight"), [], "new.csv"),
    ],
)
def test_another_table_is_refused_and_nothing_written(
    classes: Path, tmp_path: Path, header: tuple[str, ...], rows: list[list[str]], told: str
) -> None:
    odd = write_table(tmp_path / "new.csv", rows, header)
    with pytest.raises(DataError) as caught:
        predict(classes, odd, tmp_path / "out.csv", vote=False)
    assert told in str(caught.value)
    assert not (tmp_path / "out.csv").exists()


def test_a_network_of_images_knows_no_columns(new: Path, tmp_path: Path) -> None:
    architecture, members = Architecture(3, 2), (Member((2,), 1, 0.1),)
    parameters = initialise(architecture, members, np.float32)
    network = Network(architecture, members, parameters, (None,))
    saved = SavedNetwork(network, (), np.zeros(3), np.ones(3), ("no", "yes"))
    network_file.save(tmp_path / "images.npz", saved)
    with pytest.raises(KlayerError, match="trained on arrays, and knows no columns of a table"):
        predict(tmp_path / "images.npz", new, tmp_path / "out.csv", vote=False)


@pytest.mark.parametrize("cut", [0, 20, -200])
def test_a_damaged_model_is_one_message(classes: Path, new: Path, tmp_path: Path, cut: int) -> None:
    classes.write_bytes(classes.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"classes.npz: is damaged"):
        predict(classes, new, tmp_path / "out.csv", vote=False)


def test_what_is_read_is_not_written_over(classes: Path, new: Path, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(new)
    (tmp_path / "x").mkdir()
    for output in (new, classes, tmp_path / "link.csv", tmp_path / "x" / ".." / "new.csv"):
        before = new.read_bytes(), classes.read_bytes()
        with pytest.raises(KlayerError, match="is a file that is read"):
            predict(classes, new, output, vote=False)
        assert (new.read_bytes(), classes.read_bytes()) == before


def test_a_file_that_cannot_be_written_is_told_by_its_option(
    classes: Path, new: Path, tmp_path: Path
) -> None:
    with pytest.raises(KlayerError, match=r"--output: .*none/out.csv: cannot be written"):
        predict(classes, new, tmp_path / "none" / "out.csv", vote=False)


def test_very_many_columns_are_not_all_named() -> None:
    assert listed(("price", "two\nlines")) == "price, two lines"
    names = ["label", *(f"probability of {place}{'x' * 90}" for place in range(26))]
    assert listed(names).startswith("label, probability of 0xxxxxx")
    assert listed(names).endswith("x… and 22 more")
    assert len(listed(names)) < 200


def test_the_command_tells_rows_and_notes(klayer_here: Any, classes: Path, tmp_path: Path) -> None:
    """In the folder of the test, where the files lie."""
    write_table(tmp_path / "new.csv", changed(ROWS, "colour", [0], lambda _: "plaid"))
    status, out, err = klayer_here("predict", classes.name, "new.csv", "-o", "out.csv", "--vote")
    assert status == 0
    assert out == "out.csv: 25 rows, label, probability of no, probability of yes\n"
    assert err.startswith("klayer: new.csv: column 'colour' has 1 category that no training row")
    right = network_file.load(classes).predict(tmp_path / "new.csv", vote=True)
    assert [row[0] for row in written(tmp_path / "out.csv")[1:]] == [r[0] for r in right.rows()]
    assert written(tmp_path / "out.csv")[0] == [*HEADER[4:5], *right.columns()[1:]]
    status, out, err = klayer_here("predict", "none.npz", "new.csv", "-o", "out.csv")
    assert (status, out) == (2, "")
    assert err.startswith("klayer: none.npz: is missing")


@pytest.mark.parametrize(
    ("option", "vote"), [((), True), (("--vote",), True), (("--no-vote",), False)]
)
def test_finalists_vote_unless_the_winner_is_asked_alone(
    klayer_here: Any, new: Path, tmp_path: Path, option: tuple[str, ...], vote: bool
) -> None:
    saved = network_of_table(tmp_path, "price", snapshots=3)
    saved = replace(saved, snapshots=(), others=saved.snapshots)
    network_file.save(tmp_path / "all.npz", saved)
    assert klayer_here("predict", "all.npz", "new.csv", "-o", "out.csv", *option)[0] == 0
    values = np.array(written(tmp_path / "out.csv")[1:], float)
    np.testing.assert_array_equal(values, saved.predict(new, vote=vote).values)
    assert not np.allclose(values, saved.predict(new, vote=not vote).values)
