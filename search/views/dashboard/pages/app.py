"""The pages as one WSGI application: the frame around each, addresses, what is drawn when."""

from dataclasses import dataclass
from functools import partial

from dash import Dash, dcc, html
from dash.development.base_component import Component
from flask import Flask

from search.ledger.ledger import Ledger
from search.views.dashboard.pages import address, callbacks, downloads, requests, stage_notes
from search.views.dashboard.pages.parts import aria
from search.views.dashboard.pages.shelf import Shelf
from search.views.dashboard.woven import Weave

REFRESH_SECONDS = 2.0
OPTUNA = "/dashboard"  # where Optuna's dashboard is


@dataclass(frozen=True)
class Pages:
    """Our pages.

    Attributes:
        app: A WSGI application, to be mounted at /klayer.
        policy: Its Content-Security-Policy: scripts and styles of this server alone. Plotly writes
            styles into the page.
        weave: What it tells within Optuna's dashboard.
    """

    app: Flask
    policy: str
    weave: Weave


def pages_app(ledger: Ledger) -> Pages:
    """Our pages of a database, which the caller closes."""
    app = Dash(
        "search.views.dashboard.pages",
        requests_pathname_prefix=address.PREFIX,
        routes_pathname_prefix="/",
        title="klayer",
        update_title="",  # a title that flickers with every refresh says nothing
        suppress_callback_exceptions=True,  # pages differ in what they have
        serve_locally=True,
    )
    app.index_string = app.index_string.replace("<html>", '<html lang="en">')
    app.layout = _frame()
    shelf = Shelf(ledger)
    callbacks.register(app, shelf)
    downloads.register(app.server, shelf)
    requests.register(app, shelf)
    scripts = " ".join(app.csp_hashes())
    policy = "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
    return Pages(app.server, policy, partial(stage_notes.weave, shelf))


def _frame() -> Component:
    """What is around every page."""
    ways = [dcc.Link("Searches", href=address.PREFIX), html.A("Optuna", href=OPTUNA)]
    return html.Div(
        [
            dcc.Location(id="url"),
            dcc.Interval(id="tick", interval=1000 * REFRESH_SECONDS),
            dcc.Store(id="version"),
            dcc.Store(id="plots"),
            dcc.Store(id="titled"),
            dcc.Store(id="mode"),
            dcc.Store(id="tab"),
            dcc.Store(id="hidden"),
            dcc.Store(id="gridded"),
            dcc.Store(id="pins"),
            dcc.Store(id="chosen-mode", storage_type="local"),
            html.A("To the content", href="#page", className="skip"),
            html.Header(
                [
                    dcc.Link("klayer", href=address.PREFIX, className="brand"),
                    aria(html.Nav(ways), label="Pages"),
                    html.Button("Dark", id="toggle", className="take"),
                ]
            ),
            html.Div(id="trouble", role="alert"),
            html.Main(id="page", tabIndex=-1),
        ]
    )
