"""The best so far, which trials hold it, and where stages begin."""

from dataclasses import replace
from typing import Any

import numpy as np

from search.ledger.records import Stint
from search.views.plots.best import best_over_time, best_over_trials
from search.views.plots.compare import compare_best
from search.views.plots.data import SearchData
from search.views.plots.runs import ERROR, over_trials


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


def test_time_counts_from_when_the_search_was_recorded(small: SearchData) -> None:
    plot = best_over_time(small)
    times = [row[2] for row in plot.table.rows]
    assert times == sorted(times)
    first = next(t for t in small.trials if t.state == "complete")
    assert times[0] == (first.finished_at or 0) / 60
    assert plot.figure.layout.xaxis.title.text == "time since the search was recorded (min)"


def test_pauses_are_left_out_and_said(small: SearchData) -> None:
    night, split = 36_000.0, 60.0 * 16
    late = tuple(
        replace(t, finished_at=(t.finished_at or 0) + night * (t.id > 16)) for t in small.trials
    )
    spans = ((0.0, split - 5), (split + night, None))
    held = [Stint("host/1", "coarse", (0, 7), start, end, 0) for start, end in spans]
    plot = best_over_time(small)
    paused = replace(small, trials=late, stints=held)
    again = best_over_time(paused)
    assert "Pauses of 10:00:05 in all, in which no worker trained, are left out" in again.caption
    assert again.figure.layout.xaxis.title.text.endswith("recorded, without pauses (min)")
    gone = 5 / 60  # between the last cohort's end and the night
    times, found = ([row[2] for row in one.table.rows] for one in (plot, again))
    np.testing.assert_allclose(found, [t - gone * (t >= 16) for t in times])
    assert "Pauses" not in plot.caption
    both = compare_best([small, paused], "time").figure.layout.xaxis.title.text
    assert both.endswith("recorded, without pauses (min)")


def test_accuracies_are_drawn_as_errors_on_a_log_scale(small: SearchData) -> None:
    plain, plot = best_over_trials(small), best_over_trials(small, ERROR)
    assert (plot.figure.layout.yaxis.type, plain.figure.layout.yaxis.type) == ("log", None)
    assert plot.figure.layout.yaxis.title.text == "100 % − validation accuracy (%) (log)"
    errors, values = ([row[3:] for row in one.table.rows] for one in (plot, plain))
    np.testing.assert_allclose(errors, 100 - np.array(values))
    assert line(plot).hovertext == line(plain).hovertext
    whole = tuple(replace(t, value=1.0) if t.id == 1 else t for t in small.trials)
    linear = best_over_trials(replace(small, trials=whole), ERROR)
    assert linear.figure.layout.yaxis.type is None
    assert "no place for 0 or less, so this one is linear" in linear.caption
    assert best_over_trials(small, "<script>").table == plain.table


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
