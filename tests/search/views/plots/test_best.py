"""The best so far, which trials hold it, and where stages begin."""

from dataclasses import replace
from typing import Any

import numpy as np

from search.views.plots.best import best_over_time, best_over_trials, over_trials, time_unit
from search.views.plots.data import SearchData


def line(plot: Any) -> Any:
    (found,) = [trace for trace in plot.figure.data if trace.name == "best so far"]
    return found


def test_the_line_is_the_best_so_far_and_names_its_holder(small: SearchData) -> None:
    plot = best_over_trials(small)
    values = [row[3] for row in plot.table.rows]
    assert [row[4] for row in plot.table.rows] == list(np.maximum.accumulate(values))
    steps = line(plot)
    assert max(steps.y) == max(values)
    holder = max(plot.table.rows, key=lambda row: row[3])
    assert steps.hovertext[-1].startswith(f"<b>{holder[0]} #{holder[1]}</b><br>validation")
    assert plot.figure.layout.xaxis.title.text == "trials, in the order of the plan"


def test_test_accuracies_and_dropped_trials_are_no_best(small: SearchData) -> None:
    assert max(t.value or 0 for t in small.trials) == 0.9999  # of the final
    assert {t.stage for t in over_trials(small).trials} == {"coarse", "fine", "finest"}
    assert max(over_trials(small).best) < 99
    assert all(t.state == "complete" for t in over_trials(small).trials)
    lucky = tuple(replace(t, value=0.999) if t.state == "pruned" else t for t in small.trials)
    assert max(over_trials(replace(small, trials=lucky)).best) < 99


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


def test_time_counts_from_when_the_search_was_recorded(small: SearchData) -> None:
    plot = best_over_time(small)
    times = [row[2] for row in plot.table.rows]
    assert times == sorted(times)
    first = next(t for t in small.trials if t.state == "complete")
    assert times[0] == (first.finished_at or 0) / 60
    assert plot.figure.layout.xaxis.title.text == "time since the search was recorded (min)"


def test_stages_are_marked_and_named(small: SearchData) -> None:
    layout = best_over_trials(small).figure.layout
    assert [note.text for note in layout.annotations] == ["coarse", "fine", "finest"]
    assert len(layout.shapes) == 3
    assert [shape.x0 for shape in layout.shapes] == [1, 17, 25]


def test_over_time_a_stage_begins_when_it_was_planned(small: SearchData) -> None:
    opened = tuple(replace(s, opened_at=60.0 * s.step.number) for s in small.stages)
    layout = best_over_time(replace(small, stages=opened)).figure.layout
    assert [shape.x0 for shape in layout.shapes] == [1, 2, 3]


def test_many_values_are_cells(large: SearchData) -> None:
    plot = best_over_trials(large)
    heat = plot.figure.data[0]
    assert heat.type == "heatmap"
    assert heat.customdata.sum() == len(plot.table.rows) > 5000


def test_units_of_time_read_well() -> None:
    assert time_unit(np.array([5.0, 90.0])) == ("s", 1)
    assert time_unit(np.array([5.0, 5000.0])) == ("min", 60)
    assert time_unit(np.array([9e4])) == ("h", 3600)
    assert time_unit(np.zeros(0)) == ("s", 1)
