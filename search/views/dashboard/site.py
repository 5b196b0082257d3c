"""The whole of what is served: Optuna's dashboard at the root, as it must be, and ours below it."""

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from search.views.dashboard.answers import Answer
from search.views.dashboard.compressed import Compressed
from search.views.dashboard.guard import Guard, Rules

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/klayer"
UPDATE = f"{PREFIX}/_dash-update-component"  # by POST, and yet it only reads


def site(
    pages: "WSGIApplication", optuna: "WSGIApplication", rules: Rules, policy: str
) -> "WSGIApplication":
    """Our pages and Optuna's dashboard as one application, guarded.

    Args:
        pages: Ours, which are found below `PREFIX`.
        optuna: Optuna's dashboard.
        rules: What requests are held to.
        policy: The Content-Security-Policy of our pages.
    """
    both = DispatcherMiddleware(optuna, {PREFIX: Compressed(pages)})

    def app(asked: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if asked.get("PATH_INFO", "") in ("", "/", PREFIX):
            home = ("Location", f"{PREFIX}/")
            return Answer(HTTPStatus.FOUND, "Our pages.", (home,)).send(asked, start)
        answer: Iterable[bytes] = both(asked, start)
        return answer

    known = replace(rules, reads=(UPDATE,), policies=((f"{PREFIX}/", policy),))
    return Guard(app, known)
