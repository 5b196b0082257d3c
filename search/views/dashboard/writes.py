"""Which requests may change something: none that another site's page sends, and few at all.

A browser sends along what this server knows its user by, whoever wrote the page that asks. So every
request that may change something has to say that it comes from a page of this server. And as long
as editing is not allowed, only those pass that are known to read.
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from search.views.dashboard.answers import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

READING = ("GET", "HEAD", "OPTIONS")
WRITING = ("POST", "PUT", "PATCH", "DELETE")
MOST_BYTES = 1 << 20  # of a request's body
# Optuna's dashboard would bring old tables up to date for whoever presses a button.
NEVER = frozenset({"/incompatible-rdb-schema"})


def misplaced(asked: "WSGIEnvironment") -> Answer | None:
    """What to answer a request that is none of a page of this server; None where it may be one."""
    method = asked["REQUEST_METHOD"]
    if method in READING:
        return _too_large(asked)
    if method not in WRITING:
        allowed = ("Allow", ", ".join((*READING, *WRITING)))
        reason = "No page here asks for anything in this way."
        return Answer(HTTPStatus.METHOD_NOT_ALLOWED, reason, (allowed,))
    if not _is_own(asked):
        return Answer(
            HTTPStatus.FORBIDDEN,
            "Only pages of this dashboard may change something here; their requests have an Origin "
            "that is its own address.",
        )
    return _too_large(asked) or _other_kind(asked)


def forbidden(asked: "WSGIEnvironment", reads: Collection[str], *, edit: bool) -> Answer | None:
    """What to answer a request that may change something, though it must not; None otherwise.

    Args:
        asked: The request.
        reads: Paths to which a POST only reads.
        edit: Whether changes are allowed.
    """
    method, path = asked["REQUEST_METHOD"], asked.get("PATH_INFO", "")
    if method in READING or (method == "POST" and path in reads):
        return None
    if edit and path.rstrip("/") not in NEVER:
        return None
    return Answer(
        HTTPStatus.FORBIDDEN,
        "This dashboard only shows; `klayer dashboard --allow-edit` lets changes through.",
    )


def _is_own(asked: "WSGIEnvironment") -> bool:
    """Whether a browser says that a page of this server asks."""
    if asked.get("HTTP_SEC_FETCH_SITE", "same-origin") not in ("same-origin", "none"):
        return False
    origin = asked.get("HTTP_ORIGIN") or asked.get("HTTP_REFERER", "")
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    own = asked.get("HTTP_HOST", "").lower()
    return parts.scheme in ("http", "https") and bool(own) and parts.netloc.lower() == own


def _too_large(asked: "WSGIEnvironment") -> Answer | None:
    size = asked.get("CONTENT_LENGTH") or "0"
    if not (size.isascii() and size.isdigit()):
        return Answer(HTTPStatus.BAD_REQUEST, "The length of the request is no number.")
    if len(size) > len(str(MOST_BYTES)) or int(size) > MOST_BYTES:
        return Answer(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The request has {size[:20]} bytes; at most {MOST_BYTES} are read.",
        )
    return None


def _other_kind(asked: "WSGIEnvironment") -> Answer | None:
    """Forms, which pages of other sites can send, are never JSON."""
    kind = asked.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    empty = (asked.get("CONTENT_LENGTH") or "0").strip("0") == ""
    if kind == "application/json" or (empty and not kind):
        return None
    return Answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A request here is JSON (application/json).")
