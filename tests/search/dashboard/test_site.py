"""Both halves at their places: Optuna's dashboard at the root, ours below it."""

import pytest

from search.dashboard.guard import Rules
from search.dashboard.hosts import hosts
from search.dashboard.site import UPDATE, site
from tests.search.dashboard.browsing import ask, echo

POLICY = "default-src 'self'"


def ours(asked, start):  # type: ignore[no-untyped-def]
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"ours {asked['SCRIPT_NAME']} {asked['PATH_INFO']}".encode()]


WHOLE = site(ours, echo, Rules(hosts("127.0.0.1", "127.0.0.1")), POLICY)


@pytest.mark.parametrize("path", ["/", "/klayer"])
def test_one_address_leads_to_our_pages(path: str) -> None:
    told = ask(WHOLE, path)
    assert (told.status_code, told.headers["Location"]) == (302, "/klayer/")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/klayer/", "ours /klayer /"),
        ("/klayer/search/a", "ours /klayer /search/a"),
        ("/dashboard", "GET /dashboard"),
        ("/api/studies", "GET /api/studies"),
        ("/klayers", "GET /klayers"),
    ],
)
def test_each_half_answers_at_its_place(path: str, answer: str) -> None:
    assert ask(WHOLE, path).text == answer


def test_our_pages_refresh_though_nothing_may_be_written() -> None:
    assert ask(WHOLE, UPDATE, "POST").text == "ours /klayer /_dash-update-component"
    assert ask(WHOLE, UPDATE, "POST", Origin="http://evil.example").status_code == 403
    assert ask(WHOLE, "/klayer/other", "POST").status_code == 403
    assert ask(WHOLE, "/api/studies", "POST").status_code == 403


def test_each_half_has_its_own_policy() -> None:
    assert ask(WHOLE, "/klayer/").headers["Content-Security-Policy"].startswith(POLICY)
    assert ask(WHOLE, "/api/x").headers["Content-Security-Policy"].startswith("default-src 'none'")
