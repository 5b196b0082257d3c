"""Plots: their tables as CSV, their texts without effect."""

import plotly.graph_objects as go
import pytest

from search.views.plots.plot import Plot, Table, drawn, escape, nothing


def test_a_table_is_csv_with_a_header() -> None:
    table = Table(("stage", "value (%)"), [("a,b", 1.5), ("c", None)])
    assert table.csv() == 'stage,value (%)\n"a,b",1.5\nc,\n'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_texts_that_a_spreadsheet_would_run_are_inert(text: str) -> None:
    assert f"'{text}" in Table(("a",), [(text,)]).csv()


def test_negative_numbers_stay_numbers() -> None:
    assert Table(("a",), [(-1.5,)]).csv() == "a\n-1.5\n"


def test_escaped_texts_have_no_effect() -> None:
    assert escape('<a href="x">&') == '&lt;a href="x"&gt;&amp;'
    assert escape("%{x}") == "%&#123;x}"
    assert escape("&lt;") == "&amp;lt;"
    assert escape(3) == "3"
    assert escape("two\nlines\x1b[31m\x7f") == "two lines [31m "


def test_a_drawn_plot_has_its_title_and_no_template() -> None:
    plot = drawn("k", "<b>", "s", go.Figure(), Table((), ()))
    assert isinstance(plot, Plot)
    assert plot.figure.layout.title.text == "&lt;b&gt;"
    assert plot.figure.layout.template.layout.paper_bgcolor is None
    assert not plot.empty


def test_nothing_says_what_to_do_in_short_lines() -> None:
    plot = nothing("k", "t", "a <word> " * 12)
    text = plot.figure.layout.annotations[0].text
    assert plot.empty
    assert "<word>" not in text
    assert max(len(line) for line in text.replace("&lt;", "<").split("<br>")) < 60
