"""The page of all searches: how each stands, and the way to it."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from search.objective.metric import ABSENT
from search.runtime.formatting import ago, duration, parameters, plural
from search.views.dashboard.pages import address, parts
from search.views.reading.overview import Overview, evaluation_text, value_text

COLUMNS = (
    "search",
    "state",
    "progress",
    "best single value",
    "test",
    "workers",
    "recorded",
    "time left",
)


def page(found: Sequence[Overview]) -> Component:
    """The page with its list, which a callback keeps up to date, and the way to two of them."""
    pair = [_pair(found)] if len(found) > 1 else []
    return html.Div([html.H1("Searches"), html.Div(listed(found), id="searches"), *pair])


def listed(found: Sequence[Overview]) -> Component:
    """All searches, or what to do where there is none."""
    if not found:
        return parts.nothing(
            "No search is recorded in this database yet",
            "Begin one in a shell, with the same --storage: ",
            html.Code("klayer run digits"),
            " needs no data but its own.",
        )
    return parts.wide_table(COLUMNS, [_row(one) for one in found], "All searches")


def _row(one: Overview) -> list[Component | str]:
    best: Sequence[Component | str] = [ABSENT]
    if one.best is not None:
        value = html.Span(value_text(one), className="whole")
        best = [value, f" at {parameters(one.best.parameters)}"]
    return [
        dcc.Link(one.name, href=address.of_search(one.name), title=one.description),
        state(one),
        parts.progress(one.progress, f"progress of {one.name}"),
        html.Span(best),
        evaluation_text(one),
        str(one.workers) if one.workers else "none",
        when(one),
        left(one),
    ]


def state(one: Overview) -> Component:
    """In a word how a search stands, and in what it is."""
    said = {
        "finished": "finished",
        "failed": "failed",
        "stopped": "stopped",
        "running": f"running: {one.stage}",
        "waiting": f"waits for a worker: {one.stage}",
    }[one.state]
    return html.Span(said, className=f"state {one.state}", title=one.failure or "")


def when(one: Overview) -> str:
    """How old a search is, or how long it took."""
    if one.state == "finished":
        return f"took {duration(one.age)}"
    return ago(one.age)


def left(one: Overview) -> str:
    """How long a search may take yet."""
    return "–" if one.left is None else f"about {duration(one.left)}"


def _pair(found: Sequence[Overview]) -> Component:
    """A form that leads to two searches beside each other."""
    options = [{"label": one.name, "value": one.name} for one in found]
    choices = [
        html.Label(
            [label, dcc.Dropdown(options, found[place].name, id=f"pair-{key}", clearable=False)]
        )
        for place, (key, label) in enumerate((("a", "Compare"), ("b", "with")))
    ]
    link = dcc.Link(
        "Show both", href=address.of_pair(found[0].name, found[1].name), id="pair", className="take"
    )
    return html.Div([*choices, link], className="controls", title=plural(len(found), "search"))
