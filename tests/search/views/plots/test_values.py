"""Values on scales: units, logs, ends, marks."""

import numpy as np
import pytest

from search.objective.metric import Metric
from search.views.plots.values import SHARE, ValueScale

TIME = Metric("time", unit="s", log=True)
ACCURACY = Metric("accuracy", "maximize", "%", 100.0, decimals=2)


def test_a_log_scale_is_only_for_values_above_zero() -> None:
    assert ValueScale.of(TIME, [0.1, None, 3.0]).log
    assert not ValueScale.of(TIME, [0.0, 3.0]).log
    assert not ValueScale.of(TIME, [None]).log
    assert not ValueScale.of(ACCURACY, [0.1]).log


def test_what_is_shown_is_in_the_unit_and_has_a_place() -> None:
    scale = ValueScale(ACCURACY)
    shown = scale.shown([0.5, None])
    assert shown[0] == 50
    assert np.isnan(shown[1])
    assert scale.place(shown)[0] == 50
    log = ValueScale(TIME, log=True)
    places = log.place(log.shown([100.0, 0.0]))
    assert places[0] == 2
    assert np.isnan(places[1])
    assert log.unplace(places)[0] == pytest.approx(100)


def test_titles_and_hover_texts_have_the_unit() -> None:
    assert ValueScale(ACCURACY).title == "accuracy (%)"
    assert ValueScale(TIME, log=True).title == "time (s) (log)"
    assert ValueScale(ACCURACY).hover("y") == "%{y:.2f} %"
    assert ValueScale(TIME).hover("customdata[2]") == "%{customdata[2]:,.4~r} s"
    assert ValueScale(Metric("loss")).hover("y") == "%{y:,.4~r}"
    hostile = ValueScale(Metric("<b>", unit="<i>"))
    assert "<" not in hostile.title + hostile.hover("y")


@pytest.mark.parametrize(("metric", "ends"), [(ACCURACY, (2.5, 10.0)), (TIME, (0.0, 7.5))])
def test_the_poorest_are_left_out_at_their_end(metric: Metric, ends: tuple[float, float]) -> None:
    scale = ValueScale(metric)
    places = np.linspace(0, 10, 5)
    assert scale.extent(places, 0.25) == ends
    assert scale.extent(places) == (0, 10)
    assert scale.extent(np.array([np.nan])) is None
    assert scale.extent(np.array([3.0, 3.0])) == (2.5, 3.5)


def test_marks_are_round() -> None:
    assert ValueScale(TIME).marks(0, 10) == [
        (0.0, "0"),
        (2.5, "2.5"),
        (5.0, "5"),
        (7.5, "7.5"),
        (10.0, "10"),
    ]
    log = ValueScale(TIME, log=True)
    assert log.marks(-1, 1) == [(-1, "0.1"), (0, "1"), (1, "10")]
    assert log.marks(2, 2) == [(2, "100")]


def test_shares_are_in_per_cent() -> None:
    assert SHARE.text(0.5) == "50 %"
