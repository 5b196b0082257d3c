"""How large a share of a stage's trials is at least as good as a value."""

import numpy as np

from search.views.plots.data import SearchData
from search.views.plots.distribution import distribution
from search.views.plots.standing import complete, searched
from tests.search.views.timed import timed


def test_a_line_rises_to_all_trials_at_the_poorest_value(small: SearchData) -> None:
    for trace in distribution(small).figure.data:
        mine = [100 * (t.value or 0) for t in complete(searched(small)) if t.stage == trace.name]
        assert np.allclose(trace.x, sorted(mine, reverse=True))
        assert np.allclose(trace.y, 100 * (np.arange(len(mine)) + 1) / len(mine))


def test_of_times_the_least_are_the_best(small: SearchData) -> None:
    plot = distribution(timed(small))
    assert plot.figure.layout.xaxis.type == "log"
    assert all((np.diff(trace.x) >= 0).all() for trace in plot.figure.data)
    assert all(trace.y[-1] == 100 for trace in plot.figure.data)


def test_of_many_trials_a_line_has_few_points(large: SearchData) -> None:
    assert max(len(trace.x) for trace in distribution(large).figure.data) <= 200
