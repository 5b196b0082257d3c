"""What comes out of training can be stored wherever numbers can."""

import json
import math

import pytest

from search.objective.outcome import EpochFigures


def test_figures_that_are_numbers_stay_as_they_are() -> None:
    figures = EpochFigures(3, 0.1 + 0.2, 1 / 3, 1e-300, 1.0, 2.0, 5e-324, 0.0)
    finite = figures.finite()
    assert EpochFigures(**finite) == figures  # type: ignore[arg-type]
    assert list(finite) == [
        "epoch",
        "learning_rate",
        "train_cost",
        "train_loss",
        "train_accuracy",
        "validation_cost",
        "validation_loss",
        "validation_accuracy",
    ]


@pytest.mark.parametrize("lost", [math.nan, math.inf, -math.inf])
def test_figures_that_are_no_numbers_are_none(lost: float) -> None:
    finite = EpochFigures(1, 0.1, lost, 0.2, 0.3, lost, 0.4, 0.5).finite()
    assert {name for name, value in finite.items() if value is None} == {
        "train_cost",
        "validation_cost",
    }
    json.dumps(finite, allow_nan=False)
