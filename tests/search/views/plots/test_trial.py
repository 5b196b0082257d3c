"""One trial's curves."""

from dataclasses import replace
from typing import Any

import pytest

from search.errors import KlayerError
from search.views.plots.data import SearchData
from search.views.plots.trial import trial_curves


@pytest.fixture
def trial(small: SearchData) -> Any:
    return next(t for t in small.trials if t.id in small.curves and t.state == "complete")


def test_training_and_validation(small: SearchData, trial: Any) -> None:
    plot = trial_curves(small, trial, "accuracy")
    train, validation = plot.figure.data
    assert (train.line.dash, validation.line.dash) == ("dash", "solid")
    last = small.curves[trial.id][-1]
    assert train.y[-1] == pytest.approx(100 * last.metrics["train_accuracy"])
    assert validation.y[-1] == pytest.approx(100 * last.metrics["validation_accuracy"])
    assert plot.title == f"{trial.stage} #{trial.number}: accuracy"
    assert plot.table.rows[-1][0] == 10


def test_a_dropped_trial_says_when(small: SearchData) -> None:
    dropped = next(t for t in small.trials if t.id in small.curves and t.state == "pruned")
    assert "3 epochs (dropped after 3 epochs at" in trial_curves(small, dropped, "loss").caption


def test_without_epochs_it_says_why(small: SearchData, trial: Any) -> None:
    bare = replace(small, curves={})
    assert "as a worker trains it" in trial_curves(bare, trial, "loss").caption
    broken = replace(trial, state="diverged", value=None, reason="NaN in epoch 1")
    assert "NaN in epoch 1" in trial_curves(bare, broken, "loss").caption


def test_an_unknown_figure_is_refused(small: SearchData, trial: Any) -> None:
    with pytest.raises(KlayerError, match="'speed' as curves; give one of accuracy, cost"):
        trial_curves(small, trial, "speed")


def test_a_trial_that_failed_at_once_tells_why_in_one_line(small: SearchData) -> None:
    broken = replace(small.trials[0], state="failed", value=None, reason="it ended\none\ntwo")
    plot = trial_curves(replace(small, curves={}), broken, "accuracy")
    assert plot.caption.endswith("is recorded: it ended (two).")
