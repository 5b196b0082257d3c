"""The cost of a trial that does nothing can be measured, at its smallest size."""

import pytest

from benchmarks.function_overhead import measured


@pytest.mark.long
def test_both_are_measured() -> None:
    ((ours, theirs),) = measured(trials=8, workers=2, rounds=1)
    assert ours > 0
    assert theirs > 0
