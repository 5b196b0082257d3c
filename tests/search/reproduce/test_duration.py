"""The time at work: overlaps count once, pauses not at all."""

import pytest

from search.reproduce.duration import seconds_at_work


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0),
        ([(10, 15)], 5),
        ([(0, 4), (1, 3), (2, 6)], 6),  # two workers at once
        ([(100, 110), (0, 5)], 15),  # a pause of 95 s between two runs
        ([(0, 5), (5, 8)], 8),
    ],
)
def test_the_time_in_which_anybody_trained(spans: list[tuple[float, float]], seconds: int) -> None:
    assert seconds_at_work(spans) == seconds
