"""Opening the database of a storage URL: which are accepted, how SQLite is set up, the schema.

Only SQLite so far; everything that is particular to it stands in this file, but for its count of
changes, which `changes` reads. All writing happens inside `BEGIN IMMEDIATE`: SQLite's default
begins a transaction as a reader, and two readers that both want to write then fail or, in Optuna's
own code, both take the same trial.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random_exponential

from search.errors import LedgerError
from search.ledger import DEFAULT_STORAGE, tables

BUSY_SECONDS = 60
READING = "klayer_reading"  # execution option of a connection that will not write


class NoLedgerError(LedgerError):
    """There is no ledger here yet; one can be made."""


class DatabaseFaultError(LedgerError):
    """The database failed while it was in use: a full disk, a lock, a file that is gone."""


def fault(storage: str, error: Exception) -> DatabaseFaultError:
    """What to tell of an error of the database. Its transaction has changed nothing."""
    return DatabaseFaultError(
        f"{storage}: the database failed: {_cause(error)}. What it holds is kept; once the cause "
        "is mended, the same command goes on"
    )


@contextmanager
def reported(storage: str) -> Iterator[None]:
    """Let errors of the database leave as one that the user can mend.

    Raises:
        DatabaseFaultError: For every error of SQLAlchemy.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise fault(storage, error) from error


def open_engine(storage: str, *, create: bool) -> Engine:
    """An engine for the storage URL, whose database holds the ledger's tables.

    Args:
        storage: A SQLAlchemy URL, such as `sqlite:///klayer.db`.
        create: Whether a database, or its tables, may be made where there are none.

    Raises:
        LedgerError: The URL is no SQLite file's; the file is missing (without `create`), is not a
            database, cannot be read or written, or has tables of another version.
    """
    path = _sqlite_file(storage)
    _check_file(path, storage, create=create)
    engine = create_engine(storage, connect_args={"timeout": BUSY_SECONDS})
    set_up_sqlite(engine)
    try:
        if create:
            _create_tables(engine)
        _check_version(engine, storage)
        if (
            create
        ):  # not where somebody only looks: that changes nothing, least of all a foreign file
            _let_readers_in(engine)
    except (SQLAlchemyError, sqlite3.Error) as error:
        engine.dispose()
        raise LedgerError(f"{storage}: cannot be used as a database: {_cause(error)}") from error
    except LedgerError:
        engine.dispose()
        raise
    return engine


def set_up_sqlite(engine: Engine) -> None:
    """Let every transaction of `engine` begin as a writer, unless it says that it only reads."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get(READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def now(connection: Connection) -> float:
    """The database's clock: seconds since 1970, UTC."""
    seconds = connection.scalar(text("SELECT (julianday('now') - 2440587.5) * 86400.0"))
    return float(seconds or 0.0)


def _sqlite_file(storage: str) -> Path:
    try:
        url: URL = make_url(storage)
    except (ArgumentError, ValueError):  # the latter of a port that is no number
        shown = re.sub(":.*@", ":***@", storage)
        raise LedgerError(
            f"--storage: {shown!r} is not a database URL; write for example {DEFAULT_STORAGE}"
        ) from None
    if url.drivername not in ("sqlite", "sqlite+pysqlite") or url.query:
        shown = url.render_as_string(hide_password=True)
        raise LedgerError(
            f"--storage: {shown}: this version keeps searches in plain SQLite files; "
            f"write for example {DEFAULT_STORAGE}"
        )
    if not url.database or url.database == ":memory:":
        raise LedgerError(
            f"--storage: {storage}: an in-memory database cannot be shared by worker processes; "
            f"name a file, for example {DEFAULT_STORAGE}"
        )
    return Path(url.database)


def _check_file(path: Path, storage: str, *, create: bool) -> None:
    if path.is_dir():
        raise LedgerError(f"{storage}: {path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise LedgerError(f"{storage}: the folder {path.parent} does not exist; create it first")
    if not path.exists() and not create:
        raise NoLedgerError(
            f"{storage}: there is no database here; `klayer run STUDY` makes one, and --storage "
            "or KLAYER_STORAGE names another"
        )


def is_busy(error: BaseException) -> bool:
    """Whether another process was in the way: SQLite does not wait where it changes to WAL."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)
    return (code & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


_until_free = retry(
    retry=retry_if_exception(is_busy),
    stop=stop_after_delay(10),
    wait=wait_random_exponential(multiplier=0.05, max=1),
    reraise=True,
)


@_until_free
def _create_tables(engine: Engine) -> None:
    """Create the tables, in one transaction; a second process waits, then finds them there."""
    with engine.begin() as connection:
        if not engine.dialect.has_table(connection, tables.schema.name):
            tables.metadata.create_all(connection)
            connection.execute(insert(tables.schema).values(version=tables.SCHEMA_VERSION))


@_until_free
def _let_readers_in(engine: Engine) -> None:
    """Keep changes in a log of their own (WAL), so that a writer keeps no reader out.

    The file remembers it: later connections, Optuna's as well, find it so.
    """
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()


def _check_version(engine: Engine, storage: str) -> None:
    with engine.connect() as connection:
        connection.execution_options(**{READING: True})
        if not engine.dialect.has_table(connection, tables.schema.name):
            raise NoLedgerError(f"{storage}: this database holds no klayer search")
        found = connection.scalar(select(tables.schema.c.version))
    if found != tables.SCHEMA_VERSION:
        raise LedgerError(
            f"{storage}: its tables are of version {found}, this klayer reads version "
            f"{tables.SCHEMA_VERSION}; use the klayer that made them, or another database"
        )


def _cause(error: Exception) -> str:
    origin = getattr(error, "orig", error)
    return str(origin) if isinstance(origin, sqlite3.Error) else str(error).splitlines()[0]
