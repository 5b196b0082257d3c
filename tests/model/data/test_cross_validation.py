"""Folds: each row is held out once, classes keep their shares, groups are not torn."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, StratifiedKFold

from model.data import splits
from model.data.column import Column
from model.data.cross_validation import folds, names, refolded
from model.data.fold import Fold
from model.data.labelled import Labelled
from model.errors import ModelError

DRAW = np.random.default_rng(1)
LABELS = DRAW.choice(4, 203, p=[0.6, 0.25, 0.1, 0.05])
GROUPS = DRAW.integers(0, 31, 203).astype(float)
PATIENTS = Column("patient", "number", GROUPS)


def fold_of(made: tuple[splits.Split, ...], rows: int) -> np.ndarray:
    """(rows,), the fold in which each row is held out; -1 for the test."""
    found = np.full(rows, -1)
    for fold, one in enumerate(made[1:]):
        assert (found[one.validation] == -1).all()
        found[one.validation] = fold
    return found


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(40, 90),
    count=st.integers(2, 9),
    seed=st.integers(0, 5),
    test=st.sampled_from([None, 7, 0.2]),
    how=st.sampled_from(["chance", "labels", "unstratified", "groups"]),
)
def test_each_row_that_is_not_for_the_test_is_held_out_once(
    rows: int, count: int, seed: int, test: splits.Part | None, how: str
) -> None:
    labels = np.arange(rows) % 3 if how in ("labels", "unstratified") else None
    group = Column("g", "number", np.arange(rows) % 17.0) if how == "groups" else None
    stratified = how != "unstratified"
    made = folds(
        rows, count, test=test, seed=seed, labels=labels, stratified=stratified, group=group
    )
    whole = made[0]
    assert len(made) == count + 1
    assert len(whole.validation) == 0
    aside = whole.test
    np.testing.assert_array_equal(np.sort([*whole.training, *aside]), np.arange(rows))
    for one in made[1:]:
        assert one.test is whole.test
        both = np.sort(np.concatenate([one.training, one.validation]))
        np.testing.assert_array_equal(both, whole.training)
    found = fold_of(made, rows)
    assert (np.flatnonzero(found < 0) == aside).all()
    sizes = np.bincount(found[found >= 0])
    assert len(sizes) == count
    if group is None:
        assert sizes.max() - sizes.min() <= 1


def test_folds_are_stratified_as_scikit_learns() -> None:
    """Of each class the folds have as many rows as those of `StratifiedKFold`, in any order."""
    found = fold_of(folds(203, 5, labels=LABELS), 203)
    theirs = np.empty(203, int)
    for fold, (_, held_out) in enumerate(StratifiedKFold(5).split(LABELS, LABELS)):
        theirs[held_out] = fold
    for label in range(4):
        ours = np.bincount(found[label == LABELS], minlength=5)
        expected = np.bincount(theirs[label == LABELS], minlength=5)
        assert sorted(ours) == sorted(expected)
        share = (label == LABELS).mean() * np.bincount(found)
        assert (np.abs(ours - share) <= 1).all()


def test_groups_are_kept_together_and_dealt_as_scikit_learns() -> None:
    found = fold_of(folds(203, 5, group=PATIENTS, seed=4), 203)
    for group in set(GROUPS):
        assert len(set(found[group == GROUPS])) == 1
    expected = [len(held_out) for _, held_out in GroupKFold(5).split(LABELS, LABELS, GROUPS)]
    assert sorted(np.bincount(found)) == sorted(expected)


@pytest.mark.parametrize("how", ["chance", "labels", "groups"])
def test_the_test_rows_are_those_of_a_split_without_folds(how: str) -> None:
    given = {"labels": {"labels": LABELS}, "groups": {"group": PATIENTS}}.get(how, {})
    expected = splits.split(203, validation=0.2, test=0.2, seed=3, **given).test
    for count in (2, 5):
        np.testing.assert_array_equal(
            folds(203, count, test=0.2, seed=3, **given)[0].test, expected
        )


def test_the_seed_decides() -> None:
    one, same, other = (fold_of(folds(203, 5, labels=LABELS, seed=s), 203) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_names_tell_folds_apart() -> None:
    assert names(2) == ("all of 2 folds", "fold 1 of 2", "fold 2 of 2")
    assert not set(names(2)) & set(names(3))


@pytest.mark.parametrize(
    ("rows", "count", "given", "message"),
    [
        (9, 1, {}, "there must be 2 folds or more, not 1"),
        (9, 9, {"test": 2}, "9 folds need 9 rows or more beside the test, not 7"),
        (6, 4, {"group": [1, 2, 3] * 2}, "4 folds need 4 groups or more beside the test"),
        (6, 2, {"labels": [0, 0, 0, 0, 0, 1]}, "all rows of the class of row 6 would be held out"),
        (
            6,
            3,
            {"labels": [0, 0, 1, 1, 0, 0], "group": [1, 2, 3, 3, 4, 5]},
            "all rows of the class of row 3 would be held out in fold",
        ),
    ],
)
def test_folds_that_cannot_be_are_refused(
    rows: int, count: int, given: dict[str, object], message: str
) -> None:
    made: dict[str, Any] = dict(given)
    if "group" in given:
        made["group"] = Column("g", "number", np.array(given["group"], float))
    if "labels" in given:
        made["labels"] = np.array(given["labels"])
    with pytest.raises(ModelError, match=message):
        folds(rows, count, **made)


def test_rows_that_are_split_already_are_folded_with_all_that_is_known_of_them() -> None:
    """Whatever they are of: only which rows are held out is another."""
    draw = np.random.default_rng(2)
    raw = Labelled(draw.standard_normal((50, 3)).astype(np.float32), np.arange(50) % 2)
    rows = np.arange(0, 30), np.arange(40, 50)  # the others are for the test
    given = Fold("own", ("a", "b"), raw, rows, "f" * 64, 1, shape=(1, 3), notes=("one",))
    whole, *made = refolded(given, 4)
    assert [one.split for one in (whole, *made)] == list(names(4))
    expected = np.concatenate(rows)
    np.testing.assert_array_equal(whole.rows[0], expected)
    assert not len(whole.rows[1])
    held_out = np.concatenate([one.rows[1] for one in made])
    np.testing.assert_array_equal(np.sort(held_out), expected)
    for one in made:
        assert one.raw is raw
        assert (one.shape, one.notes, one.fingerprint) == ((1, 3), ("one",), "f" * 64)
        np.testing.assert_array_equal(np.bincount(raw.y[one.rows[1]]), [5, 5])
