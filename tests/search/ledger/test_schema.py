"""Opening a database: its tables are made once, are checked, and every refusal is one message."""

import socket
import sqlite3
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text

from search.errors import LedgerError
from search.ledger.faults import NoLedgerError
from search.ledger.ledger import Ledger
from search.ledger.location import locate
from search.ledger.migrations import revisions
from search.ledger.schema import open_database, upgrade
from search.ledger.tables import metadata
from search.objective.data_card import DataCard
from search.study.file import Study
from tests.search.ledger.conftest import somebody

if TYPE_CHECKING:
    from tests.postgresql import Server

SOON_SECONDS = 5.0
WRONG = "wr0ng-passw0rd"
LAST = revisions()[-1]


def refusal(storage: str, *, create: bool = True) -> str:
    """The message for what is refused: it comes soon, and no password is in anything that is told.

    What is shown of an error at its worst is its traceback, with all errors that it followed on.
    """
    began = time.monotonic()
    with pytest.raises(LedgerError) as caught:
        open_database(storage, create=create)
    assert time.monotonic() - began < SOON_SECONDS
    told = "".join(traceback.format_exception(caught.value))
    chained: BaseException | None = caught.value
    while chained is not None:
        told += f"{chained!r} {chained} {chained.args!r}"
        chained = chained.__cause__ or chained.__context__
    assert "s3cret" not in told
    assert WRONG not in told
    message = str(caught.value)
    assert "\n" not in message
    return message


def table_names(storage: str) -> set[str]:
    with somebody(storage) as connection:
        return set(inspect(connection).get_table_names())


# --- made once ------------------------------------------------------------------------------------


def test_tables_are_made_where_there_are_none_and_kept_where_there_are(
    empty_storage: str, study: Study
) -> None:
    with Ledger(empty_storage, create=True) as ledger:
        search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
    assert {*metadata.tables, "studies", "trials", "alembic_version"} <= table_names(empty_storage)
    for create in (True, False):
        with Ledger(empty_storage, create=create) as again:
            assert again.read.search(study.name) == search
    with somebody(empty_storage) as connection:
        found = connection.execute(text("SELECT version_num FROM klayer_alembic_version")).all()
    assert found == [(LAST,)]


def test_many_at_once_make_them_once(empty_storage: str) -> None:
    workers = 4
    together = Barrier(workers)

    def begin(_: int) -> list[str]:
        together.wait()
        with Ledger(empty_storage, create=True) as ledger:
            return ledger.read.names()

    with ThreadPoolExecutor(workers) as pool:
        assert list(pool.map(begin, range(workers))) == [[]] * workers
    with somebody(empty_storage) as connection:
        assert connection.scalar(text("SELECT count(*) FROM klayer_alembic_version")) == 1


def test_tables_of_others_are_kept(empty_storage: str) -> None:
    with somebody(empty_storage) as connection:
        connection.execute(text("CREATE TABLE notes (line TEXT)"))
        connection.commit()
    with Ledger(empty_storage, create=True):
        pass
    assert {"notes", *metadata.tables} <= table_names(empty_storage)


# --- no ledger ------------------------------------------------------------------------------------


def test_who_only_reads_makes_no_tables(empty_storage: str) -> None:
    with somebody(empty_storage) as connection:
        connection.execute(text("CREATE TABLE notes (line TEXT)"))
        connection.commit()
    with pytest.raises(NoLedgerError):
        open_database(empty_storage, create=False)
    assert refusal(empty_storage, create=False) == (
        f"{locate(empty_storage).shown}: this database holds no klayer search; `klayer storage "
        "create` makes its tables, as `klayer run STUDY` does"
    )
    with pytest.raises(NoLedgerError):
        upgrade(empty_storage)
    assert table_names(empty_storage) == {"notes"}


# --- another revision -----------------------------------------------------------------------------


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE klayer_alembic_version SET version_num = '9999'", "9999"),
        ("DELETE FROM klayer_alembic_version", "unknown"),
        ("ALTER TABLE klayer_alembic_version RENAME TO klayer_schema", "unknown"),
    ],
)
def test_tables_of_a_revision_that_nobody_here_knows_are_refused(
    empty_storage: str, change: str, found: str, create: bool
) -> None:
    """A newer one, or one from before there were revisions."""
    with Ledger(empty_storage, create=True):
        pass
    with somebody(empty_storage) as connection:
        connection.execute(text(change))
        connection.commit()
    before = table_names(empty_storage)
    message = (
        f"{locate(empty_storage).shown}: its tables are of revision {found}, this klayer knows up "
        f"to revision {LAST}; use the klayer that made them, or another database"
    )
    assert refusal(empty_storage, create=create) == message
    with pytest.raises(LedgerError) as caught:
        upgrade(empty_storage)
    assert str(caught.value) == message
    assert table_names(empty_storage) == before


@pytest.mark.parametrize(
    ("table", "create"),
    [
        ("notes (line TEXT)", False),
        ("klayer_searches (id INTEGER PRIMARY KEY)", False),
        ("klayer_searches (id INTEGER PRIMARY KEY)", True),
    ],
)
def test_a_file_that_is_refused_keeps_every_byte(tmp_path: Path, table: str, create: bool) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE {table}")
    before = path.read_bytes()
    refusal(f"sqlite:///{path}", create=create)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


# --- a server that cannot be used -----------------------------------------------------------------


@pytest.mark.parametrize("create", [True, False])
def test_a_server_that_is_not_there_is_named(create: bool) -> None:
    message = refusal("postgresql://anna:s3cret@127.0.0.1:1/klayer", create=create)
    assert message.startswith("postgresql://anna@127.0.0.1:1/klayer: cannot connect: ")
    assert "refused" in message


def test_a_host_that_nobody_knows_is_named() -> None:
    message = refusal("postgresql://anna:s3cret@nowhere.invalid/klayer")
    assert message.startswith("postgresql://anna@nowhere.invalid/klayer: cannot connect: ")


def test_a_server_that_never_answers_is_waited_for_as_long_as_is_said() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        place = f"127.0.0.1:{silent.getsockname()[1]}/klayer?connect_timeout=2"
        message = refusal(f"postgresql://anna:s3cret@{place}")
    assert message.startswith(f"postgresql://anna@{place}: cannot connect: ")
    assert "timeout" in message


@pytest.mark.parametrize("role", ["klayer", "nobody-knows"])
def test_a_wrong_password_and_a_wrong_role_are_told_alike(
    postgresql: "Server", postgresql_storage: str, role: str
) -> None:
    """And a wrong password is shown no more than a right one."""
    place = f"127.0.0.1:{postgresql.port}/{locate(postgresql_storage).url.database}"
    message = refusal(f"postgresql://{role}:{WRONG}@{place}")
    assert message.startswith(f"postgresql://{role}@{place}: cannot connect: ")
    assert f'password authentication failed for user "{role}"' in message


def test_a_missing_database_is_named(postgresql: "Server") -> None:
    message = refusal(postgresql.url("missing"))
    assert "cannot connect: " in message
    assert 'database "missing" does not exist' in message


def test_what_the_server_does_not_offer_is_told(
    postgresql: "Server", postgresql_storage: str
) -> None:
    message = refusal(f"{postgresql_storage}?sslmode=require")
    assert "cannot connect: " in message
    assert "SSL" in message


@pytest.mark.parametrize("kind", ["postgresql"])
def test_who_may_not_make_tables_is_told_who_should(
    empty_storage: str, postgresql: "Server"
) -> None:
    name = str(locate(empty_storage).url.database)
    reader = postgresql.url(name, "reader")
    postgresql.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database=name)
    assert refusal(reader) == (
        f"{locate(reader).shown}: this role lacks a right: permission denied for schema public; "
        "let the database's owner run `klayer storage create` once and GRANT this role ALL on the "
        "tables and sequences, or connect as the owner"
    )
    assert table_names(empty_storage) == set()


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("create", [True, False])
def test_who_may_not_even_read_is_told_what_it_lacks(
    storage: str, postgresql: "Server", create: bool
) -> None:
    reader = postgresql.url(str(locate(storage).url.database), "reader")
    message = refusal(reader, create=create)
    assert (
        "this role lacks a right: permission denied for table klayer_alembic_version; " in message
    )


def test_a_password_is_in_no_message_however_it_was_given(
    postgresql: "Server", monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"postgresql://klayer@127.0.0.1:{postgresql.port}/missing"
    refusal(f"{url}?password={WRONG}")
    monkeypatch.setenv("KLAYER_STORAGE_PASSWORD", WRONG)
    assert "password authentication failed" in refusal(url)
    monkeypatch.delenv("KLAYER_STORAGE_PASSWORD")
    (tmp_path / "password").write_text(f"{WRONG}\n")
    monkeypatch.setenv("KLAYER_STORAGE_PASSWORD_FILE", str(tmp_path / "password"))
    assert "password authentication failed" in refusal(url)
