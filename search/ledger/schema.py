"""The tables of a database: made once however many begin at once, checked, brought up to date."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random_exponential

from search.errors import LedgerError
from search.ledger import migrations, optuna_rows, postgresql, sqlite, tables
from search.ledger.database import Database, connect, now
from search.ledger.faults import NoAnswerError, NoLedgerError, cause, is_busy, passes
from search.ledger.location import Location, locate

INSUFFICIENT_PRIVILEGE = "42501"


def open_database(storage: str, *, create: bool, patience_seconds: float = 0.0) -> Database:
    """The database of a storage URL, which holds the ledger's tables.

    Args:
        storage: A SQLAlchemy URL, such as `sqlite:///klayer.db` or `postgresql://anna@db/klayer`.
        create: Whether tables, and SQLite's file, may be made where there are none; only who will
            write says so.
        patience_seconds: How long passing faults are retried in use. At opening none are.

    Raises:
        NoLedgerError: There is no ledger (without `create`).
        NoAnswerError: The server does not answer.
        LedgerError: The URL is none, the server refuses, the file cannot be a database, or the
            tables are of another revision.
    """
    location = locate(storage)
    if location.path is not None:
        sqlite.check_file(location.path, location.shown, create=create)
    engine = connect(location)
    with _explained(location):
        try:
            _make_ready(engine, location, create=create)
        except DBAPIError as error:
            if create or location.path is None or not sqlite.lacks_room(error):
                raise
            try:
                engine = sqlite.reader(location)
            except OSError:
                raise error from None
            _make_ready(engine, location, create=False)
    return Database(engine, location, patience_seconds)


def _make_ready(engine: Engine, location: Location, *, create: bool) -> None:
    """Make tables where there are none, if that is wanted, and check those that there are."""
    try:
        if location.kind == "postgresql":
            postgresql.check_sessions(engine, location.shown)
        if create:
            _make_sure(engine, location)
        _check(engine, location, writes=create)
        if create and location.kind == "sqlite":
            _until_free(sqlite.let_readers_in)(engine)
    except BaseException:
        engine.dispose()
        raise


def upgrade(storage: str) -> tuple[str, str]:
    """Bring the tables of an older revision up to date, in one transaction.

    Returns:
        The revision that was found, and the one that the tables are of now.

    Raises:
        LedgerError: As `open_database` does, or somebody works on a search in this database.
    """
    location = locate(storage)
    if location.path is not None:
        sqlite.check_file(location.path, location.shown, create=False)
    engine = connect(location)
    try:
        with _explained(location), engine.connect() as connection:
            if location.kind == "sqlite":
                sqlite.let_tables_be_replaced(connection)
            with connection.begin():
                found = _upgrade(connection, location)
    finally:
        engine.dispose()
    return found, migrations.revisions()[-1]


def _upgrade(connection: Connection, location: Location) -> str:
    """Bring tables up to date within a transaction; the revision that was found."""
    if location.kind == "postgresql":
        postgresql.lock_schema(connection)
    found = _revision(connection, location.shown)
    if found not in migrations.revisions():
        raise LedgerError(migrations.unusable(location.shown, found))
    migrations.upgrade(connection, found, now(connection), location.shown)
    if location.kind == "sqlite":
        sqlite.check_references(connection, location.shown)
    return found


_until_free = retry(
    retry=retry_if_exception(is_busy),
    stop=stop_after_delay(20),
    wait=wait_random_exponential(multiplier=0.05, max=1),
    reraise=True,
)


@_until_free
def _make_sure(engine: Engine, location: Location) -> None:
    """Make what is missing; a second process waits, then finds it there."""
    with engine.connect() as connection:
        if location.kind == "sqlite":
            connection.execution_options(**{sqlite.READING: True})
        there = engine.dialect.has_table(connection, tables.searches.name)
    if there:
        return
    if location.kind == "sqlite":
        optuna_rows.create_tables(location)
    with engine.begin() as connection:
        if location.kind == "postgresql":
            postgresql.lock_schema(connection)
        if not engine.dialect.has_table(connection, tables.searches.name):
            if location.kind == "postgresql":  # in other connections, which this lock guards
                optuna_rows.create_tables(location)
            tables.metadata.create_all(connection)
            migrations.stamp(connection)


def _check(engine: Engine, location: Location, *, writes: bool) -> None:
    with engine.connect() as connection:
        if location.kind == "sqlite":
            connection.execution_options(**{sqlite.READING: True})
        found = _revision(connection, location.shown)
        if found != migrations.revisions()[-1]:
            raise LedgerError(migrations.unusable(location.shown, found))
        optuna_rows.check(connection, location.shown)
        if writes and location.kind == "postgresql":
            postgresql.check_rights(connection, tables.cohorts.name, location.shown)


def _revision(connection: Connection, shown: str) -> str | None:
    """That of the tables; None where none is written down."""
    if not connection.dialect.has_table(connection, tables.searches.name):
        raise NoLedgerError(
            f"{shown}: this database holds no klayer search; `klayer storage create` makes its "
            "tables, as `klayer run STUDY` does"
        )
    if not connection.dialect.has_table(connection, tables.revision.name):
        return None
    return connection.scalar(select(tables.revision.c.version_num))


@contextmanager
def _explained(location: Location) -> Iterator[None]:
    """Let what the database says at opening leave as one message."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        origin = error.orig if isinstance(error, DBAPIError) else error
        if location.kind == "sqlite":
            what = f"cannot be used as a database: {cause(error)}"
        elif getattr(origin, "sqlstate", None) == INSUFFICIENT_PRIVILEGE:
            what = (
                f"this role lacks a right: {cause(error)}; let the database's owner run "
                "`klayer storage create` once and GRANT this role ALL on the tables and sequences, "
                "or connect as the owner"
            )
        else:
            what = f"cannot connect: {cause(error)}"
        kind = NoAnswerError if location.kind == "postgresql" and passes(error) else LedgerError
        raise kind(f"{location.shown}: {what}") from None
