"""Optuna's dashboard on ledgers of SQLite and PostgreSQL: what it shows, and cannot do."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import optuna
import optuna_dashboard
import plotly.graph_objects as go
import pytest
from sqlalchemy.exc import DBAPIError
from werkzeug.test import Client

from search.errors import LedgerError
from search.ledger.ledger import Ledger
from search.ledger.location import Location
from search.ledger.optuna_tables import SEARCH
from search.views.dashboard import optuna_side
from search.views.dashboard.guard import Guard, Rules
from search.views.dashboard.hosts import hosts
from search.views.dashboard.optuna_side import WovenStorage, optuna_app
from search.views.dashboard.woven import Weave, Woven, link, plain
from tests.search.views.dashboard.browsing import ask

OWN = hosts("127.0.0.1", "127.0.0.1")
HOSTILE = '"><img src=x onerror=alert(1)>\r\nX: y [a](javascript:alert(1)) ../../etc/passwd'


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Location:
    """A ledger's database with a study of a hostile name that is not klayer's, and one trial."""
    if request.param == "sqlite":
        storage = f"sqlite:///{tmp_path_factory.mktemp('side')}/klayer.db"
    else:
        storage = request.getfixturevalue("postgresql").new_database()
    with Ledger(storage, create=True) as ledger:
        found = ledger.database.location
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with theirs_of(found) as theirs:
        study = optuna.create_study(study_name=HOSTILE, storage=theirs)
        study.set_user_attr(HOSTILE, HOSTILE)
        trial = study.ask()
        trial.suggest_float(HOSTILE, 0.0, 1.0)
        study.tell(trial, 1.0)
        optuna.create_study(study_name="ours/1-coarse", storage=theirs)
    return found


def theirs_of(location: Location) -> closing[WovenStorage]:
    """Optuna's storage of a database, that may write."""
    return closing(WovenStorage(location, lambda _: None, edit=True))


@pytest.fixture
def app_of(location: Location) -> Iterator[Callable[..., Any]]:
    """Optuna's dashboard of the database."""
    with ExitStack() as opened:

        def app(weaving: Weave = weave, *, edit: bool = False) -> Any:
            storage = opened.enter_context(closing(WovenStorage(location, weaving, edit=edit)))
            return optuna_app(storage)

        yield app


def weave(name: str) -> Woven | None:
    if not name.startswith("ours/"):
        return None
    return Woven(link("more", "klayer"), {"zoom": go.Figure(go.Scatter(y=[1]))})


def study_ids(app: Any) -> dict[str, int]:
    listed = ask(app, "/api/studies").json["study_summaries"]
    return {one["study_name"]: one["study_id"] for one in listed}


def routes() -> list[tuple[str, str]]:
    """Every method and path of Optuna's dashboard, with 1 for numbers and ids."""
    bottle = optuna_dashboard.wsgi(optuna.storages.InMemoryStorage())
    return [(one.method, re.sub(r"<[^>]*(<[^>]*>)?[^>]*>", "1", one.rule)) for one in bottle.routes]


def test_a_stage_has_its_note_and_figures_and_the_database_does_not(
    app_of: Any, location: Location
) -> None:
    app = app_of()
    told = ask(app, f"/api/studies/{study_ids(app)['ours/1-coarse']}").json
    assert told["note"] == {"version": 1, "body": "[more](/klayer)"}
    (figure,) = told["plotly_graph_objects"]
    assert figure["id"] == "zoom"
    assert json.loads(figure["graph_object"])["data"][0]["y"] == [1]
    with closing(WovenStorage(location, lambda _: None, edit=False)) as storage:
        assert [dict(one.system_attrs) for one in storage.get_all_studies()] == [{}, {}]


def test_studies_of_others_have_nothing_woven_in(app_of: Any) -> None:
    app = app_of()
    told = ask(app, f"/api/studies/{study_ids(app)[HOSTILE]}").json
    assert told["note"] == {"version": 0, "body": ""}
    assert told["plotly_graph_objects"] == []


def test_hostile_names_come_as_json_that_no_browser_takes_for_a_page(app_of: Any) -> None:
    app = Guard(app_of(), Rules(OWN))
    number = study_ids(app)[HOSTILE]
    for path in ("/api/studies", f"/api/studies/{number}", f"/csv/{number}"):
        told = ask(app, path)
        assert told.headers["X-Content-Type-Options"] == "nosniff"
        assert "X" not in told.headers  # of the line break in the name
        if told.status_code == 200:
            assert told.mimetype in ("application/json", "text/csv")
        assert "default-src 'none'" in told.headers["Content-Security-Policy"]


def test_markdown_of_notes_has_no_html_as_long_as_this_says_so(app_of: Any) -> None:
    told = ask(app_of(), "/api/meta").json
    assert told["allow_unsafe"] is False
    assert told["artifact_is_available"] is False
    assert told["llm_is_available"] is False


def test_every_route_that_writes_is_refused_unless_editing_is_allowed(app_of: Any) -> None:
    app = Guard(app_of(), Rules(OWN))
    before = ask(app, "/api/studies").json
    writing = [route for route in routes() if route[0] != "GET"]
    assert len(writing) >= 15
    for method, path in writing:
        assert ask(app, path, method).status_code == 403, path
    assert ask(app, "/api/studies").json == before


def test_connections_cannot_write_even_where_a_request_gets_through(
    app_of: Any, location: Location
) -> None:
    app = app_of()
    before = ask(app, "/api/studies").json
    for number in study_ids(app).values():
        assert ask(app, f"/api/studies/{number}", "DELETE").status_code == 500
    told = ask(app, "/api/studies/1/note", "PUT")
    assert told.status_code >= 400
    assert ask(app, "/api/studies").json == before
    with closing(WovenStorage(location, weave, edit=False)) as storage:
        for _ in range(2):  # a connection that comes back from the pool as well
            with pytest.raises((DBAPIError, optuna.exceptions.StorageInternalError)):
                storage.create_new_study([optuna.study.StudyDirection.MINIMIZE], "new")


def test_with_editing_allowed_a_study_can_be_deleted(app_of: Any, location: Location) -> None:
    app = Guard(app_of(edit=True), Rules(OWN, edit=True))
    with theirs_of(location) as theirs:
        optuna.create_study(study_name="to be deleted", storage=theirs)
    number = study_ids(app)["to be deleted"]
    evil = ask(app, f"/api/studies/{number}", "DELETE", Origin="http://evil.example")
    assert evil.status_code == 403
    assert "to be deleted" in study_ids(app)
    assert ask(app, f"/api/studies/{number}", "DELETE").status_code == 204
    assert "to be deleted" not in study_ids(app)


def test_with_editing_allowed_trials_of_klayers_are_told_nothing(
    app_of: Any, location: Location
) -> None:
    app = Guard(app_of(edit=True), Rules(OWN, edit=True))
    with theirs_of(location) as theirs:
        for name, status in (("ours/2-fine", 403), ("another's", 204)):
            study = optuna.create_study(study_name=name, storage=theirs)
            if status == 403:
                study.set_user_attr(SEARCH, "ours")
            trial = study.ask()._trial_id
            for path, said in (
                (f"/api/trials/{trial}/user-attrs", {"user_attrs": {"a": 1}}),
                (f"/api/trials/{trial}/tell", {"state": "Complete", "values": [0.9]}),
            ):
                told = Client(app).post(path, json=said, headers={"Origin": "http://localhost"})
                assert told.status_code == status, told.text
            found = study.get_trials()[0]
            assert (found.values, found.user_attrs) == (
                (None, {}) if status == 403 else ([0.9], {"a": 1})
            )
            optuna.delete_study(study_name=name, storage=theirs)


def test_a_note_is_edited_from_ours_on_and_then_stays(app_of: Any, location: Location) -> None:
    app = app_of(edit=True)
    number = study_ids(app)["ours/1-coarse"]
    told = Client(app).put(f"/api/studies/{number}/note", json={"version": 2, "body": "mine"})
    assert told.status_code == 204
    assert ask(app, f"/api/studies/{number}").json["note"] == {"version": 2, "body": "mine"}
    with theirs_of(location) as theirs:
        for key, value in {"dashboard:note_ver": 0, "dashboard:note_str:0": ""}.items():
            theirs.set_study_system_attr(number, key, value)


@pytest.mark.parametrize(
    "path",
    [
        "/artifacts/1/..%2f..%2f..%2fetc%2fpasswd",
        "/artifacts/1/../../../../etc/passwd",
        "/artifacts/1/1/../../../etc/passwd",
        "/artifacts/1/abc",
        "/artifacts/1/1/abc",
        "/static/../index.html",
        "/static/../_app.py",
        "/static/..%2f_app.py",
        "/static/%2e%2e/_app.py",
        "/static//etc/passwd",
        "/static/..\\_app.py",
        "/static/bundle.js/../../_app.py",
        "/static/....//_app.py",
        "/static/bundle.js%00.html",
    ],
)
def test_no_path_leaves_the_folders_of_assets_and_there_are_no_artifacts(
    app_of: Any, location: Location, path: str
) -> None:
    if location.kind == "postgresql":
        return
    told = ask(Guard(app_of(), Rules(OWN)), path)
    assert told.status_code in (400, 403, 404)
    assert "root:" not in told.text
    assert "import bottle" not in told.text


def test_assets_come_also_where_nothing_is_said_of_how_they_may_be_packed(
    app_of: Any,
) -> None:
    told = ask(app_of(), "/static/bundle.js")
    assert told.status_code == 200
    assert "Content-Encoding" not in told.headers


def test_what_is_woven_is_not_made_at_every_look(location: Location) -> None:
    made: list[str] = []
    now = [0.0]
    kept = optuna_side._kept(lambda name: made.append(name), lambda: now[0])  # type: ignore[func-returns-value]
    for _ in range(3):
        kept("a")
    now[0] = optuna_side.FRESH_SECONDS
    kept("a")
    for number in range(2 * optuna_side.MOST_KEPT):
        kept(f"b{number}")
    assert made[:3] == ["a", "a", "b0"]
    kept("a")
    assert made[-1] == "a"


def test_a_stage_that_cannot_be_told_of_has_a_note_that_says_why(app_of: Any) -> None:
    def failing(_: str) -> Woven:
        raise LedgerError("<b>: the database failed")

    app = app_of(failing)
    told = ask(app, f"/api/studies/{study_ids(app)['ours/1-coarse']}").json
    assert told["note"]["body"] == (
        f"klayer cannot tell of this stage: {plain('<b>: the database failed')}"
    )
