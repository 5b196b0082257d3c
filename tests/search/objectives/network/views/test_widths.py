"""Widths against accuracy."""

from dataclasses import replace

import numpy as np

from search.objectives.network.views.widths import widths
from search.views.plots.data import SearchData
from search.views.plots.standing import comparable


def test_each_layer_has_its_plot(wide: SearchData) -> None:
    plot = widths(wide)
    layout = plot.figure.layout
    assert layout.xaxis.title.text == "width of layer 1 (units)"
    assert layout.xaxis2.title.text == "width of layer 2 (units)"
    assert layout.yaxis.title.text == "validation accuracy (%)"
    rows = [row for row in plot.table.rows if row[0] == "width of layer 2 (units)"]
    assert [row[1] for row in rows] == [16, 32, 64]
    values = [100 * (t.value or 0) for t in comparable(wide) if t.parameters["width_2"] == 32]
    assert rows[1][2] == len(values)
    assert np.allclose(rows[1][3:6], np.quantile(values, (0.1, 0.5, 0.9)))
    assert rows[1][6] == max(values)


def test_of_errors_the_smallest_is_the_best(wide: SearchData) -> None:
    """Values are told in their own unit, on the scale of their metric."""
    study, whole = wide.search.study, wide.search.study.objective
    objective = replace(whole, facts=replace(whole.facts, task="regression", outputs=1))
    search = replace(wide.search, study=study.model_copy(update={"objective": objective}))
    data = replace(wide, search=search)
    plot = widths(data)
    assert plot.figure.layout.yaxis.title.text == "validation RMSE (log)"
    assert plot.table.columns[3:] == ("10 % below", "median", "10 % above", "best")
    rows = [row for row in plot.table.rows if row[0] == "width of layer 2 (units)"]
    values = [t.value for t in comparable(data) if t.parameters["width_2"] == 32]
    assert rows[1][6] == min(values)
    assert " %<" not in plot.figure.data[-1].hovertemplate


def test_many_widths_are_taken_together(large: SearchData) -> None:
    rows = widths(large).table.rows
    assert 10 < len(rows) <= 25
    assert sum(row[2] for row in rows) == len(comparable(large))
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)


def test_a_search_of_other_things_says_so(small: SearchData) -> None:
    plot = widths(small)
    assert plot.empty
    assert "No stage searches widths" in plot.caption
