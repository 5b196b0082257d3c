"""Answers that the guard gives itself: a refusal in one sentence, or a way to another address."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass(frozen=True)
class Answer:
    """An answer that no page stands behind.

    Attributes:
        status: Of HTTP.
        reason: One sentence for who asked: what is wrong, and what would be right.
        headers: Besides those that say what the body is.
    """

    status: HTTPStatus
    reason: str
    headers: tuple[tuple[str, str], ...] = ()

    def send(self, asked: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """Answer: with JSON, whose reason Optuna's dashboard shows, or with text.

        Args:
            asked: The request.
            start: Begins the response.
        """
        wants = "application/json" in asked.get("HTTP_ACCEPT", "")
        if wants or asked.get("PATH_INFO", "").startswith("/api/"):
            kind, text = "application/json", json.dumps({"reason": self.reason})
        else:
            kind, text = "text/plain; charset=utf-8", f"{self.reason}\n"
        body = text.encode()
        about = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        start(f"{self.status.value} {self.status.phrase}", [*about, *self.headers])
        return [] if asked["REQUEST_METHOD"] == "HEAD" else [body]
