"""The guard as a whole: what reaches the application, and what its responses say."""

import logging
from collections.abc import Iterable
from typing import Any

import pytest

from search.views.dashboard.access import Access
from search.views.dashboard.guard import Guard, Rules
from search.views.dashboard.hosts import hosts
from search.views.dashboard.tries import MOST, Tries
from tests.search.views.dashboard.browsing import ask, basic, echo

OWN = hosts("127.0.0.1", "127.0.0.1")
OPEN = Guard(echo, Rules(OWN, policies=(("/klayer/", "default-src 'self'"),)))


def test_what_keeps_the_rules_reaches_the_application() -> None:
    told = ask(OPEN, "/dashboard")
    assert (told.status_code, told.text) == (200, "GET /dashboard")


@pytest.mark.parametrize("host", ["evil.example:8080", "evil.example", None])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_foreign_host_reaches_nothing(host: str | None, method: str) -> None:
    asked: list[str] = []

    def app(environment: Any, start: Any) -> Iterable[bytes]:
        asked.append("reached")
        return echo(environment, start)

    environment = {"REQUEST_METHOD": method, "PATH_INFO": "/"}
    environment |= {} if host is None else {"HTTP_HOST": host, "HTTP_ORIGIN": f"http://{host}"}
    told: list[Any] = []
    (body,) = Guard(app, Rules(OWN))(environment, lambda *line: told.append(line))  # type: ignore[arg-type, func-returns-value]
    assert told[0][0] == "421 Misdirected Request"
    assert body.decode().count(".") == 1
    assert asked == []


def test_who_asks_under_a_foreign_name_cannot_try_passwords() -> None:
    guarded = Guard(echo, Rules(OWN, Access("right password", 8080, Tries(lambda: 0.0))))
    for _ in range(2 * MOST):
        told = ask(guarded, "/", Host="evil.example", Authorization=basic("wrong"))
        assert told.status_code == 421
    assert ask(guarded, "/", Authorization=basic("right password")).status_code == 200


def test_every_response_is_secured_whether_refused_or_not() -> None:
    for told in (ask(OPEN), ask(OPEN, Host="evil"), ask(OPEN, "/", "POST")):
        assert told.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in told.headers["Content-Security-Policy"]
    assert ask(OPEN).headers["Content-Security-Policy"].startswith("default-src 'none'")
    told = ask(OPEN, "/klayer/search/a")
    assert told.headers["Content-Security-Policy"].startswith("default-src 'self'")


def test_a_page_that_fails_tells_its_visitor_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def failing(*_: Any) -> Iterable[bytes]:
        raise RuntimeError("s3cret of the inside")

    with caplog.at_level(logging.ERROR):
        told = ask(Guard(failing, Rules(OWN)))
    assert told.status_code == 500
    assert "s3cret" not in told.text
    assert "s3cret" in caplog.text
    assert told.headers["X-Frame-Options"] == "DENY"
