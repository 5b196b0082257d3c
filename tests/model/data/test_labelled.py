"""Labelled holds only images and labels that fit each other."""

import numpy as np
import pytest

from model.data.labelled import Labelled
from model.errors import ModelError


def test_holds_matching_arrays() -> None:
    both = Labelled(np.zeros((3, 2), np.uint8), np.array([0, 1, 2]))
    assert len(both) == 3
    for kind in ("<f8", ">f4", "<f2", ">i2", "i8", "?"):
        assert len(Labelled(np.zeros((3, 2), kind), np.array([0, 1, 2]))) == 3
    assert len(Labelled(np.zeros((4, 2), np.float32), np.array([[0.5, -1.0]] * 4))) == 4


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((3, 2), complex), np.zeros(3, np.int64), "not (3, 2) complex128"),
        (np.zeros((3, 2), object), np.zeros(3, np.int64), "not (3, 2) object"),
        (np.zeros((3, 2), "U1"), np.zeros(3, np.int64), "not (3, 2) <U1"),
        (np.zeros(3, np.uint8), np.zeros(3, np.int64), "not (3,) uint8"),
        (np.zeros((3, 2), np.uint8), np.zeros(3, np.int32), "not (3,) int32"),
        (np.zeros((3, 2), np.uint8), np.zeros(3), "not (3,) float64"),
        (np.zeros((3, 2), np.uint8), np.zeros((3, 1), np.int64), "not (3, 1) int64"),
        (np.zeros((3, 2), np.uint8), np.zeros(2, np.int64), "not 3 and 2"),
        (np.zeros((0, 2), np.uint8), np.zeros(0, np.int64), "at least one row"),
        (np.zeros((1, 2), np.uint8), np.array([-1]), "one is -1"),
    ],
)
def test_refuses_others(x: np.ndarray, y: np.ndarray, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        Labelled(x, y)
    assert message in str(caught.value)
