"""Who worked when."""

from dataclasses import replace

import pytest

from search.views.plots.data import SearchData
from search.views.plots.timeline import MANY, MOST, timeline


def test_each_cohort_is_a_bar_of_its_worker(small: SearchData) -> None:
    plot = timeline(small)
    bars = sum(list(trace.x).count(None) for trace in plot.figure.data)
    assert bars == len(small.stints)
    coarse = next(trace for trace in plot.figure.data if trace.name == "coarse")
    assert coarse.y[0] == "host/0"
    assert coarse.x[1] - coarse.x[0] == pytest.approx(55 / 60, abs=1e-4)  # minutes
    assert "coarse #0 to #3" in coarse.hovertext[0]
    assert "by 2 workers" in plot.caption


def test_one_that_is_held_reaches_to_now(small: SearchData) -> None:
    held = replace(small.stints[0], finished_at=None)
    plot = timeline(replace(small, stints=[held], time=100.0))
    assert list(plot.figure.data[0].x) == [0.0, 100.0, None]
    assert plot.table.rows[0][-1] is None
    assert timeline(replace(small, stints=())).empty


def test_bars_of_very_many_cohorts_that_nearly_touch_are_one(small: SearchData) -> None:
    held = [
        replace(small.stints[0], claimed_at=10.0 * n + 1, finished_at=10.0 * n + 10)
        for n in range(MANY + 1)
    ]
    plot = timeline(replace(small, stints=held))
    (trace,) = plot.figure.data
    assert list(trace.x).count(None) == 1
    assert "and more" in trace.hovertext[0]
    apart = timeline(replace(small, stints=held[:MANY]))
    assert list(apart.figure.data[0].x).count(None) == MANY


def test_of_many_workers_the_last_are_shown(small: SearchData) -> None:
    many = [replace(small.stints[0], worker=f"w{n}") for n in range(MOST + 5)]
    plot = timeline(replace(small, stints=many))
    assert len({name for trace in plot.figure.data for name in trace.y if name}) == MOST
    assert f"the last {MOST} of which" in plot.caption
