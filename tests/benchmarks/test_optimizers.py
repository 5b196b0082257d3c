"""What an optimizer costs can be measured, at its smallest size."""

import pytest

from benchmarks.optimizers import KINDS, epochs, milliseconds


@pytest.mark.parametrize("label", KINDS)
def test_a_step_of_each_is_measured(label: str) -> None:
    assert milliseconds(epochs([2], 2, label, rows=200), rows=200) > 0
