"""Whether a database was written to since the last look, and waiting until it is.

Who watches a search, or waits for work, sits beside workers that need every core. SQLite counts,
for each connection, the changes that others have made; reading that count takes microseconds, where
a query takes a thousand times as long. PostgreSQL sends word when there may be work; of smaller
changes it says nothing, so every second one looks without being told.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import Any, Protocol, Self

from sqlalchemy.exc import SQLAlchemyError

from search.ledger.database import Database
from search.ledger.faults import fault
from search.ledger.postgresql import CHANNEL

SHORTEST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5
LOOK_SECONDS = 1.0


class Changes(Protocol):
    """Watches one database, over a connection of its own. For one thread."""

    def any(self) -> bool:
        """Whether something may have been written since this was last asked; at first, yes."""

    def pause(self, seconds: float) -> None:
        """Sleep, for so long at most; less where it is told of a change meanwhile."""

    def close(self) -> None:
        """Give the connection back."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def watch(database: Database) -> Changes:
    """What tells of changes of a database.

    Raises:
        DatabaseFaultError: The database cannot be opened.
    """
    return _SQLiteChanges(database) if database.location.path else _PostgreSQLChanges(database)


def wait(changes: Changes, seconds: float, should_stop: Callable[[], bool]) -> None:
    """Until something may have been written, or some time has passed, or `should_stop`.

    It looks at once, and then less and less often: a search that is under way changes many times a
    second, and who waits for the next one waits for hours.
    """
    until, pause = time.monotonic() + seconds, SHORTEST_PAUSE_SECONDS
    while not (should_stop() or changes.any()):
        left = until - time.monotonic()
        if left <= 0:
            return
        changes.pause(min(pause, left))
        pause = min(1.5 * pause, LONGEST_PAUSE_SECONDS)


class _Connected:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        raise NotImplementedError


class _SQLiteChanges(_Connected):
    def __init__(self, database: Database) -> None:
        self._shown = database.shown
        try:
            self._connection = database.engine.raw_connection()
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise fault(self._shown, error) from error
        self._seen: Any = None

    def any(self) -> bool:
        """Whether something was written by others.

        Raises:
            DatabaseFaultError: The database failed.
        """
        try:
            cursor = self._connection.cursor()
            (count,) = cursor.execute("PRAGMA data_version").fetchone()
            cursor.close()
        except sqlite3.Error as error:
            raise fault(self._shown, error) from error
        before, self._seen = self._seen, count
        return bool(before != count)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        self._connection.close()


class _PostgreSQLChanges(_Connected):
    """Listens. A connection that breaks is a change, and another is made when that is possible."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._connection: Any = None
        self._looked = -LOOK_SECONDS
        self._told = True  # at first, yes
        self._listen()

    def _listen(self) -> None:
        try:
            pooled = self._engine.raw_connection()
            self._connection = pooled.driver_connection
            pooled.detach()  # it listens for as long as it lasts
            self._connection.autocommit = True
            self._connection.execute(f"LISTEN {CHANNEL}")
        except Exception:
            self.close()

    def any(self) -> bool:
        self._hear(0.0)
        told, self._told = self._told, False
        due = time.monotonic() - self._looked >= LOOK_SECONDS
        if told or due:
            self._looked = time.monotonic()
        return told or due

    def pause(self, seconds: float) -> None:
        if self._connection is None:
            time.sleep(seconds)
        else:
            self._hear(seconds)

    def _hear(self, seconds: float) -> None:
        """Note that there was word, waiting for it for some seconds at most."""
        if self._connection is None:
            self._listen()
            return
        try:
            words = self._connection.notifies(timeout=seconds, stop_after=1)
            self._told = any(True for _ in words) or self._told
        except Exception:
            self.close()
            self._told = True

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
