"""What is found to hold searches up, and that nothing is where all is well."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from search.ledger import checkup, postgresql
from search.ledger.checkup import checkup as examine
from search.ledger.database import Database
from search.ledger.ledger import Ledger
from search.ledger.location import locate
from search.ledger.records import Presence, Search
from tests.search.ledger.conftest import Alter, open_stage, somebody

if TYPE_CHECKING:
    from tests.postgresql import Server


def findings(database: Database) -> list[str]:
    return examine(database).faults


def join(ledger: Ledger, name: str, klayer: str) -> None:
    ledger.join(Presence(name, "worker", "north", "m", 1, None, None, 60.0, klayer=klayer))


def test_a_database_that_is_well_has_nothing(ledger: Ledger, search: Search) -> None:
    open_stage(ledger, search)
    join(ledger, "a", "0.1.0")
    assert findings(ledger.database) == []


def test_clocks_that_differ_or_were_set_back_are_found(
    ledger: Ledger, search: Search, alter: Alter, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_stage(ledger, search)
    ledger.next_work(search, "a")
    alter("UPDATE klayer_cohorts SET lease_until = lease_until + 3600 WHERE owner = 'a'")
    (told,) = findings(ledger.database)
    assert told.startswith("Leases and heartbeats that lie far ahead, since the clock was set ")
    assert "back: 1. The next heartbeat" in told
    assert examine(ledger.database).remarks == []
    monkeypatch.setattr(checkup.clocks, "time", lambda: 0.0)
    (remark,) = examine(ledger.database).remarks
    assert "ahead of this machine's. Leases go by" in remark


def test_workers_of_several_versions_are_found(ledger: Ledger) -> None:
    join(ledger, "a", "0.0.9 (8070597abc)")
    join(ledger, "b", "0.1.0")
    join(ledger, "c", "0.1.0")
    (told,) = findings(ledger.database)
    assert "(0.0.9 (8070597abc): 1 process, 0.1.0: 2 processes)" in told


def test_a_command_says_it_and_its_exit_status_does(
    ledger: Ledger,
    klayer_here: Any,
    storage: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shown = locate(storage).shown
    well = f"{shown}: nothing was found that holds searches up.\n"
    assert klayer_here("doctor", "--storage", storage) == (0, well, "")
    (tmp_path / "klayer" / "prepared").mkdir(parents=True)
    (tmp_path / "klayer" / "prepared" / "rows").write_bytes(bytes(3_000_000))
    with monkeypatch.context() as clock:
        clock.setattr(checkup.clocks, "time", lambda: 0.0)  # which does no harm
        status, out, _ = klayer_here("doctor", "--storage", storage)
    assert (status, out[: len(well)]) == (0, well)
    assert f"The cache holds 3 MB in {tmp_path}/klayer; `klayer data list` shows" in out
    for name, klayer in (("a", "0.0.9"), ("b", "0.1.0")):
        join(ledger, name, klayer)
    status, out, err = klayer_here("doctor", "--storage", storage)
    assert (status, err) == (1, "")
    assert out.startswith("Processes of several versions of klayer are at work")


class TestOnPostgreSQL:
    """What a server knows besides."""

    @pytest.fixture
    def kind(self) -> str:
        return "postgresql"

    def test_each_session_that_holds_rows_for_longer_than_a_moment_is_named(
        self, ledger: Ledger, storage: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checkup, "MOMENT_SECONDS", 0.05)
        with somebody(storage) as reading, somebody(storage) as own, somebody(storage) as other:
            reading.execute(text("SELECT count(*) FROM trials"))
            own.execute(text("SELECT id FROM klayer_cohorts FOR UPDATE"))
            other.execute(text("SET application_name = 'a notebook'"))
            other.commit()
            assert findings(ledger.database) == []
            other.execute(text("SELECT trial_id FROM trials FOR UPDATE"))
            pids = [one.scalar(text("SELECT pg_backend_pid()")) for one in (own, other)]
            (told,) = findings(ledger.database)
            assert told.startswith(f"Session {pids[1]} (a notebook, role ")
            assert "has held rows of searches for " in told
            assert told.endswith(f"SELECT pg_terminate_backend({pids[1]})")
            monkeypatch.setattr(postgresql, "SILENCE_SECONDS", 0)
            found = findings(ledger.database)
            assert [one.split()[1] for one in found] == [str(pid) for pid in sorted(pids)]

    def test_connections_of_those_who_are_gone_and_too_few_are_found(
        self,
        ledger: Ledger,
        storage: str,
        postgresql: "Server",
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(checkup, "MOST_CONNECTIONS", 0)
        (told,) = findings(ledger.database)
        assert told.startswith("klayer has 1 connections, and 1 process")
        monkeypatch.undo()
        name = locate(storage).url.database
        try:
            postgresql.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 4")
            (told,) = findings(ledger.database)
        finally:
            postgresql.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
        assert told.startswith("The server has 3 connections left, and each worker needs 2: raise")

    def test_a_role_that_may_not_write_is_found(self, storage: str, postgresql: "Server") -> None:
        name = str(locate(storage).url.database)
        postgresql.execute("GRANT pg_read_all_data TO reader")
        try:
            with Ledger(postgresql.url(name, "reader")) as reader:
                (told,) = findings(reader.database)
        finally:
            postgresql.execute("REVOKE pg_read_all_data FROM reader")
        assert told.startswith("Reading is all that can be done here: the role reader may not")
