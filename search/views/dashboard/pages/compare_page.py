"""The page of searches beside each other: how they stand, plots of all, how their files differ."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from search.objective.metric import ABSENT
from search.runtime.formatting import parameters
from search.study.changes import changes
from search.study.file import Study
from search.views.dashboard.pages import address, parts
from search.views.dashboard.pages.searches import when
from search.views.reading.overview import Overview, evaluation_text, value_text

PLOTS = {
    "compare-trials": "Best value over trials",
    "compare-time": "Best value over time",
    "compare-zoom": "Their zooms",
}
SAME = "as there"


def page(overviews: Sequence[Overview], studies: Sequence[Study]) -> Component:
    """The page with the places of its plots, which callbacks fill.

    Args:
        overviews: How the searches stand, two or more.
        studies: Their studies, in the same order.
    """
    named = [one.name for one in overviews]
    return html.Div(
        [
            html.H1(", ".join(named)),
            html.Div(table(overviews), id="compare-table"),
            html.Div(
                [
                    parts.plot_card(key, title, address.of_data(",".join(named), key))
                    for key, title in PLOTS.items()
                ],
                className="cards tall" if len(named) > 3 else "cards",
            ),
            differing(studies),
        ]
    )


def table(overviews: Sequence[Overview]) -> Component:
    """How all of them stand."""
    heads = [dcc.Link(one.name, href=address.of_search(one.name)) for one in overviews]
    return parts.table(("", *heads), _rows(overviews), "How they stand")


def differing(studies: Sequence[Study]) -> Component:
    """What differs of the study files, each from the first: a row a key, a column a search."""
    first, *others = (
        {key: value for key, value in one.in_full().items() if key not in ("name", "description")}
        for one in studies
    )
    found = [{change.key: change for change in changes(first, other)} for other in others]
    keys = list(dict.fromkeys(key for one in found for key in one))
    if not keys:
        return parts.nothing("Their study files do not differ", "But for names and descriptions.")
    rows = [
        [
            html.Code(key),
            next(one[key].before for one in found if key in one),
            *(one[key].now if key in one else SAME for one in found),
        ]
        for key in keys
    ]
    heads = ("", *(one.name for one in studies))
    return parts.table(heads, rows, f"How study files differ from that of {studies[0].name}")


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
        row("time", *map(when, overviews)),
    ]


def _scores(overviews: Sequence[Overview]) -> str:
    """What their best values are."""
    return " or ".join(dict.fromkeys(one.objective.score.words for one in overviews))
