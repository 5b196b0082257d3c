"""Who may change something: pages of the server, if editing is allowed; and nobody else."""

import pytest

from search.views.dashboard.guard import Guard, Rules
from search.views.dashboard.hosts import hosts
from search.views.dashboard.writes import MOST_BYTES, NEVER
from tests.search.views.dashboard.browsing import OWN, ask, echo, reason

HOSTS = hosts("127.0.0.1", "127.0.0.1", ["klayer.example"])
READER = Guard(echo, Rules(HOSTS, reads={"/klayer/_dash-update-component"}))
EDITOR = Guard(echo, Rules(HOSTS, edit=True))
WRITES = ("POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("method", WRITES)
def test_a_page_of_the_server_may_write_where_editing_is_allowed(method: str) -> None:
    assert ask(EDITOR, "/api/studies/1", method).status_code == 200
    told = ask(EDITOR, "/a", method, Origin=None, Referer=f"{OWN}/dashboard")
    assert told.status_code == 200
    assert ask(EDITOR, "/a", method, Sec_Fetch_Site="same-origin").status_code == 200


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("app", [READER, EDITOR], ids=["reader", "editor"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://evil.example", "Referer": f"{OWN}/"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": None, "Referer": "http://evil.example/127.0.0.1:8080"},
        {"Origin": "http://127.0.0.1:9090"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://127.0.0.1:8080.evil.example"},
        {"Origin": "http://127.0.0.1:8080@evil.example"},
        {"Origin": "file://127.0.0.1:8080"},
        {"Origin": "http://[oops"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=str,
)
def test_a_page_of_another_site_may_not(
    app: Guard, method: str, headers: dict[str, str | None]
) -> None:
    told = ask(app, "/klayer/_dash-update-component", method, **headers)
    assert told.status_code == 403
    assert "Origin" in reason(told)


def test_a_proxy_with_tls_before_the_server_is_no_other_site() -> None:
    told = ask(EDITOR, "/a", "POST", Host="klayer.example", Origin="https://klayer.example")
    assert told.status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_form_can_send_is_refused(kind: str) -> None:
    assert ask(EDITOR, "/a", "POST", Content_Type=kind).status_code == 415
    for right in ("application/json; charset=utf-8", None):  # and no body
        assert ask(EDITOR, "/a", "POST", Content_Type=right).status_code == 200


@pytest.mark.parametrize("method", WRITES)
def test_unless_editing_is_allowed_nothing_may_be_written(method: str) -> None:
    told = ask(READER, "/api/studies/1", method)
    assert told.status_code == 403
    assert "--allow-edit" in reason(told)


def test_a_post_that_is_known_to_read_passes_and_nothing_like_it() -> None:
    path = "/klayer/_dash-update-component"
    assert ask(READER, path, "POST").status_code == 200
    assert ask(READER, path, "DELETE").status_code == 403
    for other in (f"{path}/", f"/{path}", f"{path}/../../api/studies/1", f"/klayer{path}"):
        assert ask(READER, other, "POST").status_code == 403


@pytest.mark.parametrize("path", [*NEVER, *(f"{path}/" for path in NEVER)])
def test_some_things_nobody_may_do(path: str) -> None:
    assert ask(EDITOR, path, "POST").status_code == 403


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "X"])
def test_other_methods_are_none(method: str) -> None:
    assert ask(EDITOR, "/a", method).status_code == 405


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_large_request_is_not_read(method: str) -> None:
    for length, status in (
        (str(MOST_BYTES), 200),
        (str(MOST_BYTES + 1), 413),
        ("9" * 5000, 413),
        ("-1", 400),
        ("1e3", 400),
        ("²", 400),
    ):
        asked = {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/a",
            "HTTP_HOST": "127.0.0.1:8080",
            "HTTP_ORIGIN": OWN,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": length,
        }
        told: list[str] = []
        EDITOR(asked, lambda line, *_, told=told: told.append(line))  # type: ignore[misc, arg-type]
        assert told[0].startswith(str(status)), length
