"""One opened database: transactions that read, transactions that write, its clock, its patience.

SQLite and PostgreSQL differ in `search.ledger.sqlite` and `search.ledger.postgresql`; everything
behind this file is the same for both, but for the few statements that name a dialect here.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, wraps
from importlib import import_module
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    Update,
    bindparam,
    case,
    cast,
    literal,
    text,
    update,
)
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from search.ledger import postgresql, sqlite
from search.ledger.faults import DatabaseFaultError, reported
from search.ledger.location import Location

# A fault raises an exception, which is retried or reported. What these libraries log about it
# besides is for those who have set up logging.
for _library in ("sqlalchemy", "psycopg"):
    logging.getLogger(_library).addHandler(logging.NullHandler())

LONGEST_PAUSE_SECONDS = 2.0  # between two tries
GLANCE_SECONDS = 0.05  # in a pause: whether to stop retrying

_CLOCKS = {
    "sqlite": text("SELECT (julianday('now') - 2440587.5) * 86400.0"),
    "postgresql": text("SELECT extract(epoch FROM clock_timestamp())::float8"),
}

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """An opened database. May be used by several threads of one process.

    Args:
        engine: Its connections.
        location: Where it is.
        patience_seconds: How long what failed is tried again where that may help; then it fails.

    Attributes:
        shown: Its URL, without a password.
        stop_retrying: Set to end all retries at once.
        waits_for_locks: Asked where another session has locked something for some seconds, whether
            to wait on, however long that is; None where patience ends that too.
    """

    def __init__(self, engine: Engine, location: Location, patience_seconds: float) -> None:
        self.engine, self.location, self.shown = engine, location, location.shown
        self._file = None if location.path is None else sqlite.identity(location.path)
        self._patience_seconds = patience_seconds
        self.waits_for_locks: Callable[[float], bool] | None = None
        self.stop_retrying = threading.Event()
        self._retrying = Retrying(
            retry=retry_if_exception(_passes),
            wait=wait_random_exponential(multiplier=0.05, max=LONGEST_PAUSE_SECONDS),
            sleep=self._sleep,
            reraise=True,
        )

    def patiently(self, what: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Retry something while it fails with a transient fault, with growing pauses.

        Raises:
            DatabaseFaultError: It still fails after this database's patience.
        """
        return self._retrying.copy(stop=self._limit())(what, *args, **kwargs)

    def _limit(self) -> Callable[[RetryCallState], bool]:
        """When to stop retrying; the time for which it is waited for locks does not count."""
        began, locked = time.monotonic(), 0.0

        def over(state: RetryCallState) -> bool:
            nonlocal began, locked
            error, now = state.outcome and state.outcome.exception(), time.monotonic()
            waits = self.waits_for_locks  # which another thread may take away meanwhile
            if isinstance(error, DatabaseFaultError) and error.locked and waits:
                locked = locked or began
                began = now if waits(now - locked) else locked
            return self.stop_retrying.is_set() or now - began >= self._patience_seconds

        return over

    def _sleep(self, seconds: float) -> None:
        """Sleep for some time, or until `stop_retrying` is set.

        It does not wait for the event: a signal's handler may set that in this very thread, and
        would then wait for the event's own lock for ever.
        """
        until = time.monotonic() + seconds
        while not self.stop_retrying.is_set() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, GLANCE_SECONDS))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, that happens whole or not at all.

        Raises:
            DatabaseFaultError: The database failed.
        """
        with self._reported(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database and writes nothing.

        Raises:
            DatabaseFaultError: The database failed.
        """
        with self._reported(), self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                yield connection.execution_options(**{sqlite.READING: True})
            else:
                yield connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )

    @contextmanager
    def _reported(self) -> Iterator[None]:
        self._check_file()
        try:
            with reported(self.shown):
                yield
        except DatabaseFaultError:
            self._check_file()
            raise

    def _check_file(self) -> None:
        """Whether SQLite's file is still the one that was opened: SQLite itself does not look.

        Raises:
            DatabaseFaultError: It is not.
        """
        path = self.location.path
        if path is None or self._file is None or (there := sqlite.identity(path)) == self._file:
            return
        what = (
            "removed while it was in use: what was recorded in it is lost, unless there is a copy"
            if there is None
            else "replaced by another while it was in use, which lacks what was recorded since"
        )
        raise DatabaseFaultError(f"{self.shown}: the file was {what}")

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()


class _HasDatabase(Protocol):
    @property
    def database(self) -> Database: ...


S = TypeVar("S", bound=_HasDatabase)


def patient(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Retry a method that is one transaction, or only reads, on transient faults of its database.

    A connection that breaks while it commits leaves it open whether that took place: so a method
    must do no harm where it is called once more after it was successful.
    """

    @wraps(method)
    def bearing(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.patiently(method, self, *args, **kwargs)

    return bearing


def connect(location: Location) -> Engine:
    """An engine for a location; nothing is opened yet."""
    if location.kind == "sqlite":
        return sqlite.engine(location)
    return postgresql.engine(location)


def now(connection: Connection) -> float:
    """The database's clock: seconds since 1970, UTC."""
    return float(connection.scalar(_CLOCKS[connection.dialect.name]) or 0.0)


def wake(connection: Connection) -> None:
    """Notify waiting workers once this transaction is committed.

    SQLite needs no notification: workers see every change there (`search.ledger.changes`).
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"NOTIFY {postgresql.CHANNEL}"))


def update_each(
    connection: Connection, table: Table, rows: Mapping[int, Mapping[str, Any]]
) -> None:
    """Write values into some rows, by their ids; each row has some for the same columns.

    PostgreSQL has one statement for many: several would go to it as a pipeline
    (`search.ledger.postgresql.engine`).
    """
    if connection.dialect.name == "sqlite" or len(rows) == 1:
        given = [{_ROW: key, **values} for key, values in rows.items()]
        connection.execute(_update_row(table), given)
        return
    columns = next(iter(rows.values()), {})
    for some in portions(list(rows)):
        by_id = {name: {key: rows[key][name] for key in some} for name in columns}
        written = {name: _case(table, name, values) for name, values in by_id.items()}
        connection.execute(update(table).where(table.c.id.in_(some)).values(written))


_ROW = "row_to_update"  # no column is called like this


@cache
def _update_row(table: Table) -> Update:
    return update(table).where(table.c.id == bindparam(_ROW))


def _case(table: Table, column: str, values: Mapping[int, Any]) -> ColumnElement[Any]:
    kind = table.c[column].type
    each = case({key: literal(one, kind) for key, one in values.items()}, value=table.c.id)
    return cast(each, kind)


def portions(items: Sequence[T], most: int = 500) -> Iterator[Sequence[T]]:
    """In parts that fit into one statement: databases bound how many values it may have."""
    return (items[start : start + most] for start in range(0, len(items), most))


def insert_new(connection: Connection, table: Table) -> Any:
    """An INSERT that skips rows whose key exists already."""
    return _insert_new(connection.dialect.name, table)


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    return insert_of(dialect, table).on_conflict_do_nothing()


def insert_of(dialect: str, table: Table) -> Any:
    """An INSERT that takes ON CONFLICT, which SQLAlchemy has once for each database."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


def _passes(error: BaseException) -> bool:
    return isinstance(error, DatabaseFaultError) and error.passing
