"""What the pages' server says to requests that no page of ours makes: 400, or 404."""

from typing import Any

from dash import Dash
from flask import Flask, Response, abort, request

from search.errors import KlayerError
from search.views.dashboard.pages import address
from search.views.dashboard.pages.shelf import Shelf

UPDATE = "/_dash-update-component"


def register(app: Dash, shelf: Shelf) -> None:
    """Refuse updates that are none of ours; mark pages of addresses that name nothing."""
    server: Flask = app.server

    @server.before_request
    def known_update() -> None:
        asked = request.get_json(silent=True) if request.path == UPDATE else None
        if request.path == UPDATE and not _is_update(app, asked):
            abort(Response("This is no question of a page.\n", 400, mimetype="text/plain"))

    @server.after_request
    def unknown_page(response: Response) -> Response:
        # Dash answers any path with the frame around the pages, which then says what is wrong.
        framed = request.endpoint in ("/", "/<path:path>") and response.mimetype == "text/html"
        if framed and response.status_code == 200 and not _is_page(shelf):
            response.status_code = 404
        return response


def _is_update(app: Dash, asked: Any) -> bool:
    """Whether it asks for outputs that a page has, with as many inputs as they follow from."""
    output = asked.get("output") if isinstance(asked, dict) else None
    known = app.callback_map.get(output) if isinstance(output, str) else None
    if known is None:
        return False
    inputs, states = asked.get("inputs", []), asked.get("state", [])
    if not isinstance(inputs, list) or not isinstance(states, list):
        return False
    changed = asked.get("changedPropIds", [])
    return (len(inputs), len(states)) == (len(known["inputs"]), len(known["state"])) and (
        isinstance(changed, list) and all(isinstance(one, dict | list) for one in inputs + states)
    )


def _is_page(shelf: Shelf) -> bool:
    where = address.read(
        f"{address.PREFIX}{request.path.lstrip('/')}", request.query_string.decode()
    )
    if where is None or (where.kind == "compare" and not where.names):
        return False
    try:
        return set(where.names) <= set(shelf.ledger.read.names())
    except KlayerError:  # of which the page itself speaks
        return True
