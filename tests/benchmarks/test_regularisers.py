"""What regularisers cost can be measured, in a few steps."""

from benchmarks.regularisers import REGULARISERS, measured, table


def test_each_is_measured_beside_a_plain_step() -> None:
    plain, ratios = measured("8 x 50-50", steps=2, rounds=1)
    assert plain.median > 0
    assert list(ratios) == list(REGULARISERS)
    assert all(one.median > 0.1 for one in ratios.values())
    lines = table("8 x 50-50", plain, ratios)
    assert len(lines) == 1 + len(REGULARISERS)
    assert lines[0].startswith("8 x 50-50: a plain step takes")
