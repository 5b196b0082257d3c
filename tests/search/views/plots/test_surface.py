"""The surface that is fitted to the values of trials."""

import numpy as np

from search.views.plots.data import SearchData
from search.views.plots.surface import fitted, surface
from tests.search.views.plots.made import build


def test_the_surface_is_high_where_the_values_are() -> None:
    source = np.random.default_rng(1)
    places = source.uniform((-4, 10), (0, 30), (400, 2))
    values = -((places[:, 0] + 1) ** 2) - ((places[:, 1] - 20) / 10) ** 2
    (x, y), means = fitted(places, values + source.normal(0, 0.05, 400))
    row, column = np.unravel_index(np.nanargmax(means), means.shape)
    assert abs(x[column] + 1) < 0.5
    assert abs(y[row] - 20) < 3
    assert (np.nanmin(means), np.nanmax(means)) >= (values.min() - 0.2, values.max() - 0.3)


def test_where_no_trial_is_near_nothing_is_drawn() -> None:
    source = np.random.default_rng(1)
    corner = source.uniform(0, 0.2, (50, 2))
    _, means = fitted(np.vstack([corner, [[1.0, 1.0]]]), np.ones(51))
    assert np.isnan(means).mean() > 0.1
    assert np.allclose(means[np.isfinite(means)], 1)


def test_equal_places_are_no_fault() -> None:
    _, means = fitted(np.ones((9, 2)), np.arange(9.0))
    assert np.allclose(means[0, 0], 4)


def test_it_lies_under_the_boxes_and_the_winner(small: SearchData) -> None:
    plot = surface(small)
    kinds = [trace.type for trace in plot.figure.data]
    assert kinds == ["contour", *["scatter"] * (len(kinds) - 1)]
    names = [trace.name for trace in plot.figure.data[1:]]
    assert names == ["1 coarse", "2 fine", "3 finest", "winner"]
    assert plot.figure.layout.xaxis.type == "log"


def test_one_range_has_no_surface() -> None:
    only = {"learning_rate": {"low": 1e-3, "high": 1.0, "log": True}}
    assert surface(build(only=only)).empty
