"""What pages are made of, packed with gzip on its way to a browser that takes it.

A first visit is 6 MB of scripts otherwise. Files that a browser knows by a mark are packed once.
"""

import gzip
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.http import parse_accept_header
from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LEAST_BYTES = 1_000  # less gains nothing
KEPT = 64  # files
_KINDS = ("text/", "application/json", "application/javascript")


class Compressed:
    """A WSGI application whose texts are packed; the other one answers with whole bodies.

    Args:
        app: The other one.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def __call__(self, asked: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        taken = parse_accept_header(asked.get("HTTP_ACCEPT_ENCODING", ""))
        if taken.quality("gzip") <= 0 or asked["REQUEST_METHOD"] == "HEAD":
            return self._app(asked, start)
        began: list[tuple[str, Headers, Any]] = []

        def begin(status: str, headers: Any, caught: Any = None, /) -> Any:
            began[:] = [(status, Headers(headers), caught)]
            return lambda _: None

        answer = self._app(asked, begin)
        status, headers, caught = began[0]
        if not _gains(status, headers):
            start(status, headers.to_wsgi_list(), caught)
            return answer
        body = b"".join(ClosingIterator(answer, getattr(answer, "close", ())))
        if len(body) >= LEAST_BYTES:
            body = self._packed(asked.get("PATH_INFO", ""), headers, body)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        headers.add("Vary", "Accept-Encoding")
        start(status, headers.to_wsgi_list(), caught)
        return [body]

    def _packed(self, path: str, headers: Headers, body: bytes) -> bytes:
        kept = headers.get("Cache-Control", "")
        mark = headers.get("ETag") or headers.get("Last-Modified") or kept
        if "max-age" not in kept and mark == kept:  # made for this request
            return gzip.compress(body, 4, mtime=0)
        with self._lock:
            known = self._kept.get((path, mark))
        if known is None:
            known = gzip.compress(body, 6, mtime=0)
        with self._lock:
            self._kept[path, mark] = known
            self._kept.move_to_end((path, mark))
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return known


def _gains(status: str, headers: Headers) -> bool:
    kind = headers.get("Content-Type", "")
    return (
        status.startswith("200") and "Content-Encoding" not in headers and kind.startswith(_KINDS)
    )
