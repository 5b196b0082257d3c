"""What a storage URL may be: one clear message, soon, for everything else."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from search.errors import LedgerError
from search.ledger.database import READING, now, open_engine
from search.ledger.tables import SCHEMA_VERSION, metadata


def refusal(storage: str, *, create: bool = True) -> str:
    """The message for a URL that is refused; it must come soon."""
    began = time.monotonic()
    with pytest.raises(LedgerError) as caught:
        open_engine(storage, create=create)
    assert time.monotonic() - began < 5
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:s3cret@db/klayer",
        "postgresql+psycopg://anna:s3cret@db:5432/klayer",
        "postgresql://anna:s3cret@db:port/klayer",
        "postgresql:/anna:s3cret@db/klayer",
        "mysql://anna:s3cret@db/klayer",
    ],
)
def test_other_databases_are_refused_without_showing_the_password(url: str) -> None:
    message = refusal(url)
    assert message.startswith("--storage: ")
    assert "s3cret" not in message
    assert "sqlite:///klayer.db" in message


@pytest.mark.parametrize("url", ["", "nonsense", "klayer.db", "://", "/tmp/klayer.db"])
def test_what_is_no_url_is_refused(url: str) -> None:
    assert f"{url!r} is not a database URL" in refusal(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    assert "cannot be shared by worker processes" in refusal(url)


@pytest.mark.parametrize("form", ["sqlite+aiosqlite:///{}", "sqlite:///{}?mode=ro"])
def test_drivers_and_options_are_refused(form: str, tmp_path: Path) -> None:
    assert "plain SQLite files" in refusal(form.format(tmp_path / "a.db"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert f"{tmp_path} is a folder; name a file in it" in refusal(f"sqlite:///{tmp_path}")


def test_a_file_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    message = refusal(f"sqlite:///{tmp_path}/missing/a.db")
    assert f"the folder {tmp_path}/missing does not exist" in message
    assert list(tmp_path.iterdir()) == []


def test_reading_makes_no_database(tmp_path: Path) -> None:
    message = refusal(f"sqlite:///{tmp_path}/a.db", create=False)
    assert "there is no database here; `klayer run STUDY` makes one" in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "photo.db"
    content = bytes(range(256)) * 40
    path.write_bytes(content)
    message = refusal(f"sqlite:///{path}", create=create)
    assert message == f"sqlite:///{path}: cannot be used as a database: file is not a database"
    assert path.read_bytes() == content


def test_a_database_without_searches_is_refused_by_who_only_reads(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (line TEXT)")
    assert "holds no klayer search" in refusal(f"sqlite:///{path}", create=False)
    open_engine(f"sqlite:///{path}", create=True).dispose()
    with closing(sqlite3.connect(path)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert {"notes", *metadata.tables} <= names


@pytest.mark.parametrize(
    ("table", "create"),
    [
        ("notes (line TEXT)", False),
        ("klayer_schema (version INTEGER PRIMARY KEY)", False),
        ("klayer_schema (version INTEGER PRIMARY KEY)", True),
    ],
)
def test_a_database_that_is_refused_keeps_every_byte(
    tmp_path: Path, table: str, create: bool
) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE {table}")
    before = path.read_bytes()
    refusal(f"sqlite:///{path}", create=create)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_created_lets_readers_and_a_writer_work_at_once(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/a.db", create=True).dispose()
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_tables_of_another_version_are_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "later.db"
    later = SCHEMA_VERSION + 1
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE klayer_schema (version INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO klayer_schema VALUES (?)", (later,))
        connection.commit()
    message = refusal(f"sqlite:///{path}")
    assert f"tables are of version {later}, this klayer reads version {SCHEMA_VERSION}" in message
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_cannot_be_written_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"")
    (path if what == "file" else tmp_path).chmod(0o500)
    try:
        assert "cannot be used as a database" in refusal(f"sqlite:///{path}")
    finally:
        tmp_path.chmod(0o700)


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/a.db"
    for create in (True, True, False):
        engine = open_engine(storage, create=create)
        with engine.begin() as connection:
            found = connection.execute(text("SELECT version FROM klayer_schema")).all()
        engine.dispose()
        assert found == [(SCHEMA_VERSION,)]


def test_a_transaction_is_a_writer_from_its_beginning_unless_it_says_otherwise(
    tmp_path: Path,
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/a.db", create=True)
    with closing(sqlite3.connect(tmp_path / "a.db", timeout=0)) as other:
        with engine.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        with engine.connect().execution_options(**{READING: True}) as reading:
            assert abs(now(reading) - time.time()) < 5
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
    engine.dispose()
