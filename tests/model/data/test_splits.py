"""Splits are partitions of the size that was asked for, and keep what they are told to keep."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedShuffleSplit

from model.data.column import Column, category_column
from model.data.splits import Split, split
from model.errors import ModelError


def numbers(values: Any) -> Column:
    return Column("x", "number", np.array(values, np.float64))


def texts(*values: str | None) -> Column:
    return category_column("x", values)


def check_partition(found: Split, rows: int) -> None:
    parts = [found.training, found.validation, found.test]
    for part in parts:
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()
    assert len(found.training)
    assert sorted(np.concatenate(parts)) == list(range(rows))


def sizes(found: Split) -> tuple[int, int, int]:
    return len(found.training), len(found.validation), len(found.test)


def equal(one: Split, other: Split) -> bool:
    return np.array_equal(one.validation, other.validation) and np.array_equal(one.test, other.test)


@pytest.mark.parametrize(
    ("validation", "test", "expected"),
    [
        (3, None, (7, 3, 0)),
        (3, 0, (7, 3, 0)),
        (0.2, 0.3, (5, 2, 3)),
        (0.01, 5, (4, 1, 5)),
        (0.25, None, (7, 3, 0)),  # halves are rounded up
        (8, 1, (1, 8, 1)),
        (None, 3, (7, 0, 3)),
        (None, None, (10, 0, 0)),
    ],
)
def test_a_split_by_chance_has_the_sizes_asked_for(
    validation: Any, test: Any, expected: tuple[int, int, int]
) -> None:
    found = split(10, validation=validation, test=test, seed=3)
    check_partition(found, 10)
    assert sizes(found) == expected
    assert equal(found, split(10, validation=validation, test=test, seed=3))


@pytest.mark.parametrize("kind", ["chance", "labels", "group"])
def test_seeds_give_different_splits(kind: str) -> None:
    numbered = np.arange(200) % 20
    of_kind: dict[str, Any] = {"labels": numbered, "group": numbers(numbered)}
    given = {kind: of_kind[kind]} if kind in of_kind else {}
    splits = [split(200, validation=0.2, test=0.2, seed=seed, **given) for seed in (1, 1, 2)]
    assert equal(splits[0], splits[1])
    assert not equal(splits[0], splits[2])


@given(
    counts=st.lists(st.integers(2, 60), min_size=2, max_size=12),
    shares=st.tuples(st.floats(0.01, 0.3), st.floats(0.01, 0.3)),
    seed=st.integers(0, 5),
)
@settings(max_examples=150, deadline=None)
def test_stratified_parts_are_exact_and_each_class_has_its_share(
    counts: list[int], shares: tuple[float, float], seed: int
) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    n = len(labels)
    plain = sizes(split(n, validation=shares[0], test=shares[1], seed=seed))
    if plain[0] < len(counts):
        with pytest.raises(ModelError, match="leave too few for training"):
            split(n, validation=shares[0], test=shares[1], seed=seed, labels=labels)
        return
    found = split(n, validation=shares[0], test=shares[1], seed=seed, labels=labels)
    check_partition(found, n)
    assert sizes(found) == plain
    assert set(labels[found.training]) == set(labels)
    if min(counts) >= 20:  # no class is short of training rows
        for part in (found.validation, found.test):
            share = np.array(counts) * (len(part) / n)
            assert np.abs(np.bincount(labels[part], minlength=len(counts)) - share).max() < 1


def test_stratified_counts_agree_with_scikit_learn() -> None:
    labels = np.random.default_rng(8).choice(5, 997, p=[0.5, 0.2, 0.15, 0.1, 0.05]).astype(np.int64)
    found = split(997, validation=200, seed=1, labels=labels)
    (_, theirs), *_ = StratifiedShuffleSplit(1, test_size=200, random_state=0).split(labels, labels)
    difference = np.bincount(labels[found.validation]) - np.bincount(labels[theirs])
    assert np.abs(difference).max() <= 1


def test_chance_may_be_asked_for_in_place_of_strata() -> None:
    labels = np.arange(100) % 2
    found = split(100, validation=30, seed=4, labels=labels, stratified=False)
    assert equal(found, split(100, validation=30, seed=4))


def test_labels_that_do_not_occur_are_no_classes() -> None:
    labels = np.array([0, 3, 0, 3, 0, 3])
    found = split(6, validation=2, test=2, labels=labels)
    assert sorted(labels[found.training]) == [0, 3]


@given(
    group_sizes=st.lists(st.integers(1, 30), min_size=3, max_size=40),
    shares=st.tuples(st.floats(0.05, 0.4), st.floats(0.05, 0.4)),
    seed=st.integers(0, 5),
)
@settings(max_examples=150, deadline=None)
def test_groups_stay_together(
    group_sizes: list[int], shares: tuple[float, float], seed: int
) -> None:
    groups = np.repeat(np.arange(len(group_sizes), dtype=np.float64), group_sizes)
    groups = np.random.default_rng(seed).permutation(groups)
    found = split(
        len(groups), validation=shares[0], test=shares[1], seed=seed, group=numbers(groups)
    )
    check_partition(found, len(groups))
    of = [set(groups[part]) for part in (found.training, found.validation, found.test)]
    assert not of[0] & of[1]
    assert not of[0] & of[2]
    assert not of[1] & of[2]
    assert abs(len(found.test) - shares[1] * len(groups)) <= max(group_sizes)


def test_small_groups_come_to_the_sizes_asked_for() -> None:
    group = texts(*(f"g{i // 3}" for i in range(900)))
    assert sizes(split(900, validation=0.2, test=0.1, group=group)) == (630, 180, 90)


def test_one_large_group_is_for_training() -> None:
    groups = [0] * 90 + list(range(1, 11))
    for seed in range(20):
        found = split(100, validation=5, test=3, seed=seed, group=numbers(groups))
        assert sizes(found) == (92, 5, 3)
        assert set(range(90)) <= set(found.training)


@pytest.mark.parametrize(
    "time",
    [
        numbers([5, 1, 4, 2, 2, 3]),
        texts("2025-01-01", "2020-01-01", "2024-02-01", "2021-01-01", "2021-01-01", "2023-12-31"),
        texts(*(f"2020-01-01 0{i}:00+00:00" for i in (5, 1, 4, 2, 2, 3))),
    ],
)
def test_the_last_rows_are_the_test_part(time: Any) -> None:
    found = split(6, validation=2, test=1, time=time)
    assert (found.training.tolist(), found.validation.tolist()) == ([1, 3, 4], [2, 5])
    assert found.test.tolist() == [0]


def test_rows_of_equal_time_are_taken_in_the_order_of_the_table() -> None:
    found = split(5, validation=2, time=numbers([1, 1, 0, 1, 1]))
    assert found.validation.tolist() == [3, 4]
    assert not len(found.test)


def test_a_column_says_the_parts() -> None:
    said = texts("train", "Test", " val ", "VALID", "training", "validation")
    found = split(6, said=said)
    check_partition(found, 6)
    assert (found.training.tolist(), found.validation.tolist()) == ([0, 4], [2, 3, 5])
    assert found.test.tolist() == [1]
    assert not len(split(2, said=texts("train", "val")).test)


SAID = texts("train", "val", "test", "train")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"validation": 0}, "validation must be a whole number of rows from 1, .* not 0"),
        ({"validation": -1}, "not -1"),
        ({"validation": 1.0}, r"not 1\.0"),
        ({"validation": 0.0}, r"not 0\.0"),
        ({"validation": float("nan")}, "not nan"),
        ({"validation": True}, "not True"),
        ({"validation": 1, "test": 1.5}, r"test must be .* not 1\.5"),
        ({"validation": 1, "test": False, "seed": -1}, "seed must be 0 or more"),
        ({"validation": 2, "test": 2}, "validation 2 and test 2 leave none of 4 rows"),
        ({"validation": 9}, "validation 9 and test 0 leave none of 4 rows"),
        ({"validation": 3, "labels": np.array([0, 1, 0, 1])}, "one row of each of 2 classes"),
        ({"validation": 1, "labels": np.array([0, 1])}, "labels must have a value for each of 4"),
        (
            {"validation": 1, "group": numbers([1, 1, 1, 1])},
            "2 parts need 2 groups or more, but 'x', which group names, has 1",
        ),
        (
            {"validation": 1, "group": numbers([1, np.nan, 1, 1])},
            "row 2 has no value in 'x', which group names",
        ),
        (
            {"validation": 1, "time": texts("2020", None, "x", "y")},
            "row 2 has no value in 'x', which time names",
        ),
        (
            {"validation": 1, "time": texts("2020-01-01", "1.2.2020", "x", "y")},
            "row 2 of 'x', which time names, holds '1.2.2020'; expected numbers, or dates",
        ),
        (
            {"validation": 1, "time": texts(*["2020-01-01"] * 3, "2020-01-01T00Z")},
            "some values of 'x', which time names, have a time zone and some have none",
        ),
        ({"said": SAID, "validation": 1}, "expected no sizes beside it"),
        ({"said": SAID, "time": numbers(range(4))}, r"not by \['time', 'part_column'\]"),
        (
            {"said": texts("train", "val", "dev", "x")},
            "row 3 of 'x', which part_column names, holds 'dev'; expected train",
        ),
        ({"said": numbers([0, 1, 1, 2])}, "row 1 of 'x', which part_column names, holds '0'"),
        ({"said": texts(*["train"] * 4)}, "no row is for validation"),
        ({"said": texts(*["val"] * 4)}, "no row is for training"),
        ({"said": texts("val")}, "part_column must have a value for each of 4 rows: 1"),
        (
            {"said": SAID, "labels": np.array([0, 0, 1, 0])},
            r"no training row is of the class of row 3 \(1 such in all\)",
        ),
    ],
)
def test_what_cannot_be_split_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        split(4, **arguments)
