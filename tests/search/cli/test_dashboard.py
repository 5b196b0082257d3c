"""`klayer dashboard` as a process of its own, on SQLite and PostgreSQL, over a real socket."""

import http.client
import json
import re
import shutil
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from search.ledger.ledger import Ledger
from search.ledger.optuna_rows import add_study, said_of_stage
from search.objective.metric import Metric
from tests.postgresql import Server
from tests.search.views.dashboard.browsing import basic
from tests.search.workers.serving import recorded

PASSWORD = "s3cret enough"
Started = Callable[..., Any]


@dataclass(frozen=True)
class Page:
    """An answer."""

    status: int
    headers: dict[str, str]
    text: str


def asked(port: int, path: str, method: str = "GET", **headers: str) -> Page:
    """One request to the machine itself; headers by their names with _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return Page(answer.status, dict(answer.getheaders()), text)
    finally:
        connection.close()


def port_of(running: Any) -> int:
    """Where it says that it answers."""
    running.says("dashboard: http://")
    return int(re.search(r":(\d+)/", "".join(running.lines)).group(1))  # type: ignore[union-attr]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)]
)
def storage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with a search that is planned by nobody yet, and one Optuna study."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('dashboard')}/klayer.db"
    else:
        url = request.getfixturevalue("postgresql").new_database()
    with Ledger(url, create=True) as ledger:
        recorded(ledger, name="shown")
        with ledger.database.writing() as connection:
            said = said_of_stage("shown", "coarse", "why", ())
            add_study(connection, "shown/1-coarse", Metric("loss"), said)
    return url


@pytest.fixture(scope="module")
def port(start: Started, storage: str, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Of a dashboard that anybody on this machine may look at."""
    folder = tmp_path_factory.mktemp("open")
    return port_of(start("dashboard", "--port", "0", cwd=folder, KLAYER_STORAGE=storage))


def test_one_port_has_our_pages_and_optuna_s(port: int) -> None:
    assert asked(port, "/").headers["Location"] == "/klayer/"
    assert asked(port, "/klayer/").status == 200
    assert asked(port, "/dashboard").status == 200
    (study,) = json.loads(asked(port, "/api/studies").text)["study_summaries"]
    assert study["study_name"] == "shown/1-coarse"
    told = asked(port, f"/api/studies/{study['study_id']}")
    assert told.status == 200


def test_foreign_names_and_cross_site_writes_are_refused(port: int) -> None:
    own = f"http://127.0.0.1:{port}"
    assert asked(port, "/api/studies", Host="evil.example").status == 421
    assert asked(port, "/api/studies", Host=f"evil.example:{port}").status == 421
    before = asked(port, "/api/studies").text
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": own}):
        told = asked(port, "/api/studies/1", "DELETE", **headers)
        assert told.status == 403
    told = asked(port, "/api/studies/1", "DELETE", Origin=own, Accept="application/json")
    assert "--allow-edit" in json.loads(told.text)["reason"]
    assert asked(port, "/api/studies").text == before


def test_paths_stay_in_their_folders(port: int) -> None:
    for path in (
        "/static/../_app.py",
        "/static/..%2f..%2f_app.py",
        "/klayer/assets/../../../etc/passwd",
        "/klayer/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/artifacts/1/../../etc/passwd",
    ):
        told = asked(port, path)
        assert "root:" not in told.text
        assert "import " not in told.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_gives_the_password_is_let_in_and_nobody_else_and_it_ends_gently(
    start: Started, storage: str, tmp_path: Path, number: int
) -> None:
    """One that has it from a file is ended by SIGTERM, one that has it itself by Ctrl-C."""
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", "utf-8")
    given = {"KLAYER_DASHBOARD_PASSWORD": PASSWORD}
    if number == signal.SIGTERM:
        given = {"KLAYER_DASHBOARD_PASSWORD_FILE": str(file)}
    running = start("dashboard", "--port", "0", cwd=tmp_path, KLAYER_STORAGE=storage, **given)
    port = port_of(running)
    assert asked(port, "/klayer/").status == 401
    assert asked(port, "/api/studies").status == 401
    assert asked(port, "/api/studies", Authorization=basic("wrong")).status == 401
    told = asked(port, "/klayer/", Authorization=basic(PASSWORD))
    assert told.status == 200
    cookie = told.headers["Set-Cookie"].partition(";")[0]
    assert asked(port, "/klayer/", Cookie=cookie).status == 200
    assert asked(port, "/api/studies", Host="evil.example", Cookie=cookie).status == 421
    if number == signal.SIGTERM:  # Optuna's pages too; to import them takes longest
        assert asked(port, "/api/studies", Cookie=cookie).status == 200
        assert asked(port, "/api/studies", Authorization=basic(PASSWORD)).status == 200
    running.hears(number)
    assert running.end() == 0
    assert len(running.lines) == 1
    assert "s3cret" not in running.lines[0]


@pytest.mark.long
def test_a_run_has_a_dashboard_beside_it_as_long_as_it_runs_and_the_same_numbers(
    klayer_here: Any, start: Started, tiny_run: Any, tmp_path: Path
) -> None:
    shutil.copy(tiny_run.folder / "tiny.toml", tmp_path)
    changes = ("--set", "training.schedule.epochs=100000")
    long = start("run", "tiny.toml", "--workers", "1", "--dashboard", *changes, cwd=tmp_path)
    port = port_of(long)
    assert asked(port, "/klayer/").status == 200
    long.hears(signal.SIGINT, group=True)  # as a terminal does; the dashboard goes on until then
    assert long.end() == 130
    with pytest.raises(ConnectionRefusedError):
        asked(port, "/klayer/")
    (tmp_path / "klayer.db").unlink()
    short = start("run", "tiny.toml", "--workers", "1", "--dashboard", cwd=tmp_path)
    assert short.end() == 0
    undisturbed = klayer_here("export", "tiny", "--steps", cwd=tiny_run.folder)
    assert klayer_here("export", "tiny", "--steps") == undisturbed


def test_without_a_password_it_does_not_start_where_others_reach_it(
    klayer_here: Any, empty_database: Path, tmp_path: Path
) -> None:
    shutil.copy(empty_database, tmp_path / "klayer.db")
    status, out, err = klayer_here("dashboard", "--host", "0.0.0.0", "--port", "0")
    assert (status, out) == (2, "")
    assert "KLAYER_DASHBOARD_PASSWORD" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--storage", "sqlite:///absent.db"], "there is no database here"),
        (["--storage", "sqlite:///text.db"], "cannot be used as a database"),
        (["--storage", "sqlite:///empty.db"], "holds no klayer search"),
        (["--storage", "mysql://a@b/c"], "SQLite or PostgreSQL"),
        (["--storage", "sqlite:///klayer.db", "--host", "no.invalid"], "no name or address"),
        (["--storage", "sqlite:///klayer.db", "--allowed-host", "http://a"], "--allowed-host"),
    ],
)
def test_what_is_wrong_is_one_message(
    klayer_here: Any, empty_database: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    shutil.copy(empty_database, tmp_path / "klayer.db")
    (tmp_path / "text.db").write_text("no database, but a text of some length" * 50, "utf-8")
    (tmp_path / "empty.db").touch()
    status, out, err = klayer_here("dashboard", "--port", "0", *arguments)
    assert (status, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_a_port_that_is_taken_is_one_message(
    klayer_here: Any, empty_database: Path, tmp_path: Path
) -> None:
    shutil.copy(empty_database, tmp_path / "klayer.db")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, _, err = klayer_here("dashboard", "--port", port)
    assert status == 2
    assert f"port {port}: it is taken already" in err


def test_a_library_that_is_missing_is_one_message(
    klayer_here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    status, _, err = klayer_here("dashboard")
    assert status == 2
    assert (
        "dash, dash_ag_grid, optuna_dashboard, waitress, werkzeug; pip install 'klayer[dashboard]'"
        in err
    )


def test_many_may_look_at_once(port: int) -> None:
    with ThreadPoolExecutor(16) as browsers:
        paths = ["/api/studies", "/api/studies/1", "/klayer/", "/dashboard"] * 20
        told = list(browsers.map(lambda path: asked(port, path).status, paths))
    assert told == [200] * len(paths)


@pytest.mark.long
def test_it_goes_on_once_its_server_is_there_again(start: Started, tmp_path: Path) -> None:
    with Server() as server:
        storage = server.new_database()
        with Ledger(storage, create=True):
            pass
        running = start("dashboard", "--port", "0", cwd=tmp_path, KLAYER_STORAGE=storage)
        port = port_of(running)
        assert asked(port, "/api/studies").status == 200
        server.stop("immediate")
        told = asked(port, "/api/studies")
        assert told.status == 500
        assert server.password not in told.text
        asked(port, "/klayer/")
        server.start()
        assert asked(port, "/api/studies").status == 200
        assert asked(port, "/klayer/").status == 200
        running.hears(signal.SIGTERM)
        assert running.end() == 0
        assert server.password not in "".join(running.lines)
