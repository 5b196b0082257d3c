"""Rows of a batch are mixed in pairs, by one share, with what they learn."""

import numpy as np
import pytest

from model.mixup import mixed
from model.rows import Batch

DRAW = np.random.default_rng(3)
X = DRAW.standard_normal((40, 5))
LABELS = np.arange(40)


def test_each_row_is_mixed_with_the_one_whose_label_and_weight_it_gets() -> None:
    weights = LABELS / 10
    batch, partners = mixed(Batch(X, LABELS, weights), 0.8, np.random.default_rng(1))
    assert partners is not None
    assert partners.weights is not None
    other, share = np.asarray(partners.targets), partners.share
    assert sorted(other) == LABELS.tolist()
    assert batch.targets is LABELS
    assert batch.x == pytest.approx(share * X + (1 - share) * X[other], rel=1e-12)
    assert np.array_equal(partners.weights, weights[other])
    own, _ = mixed(
        Batch(np.stack([X, -X]), np.stack([LABELS] * 2), None), 0.8, np.random.default_rng(1)
    )
    assert np.array_equal(own.x, np.stack([batch.x, -batch.x]))


def test_without_alpha_it_is_the_batch_itself() -> None:
    batch = Batch(X, LABELS, None)
    assert mixed(batch, 0.0, np.random.default_rng(1)) == (batch, None)


def test_shares_are_drawn_from_the_beta_distribution() -> None:
    draw = np.random.default_rng(2)
    shares = [mixed(Batch(X, LABELS, None), 0.4, draw)[1] for _ in range(2_000)]
    found = np.array([one.share for one in shares if one is not None])
    assert found.mean() == pytest.approx(0.5, abs=0.03)
    assert found.var() == pytest.approx(1 / (4 * (2 * 0.4 + 1)), abs=0.01)
