"""The page of two searches beside each other: their figures, and pictures of both."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from search.runtime.words import duration, parameters, percent
from search.views.dashboard.pages import address, parts
from search.views.reading.overview import Overview

PICTURES = {
    "compare-trials": "Best value over trials",
    "compare-time": "Best value over time",
    "compare-zoom": "The zoom of both",
}


def page(overviews: Sequence[Overview]) -> Component:
    """The page with the places of its pictures, which callbacks fill."""
    named = [one.name for one in overviews]
    return html.Div(
        [
            html.H1(" and ".join(named)),
            html.Div(table(overviews), id="compare-table"),
            html.Div(
                [
                    parts.picture_card(key, title, address.of_data(",".join(named), key))
                    for key, title in PICTURES.items()
                ],
                className="cards",
            ),
        ]
    )


def table(overviews: Sequence[Overview]) -> Component:
    """How both stand."""
    heads = [dcc.Link(one.name, href=address.of_search(one.name)) for one in overviews]
    return parts.table(("", *heads), _rows(overviews))


def _rows(overviews: Sequence[Overview]) -> list[list[str]]:
    def row(label: str, *cells: str) -> list[str]:
        return [label, *cells]

    best = [one.best for one in overviews]
    return [
        row("state", *(one.state for one in overviews)),
        row("trials", *(f"{one.finished:,} of {one.trials:,}" for one in overviews)),
        row(
            "best validation accuracy",
            *(percent(None if one is None else one.value) for one in best),
        ),
        row("at", *("–" if one is None else parameters(one.parameters) for one in best)),
        row("test accuracy", *(percent(one.test_accuracy) for one in overviews)),
        row("took, or begun ago", *(duration(one.age) for one in overviews)),
    ]
