"""The digits: all 1,797 images, split at their place in the file."""

import numpy as np
from sklearn.datasets import load_digits

from model.data import digits


def test_parts_are_the_first_and_the_last_images() -> None:
    pixels, labels = load_digits(return_X_y=True)
    training, last = digits.training(), digits.test()
    assert (training.x.shape, last.x.shape) == ((1500, 64), (297, 64))
    assert training.x.dtype == last.x.dtype == np.uint8
    np.testing.assert_array_equal(np.concatenate([training.x, last.x]), pixels)
    np.testing.assert_array_equal(np.concatenate([training.y, last.y]), labels)


def test_source_names_the_classes() -> None:
    source = digits.source()
    assert source.name == "digits"
    assert source.classes == tuple("0123456789")
    np.testing.assert_array_equal(source.test().y, digits.test().y)
