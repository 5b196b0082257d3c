"""Two searches in one plot."""

import pytest

from search.errors import KlayerError
from search.views.plots.compare import compare_best, compare_zoom
from search.views.plots.data import SearchData


def test_each_search_has_its_line(small: SearchData, wide: SearchData) -> None:
    plot = compare_best([small, wide])
    assert len(plot.figure.data) == 2
    assert len({trace.line.color for trace in plot.figure.data}) == 2
    assert len(plot.table.rows) > len(compare_best([small]).table.rows)
    over_time = compare_best([small, wide], "time")
    assert over_time.figure.layout.xaxis.title.text.endswith("(h)")


def test_a_search_without_trials_is_said(small: SearchData, unplanned: SearchData) -> None:
    plot = compare_best([small, unplanned])
    assert len(plot.figure.data) == 1
    assert "digits has no finished trial yet" in plot.caption
    assert compare_best([unplanned]).empty
    assert compare_zoom([unplanned]).empty
    assert not compare_zoom([unplanned, small]).empty


def test_what_is_no_order_is_refused(small: SearchData) -> None:
    with pytest.raises(KlayerError, match="'luck' to compare over; give trials or time"):
        compare_best([small], "luck")


def test_zooms_share_axes_and_colours(small: SearchData, wide: SearchData) -> None:
    plot = compare_zoom([small, wide])
    layout = plot.figure.layout
    assert [note.text for note in layout.annotations] == ["digits", "digits"]
    assert (layout.xaxis2.matches, layout.yaxis2.matches) == ("x", "y")
    assert (layout.xaxis2.type, layout.yaxis2.type) == ("log", "log")
    assert {trace.xaxis for trace in plot.figure.data} == {"x", "x2"}
    assert layout.coloraxis.cmax >= max(row[4] or 0 for row in plot.table.rows)
    assert sum(trace.showlegend is not False for trace in plot.figure.data) < 10
    assert plot.table.columns[-1] == "activation"
    assert plot.table.rows[0][-1] is None


def test_each_of_six_searches_has_a_colour_and_their_zooms_two_rows(small: SearchData) -> None:
    six = [small] * 6
    lines = compare_best(six).figure.data
    assert len({trace.line.color for trace in lines}) == 6
    assert len({trace.line.dash for trace in lines}) == 6  # equal ones are all seen
    layout = compare_zoom(six).figure.layout
    assert layout.xaxis.domain == layout.xaxis4.domain
    assert layout.yaxis.domain[0] > layout.yaxis4.domain[1]
    assert layout.xaxis4.title.text == "learning rate η (log)"
    assert layout.xaxis.title.text is None
    four = compare_zoom(six[:4]).figure.layout
    assert four.xaxis.domain == four.xaxis3.domain
