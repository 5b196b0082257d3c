"""The digits: all 1,797 images, split at their place in the file."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from model.data import digits

ROOT = Path(__file__).parents[3]


def test_parts_are_the_first_and_the_last_images() -> None:
    pixels, labels = load_digits(return_X_y=True)
    training, last = digits.training(), digits.test()
    assert (training.x.shape, last.x.shape) == ((1500, 64), (297, 64))
    assert training.x.dtype == last.x.dtype == np.uint8
    np.testing.assert_array_equal(np.concatenate([training.x, last.x]), pixels)
    np.testing.assert_array_equal(np.concatenate([training.y, last.y]), labels)


def test_they_are_read_without_importing_scikit_learn() -> None:
    """It takes a second, which a run would begin with."""
    code = "import sys; from model.data import digits; digits.training(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "model.data.digits" in done.stdout.split()
    assert "sklearn" not in done.stdout.split()


def test_a_scikit_learn_that_keeps_them_elsewhere_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = digits.training()
    monkeypatch.setattr(digits, "find_spec", lambda _: None)
    found = digits.training()
    np.testing.assert_array_equal(found.x, expected.x)
    np.testing.assert_array_equal(found.y, expected.y)
    assert (found.x.dtype, found.y.dtype) == (np.uint8, np.int64)


def test_source_names_the_classes() -> None:
    source = digits.source()
    assert source.name == "digits"
    assert source.classes == tuple("0123456789")
    np.testing.assert_array_equal(source.test().y, digits.test().y)
