"""A PostgreSQL server of the benchmarks' own: made, started, ended and removed by them.

Its settings are PostgreSQL's own, so that what is committed is on the disk (`fsync`), but for the
number of connections. It listens on 127.0.0.1 alone. PostgreSQL refuses to be run by root; then it
is run as another user.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from benchmarks.timing import NotMeasuredError

ROLE = "klayer"
MOST_CONNECTIONS = 200
SECONDS = 60  # to start and to stop
INSTALLED = Path("/usr/lib/postgresql")  # where Debian puts them, outside of PATH


class Server:
    """A server that runs.

    Attributes:
        about: Its version and its settings, in words.
    """

    def __init__(self, port: int, password: str) -> None:
        self._at = f"{ROLE}:{password}@127.0.0.1:{port}"
        self._engine = create_engine(
            f"postgresql+psycopg://{self._at}/postgres", isolation_level="AUTOCOMMIT"
        )
        self.about = ""

    def wait(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        """Until it answers.

        Raises:
            NotMeasuredError: It ended instead, or does not answer.
        """
        until = time.monotonic() + SECONDS
        while not self.about:
            try:
                with self._engine.connect() as connection:
                    version = connection.scalar(text("SHOW server_version"))
                    fsync = connection.scalar(text("SHOW fsync"))
            except OperationalError as error:
                if process.poll() is not None or time.monotonic() > until:
                    said = log.read_text("utf-8", "replace").strip().splitlines()
                    raise NotMeasuredError(
                        f"PostgreSQL does not start: {said[-1] if said else error}"
                    ) from None
                time.sleep(0.05)
            else:
                self.about = f"{version}, fsync {fsync}, other settings its own"

    def new_database(self, name: str) -> str:
        """Make an empty database; its URL, which names no driver."""
        with self._engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        return f"postgresql://{self._at}/{name}"

    def close(self) -> None:
        """Leave it."""
        self._engine.dispose()


@contextmanager
def running() -> Iterator[Server]:
    """A new server, which is gone behind the block.

    Raises:
        NotMeasuredError: PostgreSQL is not installed, or does not start.
    """
    programs, user = _programs(), _user()
    password = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="klayer-postgresql-") as place:
        folder = Path(place)
        data, log, secret = folder / "data", folder / "log", folder / "password"
        secret.write_text(password, "ascii")
        if user:
            for path in (folder, secret):
                os.chown(path, user["user"], user["group"])
        made = subprocess.run(
            [
                *(programs / "initdb", "-D", data, "-U", ROLE, "--pwfile", secret),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **user,
        )
        if made.returncode:
            raise NotMeasuredError(f"initdb: {made.stderr.strip().splitlines()[-1]}")
        port = _free_port()
        command: list[str | Path] = [programs / "postgres", "-D", data, "-k", folder]
        for setting in (
            f"port={port}",
            "listen_addresses=127.0.0.1",
            f"max_connections={MOST_CONNECTIONS}",
        ):
            command += ["-c", setting]
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=folder, stdout=file, stderr=file, start_new_session=True, **user
            )
        server = Server(port, password)
        try:
            server.wait(process, log)
            yield server
        finally:
            server.close()
            process.send_signal(signal.SIGINT)  # which ends all connections
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(SECONDS)


def _programs() -> Path:
    """The folder of `initdb` and `postgres`, the newest version first where PATH has none."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = INSTALLED.glob("*/bin/initdb")
    newest = max(found, key=lambda path: float(path.parents[1].name), default=None)
    if newest is None:
        raise NotMeasuredError("PostgreSQL is not installed: no initdb in PATH")
    return newest.parent


def _user() -> Mapping[str, Any]:
    """Who runs it, as `subprocess` is told it: this user, unless that is root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise NotMeasuredError("PostgreSQL refuses root, and there is no user to run it as")


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
    return port
