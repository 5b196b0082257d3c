"""What pages are made of."""

import pytest
from dash import dcc

from search.views.dashboard.pages import parts


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        ("98.00 %", "whole"),
        ("a sentence of some length, which may be broken", None),
        (dcc.Link("a-search-of-many-words", href="/"), "whole"),
        (dcc.Link("a-search-" * 5, href="/"), None),
    ],
)
def test_numbers_and_names_are_not_broken(content: object, whole: str | None) -> None:
    table = parts.table(["name"], [[content]], "Names").children
    cell = table.children[2].children[0].children[0]
    assert getattr(cell, "className", None) == whole


def test_no_number_is_broken_at_its_exponent_and_no_option_at_its_dashes() -> None:
    assert parts.sentence("klayer run a-b --set x")[1].children == "--set"
    first, number, last = parts.sentence("rate: [1e-06, 0.1], 97 % of it")
    assert (first, last) == ("rate: [", ", 0.1], 97\u00a0% of it")
    assert (number.children, number.className) == ("1e-06", "whole")
