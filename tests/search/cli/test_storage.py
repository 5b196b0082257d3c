"""The database itself: its tables made, made again, brought up to date."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from search.ledger import migrations
from search.ledger.ledger import Ledger
from search.ledger.tables import SCHEMA_VERSION


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
    assert out == f"{storage}: its tables are of version {SCHEMA_VERSION} already\n"


def version(database: Path, number: int | None = None) -> int:
    """The version that a database says that its tables are of, once it was set if need be."""
    with closing(sqlite3.connect(database)) as connection, connection:
        if number is not None:
            connection.execute("UPDATE klayer_schema SET version = ?", (number,))
        ((found,),) = connection.execute("SELECT version FROM klayer_schema").fetchall()
        return int(found)


@pytest.mark.parametrize(
    ("found", "told"),
    [(SCHEMA_VERSION + 1, "use the newer klayer"), (1, "from which there is no way to version")],
)
def test_tables_that_there_is_no_way_from_stay_as_they_are(
    klayer_here: Any, storage: str, tmp_path: Path, found: int, told: str
) -> None:
    version(tmp_path / "ledger.db", found)
    status, out, err = klayer_here("storage", "upgrade", "--storage", storage)
    assert (status, out) == (2, "")
    assert err.startswith(f"klayer: {storage}: its tables are of version {found}, ")
    assert told in err
    assert version(tmp_path / "ledger.db") == found


def test_older_tables_are_brought_up_to_date_and_only_by_this_command(
    klayer_here: Any, storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What each step does is tested beside the migrations."""
    before = SCHEMA_VERSION - 1
    version(tmp_path / "ledger.db", before)
    monkeypatch.setitem(migrations._STEPS, before, lambda *_: None)
    for command in (["status"], ["run", "digits"], ["worker"]):
        status, _, err = klayer_here(*command, "--storage", storage)
        assert status == 2
        assert "`klayer storage upgrade`" in err
    assert version(tmp_path / "ledger.db") == before
    status, out, _ = klayer_here("storage", "upgrade", "--storage", storage)
    assert (status, version(tmp_path / "ledger.db")) == (0, SCHEMA_VERSION)
    assert out == (
        f"{storage}: its tables were of version {before}, and are of version {SCHEMA_VERSION} now\n"
    )


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
