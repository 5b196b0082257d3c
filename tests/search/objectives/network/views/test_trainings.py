"""A few trainings side by side, named by what sets them apart."""

from dataclasses import replace
from typing import Any

import pytest

from search.errors import KlayerError
from search.objectives.network.views.trainings import MOST, apart, trainings
from search.views.plots.data import SearchData
from tests.search.views.plots.made import curve


def points(data: SearchData, *parameters: dict[str, Any], stage: str = "coarse") -> list[Any]:
    return [
        replace(data.trials[place], stage=stage, number=place, parameters=point)
        for place, point in enumerate(parameters)
    ]


def test_each_training_has_a_colour_with_training_dashed(small: SearchData) -> None:
    trials = points(small, {"batch_norm": "none"}, {"batch_norm": "before"})
    data = replace(small, curves={one.id: curve(0.5, 4) for one in trials})
    plot = trainings(data, "accuracy", trials)
    assert [trace.name for trace in plot.figure.data] == [
        *2 * ["batch normalisation none"],
        *2 * ["batch normalisation before"],
    ]
    assert [trace.line.dash for trace in plot.figure.data] == 2 * ["dash", "solid"]
    colours = [trace.line.color for trace in plot.figure.data]
    assert colours[0] == colours[1] != colours[2]
    assert [trace.showlegend for trace in plot.figure.data] == 2 * [False, True]
    assert len(plot.table.rows) == 2 * 2 * 4


def test_what_all_have_alike_is_in_no_name(small: SearchData) -> None:
    trials = points(
        small,
        {"learning_rate": 0.1, "weight_decay": 1e-5, "width_1": 50, "width_2": 30},
        {"learning_rate": 0.1, "weight_decay": 1e-4, "width_1": 50, "width_2": 40},
    )
    assert apart(small, trials) == ["widths 50-30, λ 1e-05", "widths 50-40, λ 0.0001"]


def test_equal_points_go_by_their_numbers_and_stages_by_their_names(small: SearchData) -> None:
    twice = points(small, {"momentum": 0.9}, {"momentum": 0.9})
    assert apart(small, twice) == ["coarse #0", "coarse #1"]
    staged = [twice[0], replace(twice[1], stage="fine")]
    assert apart(small, staged) == ["coarse", "fine"]


def test_more_than_can_be_told_apart_are_left_out(small: SearchData) -> None:
    trials = [
        replace(small.trials[0], id=place, parameters={"batch_size": place})
        for place in range(1, MOST + 3)
    ]
    data = replace(small, curves={one.id: curve(0.5, 4) for one in trials})
    traces = trainings(data, "loss", trials).figure.data
    assert len({trace.name for trace in traces}) == MOST
    styles = {(trace.line.color, trace.marker.symbol) for trace in traces}
    assert len(styles) == MOST


def test_without_epochs_there_is_nothing_to_see(small: SearchData) -> None:
    assert trainings(replace(small, curves={}), "cost", small.trials).empty


def test_an_unknown_figure_is_refused(small: SearchData) -> None:
    with pytest.raises(KlayerError, match="found 'speed' as curves"):
        trainings(small, "speed", small.trials)
