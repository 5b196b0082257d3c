"""The password of a dashboard: asked for, compared, exchanged, and tried too often."""

import hmac
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from search.errors import KlayerError
from search.views.dashboard import access
from search.views.dashboard.access import Access, needed_password
from search.views.dashboard.guard import Guard, Rules
from search.views.dashboard.hosts import hosts
from search.views.dashboard.tries import MOST, Tries
from tests.search.views.dashboard.browsing import ask, basic, echo

PASSWORD = "corréct horse"
OWN = hosts("127.0.0.1", "127.0.0.1")


@pytest.fixture
def app() -> Guard:
    return Guard(echo, Rules(OWN, Access(PASSWORD, 8080, Tries(lambda: 0.0))))


def cookie(response: TestResponse) -> str:
    """What a browser sends back."""
    return response.headers["Set-Cookie"].partition(";")[0]


def test_without_a_password_nobody_sees_anything(app: Guard) -> None:
    told = ask(app, "/api/studies")
    assert told.status_code == 401
    assert told.headers["WWW-Authenticate"] == 'Basic realm="klayer", charset="UTF-8"'
    assert "GET" not in told.text
    assert "Set-Cookie" not in told.headers


@pytest.mark.parametrize("name", ["anna", "", "b:o"[:1]])
def test_the_password_opens_with_any_user_name_and_a_cookie_stands_for_it(
    app: Guard, name: str
) -> None:
    told = ask(app, "/a", Authorization=basic(PASSWORD, name))
    assert (told.status_code, told.text) == (200, "GET /a")
    assert told.headers["Set-Cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
    again = ask(app, "/b", Cookie=f"other=1; {cookie(told)}")
    assert (again.status_code, again.text) == (200, "GET /b")
    assert "Set-Cookie" not in again.headers


@pytest.mark.parametrize(
    "header",
    [
        basic("wrong"),
        basic(""),
        basic(PASSWORD + " "),
        basic(PASSWORD[:-1]),
        "Basic !!!",
        "Basic",
        "Basic /////w==",
        "Basic " + "A" * 10_000,
        f"Bearer {PASSWORD}".encode("latin-1", "replace").decode("latin-1"),
    ],
)
def test_anything_else_does_not(app: Guard, header: str) -> None:
    told = ask(app, "/a", Authorization=header)
    assert told.status_code == 401
    assert "Set-Cookie" not in told.headers


def test_a_token_is_exchanged_for_a_cookie_and_is_gone_from_the_address(app: Guard) -> None:
    told = ask(app, "/search/a?x=1&token=corr%C3%A9ct+horse&y=%26")
    assert told.status_code == 303
    assert told.headers["Location"] == "/search/a?x=1&y=%26"
    assert ask(app, "/search/a", Cookie=cookie(told)).status_code == 200


def test_a_wrong_token_opens_nothing(app: Guard) -> None:
    told = ask(app, "/?token=wrong", Authorization=basic(PASSWORD))
    assert told.status_code == 401
    assert "Location" not in told.headers


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "///evil.example"])
def test_a_token_leads_to_no_other_host(app: Guard, path: str) -> None:
    answered: list[Any] = []
    asked = {
        "REQUEST_METHOD": "GET",
        "HTTP_HOST": "127.0.0.1:8080",
        "PATH_INFO": path,
        "QUERY_STRING": "token=corr%C3%A9ct+horse",
    }
    list(app(asked, lambda *told: answered.append(told)))  # type: ignore[arg-type, func-returns-value]
    location = dict(answered[0][1])["Location"]
    assert location.startswith(("/evil", "/%5C"))


@pytest.mark.parametrize("sent", ["klayer_8080=guessed", "klayer_8080", "=;;=", "klayer_8080="])
def test_a_cookie_that_was_not_given_out_opens_nothing(app: Guard, sent: str) -> None:
    assert ask(app, "/", Cookie=sent).status_code == 401


def test_a_cookie_of_a_server_before_opens_nothing(app: Guard) -> None:
    before = Guard(echo, Rules(OWN, Access(PASSWORD, 8080, Tries())))
    old = cookie(ask(before, "/", Authorization=basic(PASSWORD)))
    assert ask(before, "/", Cookie=old).status_code == 200
    assert ask(app, "/", Cookie=old).status_code == 401


def test_many_wrong_passwords_keep_even_the_right_one_out_but_no_cookie(app: Guard) -> None:
    known = cookie(ask(app, "/", Authorization=basic(PASSWORD)))
    for _ in range(MOST):
        assert ask(app, "/", Authorization=basic("wrong")).status_code == 401
    told = ask(app, "/", Authorization=basic(PASSWORD))
    assert told.status_code == 429
    assert int(told.headers["Retry-After"]) > 0
    assert ask(app, "/?token=corr%C3%A9ct+horse").status_code == 429
    assert ask(app, "/", Cookie=known).status_code == 200


def test_to_bring_nothing_is_no_wrong_try(app: Guard) -> None:
    for _ in range(2 * MOST):
        ask(app, "/")
    assert ask(app, "/", Authorization=basic(PASSWORD)).status_code == 200


def test_secrets_are_compared_in_constant_time_and_by_digests_of_one_length(
    app: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    class Watched:
        compare_digest = staticmethod(watched)

    monkeypatch.setattr(access, "hmac", Watched)
    ask(app, "/", Authorization=basic("w"))
    ask(app, "/?token=wrong")
    ask(app, "/", Cookie="klayer_8080=wrong")
    assert len(compared) == 3
    assert {len(part) for pair in compared for part in pair} == {32}
    assert PASSWORD.encode() not in [part for pair in compared for part in pair]


def test_on_loopback_a_password_is_asked_for_only_if_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("long enough\n", "utf-8")
    assert needed_password("127.0.0.1", loopback=True, environment={}) is None
    for given in (
        {"KLAYER_DASHBOARD_PASSWORD": "long enough"},
        {"KLAYER_DASHBOARD_PASSWORD_FILE": str(file)},
    ):
        for loopback in (True, False):
            assert needed_password("h", loopback=loopback, environment=given) == "long enough"


def test_where_others_reach_it_there_must_be_one() -> None:
    with pytest.raises(KlayerError, match=r"--host: at 0\.0\.0\.0 others reach .*_PASSWORD_FILE"):
        needed_password("0.0.0.0", loopback=False, environment={})


def test_a_short_one_is_refused_and_not_shown() -> None:
    with pytest.raises(KlayerError, match="has 6 characters; give at least 8") as told:
        needed_password("h", loopback=True, environment={"KLAYER_DASHBOARD_PASSWORD": "s3cret"})
    assert "s3cret" not in str(told.value)
