"""Pictures: their tables as CSV, their texts without effect."""

import plotly.graph_objects as go
import pytest

from search.views.plots.picture import Picture, Table, drawn, escape, nothing


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


def test_a_drawn_picture_has_its_title_and_no_template() -> None:
    picture = drawn("k", "<b>", "s", go.Figure(), Table((), ()))
    assert isinstance(picture, Picture)
    assert picture.figure.layout.title.text == "&lt;b&gt;"
    assert picture.figure.layout.template.layout.paper_bgcolor is None
    assert not picture.empty


def test_nothing_says_what_to_do_in_short_lines() -> None:
    picture = nothing("k", "t", "a <word> " * 12)
    text = picture.figure.layout.annotations[0].text
    assert picture.empty
    assert "<word>" not in text
    assert max(len(line) for line in text.replace("&lt;", "<").split("<br>")) < 60
