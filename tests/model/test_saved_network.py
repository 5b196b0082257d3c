"""A saved network holds together from its construction on, and refuses what are not its rows."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from model.data import encoding, standardise
from model.data.encoding import EncodedColumn, Encoding
from model.data.image_files import pixels
from model.data.row_form import RowForm
from model.errors import ModelError
from model.inference import Network
from model.members import Architecture, Member
from model.parameters import initialise
from model.saved_network import SavedNetwork
from tests.model.data.arrays import write_folder
from tests.model.data.tables import rows_of, write_table
from tests.model.tabular import network_of_table

ARCHITECTURE = Architecture(4, 3)
MEMBERS = (Member((5,), 1, 0.1), Member((2,), 2, 0.1))


def network(*members: Member) -> Network:
    return Network(ARCHITECTURE, members, initialise(ARCHITECTURE, members, np.float32), (None,))


GOOD = SavedNetwork(network(MEMBERS[0]), (), np.zeros(4), np.ones(4), ("a", "b", "c"))


REGRESSION = replace(ARCHITECTURE, loss="squared_error")


def regression(seed: int, member: Member = MEMBERS[0]) -> Network:
    drawn = initialise(REGRESSION, [replace(member, seed=seed)], np.float32)
    return Network(REGRESSION, (member,), drawn, (None,))


MEANS, DEVIATIONS = np.array([10.0, -5, 1e6]), np.array([2.0, 1, 1e3])
VALUES = SavedNetwork(
    regression(1), (regression(2), regression(3)), np.zeros(4), np.ones(4), (), MEANS, DEVIATIONS
)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"network": network(*MEMBERS)}, "one and same member"),
        ({"snapshots": (network(MEMBERS[1]),)}, "one and same member"),
        ({"others": (network(*MEMBERS),)}, "each network that votes is a stack of one member"),
        ({"others": (regression(1),)}, "must have the same inputs, outputs and task"),
        ({"classes": ("a", "b")}, "3 names of classes, not 2"),
        ({"mean": np.zeros(3)}, "mean must be (4,) <f8, not (3,) <f8"),
        ({"std": np.ones(4, np.float32)}, "std must be (4,) <f8, not (4,) <f4"),
        ({"std": np.array([1, 1, 0, 1.0])}, "std must be above 0"),
        ({"mean": np.array([1, np.inf, 0, 1.0])}, "mean must hold finite numbers alone"),
        (
            {"network": replace(network(*MEMBERS), members=MEMBERS[:1])},
            "network.layer_1.weights must be (1, 4, 5)",
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelError, match=re.escape(told)):
        replace(GOOD, **changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"classes": ("a", "b", "c")}, "there must be 0 names of classes, not 3"),
        ({"target_mean": None}, "target_mean is missing"),
        ({"target_std": None}, "target_std is missing"),
        ({"target_mean": MEANS[:2]}, "target_mean must be (3,) <f8, not (2,) <f8"),
        ({"target_mean": np.full(3, np.nan)}, "target_mean must hold finite numbers alone"),
        ({"target_std": np.array([1, 0, 1.0])}, "target_std must be above 0"),
        ({"network": network(MEMBERS[0]), "snapshots": (), "classes": ("a", "b", "c")}, "too much"),
    ],
)
def test_parts_of_regression_that_do_not_fit_together_are_refused(
    changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ModelError, match=re.escape(told)):
        replace(VALUES, **changes)


def test_values_are_predicted_in_the_unit_of_the_targets() -> None:
    rows = np.random.default_rng(1).standard_normal((7, 4))
    said = VALUES.network.predictions(rows.astype(np.float32))[0]
    found = VALUES.predictions(rows)
    assert (found.shape, found.dtype) == ((7, 3), np.dtype(float))
    np.testing.assert_allclose(found, said * DEVIATIONS + MEANS, rtol=1e-6)
    votes = [one.predictions(rows.astype(np.float32))[0] for one in VALUES.snapshots]
    expected = np.mean(votes, axis=0) * DEVIATIONS + MEANS
    np.testing.assert_allclose(VALUES.predictions(rows, vote=True), expected, rtol=1e-6)
    without = replace(VALUES, snapshots=())
    np.testing.assert_array_equal(without.predictions(rows, vote=True), found)


@pytest.mark.parametrize("snapshots", [VALUES.snapshots, ()])
def test_other_finalists_vote_unless_the_network_is_asked_alone(
    snapshots: tuple[Network, ...],
) -> None:
    """Of other widths than it; beside its snapshots, where it has some."""
    others = (regression(5, MEMBERS[1]), regression(6, MEMBERS[1]), regression(7))
    saved = replace(VALUES, snapshots=snapshots, others=others)
    rows = np.random.default_rng(1).standard_normal((7, 4))
    voters = [*(snapshots or [saved.network]), *others]
    votes = [one.predictions(rows.astype(np.float32))[0] for one in voters]
    said = saved.predictions(rows)
    np.testing.assert_array_equal(said, np.mean(votes, axis=0) * DEVIATIONS + MEANS)
    np.testing.assert_array_equal(saved.predictions(rows, vote=True), said)
    np.testing.assert_array_equal(saved.predict(rows).values, said)
    alone = VALUES.predictions(rows)
    np.testing.assert_array_equal(saved.predictions(rows, vote=False), alone)
    np.testing.assert_array_equal(saved.predict(rows, vote=False).values, alone)


def test_what_a_network_does_not_predict_is_refused() -> None:
    with pytest.raises(ModelError, match="predicts values: ask for its predictions"):
        VALUES.probabilities(np.zeros((1, 4)))
    with pytest.raises(ModelError, match="has classes: ask for its probabilities"):
        GOOD.predictions(np.zeros((1, 4)))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (np.zeros(4), "rows must be (n, 4) with n ≥ 1, not (4,)"),
        (np.zeros((2, 3)), "not (2, 3)"),
        (np.zeros((0, 4)), "not (0, 4)"),
        (np.full((1, 4), np.nan), "finite real numbers"),
        (np.zeros((1, 4), complex), "finite real numbers, not complex128"),
        (np.array([["a"] * 4]), "finite real numbers, not <U1"),
    ],
)
def test_rows_of_another_kind_are_refused(rows: Any, told: str) -> None:
    with pytest.raises(ModelError, match=re.escape(told)):
        GOOD.probabilities(rows)
    with pytest.raises(ModelError, match=re.escape(told)):
        VALUES.predictions(rows)


def test_probabilities_do_not_depend_on_how_many_rows_are_asked_for() -> None:
    pixels = np.random.default_rng(1).integers(0, 17, (3_000, 4), np.uint8)
    said = GOOD.probabilities(pixels)
    assert said.shape == (3_000, 3)
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(GOOD.probabilities(pixels[2_000:2_010]), said[2_000:2_010], 1e-5)


# --- tables -------------------------------------------------------------------------------------


def test_a_table_is_predicted_as_its_encoded_rows(tmp_path: Path) -> None:
    """Against the pieces, one after another: encoded, standardised, and passed through."""
    saved = network_of_table(tmp_path, "label", snapshots=2)
    assert saved.encoding is not None
    inputs = encoding.read_inputs(tmp_path / "cars.csv", saved.encoding)
    raw = saved.encoding.encode(inputs, np.arange(120))
    assert np.isnan(raw).any()
    x = np.nan_to_num((raw - saved.mean) / saved.std, nan=0.0).astype(np.float32)
    found = saved.predict(tmp_path / "cars.csv")
    np.testing.assert_allclose(found.values, saved.network.probabilities(x)[0], rtol=1e-5)
    votes = [one.probabilities(x)[0] for one in saved.snapshots]
    voted = saved.predict(tmp_path / "cars.csv", vote=True)
    np.testing.assert_allclose(voted.values, np.mean(votes, axis=0), rtol=1e-5)
    assert found.columns() == ("label", "probability of no", "probability of yes")
    rows = list(found.rows())
    assert [row[1:] for row in rows] == [tuple(row) for row in found.values.tolist()]
    assert {row[0] for row in rows} == {"no", "yes"}
    assert found.unknown == {}


def test_values_of_a_table_are_in_their_units(tmp_path: Path) -> None:
    saved = network_of_table(tmp_path, "price", "weight")
    found = saved.predict(tmp_path / "cars.csv")
    assert saved.encoding is not None
    inputs = encoding.read_inputs(tmp_path / "cars.csv", saved.encoding)
    raw = saved.encoding.encode(inputs, np.arange(120))
    np.testing.assert_allclose(found.values, saved.predictions(raw), rtol=1e-5)
    assert (found.columns(), found.classes) == (("price", "weight"), ())
    assert list(found.rows()) == [tuple(row) for row in found.values.tolist()]


def test_long_tables_are_predicted_in_blocks(tmp_path: Path) -> None:
    saved = network_of_table(tmp_path, "label")
    rows = rows_of(120) * 20
    found = saved.predict(write_table(tmp_path / "long.csv", rows))
    assert len(found.values) == len(rows) > 2 * standardise.BLOCK_ROWS
    short = saved.predict(tmp_path / "cars.csv").values
    np.testing.assert_allclose(found.values, np.tile(short, (20, 1)), rtol=1e-5)


def test_what_is_unknown_is_told_by_column(tmp_path: Path) -> None:
    saved = network_of_table(tmp_path, "label")
    odd = [["red", "1", "2"], ["pink", "1", "2"], ["", "1", "2"], ["mauve", "1", "2"]]
    path = write_table(tmp_path / "odd.csv", odd, ("colour", "size", "weight"))
    found = saved.predict(path)
    assert found.unknown == {"colour": ("mauve", "pink")}
    np.testing.assert_array_equal(found.values[1], found.values[3])


def test_rows_of_a_table_may_lack_numbers_but_none_may_be_infinite(tmp_path: Path) -> None:
    saved = network_of_table(tmp_path, "label")
    rows = np.zeros((2, 7))
    rows[0, 6] = np.nan
    rows[1, 6] = saved.mean[6]
    one, other = saved.probabilities(rows)
    np.testing.assert_allclose(one, other, rtol=1e-6)
    with pytest.raises(ModelError, match="finite real numbers"):
        saved.probabilities(np.full((1, 7), np.inf))


def test_rows_in_memory_are_predicted_as_those_of_a_file(tmp_path: Path) -> None:
    saved = network_of_table(tmp_path, "label")
    right = saved.predict(tmp_path / "cars.csv")
    frame = polars.read_csv(tmp_path / "cars.csv")
    for rows in (frame, frame.to_dict(as_series=False), frame.select(sorted(frame.columns))):
        found = saved.predict(rows)
        np.testing.assert_array_equal(found.values, right.values)
        assert found.labels == tuple(row[0] for row in right.rows())
        assert found.columns() == right.columns()
    assert network_of_table(tmp_path, "price").predict(frame).labels == ()


def test_a_network_says_in_a_line_what_it_is(tmp_path: Path) -> None:
    assert repr(GOOD) == "<network of 4 inputs, 5 hidden units: 3 classes>"
    assert repr(VALUES).endswith(" hidden units: values>")
    saved = network_of_table(tmp_path, "price", "weight")
    assert repr(saved).endswith(", 5 hidden units: price, weight>")
    voting = replace(VALUES, others=(regression(4),))
    assert repr(voting).startswith("<3 networks that vote, the first of 4 inputs, 5 hidden units: ")


def test_a_network_of_arrays_knows_no_columns(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="trained on arrays, and knows no columns of a table"):
        GOOD.predict(tmp_path / "cars.csv")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"targets": ()}, "there must be 1 targets, not 0"),
        ({"targets": ("a", "b")}, "there must be 1 targets, not 2"),
        (
            {"encoding": Encoding((EncodedColumn("size", "number"),))},
            "the encoding must give 7 inputs, not 1",
        ),
        (
            {"encoding": Encoding((EncodedColumn("c", "category", tuple("gfedcba")),))},
            "expected an encoding as `plain` gives it",
        ),
    ],
)
def test_parts_of_a_table_that_do_not_fit_together_are_refused(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ModelError, match=re.escape(told)):
        replace(network_of_table(tmp_path, "label"), **changes)


# --- arrays and images ----------------------------------------------------------------------------

OF_IMAGES = SavedNetwork(
    regression(1),
    (regression(2), regression(3)),
    np.full(4, 100.0),
    np.full(4, 50.0),
    (),
    MEANS,
    DEVIATIONS,
    ("a", "b", "c"),
    rows=RowForm("array", (2, 2)),
)


@pytest.mark.parametrize("vote", [False, True])
def test_arrays_are_predicted_block_by_block_as_their_rows_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vote: bool
) -> None:
    x = np.random.default_rng(0).integers(0, 256, (7, 2, 2))
    np.save(tmp_path / "x.npy", x)
    right = OF_IMAGES.predictions(x.reshape(7, 4), vote=vote)
    monkeypatch.setattr(standardise, "BLOCK_ROWS", 3)
    for given in (tmp_path / "x.npy", str(tmp_path / "x.npy"), x, x.reshape(7, 4)):
        said = OF_IMAGES.predict(given, vote=vote)
        np.testing.assert_allclose(said.values, right, rtol=1e-6)
        assert (said.columns(), said.files, said.unknown) == (("a", "b", "c"), (), {})
    assert next(iter(said.rows())) == tuple(said.values[0].tolist())


def test_a_missing_number_of_an_array_is_the_mean() -> None:
    gone = OF_IMAGES.predict(np.array([[np.nan, 1, 2, 3]])).values
    np.testing.assert_array_equal(gone, OF_IMAGES.predict(np.array([[100.0, 1, 2, 3]])).values)


def test_a_network_of_other_rows_takes_arrays_of_as_many_numbers() -> None:
    """Those of `digits` and `cifar10` know no shape, and their target has no name."""
    said = GOOD.predict(np.ones((3, 2, 2)))
    assert said.columns() == ("class", *(f"probability of {name}" for name in "abc"))
    np.testing.assert_array_equal(said.values, GOOD.probabilities(np.ones((3, 4))))
    with pytest.raises(ModelError, match=r"has rows of the shape \(5,\); expected \(4,\)"):
        GOOD.predict(np.ones((3, 5)))
    with pytest.raises(ModelError, match="knows no columns of a table; expected rows"):
        GOOD.predict({"x": [1.0]})


def test_a_network_of_a_table_takes_no_array(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="was trained on a table; expected its columns by name"):
        network_of_table(tmp_path, "label").predict(np.ones((3, 7)))


def test_images_are_predicted_with_the_names_of_their_files(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "new", each=2)
    saved = replace(GOOD, rows=RowForm("image", (1, 2, 2)), targets=("class",))
    said = saved.predict(folder)
    assert said.files == ("cat/00.png", "cat/01.png", "dog/00.png", "dog/01.png")
    rows = np.stack([pixels(folder / name, (1, 2, 2), scaled=True) for name in said.files])
    np.testing.assert_array_equal(said.values, saved.probabilities(rows.reshape(4, 4)))
    assert said.columns()[:2] == ("file", "class")
    assert [row[:2] for row in said.rows()] == list(zip(said.files, said.labels, strict=True))


def test_a_form_of_other_rows_is_refused() -> None:
    with pytest.raises(ModelError, match=r"rows \(2, 3\) must have 4 inputs, not 6"):
        replace(GOOD, rows=RowForm("array", (2, 3)))
