"""Time without pauses."""

import numpy as np

from search.ledger.records import Stint
from search.views.plots.pauses import pauses, without


def stint(start: float, end: float | None) -> Stint:
    return Stint("host/1", "coarse", (0, 3), start, end, 0)


def test_the_hours_in_which_no_worker_trained_are_left_out() -> None:
    stints = [stint(500, 600), stint(120, 400), stint(100, 300), stint(640, 700), stint(5000, None)]
    found = pauses(stints, begin=10.0, clock=5100.0)
    assert found.tolist() == [[10, 100], [400, 500], [700, 5000]]
    times = np.array([10.0, 60, 100, 300, 450, 600, 700, 5000, 5100])
    assert without(found, times).tolist() == [10, 10, 10, 210, 310, 410, 510, 510, 610]


def test_without_cohorts_time_is_as_it_is() -> None:
    times = np.array([3.0, 7000.0])
    assert without(pauses([], 0.0, 9.0), times).tolist() == times.tolist()
