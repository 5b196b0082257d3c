"""What regularisers cost can be measured, in a few steps."""

from benchmarks.regularisers import REGULARISERS, WHITENED, measured, table


def test_each_is_measured_beside_a_plain_step() -> None:
    plain, ratios = measured("8 x 50-50", steps=2, rounds=1)
    assert plain.median > 0
    assert list(ratios) == [*REGULARISERS, *WHITENED]
    assert all(one.median > 0.01 for one in ratios.values())
    lines = table("8 x 50-50", plain, ratios)
    assert len(lines) == 1 + len(ratios)
    assert lines[0].startswith("8 x 50-50: a plain step takes")
