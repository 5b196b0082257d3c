"""Whether a database was written to since the last look, asked at next to no cost.

Who watches a search asks many times a second, beside workers that need every core. SQLite counts,
for each connection, the changes that others have made; reading that count takes microseconds, where
a query takes a thousand times as long.
"""

import sqlite3
from typing import Any, Self

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from search.ledger.database import fault


class Changes:
    """Watches one database, over a connection of its own. For one thread.

    Args:
        engine: The database's.

    Raises:
        DatabaseFaultError: The database cannot be opened.
    """

    def __init__(self, engine: Engine) -> None:
        self._storage = str(engine.url)
        try:
            self._connection = engine.raw_connection()
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise fault(self._storage, error) from error
        self._seen: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def any(self) -> bool:
        """Whether something was written, by anybody, since this was last asked; at first, yes.

        Raises:
            DatabaseFaultError: The database failed.
        """
        try:
            cursor = self._connection.cursor()
            (count,) = cursor.execute("PRAGMA data_version").fetchone()
            cursor.close()
        except sqlite3.Error as error:
            raise fault(self._storage, error) from error
        before, self._seen = self._seen, count
        return bool(before != count)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
