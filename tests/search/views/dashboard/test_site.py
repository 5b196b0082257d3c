"""Both halves at their places: Optuna's dashboard at the root, ours below it."""

from pathlib import Path

import pytest
from dash import Dash, Input, Output, dcc, html
from werkzeug.test import Client

from search.views.dashboard.guard import Rules
from search.views.dashboard.hosts import hosts
from search.views.dashboard.site import PREFIX, UPDATE, site
from tests.search.views.dashboard.browsing import HOST, OWN, ask, echo

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


def test_a_real_dash_app_draws_and_refreshes_there_and_no_post_of_its_other_than_that() -> None:
    dash_app = Dash("ours", requests_pathname_prefix=f"{PREFIX}/", routes_pathname_prefix="/")
    dash_app.layout = html.Div([dcc.Input(id="asked", value="a"), html.Div(id="shown")])
    dash_app.callback(Output("shown", "children"), Input("asked", "value"))(lambda text: text * 2)
    app = site(dash_app.server, echo, Rules(hosts("127.0.0.1", "127.0.0.1")), POLICY)
    assert "_dash-config" in ask(app, f"{PREFIX}/").text
    assert ask(app, f"{PREFIX}/_dash-layout").json["type"] == "Div"
    asked = {
        "output": "shown.children",
        "outputs": {"id": "shown", "property": "children"},
        "inputs": [{"id": "asked", "property": "value", "value": "<b>"}],
        "changedPropIds": ["asked.value"],
    }
    told = Client(app).post(UPDATE, json=asked, headers={"Host": HOST, "Origin": OWN})
    assert told.json == {"multi": True, "response": {"shown": {"children": "<b><b>"}}}
    writing = [
        f"{PREFIX}{rule.rule}"
        for rule in dash_app.server.url_map.iter_rules()
        if not {"POST", "PUT", "DELETE", "PATCH"}.isdisjoint(rule.methods or ())
    ]
    assert UPDATE in writing
    for path in set(writing) - {UPDATE}:
        assert ask(app, path, "POST").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "/etc/passwd",
    ],
)
def test_assets_of_a_dash_app_stay_in_their_folder(path: str, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.css").write_text("own", "utf-8")
    (tmp_path / "secret.txt").write_text("root:", "utf-8")
    dash_app = Dash(
        "ours",
        assets_folder=str(tmp_path / "assets"),
        requests_pathname_prefix="/klayer/",
        routes_pathname_prefix="/",
    )
    dash_app.layout = html.Div()
    app = site(dash_app.server, echo, Rules(hosts("127.0.0.1", "127.0.0.1")), POLICY)
    assert ask(app, f"{PREFIX}/assets/a.css").text == "own"
    for one in (path, "../secret.txt", "..%2fsecret.txt"):
        told = ask(app, f"{PREFIX}/assets/{one}")
        assert "root:" not in told.text
    for one in ("dash/../../../../../etc/passwd", "dash/..%2f..%2f..%2fsecret.txt", "os/os.py"):
        told = ask(app, f"{PREFIX}/_dash-component-suites/{one}")
        assert told.status_code in (400, 404, 500)
        assert "root:" not in told.text


def test_each_half_has_its_own_policy() -> None:
    assert ask(WHOLE, "/klayer/").headers["Content-Security-Policy"].startswith(POLICY)
    assert ask(WHOLE, "/api/x").headers["Content-Security-Policy"].startswith("default-src 'none'")
