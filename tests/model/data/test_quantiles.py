"""Numbers scaled by quantiles agree with scikit-learn's."""

import warnings
from statistics import NormalDist

import numpy as np
import pytest
from sklearn.preprocessing import QuantileTransformer

from model.data import quantiles

RANDOM = np.random.default_rng(4)
COLUMNS = {
    "skewed": np.exp(RANDOM.normal(size=3_000) * 2),
    "few": RANDOM.normal(size=7),
    "ties": RANDOM.integers(0, 4, 500).astype(float),
    "mostly zero": np.where(RANDOM.random(2_000) < 0.7, 0, RANDOM.normal(5, 1, 2_000)),
    "ties inside": np.where(RANDOM.random(2_000) < 0.4, 1.0, RANDOM.normal(1, 3, 2_000)),
    "two values": np.array([1.0, 2.0]),
    "constant": np.full(20, 3.0),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_scaled_values_are_scikit_learn_s(name: str) -> None:
    values = COLUMNS[name]
    new = np.concatenate([values, [values.min() - 9, values.max() + 9, np.nan, values.mean()]])
    oracle = QuantileTransformer(
        n_quantiles=min(1_000, len(values)), output_distribution="normal", subsample=None
    )
    oracle.fit(values[:, None])
    right = oracle.transform(new[:, None])[:, 0]
    found = quantiles.scaled(new, quantiles.fit(values, 1))
    np.testing.assert_allclose(found, right, atol=1e-9)


def test_values_become_normal_ones_and_missing_ones_stay_missing() -> None:
    values = COLUMNS["skewed"]
    found = quantiles.scaled(values, quantiles.fit(values, 1))
    assert (np.argsort(found[1:-1]) == np.argsort(values[1:-1])).mean() > 0.99
    assert abs(found.mean()) < 0.01
    assert found.std() == pytest.approx(1, abs=0.02)
    with warnings.catch_warnings(action="error"):
        assert np.isnan(quantiles.scaled(np.array([np.nan]), (1.0, 2.0)))


def test_many_columns_share_the_quantiles() -> None:
    values = RANDOM.normal(size=5_000)
    assert len(quantiles.fit(values, 1)) == quantiles.MOST == 1_000
    assert len(quantiles.fit(values, 500)) == 1_000
    assert len(quantiles.fit(values, 5_000)) == 100
    assert len(quantiles.fit(values, 10**6)) == 2
    assert quantiles.fit(values[:0], 1) == ()
    assert quantiles.fit(values[:1], 1) == (values[0], values[0])


def test_normal_values_are_those_of_the_standard_library() -> None:
    ranks = np.array([1e-7, 1e-4, 0.01, 0.0749, 0.0751, 0.3, 0.5, 0.7, 0.925, 0.99, 1 - 1e-7])
    right = [NormalDist().inv_cdf(rank) for rank in ranks]
    np.testing.assert_allclose(quantiles._normal(ranks), right, rtol=1e-14, atol=1e-16)
