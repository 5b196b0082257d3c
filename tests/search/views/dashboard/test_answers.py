"""What the guard says itself."""

from http import HTTPStatus
from typing import Any

import pytest

from search.views.dashboard.answers import Answer


@pytest.mark.parametrize(
    ("asked", "kind", "body"),
    [
        ({}, "text/plain; charset=utf-8", b"no \xe2\x80\x93 never\n"),
        ({"PATH_INFO": "/api/studies"}, "application/json", rb'{"reason": "no \u2013 never"}'),
        (
            {"HTTP_ACCEPT": "application/json, text/plain, */*"},
            "application/json",
            rb'{"reason": "no \u2013 never"}',
        ),
    ],
)
def test_an_answer_is_text_or_the_json_that_is_asked_for(
    asked: dict[str, str], kind: str, body: bytes
) -> None:
    told: list[Any] = []
    answer = Answer(HTTPStatus.FORBIDDEN, "no – never", (("X-A", "b"),))
    for method, sent in (("GET", [body]), ("HEAD", [])):
        assert answer.send({"REQUEST_METHOD": method} | asked, lambda *a: told.append(a)) == sent  # type: ignore[arg-type, func-returns-value]
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("X-A", "b")]
    assert told == [("403 Forbidden", headers)] * 2
