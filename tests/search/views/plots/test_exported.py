"""A picture that stands alone says what it is, and leaves room for that."""

import pytest

from search.views.plots.best import best_over_trials
from search.views.plots.data import SearchData
from search.views.plots.exported import exported
from search.views.plots.parallel import parallel
from search.views.plots.plot import nothing


@pytest.mark.parametrize("draw", [parallel, best_over_trials])
def test_title_name_and_caption_stand_above_the_axes(small: SearchData, draw: object) -> None:
    plot = draw(small)  # type: ignore[operator]
    before = plot.figure.to_json()
    wide, narrow = (exported(plot, "a <b> search", width) for width in (1000, 400))
    note = wide.layout.annotations[-1]
    assert f"<b>{plot.title}</b> – a &lt;b&gt; search" in note.text
    assert " ".join(note.text.split("<br>")[1:]) == plot.caption
    assert narrow.layout.margin.t > wide.layout.margin.t > note.yshift
    bar = plot.figure.layout.coloraxis.colorbar.title.text
    assert (note.yshift > 40) == (bar is not None)
    assert plot.figure.to_json() == before


def test_a_plot_of_nothing_says_its_caption_once() -> None:
    figure = exported(nothing("none", "None", "There is nothing."), "search", 1000)
    assert sum("nothing" in note.text for note in figure.layout.annotations) == 1
