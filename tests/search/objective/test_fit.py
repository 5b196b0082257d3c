"""The width that padding is measured by."""

import pytest

from search.objective.fit import Fit


@pytest.mark.parametrize(("widths", "width"), [((), 1), ((50, 20), 50), ((20, 50), 20), ((0,), 1)])
def test_the_most_costly_dimension_counts_and_is_never_nothing(
    widths: tuple[int, ...], width: int
) -> None:
    assert Fit("key", widths).width == width
