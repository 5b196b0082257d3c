"""A worker to which something happens at some of its statements and commits."""

import os
import resource
import signal
import threading
from collections.abc import Callable, Collection
from typing import Any, Literal

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

from search.ledger import postgresql, sqlite
from search.workers import report_writer
from tests.faults.runs import SHORTEST
from tests.faults.workers import LEASE_SECONDS, record, work, write_to

Happening = Literal["nothing", "kill", "freeze", "cut", "unanswered", "full"]
COMMIT = "COMMIT"
SHORT_SILENCE_SECONDS = 1  # instead of 30, which hundreds of tries would wait for


class Points:
    """Counts statements and commits of all connections of this process, and acts at some of them.

    Args:
        happening: What comes of it.
        places: At which of them, from 0.
        log: Takes a line for each, until the last at which it acts; for all, if it never does.
    """

    def __init__(self, happening: Happening, places: Collection[int], log: str) -> None:
        self._happening, self._places = happening, frozenset(places)
        self._last = max(places, default=None)
        self._lock = threading.Lock()
        self._passed = 0
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def install(self) -> None:
        """Begin to count."""
        event.listen(Engine, "before_cursor_execute", self._before_statement)
        event.listen(Engine, "commit", self._before_commit)
        self._count_the_change_of_journal()
        if self._happening == "unanswered":
            self._lose_an_answer()

    def _count_the_change_of_journal(self) -> None:
        """It takes place on a connection of the driver, of which no event tells."""
        change = sqlite.let_readers_in

        def changed(engine: Engine) -> None:
            with engine.connect() as connection:
                self._pass("PRAGMA journal_mode = WAL", connection)
            change(engine)

        sqlite.let_readers_in = changed

    def _before_statement(self, connection: Connection, _: Any, statement: str, *__: Any) -> None:
        self._pass(" ".join(statement.split())[:150], connection)

    def _before_commit(self, connection: Connection) -> None:
        self._pass(COMMIT, connection)

    def _pass(self, what: str, connection: Connection) -> None:
        with self._lock:
            place, self._passed = self._passed, self._passed + 1
        if self._last is None or place <= self._last:
            os.write(self._log, f"{what}\n".encode())
        if place in self._places:
            self._act(connection)

    def _act(self, connection: Connection) -> None:
        match self._happening:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "freeze":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "full":  # of every file that grows; the limit is on sizes
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            case "cut":
                cut(connection)

    def _lose_an_answer(self) -> None:
        """Let a commit take place, and its connection break before the server says so."""
        commit: Callable[..., None] = DefaultDialect.do_commit

        def unanswered(dialect: DefaultDialect, connection: Any) -> None:
            is_it = self._passed - 1 in self._places
            commit(dialect, connection)
            if is_it:
                connection.driver_connection.close()
                raise psycopg.OperationalError("server closed the connection unexpectedly")

        DefaultDialect.do_commit = unanswered  # type: ignore[method-assign]


def cut(connection: Connection) -> None:
    """End a connection at its server, as a firewall or an administrator does."""
    backend = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
    url = connection.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


def work_until(
    storage: str, happening: Happening, places: Collection[int], points: str, log: str
) -> None:
    """Be a worker to which that happens."""
    write_to(log)
    report_writer.MOST_WAITING = 0  # each epoch by itself, so that points are the same each time
    if happening == "freeze":
        postgresql.SILENCE_SECONDS = SHORT_SILENCE_SECONDS
    Points(happening, places, points).install()
    work(storage, "disturbed", LEASE_SECONDS, log)


def work_among_silent(storage: str, lease_seconds: float, log: str) -> None:
    """Be another worker, that looks for clients who have fallen silent, often."""
    postgresql.SILENCE_SECONDS = SHORT_SILENCE_SECONDS
    work(storage, "another", lease_seconds, log)


def create_until(
    storage: str, happening: Happening, places: Collection[int], points: str, log: str
) -> None:
    """Make a database and record a search in it, while that happens."""
    write_to(log)
    Points(happening, places, points).install()
    record(storage, SHORTEST)
