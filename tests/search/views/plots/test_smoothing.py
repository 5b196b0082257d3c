"""Smoothed curves, beside the mean written out."""

import numpy as np
import pytest

from search.views.plots.smoothing import WEIGHTS, smoothed, weight_of


@pytest.mark.parametrize("log", [False, True])
def test_each_is_the_weighted_mean_of_those_before(log: bool) -> None:
    y = np.random.default_rng(1).uniform(0.1, 2, 30)
    values = np.log(y) if log else y
    found = smoothed(y, 0.9, log=log)
    for place in range(30):
        weights = 0.9 ** np.arange(place, -1, -1)
        mean = np.average(values[: place + 1], weights=weights)
        assert found[place] == pytest.approx(np.exp(mean) if log else mean)
    np.testing.assert_allclose(smoothed(y, 0.0, log=log), y)
    assert np.abs(np.diff(found)).mean() < np.abs(np.diff(y)).mean() / 3


def test_gaps_stay_and_count_for_nothing() -> None:
    y = np.array([np.nan, 1.0, np.nan, 3.0], np.float32)
    found = smoothed(y, 0.5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [np.nan, 1.0, np.nan, (0.5 * 1 + 3) / 1.5], rtol=1e-6)
    assert np.isnan(smoothed(np.full(3, np.nan), 0.9, log=True)).all()


def test_choices_that_are_none_smooth_nothing() -> None:
    assert [weight_of(one) for one in (None, "", "much", "0.90")] == [0.0] * 4
    assert {weight_of(one) for one in WEIGHTS} == {0.0, 0.6, 0.9, 0.97}
