"""Runs of a search: what compares, units, and the ways in which values are wanted."""

from dataclasses import replace

import numpy as np

from search.objective.metric import Metric
from search.views.plots.data import SearchData
from search.views.plots.runs import ERROR, LOG, PLAIN, over_trials, time_unit, viewed, views
from tests.search.views.timed import TIME, timed


def test_stages_that_do_not_compare_have_a_best_of_their_own(small: SearchData) -> None:
    study = small.search.study
    assert study.contenders() == ("coarse", "fine", "finest")
    training = study.stages[0].training.model_copy(
        update={"schedule": study.stages[0].training.schedule.model_copy(update={"epochs": 2})}
    )
    stages = (study.stages[0].model_copy(update={"training": training}), *study.stages[1:])
    other = replace(small.search, study=study.model_copy(update={"stages": stages}))
    high = tuple(replace(t, value=0.99) if t.id == 1 else t for t in small.trials)
    run = over_trials(replace(small, search=other, trials=high))
    fine = [b for t, b in zip(run.trials, run.best, strict=True) if t.stage == "fine"]
    assert max(run.best) == 99
    assert max(fine) < 99


def test_each_metric_has_the_views_that_fit_it(small: SearchData) -> None:
    assert views(small.score) == [PLAIN, ERROR]
    assert views(Metric("r2", "maximize")) == [PLAIN]
    assert views(TIME) == [PLAIN]
    linear = replace(TIME, log=False)
    assert views(linear) == [PLAIN, LOG]
    run = over_trials(timed(small))
    plain = replace(run, scale=replace(run.scale, metric=linear, log=False))
    assert [viewed(plain, one).scale.log for one in (LOG, ERROR, None)] == [True, False, False]


def test_units_of_time_read_well() -> None:
    assert time_unit(np.array([5.0, 90.0])) == ("s", 1)
    assert time_unit(np.array([5.0, 5000.0])) == ("min", 60)
    assert time_unit(np.array([9e4])) == ("h", 3600)
    assert time_unit(np.zeros(0)) == ("s", 1)
