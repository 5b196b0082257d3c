"""Each service of the compose file, run as written, against a real PostgreSQL server.

No container is there, so what a container would have is put in its place: names of hosts, paths
and ports, in commands and settings alike. Everything else is the file's own text.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from optuna.storages import RDBStorage
from optuna.study import StudyDirection

from search.ledger.ledger import Ledger
from tests.deployment.files import ROOT, compose, services, settings, words
from tests.postgresql import Server
from tests.search.views.dashboard.browsing import basic

SERVICES = services()
LONGEST_SECONDS = 60
PASSWORD = "of the dashboard"
STUDY = """\
name = "small"
[network]
widths = [8]
[training]
schedule = {kind = "constant", epochs = 2}
[[stages]]
name = "coarse"
trials = 2
box = {learning_rate = {low = 1e-2, high = 1.0}}
[final]
finalists = 1
"""


@dataclass(frozen=True)
class Place:
    """What stands for the containers.

    Attributes:
        folder: With programs, the cache, the password and what processes say.
        server: PostgreSQL, with the user and the database of the service `db`.
        port: The dashboard's.
    """

    folder: Path
    server: Server
    port: int

    def here(self, text: str) -> str:
        """A text of the compose file or the Dockerfile, as it must read in this place."""
        for there, here in {
            "@db/": f"@127.0.0.1:{self.server.port}/",
            "/run/secrets/": f"{self.folder}/",
            "/var/cache": str(self.folder / "cache"),
            "0.0.0.0": "127.0.0.1",
            "8080": str(self.port),
        }.items():
            text = text.replace(there, here)
        return text

    def environment(self, service: dict[str, Any]) -> dict[str, str]:
        """What the image sets and what the service sets, and where programs are."""
        given = {**settings(), **service["environment"]}
        paths = {"PATH": f"{self.folder}/bin:{os.defpath}", "PYTHONPATH": str(ROOT)}
        return {name: self.here(text) for name, text in given.items()} | paths

    @contextmanager
    def started(self, name: str, *instead: str) -> Iterator[subprocess.Popen[bytes]]:
        """The process of a service, with other words than its own for a command if given."""
        service = SERVICES[name]
        line = words({**service, "command": instead}) if instead else words(service)
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [self.here(word) for word in line],
                cwd=self.folder / "studies",
                env=self.environment(service),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def said(self, name: str, *instead: str) -> str:
        """What a service that ends by itself has said; it must have ended well."""
        with self.started(name, *instead) as process:
            status = process.wait(LONGEST_SECONDS)
        text = (self.folder / f"{name}.log").read_text("utf-8")
        assert status == 0, text
        return text

    def begin(self) -> None:
        """Do as the image does when it makes the volume: run what stands ready for that."""
        (config,) = SERVICES["db"]["configs"]
        file = ROOT / compose()["configs"][config["source"]]["file"]
        script = self.here(file.read_text("utf-8")).encode()
        where = [f"--host={self.server.folder}", f"--port={self.server.port}", "--dbname=klayer"]
        line = [self.folder / "bin" / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", *where]
        subprocess.run([*line, "--username=postgres"], input=script, check=True)

    def is_well(self, name: str) -> bool:
        """What the health check of a service says, run where Docker runs it."""
        service = SERVICES[name]
        kind, *line = service["healthcheck"]["test"]
        line = [self.here(word) for word in line]
        return not subprocess.run(
            line if kind == "CMD" else ["/bin/sh", "-c", *line],
            env=self.environment(service) | {"PGPORT": str(self.server.port)},
            capture_output=True,
            check=False,
        ).returncode

    def asked(self, path: str, method: str = "GET", password: str = PASSWORD) -> Any:
        """What the dashboard answers who gives a password, from a page of its own."""
        own = f"http://127.0.0.1:{self.port}"
        headers = {"Authorization": basic(password), "Origin": own}
        request = urllib.request.Request(own + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=LONGEST_SECONDS) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server with an empty database, the programs of both images, a study file."""
    folder = tmp_path_factory.mktemp("services")
    for name in ("bin", "studies"):
        (folder / name).mkdir()
    (folder / "studies" / "small.toml").write_text(STUDY, "utf-8")
    here = {
        "python": '"$@"',
        "klayer": '-c "from search.cli import main; main()" "$@"',
    }
    with Server(max_connections=300) as server:
        server.execute("CREATE DATABASE klayer OWNER klayer")
        (folder / "postgres_password").write_text(f"{server.password}\n", "utf-8")
        (folder / "reader_password").write_text("of the reader\n", "utf-8")
        (folder / "dashboard_password").write_text(f"{PASSWORD}\n", "utf-8")
        programs = Path(f"/proc/{server.pid}/exe").readlink().parent
        for name in ("postgres", "pg_isready", "psql"):
            (folder / "bin" / name).symlink_to(programs / name)
        for name, rest in here.items():
            script = folder / "bin" / name
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {rest}\n', "utf-8")
            script.chmod(0o755)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        place = Place(folder, server, port)
        place.begin()
        yield place


@pytest.fixture(scope="module")
def created(place: Place) -> Place:
    """The place once `create` has ended."""
    assert "its tables are there" in place.said("create")
    return place


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait for something to hold while a process runs."""
    began = time.monotonic()
    while not holds():
        assert process.poll() is None
        assert time.monotonic() - began < LONGEST_SECONDS
        time.sleep(0.1)


def test_the_database_is_well_when_it_answers_and_takes_its_settings(place: Place) -> None:
    assert place.is_well("db")
    for given, taken in (({}, "300"), ({"KLAYER_MAX_CONNECTIONS": "450"}, "450")):
        program, *options = services(**given)["db"]["command"]
        line = [place.folder / "bin" / program, "-C", "max_connections", *options]
        data = {"PGDATA": str(place.server.folder / "data")}
        told = subprocess.run(line, env=data, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == taken


def test_making_the_tables_once_more_does_no_harm(created: Place) -> None:
    assert "its tables are there" in created.said("create")


def test_a_worker_serves_what_is_submitted_and_ends_when_it_is_told_to(created: Place) -> None:
    assert not created.is_well("worker")
    with created.started("worker") as worker:
        created.said("klayer", "submit", "small.toml")
        with Ledger(created.server.url("klayer")) as ledger:
            until(lambda: ledger.read.search("small").finished_at is not None, worker)
        until(lambda: created.is_well("worker"), worker)
        worker.terminate()
        assert worker.wait(LONGEST_SECONDS) == 0
    assert not created.is_well("worker")
    assert "small" in created.said("klayer")  # its own command, where no other is given


def test_the_dashboard_shows_studies_and_cannot_change_them(created: Place) -> None:
    storage = RDBStorage(created.server.url("klayer").replace("://", "+psycopg://"))
    storage.create_new_study([StudyDirection.MAXIMIZE], "shown/1-coarse")
    storage.remove_session()
    storage.engine.dispose()
    assert not created.is_well("dashboard")
    with created.started("dashboard") as dashboard:
        until(lambda: created.is_well("dashboard"), dashboard)
        before = created.asked("/api/studies")["study_summaries"]
        (number,) = (one["study_id"] for one in before if one["study_name"] == "shown/1-coarse")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            created.asked(f"/api/studies/{number}", "DELETE")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            created.asked("/api/studies", password="another")
        assert created.asked("/api/studies")["study_summaries"] == before
        reader = f"postgresql://dashboard:of%20the%20reader@127.0.0.1:{created.server.port}/klayer"
        with (
            psycopg.connect(reader, options="-c default_transaction_read_only=off") as role,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            role.execute("UPDATE klayer_searches SET name = 'changed'")
        shown = Path(f"/proc/{dashboard.pid}/cmdline").read_text("utf-8")
        dashboard.terminate()
        assert dashboard.wait(LONGEST_SECONDS) == 0
    said = shown + (created.folder / "dashboard.log").read_text("utf-8")
    assert "dashboard: http://127.0.0.1:" in said
    assert created.server.password not in said
    assert PASSWORD not in said


def test_no_service_says_the_password(created: Place) -> None:
    with pytest.raises(AssertionError) as told:
        created.said("klayer", "status", "nothing-of-this-name")
    logs = [path.read_text("utf-8") for path in created.folder.glob("*.log")]
    assert created.server.password not in "".join([*logs, str(told.value)])


def test_a_wrong_password_is_refused(created: Place) -> None:
    file = created.folder / "postgres_password"
    right = file.read_text("utf-8")
    file.write_text("another\n", "utf-8")
    try:
        with pytest.raises(AssertionError, match="password"):
            created.said("klayer", "status")
    finally:
        file.write_text(right, "utf-8")
