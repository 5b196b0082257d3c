"""Importance as bars, stage by stage."""

from dataclasses import replace

from search.views.plots.data import SearchData
from search.views.plots.importance import importance


def test_a_bar_a_stage_and_hyperparameter_the_largest_first(small: SearchData) -> None:
    plot = importance(small)
    assert [trace.name for trace in plot.figure.data] == ["coarse", "fine", "finest"]
    coarse = plot.figure.data[0]
    assert list(coarse.y) == ["learning rate η", "weight decay λ"]
    assert list(coarse.x) == [70, 30]
    assert coarse.orientation == "h"
    assert ("fine", "learning_rate", 60.0) in plot.table.rows
    assert "(PED-ANOVA); in finest" in plot.caption


def test_a_hyperparameter_that_a_stage_lacks_has_no_bar_there(small: SearchData) -> None:
    some = {"coarse": {"momentum": 0.8, "learning_rate": 0.2}, "fine": {"learning_rate": 1.0}}
    plot = importance(replace(small, importances=some))
    fine = plot.figure.data[1]
    assert dict(zip(fine.y, fine.x, strict=True)) == {"learning rate η": 100, "momentum": 0}
    assert len(plot.table.rows) == 3


def test_too_few_trials_are_said(small: SearchData) -> None:
    plot = importance(replace(small, importances={}))
    assert plot.empty
    assert "four trials" in plot.caption
