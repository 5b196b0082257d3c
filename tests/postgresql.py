"""A real PostgreSQL server that tests start, disturb and end, with databases of its own.

It listens on 127.0.0.1 alone, keeps its files in a new folder under /tmp, and goes when the process
that started it goes, however that ends. PostgreSQL refuses to be run by root; then it is run as
another user.
"""

import atexit
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import psutil
import psycopg
from psycopg import sql

from tests.postgresql_programs import programs, runner

ADMINISTRATOR, OWNER, READER = "postgres", "klayer", "reader"
SECONDS = 60  # to start, with what a crash left to be mended, and to stop
SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}

# Its input ends with the process that holds the other end, if not with this one. Then the server
# and its files are of no use to anybody.
WATCHER = """
read -r _
kill -QUIT "$1"
while kill -0 "$1"; do sleep 0.1; done 2>/dev/null
rm -rf "$2"
"""


class Server:
    """A PostgreSQL server; used as a context it is running from its beginning to its end.

    Its role `klayer` owns the databases that are made here and may do nothing else. The role
    `reader` may connect to them and do nothing. Both have the same password.

    Attributes:
        port: The same one after each start.
        password: Of both roles; a text that nothing else holds.
    """

    def __init__(
        self, *, fsync: bool = True, max_connections: int = 300, address: str | None = None
    ) -> None:
        """Nothing is started and no folder is made yet.

        Args:
            fsync: Whether what is committed outlives a machine that loses its power.
            max_connections: How many may be connected at once.
            address: Another one of this machine at which it can be reached.
        """
        self.password = f"s3cret-{secrets.token_hex(8)}"
        self.port = _free_port()
        self._user = runner()
        self._settings = {
            "listen_addresses": "127.0.0.1" if address is None else f"127.0.0.1, {address}",
            "port": str(self.port),
            "max_connections": str(max_connections),
            "fsync": "on" if fsync else "off",
            "timezone": "UTC",
        }
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def folder(self) -> Path:
        """All that is the server's: its data, its socket, its log. Others may not look into it."""
        if self._folder is None:
            raise RuntimeError("the server has not been started")
        return self._folder

    @property
    def pid(self) -> int | None:
        """The server's first process; None while it is stopped."""
        return self._process.pid if self._process else None

    def url(self, database: str, role: str = OWNER) -> str:
        """The URL of a database, with the password in it."""
        return f"postgresql://{role}:{self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database that `klayer` owns; its URL."""
        name = f"klayer_{secrets.token_hex(6)}"
        self.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                sql.Identifier(name), sql.Identifier(OWNER)
            )
        )
        return self.url(name)

    def execute(
        self,
        statement: str | sql.Composed,
        values: Sequence[Any] = (),
        database: str = ADMINISTRATOR,
    ) -> list[tuple[Any, ...]]:
        """Let the server's administrator do something, outside of a transaction; the rows."""
        with self._connected(database) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def cut_connections(self, database: str) -> int:
        """End all connections to a database, one by one, as seen by a server; how many it were."""
        others = self.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [database],
        )
        return sum(
            bool(self.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])[0][0])
            for (pid,) in others
        )

    def start(self) -> None:
        """Start it, with its data as they are, and wait until it answers."""
        if self._process is not None:
            raise RuntimeError("the server is running")
        is_new = self._folder is None
        if is_new:
            self._create()
        with (self.folder / "log").open("ab") as log:
            self._process = self._popen("postgres", "-D", str(self.folder / "data"), stderr=log)
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", WATCHER, "watcher", str(self._process.pid), str(self.folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            **self._user,
        )
        self._wait_for_an_answer()
        if is_new:
            for role in (OWNER, READER):
                self.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{self.password}'")

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop it, as `pg_ctl stop` does, and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(SIGNALS[mode])
            self._process.wait(SECONDS)
            self._stopped()

    def restart(self) -> None:
        """Stop it, which ends all connections, and start it."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End all its processes at once, as a machine does that fails."""
        if self._process is not None:
            first = psutil.Process(self._process.pid)
            first.suspend()  # it would start new ones for those that are killed
            family = first.children(recursive=True)
            first.kill()
            for process in family:
                process.kill()
            self._process.wait(SECONDS)
            until = time.monotonic() + SECONDS
            while any(map(_is_alive, family)) and time.monotonic() < until:
                time.sleep(0.01)
            self._stopped()

    def close(self) -> None:
        """Stop it and remove all that it kept."""
        atexit.unregister(self.close)
        self.stop("immediate")
        if self._folder is not None:
            shutil.rmtree(self._folder)
            self._folder = None

    def _create(self) -> None:
        atexit.register(self.close)
        self._folder = Path(tempfile.mkdtemp(prefix="klayer-postgresql-", dir="/tmp"))
        if self._user:
            os.chown(self.folder, self._user["user"], self._user["group"])
        self._programs = programs(self._user)
        data = str(self.folder / "data")
        made = self._popen(
            *("initdb", "-D", data, "-U", ADMINISTRATOR, "--no-sync", "--no-instructions"),
            *("--encoding=UTF8", "--locale=C"),
            # The administrator comes through the socket, which stands in the folder.
            *("--auth-local=trust", "--auth-host=scram-sha-256"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = made.communicate()
        if made.returncode:
            raise RuntimeError(f"initdb failed: {said.decode()}")
        settings = {**self._settings, "unix_socket_directories": str(self.folder)}
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())
        with (self.folder / "data" / "pg_hba.conf").open("a") as file:
            file.write("host all all samenet scram-sha-256\n")

    def _popen(self, program: str, *arguments: str, **streams: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(self._programs / program), *arguments],
            cwd=self.folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,  # Ctrl-C is for the tests
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **streams},
            **self._user,
        )

    def _wait_for_an_answer(self) -> None:
        until = time.monotonic() + SECONDS
        while True:
            try:
                self._connected(ADMINISTRATOR).close()
            except psycopg.OperationalError as error:
                if self._process is None or self._process.poll() is not None:
                    self._stopped()
                    log = (self.folder / "log").read_text()
                    raise RuntimeError(f"the server ended: {log[-2000:]}") from error
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    def _connected(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=str(self.folder),
            port=self.port,
            user=ADMINISTRATOR,
            dbname=database,
            autocommit=True,
        )

    def _stopped(self) -> None:
        self._process = None
        if self._watcher is not None:
            self._watcher.kill()  # before its input ends
            self._watcher.communicate()
            self._watcher = None


def _is_alive(process: psutil.Process) -> bool:
    """Whether a process holds memory and files, which one that is yet to be reaped does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _free_port() -> int:
    """A free port below those that clients are given, so that none takes it during a restart."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
