"""What is drawn when: pages when their address is opened, what is on them when there is news.

A browser asks every two seconds whether there is news, and is answered with numbers: one changes
with anything that the page says, one with what its plots show. Only then does it ask for more,
and of plots only for those that are in sight. What it has stays while it gets new ones.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from search.errors import KlayerError
from search.ledger.faults import DatabaseFaultError
from search.ledger.records import RecordedTrial
from search.views.dashboard.pages import (
    address,
    compare_page,
    drawing,
    parts,
    search_page,
    searches,
    trial_page,
    trials_grid,
)
from search.views.dashboard.pages.address import Address, PageKind
from search.views.dashboard.pages.gallery import Gallery
from search.views.dashboard.pages.search_page import Told
from search.views.dashboard.pages.shelf import Shelf
from search.views.plots import parallel
from search.views.plots.data import SearchData
from search.views.reading.overview import Overview
from search.views.terminal.verdict import verdict, where

RETRY_MILLISECONDS = 3000

P = ParamSpec("P")
T = TypeVar("T")


def register(app: Dash, shelf: Shelf) -> None:
    """Let the pages be filled."""
    gallery = Gallery(shelf)
    _register_pages(app, shelf)
    _register_news(app, shelf, gallery)
    _register_standings(app, shelf)
    _register_plots(app, gallery)
    _register_in_the_browser(app)


def _register_pages(app: Dash, shelf: Shelf) -> None:
    @app.callback(
        Output("page", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("retry", "n_intervals", allow_optional=True),
    )
    def page(path: str | None, query: str | None, _: Any) -> Component:
        try:
            return _page(shelf, address.read(path, query))
        except KlayerError as error:
            # A search may be recorded yet, and a database come back.
            retry = dcc.Interval(id="retry", interval=RETRY_MILLISECONDS)
            return html.Div([parts.nothing("This page cannot be shown", str(error)), retry])


def _register_news(app: Dash, shelf: Shelf, gallery: Gallery) -> None:
    @app.callback(
        Output("version", "data"),
        Output("plots", "data"),
        Output("trouble", "children"),
        Input("tick", "n_intervals"),
        Input("url", "pathname"),
        Input("url", "search"),
        State("version", "data"),
        State("plots", "data"),
    )
    def news(_: int, path: Any, query: Any, known: Any, drawn: Any) -> Any:
        try:
            where = address.read(path, query)
            version = _version(shelf, where)
            # Of which page it is, so that no other page asks for its plots by it.
            plots = [f"{path}{query or ''}", gallery.version(where) if where else ""]
        except DatabaseFaultError as error:
            return no_update, no_update, f"What is shown may be old: {error}"
        except KlayerError:  # of which the page itself speaks
            return no_update, no_update, ""
        return (
            no_update if version == known else version,
            no_update if plots == drawn else plots,
            "",
        )


def _register_standings(app: Dash, shelf: Shelf) -> None:
    """How what a page is about stands, again and again; what is shown stays where that fails."""

    @app.callback(
        Output("searches", "children"), Input("version", "data"), prevent_initial_call=True
    )
    @_or_as_it_is
    def of_all(_: Any) -> Component:
        return searches.listed(shelf.overviews.all())

    @app.callback(
        Output("standing", "children"),
        Output("stage-table", "children"),
        Output("best-trials", "children"),
        Output("shown", "data"),
        Input("version", "data"),
        State("url", "pathname"),
        prevent_initial_call=True,
    )
    @_or_as_it_is
    def of_search(_: Any, path: Any) -> tuple[Any, ...]:
        (name,) = _expected("search", path).names
        data = shelf.digest(name).outline()
        one = shelf.overviews.of(data)
        standing = search_page.standing(data, one, _told(shelf, data, one))
        shown = search_page.shown(data)
        return standing, search_page.stages(data), search_page.best(data), shown

    @app.callback(
        Output(trials_grid.GRID, "rowData"),
        Input("plots", "data"),
        Input("tab", "data"),
        State("url", "pathname"),
        prevent_initial_call=True,
    )
    @_or_as_it_is
    def of_trials(_: Any, tab: Any, path: Any) -> list[dict[str, Any]]:
        (name,) = _expected("search", path).names
        if tab != "trials":  # it is brought when somebody looks
            raise PreventUpdate
        return trials_grid.rows(shelf.digest(name).outline())

    @app.callback(
        Output("trial-standing", "children"),
        Input("version", "data"),
        State("url", "pathname"),
        prevent_initial_call=True,
    )
    @_or_as_it_is
    def of_trial(_: Any, path: Any) -> list[Component]:
        data, trial = _trial(shelf, _expected("trial", path))
        return trial_page.standing(data, trial, shelf.ledger.read.worked_on(trial))

    @app.callback(
        Output("compare-table", "children"),
        Input("version", "data"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    @_or_as_it_is
    def of_several(_: Any, path: Any, query: Any) -> Component:
        names = _expected("compare", path, query).names
        return compare_page.table(_overviews(shelf, names))


def _or_as_it_is(callback: Callable[P, T]) -> Callable[P, T]:
    """Leave what is shown where there is a fault; `news` tells of those of the database."""

    @wraps(callback)
    def bearing(*given: P.args, **named: P.kwargs) -> T:
        try:
            return callback(*given, **named)
        except KlayerError:
            raise PreventUpdate from None

    return bearing


def _expected(kind: PageKind, path: object, query: object = None) -> Address:
    """The address of a page of that kind.

    Raises:
        KlayerError: It is another's: a page that is being left asks once more.
    """
    where = address.read(path, query)
    if where is None or where.kind != kind:
        raise KlayerError(f"this is no page of a {kind}")
    return where


def _trial(shelf: Shelf, where: Address) -> tuple[SearchData, RecordedTrial]:
    """The trial of an address.

    Raises:
        KlayerError: There is no such search or trial, or the database failed.
    """
    data = shelf.digest(where.names[0]).outline()
    trial = trial_page.find(data, where.stage, where.number)
    if trial is None:
        raise KlayerError(
            f"{data.name} has no trial {where.number} of a stage {where.stage}, or not yet"
        )
    return data, trial


def _page(shelf: Shelf, where: Address | None) -> Component:
    """The page of an address.

    Raises:
        KlayerError: There is no such search or trial, or the database failed.
    """
    if where is None:
        return parts.nothing("There is no page of this address", *_home())
    if where.kind == "searches":
        return searches.page(shelf.overviews.all())
    if where.kind == "compare" and not where.names:
        most = address.MOST_COMPARED
        return parts.nothing(f"Two to {most} different searches are compared", *_home())
    if where.kind == "compare":
        studies = [shelf.digest(name).outline().search.study for name in where.names]
        return compare_page.page(_overviews(shelf, where.names), studies)
    if where.kind == "trial":
        data, trial = _trial(shelf, where)
        return trial_page.page(data, trial, shelf.ledger.read.worked_on(trial))
    data = shelf.digest(where.names[0]).outline()
    text, one = shelf.ledger.read.text(data.search), shelf.overviews.of(data)
    return search_page.page(data, one, _told(shelf, data, one), text)


def _told(shelf: Shelf, data: SearchData, one: Overview) -> Told:
    at, read = where(shelf.ledger.database.shown), shelf.ledger.read
    said = verdict(data.search, data.stages, data.trials, one.best, data.time, at)
    return Told(said, read.now_trained(data.search), at)


def _overviews(shelf: Shelf, names: Sequence[str]) -> list[Overview]:
    return [shelf.overviews.of(shelf.digest(name).outline()) for name in names]


def _home() -> Sequence[Component | str]:
    return ("Choose from ", html.A("all searches", href=address.PREFIX), ".")


def _version(shelf: Shelf, where: Address | None) -> Any:
    """What changes with what a page shows.

    Raises:
        KlayerError: The database failed.
    """
    if where is None:
        return ""
    if where.kind == "searches":
        # Ages are said in minutes; what is older says hours or days, and waits for other news.
        return [
            [o.name, o.state, o.finished, o.progress, o.workers, int(o.age // 60)]
            for o in shelf.overviews.all()
        ]
    told: list[Any] = [where.kind, where.stage, where.number]
    for name in where.names:
        digest = shelf.digest(name)
        one = shelf.overviews.of(digest.outline())
        told += [digest.version(), one.state, one.workers, int(one.age // 60)]
    return told


def _register_plots(app: Dash, gallery: Gallery) -> None:
    @app.callback(
        Output({"type": "sent", "key": MATCH}, "data"),
        Input({"type": "ask", "key": MATCH}, "data"),
        State({"type": "frame", "key": MATCH}, "id"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def draw(asked: Any, which: Any, path: Any, query: Any) -> list[Any]:
        where = address.read(path, query)
        key = which.get("key") if isinstance(which, dict) else None
        # A page that is being left may ask once more, when its address is another's already.
        if where is None or not drawing.stands_on(key, where):
            raise PreventUpdate
        if not isinstance(asked, list) or len(asked) != 5:
            raise PreventUpdate
        _, mode, *choices = asked  # as assets/klayer.js says it
        try:
            options = drawing.Options.read(*choices)
            shown = gallery.plot(where, key, options, "dark" if mode == "dark" else "light")
        except DatabaseFaultError:  # what is shown stays, and the browser asks again
            raise PreventUpdate from None
        return [shown.figure, shown.size, shown.caption, asked]


def _register_in_the_browser(app: Dash) -> None:
    brushed = {"type": "plot", "key": parallel.KEY}
    """What assets/klayer.js does without asking the server."""
    app.clientside_callback(
        ClientsideFunction("klayer", "mount"),
        Output({"type": "frame", "key": MATCH}, "children"),
        Input({"type": "seen", "key": MATCH}, "data"),
        State({"type": "frame", "key": MATCH}, "children"),
        State({"type": "frame", "key": MATCH}, "id"),
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "ask"),
        Output({"type": "ask", "key": MATCH}, "data"),
        Input("tick", "n_intervals"),
        Input({"type": "drawn", "key": MATCH}, "data"),
        Input({"type": "frame", "key": MATCH}, "children"),
        Input({"type": "seen", "key": MATCH}, "data"),
        Input("plots", "data"),
        Input("mode", "data"),
        Input({"type": "option", "key": MATCH, "name": "first"}, "value"),
        Input({"type": "option", "key": MATCH, "name": "second"}, "value"),
        Input("pins", "data"),
        State("version", "data"),
        State({"type": "frame", "key": MATCH}, "id"),
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "spoken"),
        Output({"type": "plot", "key": MATCH}, "figure"),
        Output({"type": "frame", "key": MATCH}, "className"),
        Output({"type": "caption", "key": MATCH}, "children"),
        Output({"type": "drawn", "key": MATCH}, "data"),
        Input({"type": "sent", "key": MATCH}, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "title"),
        Output("titled", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "mode"),
        Output("mode", "data"),
        Output("toggle", "children"),
        Output("chosen-mode", "data"),
        Input("toggle", "n_clicks"),
        State("chosen-mode", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "csv"),
        Output({"type": "csv", "key": MATCH}, "href"),
        Input({"type": "option", "key": MATCH, "name": "first"}, "value"),
        Input({"type": "option", "key": MATCH, "name": "second"}, "value"),
        Input("pins", "data"),
        State({"type": "csv", "key": MATCH}, "href"),
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "choose"),
        Output({"type": "frame", "key": MATCH}, "title"),
        Input({"type": "option", "key": MATCH, "name": "first"}, "value"),
        Input({"type": "option", "key": MATCH, "name": "second"}, "value"),
        State({"type": "frame", "key": MATCH}, "id"),
    )
    for form in ("svg", "png"):
        app.clientside_callback(
            ClientsideFunction("klayer", form),
            Output({"type": form, "key": MATCH}, "title"),
            Input({"type": form, "key": MATCH}, "n_clicks"),
            State({"type": "frame", "key": MATCH}, "id"),
            prevent_initial_call=True,
        )
    app.clientside_callback(
        ClientsideFunction("klayer", "hide"),
        Output("hidden", "data"),
        Input("shown", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "open"),
        Output({"type": "plot", "key": MATCH}, "clickData"),
        Input({"type": "plot", "key": MATCH}, "clickData"),
        State({"type": "plot", "key": MATCH}, "figure"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "brush"),
        Output(brushed, "selectedData"),
        Input(brushed, "selectedData"),
        State(brushed, "figure"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "grid"),
        Output("gridded", "data"),
        Input(trials_grid.GRID, "filterModel"),
        Input(trials_grid.GRID, "columnState"),
        Input("grid-search", "value"),
        Input(trials_grid.GRID, "rowData"),
        Input(trials_grid.GRID, "selectedRows"),
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "pinned"),
        Output("pinned", "children"),
        Input("pins", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("klayer", "compare"),
        Output("compare", "children"),
        Input({"type": "tick", "name": ALL}, "value"),
        State("compare", "data-most"),
    )
