"""Which faults of a database pass by themselves, and what is told of them. All of them are real."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from search.errors import LedgerError
from search.ledger import sqlite
from search.ledger.claims import LostLeaseError
from search.ledger.database import connect
from search.ledger.faults import DatabaseFaultError, cause, fault, is_busy, passes, reported
from search.ledger.ledger import Ledger
from search.ledger.location import locate
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from search.objective.report import Report
from tests.search.ledger.conftest import somebody

if TYPE_CHECKING:
    from tests.postgresql import Server

on_sqlite = pytest.mark.parametrize("kind", ["sqlite"])
on_postgresql = pytest.mark.parametrize("kind", ["postgresql"])


@contextmanager
def failing() -> Iterator[list[SQLAlchemyError]]:
    """Catches what SQLAlchemy says of a fault."""
    caught: list[SQLAlchemyError] = []
    with pytest.raises(SQLAlchemyError) as error:
        yield caught
    caught.append(error.value)


def error_of(storage: str, *statements: str) -> SQLAlchemyError:
    """What comes of statements that fail, in a transaction."""
    with failing() as caught, somebody(storage) as connection:
        for one in statements:
            connection.execute(text(one))
    return caught[0]


# --- SQLite -------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's driver itself does not wait for locks."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)


@on_sqlite
@pytest.mark.usefixtures("impatient")
def test_a_file_that_others_write_to_passes(storage: str) -> None:
    with closing(sqlite3.connect(storage.removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN IMMEDIATE")
        error = error_of(storage, "SELECT 1")
    assert is_busy(error)
    assert passes(error)
    assert cause(error) == "database is locked"


@on_sqlite
@pytest.mark.usefixtures("impatient")
def test_a_reader_that_would_write_behind_others_passes(storage: str) -> None:
    """SQLite has a code of its own for it, one of several that begin alike."""
    engine = connect(locate(storage))
    with failing() as caught, engine.connect() as reading:
        reading = reading.execution_options(**{sqlite.READING: True})
        reading.execute(text("SELECT count(*) FROM klayer_searches"))
        with somebody(storage) as other:
            other.execute(text("DELETE FROM klayer_reports"))
            other.execute(text("INSERT INTO klayer_workers SELECT * FROM klayer_workers"))
            other.execute(text("UPDATE klayer_alembic_version SET version_num = version_num"))
            other.commit()
        reading.execute(text("UPDATE klayer_alembic_version SET version_num = version_num"))
    engine.dispose()
    assert getattr(caught[0].__cause__, "sqlite_errorname", "") == "SQLITE_BUSY_SNAPSHOT"
    assert passes(caught[0])


@on_sqlite
def test_a_full_disk_does_not_pass(storage: str) -> None:
    full = (
        "PRAGMA max_page_count = 1",
        "CREATE TABLE filler (content)",
        "INSERT INTO filler VALUES (zeroblob(10000000))",
    )
    error = error_of(storage, *full)
    assert cause(error) == "database or disk is full"
    assert not passes(error)


@on_sqlite
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELECT nothing at all", "syntax error"),
        (
            "INSERT INTO klayer_alembic_version SELECT * FROM klayer_alembic_version",
            "UNIQUE constraint failed",
        ),
    ],
)
def test_what_is_wrong_does_not_pass(storage: str, statement: str, said: str) -> None:
    error = error_of(storage, statement)
    assert said in cause(error)
    assert not passes(error)


@on_sqlite
def test_a_file_that_is_no_database_any_more_is_a_fault_that_does_not_pass(
    storage: str, tmp_path: Path
) -> None:
    with Ledger(storage) as ledger:
        ledger.database.engine.dispose()
        shutil.copy(__file__, tmp_path / "ledger.db")
        with pytest.raises(DatabaseFaultError, match="not a database") as caught:
            ledger.read.names()
    assert not caught.value.passing


# --- PostgreSQL ---------------------------------------------------------------------------------


@pytest.fixture
def database(storage: str) -> str:
    """The name of the server's database."""
    return str(locate(storage).url.database)


@on_postgresql
def test_a_connection_that_the_server_ends_passes(
    storage: str, postgresql: "Server", database: str
) -> None:
    with failing() as caught, somebody(storage) as connection:
        connection.execute(text("SELECT 1"))
        postgresql.cut_connections(database)
        connection.execute(text("SELECT 1"))
    assert passes(caught[0])
    assert cause(caught[0]) == "terminating connection due to administrator command"


@on_postgresql
def test_a_server_that_crashes_passes_and_so_does_one_that_is_not_there(
    storage: str, postgresql: "Server"
) -> None:
    try:
        with failing() as crashed, somebody(storage) as connection:
            connection.execute(text("SELECT 1"))
            postgresql.kill()
            connection.execute(text("SELECT 1"))
        absent = error_of(storage, "SELECT 1")
    finally:
        if postgresql.pid is None:
            postgresql.start()
    assert passes(crashed[0])
    assert passes(absent)
    assert "refused" in cause(absent)


@on_postgresql
def test_a_server_that_takes_no_more_connections_passes(
    storage: str, postgresql: "Server", database: str
) -> None:
    postgresql.execute(f"ALTER DATABASE {database} CONNECTION LIMIT 0")
    try:
        error = error_of(storage, "SELECT 1")
    finally:
        postgresql.execute(f"ALTER DATABASE {database} CONNECTION LIMIT -1")
    assert "too many connections" in cause(error)
    assert passes(error)


@on_postgresql
def test_a_deadlock_passes(storage: str, search: Search, postgresql: "Server") -> None:
    errors: list[SQLAlchemyError] = []
    met = threading.Barrier(2)

    def cross(first: str, second: str) -> None:
        try:
            with somebody(storage) as connection:
                connection.execute(text(first))
                met.wait()
                connection.execute(text(second))
        except SQLAlchemyError as error:
            errors.append(error)

    one = "UPDATE klayer_alembic_version SET version_num = version_num"
    other = "UPDATE klayer_searches SET name = name"
    threads = [threading.Thread(target=cross, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (error,) = errors
    assert cause(error) == "deadlock detected"
    assert passes(error)


@on_postgresql
def test_a_transaction_that_others_overtook_passes(storage: str, search: Search) -> None:
    rename = text("UPDATE klayer_searches SET study_text = study_text")
    with failing() as caught, somebody(storage) as late:
        late = late.execution_options(isolation_level="REPEATABLE READ")
        late.execute(text("SELECT 1 FROM klayer_searches"))
        with somebody(storage) as prompt:
            prompt.execute(rename)
            prompt.commit()
        late.execute(rename)
    assert "could not serialize access" in cause(caught[0])
    assert passes(caught[0])


@on_postgresql
def test_a_lock_that_was_waited_for_too_long_passes(storage: str, search: Search) -> None:
    with somebody(storage) as other:
        other.execute(text("UPDATE klayer_searches SET name = name"))
        error = error_of(
            storage, "SET LOCAL lock_timeout = 10", "UPDATE klayer_searches SET name = name"
        )
    assert cause(error) == "canceling statement due to lock timeout"
    assert passes(error)


@on_postgresql
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT nothing at all", "syntax error"),
        (
            "INSERT INTO klayer_alembic_version SELECT * FROM klayer_alembic_version",
            "duplicate key value",
        ),
        ("SELECT pg_read_file('/etc/passwd')", "permission denied"),
        ("CREATE ROLE other", "permission denied"),
        ("SELECT 1 / 0", "division by zero"),
    ],
)
def test_what_is_wrong_on_a_server_does_not_pass(storage: str, statement: str, said: str) -> None:
    error = error_of(storage, statement)
    assert said in cause(error)
    assert not passes(error)


# --- what is told -------------------------------------------------------------------------------


def test_errors_of_the_database_leave_as_one_that_says_what_to_do(storage: str, shown: str) -> None:
    with pytest.raises(DatabaseFaultError) as caught, reported(shown), somebody(storage) as one:
        one.execute(text("SELECT * FROM nowhere"))
    assert str(caught.value).startswith(f"{shown}: the database failed: ")
    assert str(caught.value).endswith(
        ". What it holds is kept; once the cause is mended, the same command goes on"
    )
    assert "\n" not in str(caught.value)
    assert not caught.value.passing


def test_errors_of_the_ledger_itself_leave_as_they_are() -> None:
    for error in (LedgerError("refused"), LostLeaseError("lost"), KeyError(3)):
        with pytest.raises(type(error)) as caught, reported("sqlite:///a.db"):
            raise error
        assert caught.value is error
        assert not passes(error)


def test_an_error_without_words_is_told_by_its_name() -> None:
    assert cause(ValueError()) == "ValueError"
    assert "the database failed: ValueError. " in str(fault("sqlite:///a.db", ValueError()))


# --- in use -------------------------------------------------------------------------------------


@on_sqlite
def test_a_full_disk_is_one_message_and_costs_no_claim(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], PlanningClaim],
    claim_next: Callable[..., CohortClaim],
    figures: Callable[[int, float], Report],
    outcomes: Callable[[CohortClaim], list[TrialResult]],
) -> None:
    open_next(1)
    claim = claim_next("a")

    def limit(pages: str) -> None:
        with ledger.database.reading() as connection:  # the pool gives the same connection again
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def pages(connection: Connection) -> int:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)

    def record(epochs: int) -> None:
        for epoch in range(1, epochs + 1):
            ledger.record_reports(claim, {n: figures(epoch, 0.5) for n in claim.numbers})

    with ledger.database.reading() as connection:
        used = pages(connection)
    limit(str(used))
    with pytest.raises(DatabaseFaultError, match="database or disk is full"):
        record(2000)
    limit("1000000")
    ledger.hand_in(claim, outcomes(claim))
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}
