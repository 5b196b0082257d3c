"""The database itself: its tables made, made again, brought up to date."""

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from search.ledger import migrations
from search.ledger.ledger import Ledger

LAST = migrations.revisions()[-1]


def test_tables_are_made_once_and_again_does_no_harm(klayer_here: Any, tmp_path: Path) -> None:
    told = (0, "sqlite:///klayer.db: its tables are there\n", "")
    assert klayer_here("storage", "create") == told
    with Ledger(f"sqlite:///{tmp_path}/klayer.db") as ledger:
        assert ledger.read.names() == []
    assert klayer_here("status")[1].startswith("No search is recorded here yet")
    assert klayer_here("submit", "digits")[0] == 0
    assert klayer_here("storage", "create") == told
    assert klayer_here("status")[1].splitlines()[1].startswith("digits")


def test_what_is_up_to_date_stays_as_it_is(klayer_here: Any, storage: str) -> None:
    status, out, err = klayer_here("storage", "upgrade", "--storage", storage)
    assert (status, err) == (0, "")
    assert out == f"{storage}: its tables are of revision {LAST} already\n"


def test_a_backup_is_whole_while_others_write_and_is_one_file(
    klayer_here: Any, storage: str, tmp_path: Path
) -> None:
    with Ledger(storage) as ledger:
        assert klayer_here("submit", "digits", "--storage", storage)[0] == 0
        search = ledger.read.search("digits")
        with ledger.database.writing() as connection:  # that is not committed yet
            connection.exec_driver_sql("UPDATE klayer_searches SET name = 'other'")
            told = klayer_here("storage", "backup", "copy.db", "--storage", storage)
            connection.rollback()
        assert ledger.read.names() == ["digits"]
    assert told == (0, f"copy.db: 1 search of {storage}\n", "")
    assert {one.name for one in tmp_path.glob("copy*")} == {"copy.db"}
    assert not list(tmp_path.glob("*.part"))
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    with Ledger(f"sqlite:///{tmp_path}/copy.db") as copied:
        assert copied.read.search("digits") == search


@pytest.mark.parametrize("name", ["ledger.db", "link.db", "ledger.db-wal"])
def test_a_backup_writes_over_nothing(
    klayer_here: Any, storage: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / "link.db").symlink_to("ledger.db")
    (tmp_path / "ledger.db-wal").touch()
    before = (tmp_path / "ledger.db").read_bytes()
    told = klayer_here("storage", "backup", name, "--storage", storage)
    assert told == (2, "", f"klayer: {name}: is there already; name a new file\n")
    assert (tmp_path / "ledger.db").read_bytes() == before


def test_a_backup_goes_to_file_systems_that_have_no_links_as_well(
    klayer_here: Any, storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    assert klayer_here("storage", "backup", "copy.db", "--storage", storage)[0] == 0
    with Ledger(f"sqlite:///{tmp_path}/copy.db") as copied:
        assert copied.read.names() == []
    assert not list(tmp_path.glob(".*.part"))


def test_a_backup_that_cannot_be_made_says_why(klayer_here: Any, storage: str) -> None:
    told = klayer_here("storage", "backup", "none/copy.db", "--storage", storage)
    message = "klayer: none/copy.db: cannot be written: No such file or directory\n"
    assert told == (2, "", message)
    status, _, err = klayer_here("storage", "backup", "x", "--storage", "postgresql://a@b/c")
    assert status == 2
    assert err.startswith("klayer: postgresql://a@b/c: `klayer storage backup` copies SQLite")
    assert klayer_here("storage", "backup", "x", "--storage", "sqlite:///none.db")[0] == 2


def revision(database: Path, name: str | None = None) -> str:
    """The revision that a database says that its tables are of, once it was set if need be."""
    with closing(sqlite3.connect(database)) as connection, connection:
        if name is not None:
            connection.execute("UPDATE klayer_alembic_version SET version_num = ?", (name,))
        query = "SELECT version_num FROM klayer_alembic_version"
        ((found,),) = connection.execute(query).fetchall()
        return str(found)


def test_tables_of_a_newer_klayer_stay_as_they_are(
    klayer_here: Any, storage: str, tmp_path: Path
) -> None:
    revision(tmp_path / "ledger.db", "9999")
    status, out, err = klayer_here("storage", "upgrade", "--storage", storage)
    assert (status, out) == (2, "")
    assert err.startswith(f"klayer: {storage}: its tables are of revision 9999, ")
    assert "use the klayer that made them" in err
    assert revision(tmp_path / "ledger.db") == "9999"


def test_older_tables_are_brought_up_to_date_and_only_by_this_command(
    klayer_here: Any, storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What scripts do to tables and rows is tested beside the ledger's migrations."""
    folder = tmp_path / "versions"
    shutil.copytree(migrations.VERSIONS, folder)
    script = f"revision = '9999'\ndown_revision = '{LAST}'\n\n\ndef upgrade():\n    pass\n"
    (folder / "9999_next.py").write_text(script, "utf-8")
    monkeypatch.setattr(migrations, "VERSIONS", folder)
    for command in (["status"], ["run", "digits"], ["worker"]):
        status, _, err = klayer_here(*command, "--storage", storage)
        assert status == 2
        assert "`klayer storage upgrade`" in err
    assert revision(tmp_path / "ledger.db") == LAST
    status, out, _ = klayer_here("storage", "upgrade", "--storage", storage)
    assert (status, revision(tmp_path / "ledger.db")) == (0, "9999")
    assert out == f"{storage}: its tables were of revision {LAST}, and are of revision 9999 now\n"


@pytest.mark.parametrize("command", ["create", "upgrade"])
def test_a_file_that_is_no_database_stays_as_it_is(
    klayer_here: Any, tmp_path: Path, command: str
) -> None:
    (tmp_path / "klayer.db").write_bytes(b"no database\n" * 100)
    status, out, err = klayer_here("storage", command)
    assert (status, out) == (2, "")
    assert err.startswith("klayer: sqlite:///klayer.db: cannot be used as a database")
    assert (tmp_path / "klayer.db").read_bytes() == b"no database\n" * 100


def test_there_is_nothing_to_upgrade_where_there_is_no_database(
    klayer_here: Any, tmp_path: Path
) -> None:
    status, _, err = klayer_here("storage", "upgrade")
    assert status == 2
    assert "there is no database here" in err
    assert list(tmp_path.iterdir()) == []
