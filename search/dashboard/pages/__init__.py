"""klayer's own pages. For now: the list of all searches, and a note for each stage."""

import html
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.dashboard.woven import Weave, Woven, link, plain
from search.ledger.ledger import Ledger

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = "default-src 'none'; style-src 'self'"


@dataclass(frozen=True)
class Pages:
    """Our pages.

    Attributes:
        app: A WSGI application, to be mounted at /klayer.
        policy: Its Content-Security-Policy.
        weave: What it tells within Optuna's dashboard.
    """

    app: "WSGIApplication"
    policy: str
    weave: Weave


def pages_app(ledger: Ledger) -> Pages:
    """Our pages of a database."""
    return Pages(_list_of(lambda: ledger.read.names()), POLICY, lambda name: _note(ledger, name))


def _list_of(names: Callable[[], Iterable[str]]) -> "WSGIApplication":
    def app(asked: "WSGIEnvironment", start: "StartResponse") -> list[bytes]:
        found = asked.get("PATH_INFO", "") in ("", "/")
        start("200 OK" if found else "404 Not Found", [("Content-Type", "text/html;charset=utf-8")])
        items = "".join(f"<li>{html.escape(name)}</li>" for name in names()) if found else ""
        more = '<p><a href="/dashboard">Optuna\'s dashboard</a></p>'
        return [f"<!doctype html><title>klayer</title><ul>{items}</ul>{more}".encode()]

    return app


def _note(ledger: Ledger, study: str) -> Woven | None:
    name, _, stage = study.partition("/")
    if not stage or name not in ledger.read.names():
        return None
    for one in ledger.read.stages(ledger.read.search(name)):
        if stage == f"{one.step.number}-{one.step.name}":
            text = link(f"{name} in klayer", "klayer", "search", name)
            return Woven(f"{text}\n\n{plain(one.explanation or '')}")
    return None
