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


def test_small_numbers_and_options_are_not_broken_at_their_hyphens() -> None:
    text = "with weight_decay 4.562e-06, 98 % in all"
    told = ["with weight_decay ", "4.562e-06", ", 98\u00a0% in all"]
    (tile,) = parts.tiles([("Best", text, text)]).children
    for place in (*tile.children[1:], parts.table(["a"], [[text]], "A").children.children[2]):
        while not isinstance(place.children, list) or len(place.children) == 1:
            place = place.children[0]
        assert [getattr(one, "children", one) for one in place.children] == told
        assert place.children[1].className == "whole"
    assert parts.unbroken("klayer run a-b --set x")[1].children == "--set"
