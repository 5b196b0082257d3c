"""What every request passes before a page sees it, and every response on its way out.

It knows nothing of klayer: any WSGI application can stand behind it.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from search.views.dashboard import writes
from search.views.dashboard.access import Access
from search.views.dashboard.answers import Answer
from search.views.dashboard.headers import Headers, secured
from search.views.dashboard.hosts import Hosts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """What the guard holds requests to.

    Attributes:
        hosts: The server's own names.
        access: Who may look; None for whoever reaches the server.
        reads: Paths to which a POST only reads, and so always passes.
        edit: Whether other requests may change something.
        policies: By the beginning of a path, the Content-Security-Policy of what is there.
    """

    hosts: Hosts
    access: Access | None = None
    reads: Collection[str] = ()
    edit: bool = False
    policies: tuple[tuple[str, str], ...] = ()

    def policy(self, path: str) -> str | None:
        """The policy of what stands at a path, if one was given."""
        return next((policy for start, policy in self.policies if path.startswith(start)), None)


class Guard:
    """A WSGI application that lets to another one only what keeps the rules.

    Args:
        app: What it guards.
        rules: The rules.
    """

    def __init__(self, app: "WSGIApplication", rules: Rules) -> None:
        self._app, self._rules = app, rules

    def __call__(self, asked: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """Answer a request: refuse it, or let the application answer."""
        rules, more = self._rules, list[tuple[str, str]]()
        policy = rules.policy(asked.get("PATH_INFO", ""))

        def begin(status: str, headers: Headers, caught: Any = None, /) -> Any:
            return start(status, secured([*headers, *more], policy), caught)

        refusal = _foreign(asked, rules) or writes.misplaced(asked)
        if refusal is None and rules.access is not None and not rules.access.knows(asked):
            refusal = rules.access.refusal(asked)
            more.extend([rules.access.new_cookie] if refusal is None else [])
        refusal = refusal or writes.forbidden(asked, rules.reads, edit=rules.edit)
        if refusal is not None:
            return refusal.send(asked, begin)
        try:
            return self._app(asked, begin)
        except Exception:
            _log.exception("a page failed")
            failed = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "This page failed; the log says why.")
            return failed.send(asked, begin)


def _foreign(asked: "WSGIEnvironment", rules: Rules) -> Answer | None:
    if rules.hosts.admit(asked.get("HTTP_HOST", "")):
        return None
    return Answer(
        HTTPStatus.MISDIRECTED_REQUEST,
        "This dashboard does not answer under that name; `klayer dashboard --allowed-host NAME` "
        "lets it.",
    )
