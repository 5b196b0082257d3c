"""Labels and values of arrays, and which are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.data.array_target import of_another_part, target_of
from model.errors import DataFileError

Y = Path("y.npy")


@pytest.mark.parametrize(
    ("raw", "classes", "labels"),
    [
        (np.array([7, 3, 7, 3], np.uint8), ("3", "7"), [1, 0, 1, 0]),
        (np.array([[10], [-2], [10], [-2]]), ("-2", "10"), [1, 0, 1, 0]),
        (np.array(["b", "a", "b", "a"]), ("a", "b"), [1, 0, 1, 0]),
        (np.array([True, False, True, False]), ("false", "true"), [1, 0, 1, 0]),
        (np.array(["10", "9", "10", "9"]), ("10", "9"), [0, 1, 0, 1]),
    ],
    ids=str,
)
def test_whole_numbers_and_text_are_classes(
    raw: np.ndarray, classes: tuple[str, ...], labels: list[int]
) -> None:
    found = target_of(Y, "y", raw, None)
    assert (found.classes, found.y.tolist(), found.names) == (classes, labels, ("y",))
    assert found.y.dtype == np.int64
    np.testing.assert_array_equal(of_another_part(Y, "y", raw[:1], found), labels[:1])


def test_floats_are_values_one_or_several() -> None:
    one = target_of(Y, "y", np.array([1, 2, 2.0], np.float32), None)
    assert (one.classes, one.y.tolist(), one.names) == ((), [[1], [2], [2]], ("y",))
    assert one.y.dtype == np.float64
    two = target_of(Y, "y", np.array([[1, 2], [3, 5.0]]), None)
    assert (two.classes, two.y.tolist(), two.names) == ((), [[1, 2], [3, 5]], ("y_1", "y_2"))
    np.testing.assert_array_equal(of_another_part(Y, "y", np.array([[0, 9.0]]), two), [[0, 9]])


def test_the_task_may_say_otherwise() -> None:
    assert target_of(Y, "y", np.array([1, 2, 1, 2]), "regression").y.tolist() == [
        [1],
        [2],
        [1],
        [2],
    ]
    found = target_of(Y, "y", np.array([1.0, 0.5, 1.0, 0.5]), "classification")
    assert (found.classes, found.y.tolist()) == (("0.5", "1"), [1, 0, 1, 0])


@pytest.mark.parametrize(
    ("raw", "task", "told"),
    [
        (np.zeros((2, 2, 2), int), None, r"'y' has the shape \(2, 2, 2\)"),
        (np.zeros(2, complex), None, "the type complex128; expected whole numbers or text"),
        (np.array([b"a", b"b"]), None, "the type |S1"),
        (np.zeros(2, "M8[s]"), None, "the type datetime64"),
        (np.eye(3, dtype=int), None, "has 3 values a row; expected one class, or the task"),
        (np.array([1, 1]), None, "has 1 class; expected 2 to 1,000"),
        (np.array([1, 1, 2]), None, "a single row of class '2', row 3"),
        (np.arange(3_000) // 2, None, "1,500 classes; expected 2 to 1,000"),
        (np.array(["a", "", "a"]), None, "missing in 1 of 3 rows, first in row 2"),
        (np.array(["a", "\ud800"] * 2), None, "the class '.ud800', which is no text"),
        (np.array([1, np.nan]), None, "missing in 1 of 2 rows"),
        (np.array([1, 2, np.inf]), None, "is inf in row 3; expected finite numbers"),
        (np.array([[1, 2.0], [1, 3]]), None, "is the same in every row"),
        (np.array([1, np.nan]), "classification", "missing in 1 of 2 rows, first in row 2"),
        (np.array(["a", "b"]), "regression", "regression expected a number in every row"),
    ],
)
def test_other_targets_are_refused(raw: np.ndarray, task: Any, told: str) -> None:
    with pytest.raises(DataFileError, match=told) as caught:
        target_of(Y, "y", raw, task)
    assert str(caught.value).startswith("y.npy: ")


@pytest.mark.parametrize(
    ("first", "raw", "told"),
    [
        (
            np.array([1, 2, 1, 2]),
            np.array([1, 3]),
            "'y' is '3' in row 2, a class that no",
        ),
        (np.array([1, 2, 1, 2]), np.array(["1", "x"]), "is 'x' in row 2"),
        (
            np.array(["a", "b"] * 2),
            np.array(["a", ""]),
            "'y' is missing in 1 of 2 rows",
        ),
        (
            np.array([1.5, 2]),
            np.array([1, np.nan]),
            "'y' is missing in 1 of 2 rows",
        ),
        (np.array([1.5, 2]), np.array([1, np.inf]), "is inf in row 2; expected finite"),
        (np.array([1.5, 2]), np.array([[1.0, 2]]), "has 2 values a row; expected 1"),
        (np.array([1.5, 2]), np.array(["a", "b"]), "regression expected a number"),
    ],
)
def test_another_part_must_be_like_the_first(first: np.ndarray, raw: np.ndarray, told: str) -> None:
    with pytest.raises(DataFileError, match=told):
        of_another_part(Path("t.npy"), "y", raw, target_of(Y, "y", first, None))
