"""Networks that vote by the mean of what they say."""

import numpy as np
import pytest

from model.ensemble import mean_vote
from model.errors import ModelError
from model.scores import accuracy


def test_the_mean_of_votes_decides() -> None:
    sure = np.array([[0.9, 0.1], [0.2, 0.8]])
    unsure = np.array([[0.4, 0.6], [0.45, 0.55]])
    mean = mean_vote([sure, unsure, unsure])
    np.testing.assert_allclose(mean, [[1.7 / 3, 1.3 / 3], [1.1 / 3, 1.9 / 3]])
    labels = np.array([0, 0])
    assert accuracy(unsure, labels) == 0.0
    assert accuracy(mean, labels) == 0.5


def test_one_vote_is_the_ensemble() -> None:
    vote = np.array([[0.3, 0.7]])
    np.testing.assert_array_equal(mean_vote([vote]), vote)


def test_no_vote_is_refused() -> None:
    with pytest.raises(ModelError, match="at least one network"):
        mean_vote([])
