"""The page of two searches beside each other: how they stand, and plots of both."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from search.objective.metric import ABSENT
from search.runtime.formatting import parameters
from search.views.dashboard.pages import address, parts
from search.views.dashboard.pages.searches import when
from search.views.reading.overview import Overview, evaluation_text, value_text

PLOTS = {
    "compare-trials": "Best value over trials",
    "compare-time": "Best value over time",
    "compare-zoom": "The zoom of both",
}


def page(overviews: Sequence[Overview]) -> Component:
    """The page with the places of its plots, which callbacks fill."""
    named = [one.name for one in overviews]
    return html.Div(
        [
            html.H1(" and ".join(named)),
            html.Div(table(overviews), id="compare-table"),
            html.Div(
                [
                    parts.plot_card(key, title, address.of_data(",".join(named), key))
                    for key, title in PLOTS.items()
                ],
                className="cards",
            ),
        ]
    )


def table(overviews: Sequence[Overview]) -> Component:
    """How both stand."""
    heads = [dcc.Link(one.name, href=address.of_search(one.name)) for one in overviews]
    return parts.table(("", *heads), _rows(overviews), "How both stand")


def _rows(overviews: Sequence[Overview]) -> list[list[str]]:
    def row(label: str, *cells: str) -> list[str]:
        return [label, *cells]

    best = [one.best for one in overviews]
    said = dict.fromkeys(one.evaluation.label for one in overviews if one.evaluation is not None)
    label = " or ".join(said).lower()
    return [
        row("state", *(one.state for one in overviews)),
        row("trials", *(f"{one.finished:,} of {one.trials:,}" for one in overviews)),
        row(f"best single {_scores(overviews)}", *map(value_text, overviews)),
        row("at", *(ABSENT if one is None else parameters(one.parameters) for one in best)),
        *([row(label, *map(evaluation_text, overviews))] if label else []),
        row("recorded", *map(when, overviews)),
    ]


def _scores(overviews: Sequence[Overview]) -> str:
    """What their best values are."""
    return " or ".join(dict.fromkeys(one.objective.score.words for one in overviews))
