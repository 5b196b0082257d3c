"""The standard problem: the arithmetic that is counted, and the rows that everybody gets."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.problem import Problem, open_images, write_images


def test_operations_are_those_of_the_linear_layers_forward_and_backward() -> None:
    problem = Problem(rows=7, inputs=5, widths=(3, 4), classes=2)
    forward = 5 * 3 + 3 * 4 + 4 * 2
    towards_inputs = 3 * 4 + 4 * 2  # the first layer's inputs need no gradient
    assert problem.epoch_operations == 7 * 2 * (2 * forward + towards_inputs)


def test_a_linear_classifier_needs_no_gradient_of_its_inputs() -> None:
    assert Problem(rows=1, inputs=5, widths=(), classes=2).epoch_operations == 2 * 2 * 5 * 2


@pytest.mark.parametrize("in_memory", [True, False])
def test_validation_rows_stand_behind_the_training_rows(tmp_path: Path, in_memory: bool) -> None:
    write_images(tmp_path, 12, 3, 2)
    whole = np.load(tmp_path / "x.npy")
    images = open_images(tmp_path, Problem(rows=8, validation=3), in_memory=in_memory)
    assert np.array_equal(images.x, whole[:8])
    assert np.array_equal(images.validation_x, whole[8:11])
    assert (len(images.labels), len(images.validation_labels)) == (8, 3)
    assert isinstance(images.x, np.memmap) != in_memory
