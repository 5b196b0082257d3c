"""What folds cost can be measured, at its smallest size."""

from benchmarks.folds import Size, measured


def test_all_four_are_measured() -> None:
    (found,) = measured(Size(20, 3, 10, 2), epochs=2, rounds=1)
    assert len(found) == 4
    assert min(found) > 0
