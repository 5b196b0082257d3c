"""The page of all searches: how each stands, and the way to it."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from search.objective.metric import ABSENT
from search.runtime.formatting import ago, duration, parameters
from search.views.dashboard.pages import address, parts
from search.views.reading.overview import Overview, evaluation_text, value_text

COLUMNS = (
    "compare",
    "search",
    "state",
    "progress",
    "best single value",
    "test",
    "workers",
    "time",
    "time left",
)


def page(found: Sequence[Overview]) -> Component:
    """The page with its list, which a callback keeps up to date, and the way to those ticked."""
    ways = [_ways()] if found else []
    return html.Div([html.H1("Searches"), *ways, html.Div(listed(found), id="searches")])


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
        _tick(one.name),
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
    said += ", cut by its budget" if one.cut else ""
    return html.Span(said, className=f"state {one.state}", title=one.failure or one.cut)


def when(one: Overview) -> str:
    """How old a search is, or how long it took."""
    if one.state == "finished":
        return f"took {duration(one.age)}"
    return f"begun {ago(one.age)}"


def left(one: Overview) -> str:
    """How long a search may take yet."""
    return "–" if one.left is None else f"about {duration(one.left)}"


def _tick(name: str) -> Component:
    """A box to tick; what is ticked stays when the list is drawn anew."""
    label = html.Span(f"compare {name}", className="unseen")
    return dcc.Checklist(
        [{"label": label, "value": name}],
        [],
        id={"type": "tick", "name": name},
        persistence=True,
        persistence_type="memory",
    )


def _ways() -> Component:
    """The way to the searches that are ticked, or what to do; assets/klayer.js fills it."""
    ways = parts.aria(html.Div(id="compare", className="controls quiet"), live="polite")
    setattr(ways, "data-most", address.MOST_COMPARED)
    return ways
