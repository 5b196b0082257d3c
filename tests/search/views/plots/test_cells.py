"""Cells: every trial is in one, and each says what its trials came to."""

import numpy as np

from search.plan.ranking import Ranking
from search.views.plots.cells import cells

MOST, LEAST = Ranking("maximize"), Ranking("minimize")


def test_each_trial_is_in_one_cell() -> None:
    source = np.random.default_rng(1)
    x, y, values = source.normal(size=(3, 500))
    found = cells(x, y, values, 7, 5, MOST)
    assert found.count.shape == (5, 7)
    assert found.count.sum() == 500
    assert (found.x[0], found.x[-1]) == (x.min(), x.max())
    inside = (x >= found.x[3]) & (x < found.x[4]) & (y >= found.y[2]) & (y < found.y[3])
    assert found.count[2, 3] == inside.sum() > 0
    assert found.median[2, 3] == np.median(values[inside])
    assert found.best[2, 3] == values[inside].max()
    assert cells(x, y, values, 7, 5, LEAST).best[2, 3] == values[inside].min()


def test_trials_without_a_value_count_but_say_nothing() -> None:
    found = cells(
        np.array([0.0, 0.0, 1.0]), np.zeros(3), np.array([np.nan, 2.0, np.nan]), 2, 1, MOST
    )
    assert found.count.tolist() == [[2, 1]]
    assert found.median[0, 0] == 2
    assert np.isnan(found.median[0, 1])


def test_places_that_are_all_the_same_are_one_cell() -> None:
    found = cells(np.full(4, 3.0), np.full(4, 1.0), np.arange(4.0), 3, 3, MOST)
    assert found.count.max() == 4
    assert found.x[0] < 3 < found.x[-1]
