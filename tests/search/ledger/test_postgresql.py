"""A server: connections that are noticed to be gone, who may write, who changes the schema."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, text

from search.errors import LedgerError
from search.ledger import checkup
from search.ledger import postgresql as module
from search.ledger.claims import Wait
from search.ledger.database import connect
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import LEASE_SECONDS, Ledger
from search.ledger.location import locate
from search.ledger.records import CohortClaim, Presence, Search
from search.ledger.schema import open_database
from search.ledger.tables import workers
from search.objective.data_card import DataCard
from search.study.file import Study
from search.study.reading import load
from tests.postgresql_programs import runner
from tests.search.ledger.conftest import (
    OVERRIDES,
    Alter,
    open_stage,
    somebody,
    study_with_budget,
    worth,
)

if TYPE_CHECKING:
    from tests.postgresql import Server


# A worker as its row has it, but for the name.
SOME = {
    "kind": "worker",
    "host": "host",
    "machine": "kernel",
    "process": 11,
    "started_at": 0.0,
    "seen_at": 0.0,
    "lease_seconds": 60.0,
    "stop_asked": False,
    "klayer": "0",
}


@pytest.fixture
def kind() -> str:
    return "postgresql"


def test_what_the_server_sees_of_a_process(ledger: Ledger, storage: str) -> None:
    """One connection while it is idle, by klayer's name."""
    for _ in range(3):
        ledger.read.names()
    with somebody(storage) as other:
        rows = other.exec_driver_sql(
            "SELECT application_name FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).all()
    assert rows == [("klayer",)]


def parameters(storage: str) -> dict[str, str]:
    """What a connection was opened with, as libpq has it."""
    engine = connect(locate(storage))
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        found: dict[str, str] = raw.info.get_parameters()
    engine.dispose()
    return found


def test_a_way_that_is_gone_without_a_word_is_noticed_soon(storage: str) -> None:
    asked = parameters(storage)
    assert int(asked["connect_timeout"]) == module.CONNECT_SECONDS
    idle, interval, count = (int(asked[f"keepalives_{x}"]) for x in ("idle", "interval", "count"))
    assert idle + interval * count <= 30
    assert int(asked["tcp_user_timeout"]) <= 30_000


def test_what_the_url_says_is_not_changed(storage: str) -> None:
    asked = parameters(f"{storage}?connect_timeout=3&application_name=mine")
    assert (asked["connect_timeout"], asked["application_name"]) == ("3", "mine")


def test_who_is_paused_within_a_transaction_keeps_its_locks_no_longer_than_a_lease(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else others who hand in to its stage would wait for as long as it sleeps."""
    assert module.SILENCE_SECONDS < LEASE_SECONDS
    monkeypatch.setattr(module, "SILENCE_SECONDS", 1)
    paused = open_database(storage, create=False)
    lock = text("LOCK TABLE klayer_alembic_version")

    def pause() -> None:
        with paused.writing() as connection:
            connection.execute(lock)
            with somebody(storage) as other:
                other.execute(lock)  # waits until the server has ended the first one
            connection.execute(lock)

    with pytest.raises(DatabaseFaultError, match="idle-in-transaction") as error:
        pause()
    assert error.value.passing
    with paused.writing() as connection:  # over a new connection
        connection.execute(lock)
    paused.close()


def test_a_beat_waits_for_what_it_holds_before_it_locks_its_process(
    ledger: Ledger, search: Search, storage: str
) -> None:
    """As `release_of` does: in another order the two would wait for each other."""
    who = Presence("host/1", "worker", "host", "kernel", 11, None, None, 60.0)
    open_stage(ledger, search)
    claim = ledger.next_work(search, who.name)
    assert isinstance(claim, CohortClaim)
    ledger.join(who)
    beating = threading.Thread(target=ledger.beat, args=[who, claim])
    with somebody(storage) as other:
        other.execute(text("SELECT id FROM klayer_cohorts FOR UPDATE"))
        beating.start()
        time.sleep(0.5)
        assert beating.is_alive()
        other.execute(text("SELECT id FROM klayer_workers FOR UPDATE NOWAIT"))
        other.rollback()
    beating.join()


def test_isolation_does_not_depend_on_what_the_server_is_set_to(storage: str) -> None:
    """Who waits for a lock sees what the one before it has written."""
    other = f"{storage}?options=-cdefault_transaction_isolation%3Dserializable"
    database, ask = open_database(other, create=False), text("SHOW transaction_isolation")
    for _ in range(2):
        with database.reading() as connection:
            assert connection.scalar(ask) == "repeatable read"
        with database.writing() as connection:
            assert connection.scalar(ask) == "read committed"
    database.close()


def test_one_at_a_time_changes_the_schema(storage: str) -> None:
    held, got = threading.Event(), []

    def second() -> None:
        held.wait()
        with somebody(storage) as connection:
            module.lock_schema(connection)
            got.append(time.monotonic())

    thread = threading.Thread(target=second)
    thread.start()
    with somebody(storage) as connection:
        module.lock_schema(connection)
        held.set()
        time.sleep(0.2)
        assert not got
        connection.commit()
    thread.join()
    assert len(got) == 1


def test_who_may_not_write_is_told_what_to_grant_and_that_is_enough(
    empty_storage: str, postgresql: "Server", study: Study
) -> None:
    with Ledger(empty_storage, create=True):
        pass
    name = str(locate(empty_storage).url.database)
    reader = postgresql.url(name, "reader")
    grants = (
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO reader",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO reader",
    )
    for grant in grants:
        postgresql.execute(grant, database=name)
        if grant is grants[-1]:
            break
        with pytest.raises(LedgerError) as caught:
            Ledger(reader, create=True)
        assert str(caught.value) == (
            f"{locate(reader).shown}: the role reader may not write to the ledger's tables; let "
            "their owner GRANT ALL ON ALL TABLES IN SCHEMA public TO reader, and likewise "
            "ON ALL SEQUENCES, or connect as the owner"
        )
        with Ledger(reader) as looking:
            assert looking.read.names() == []
    with Ledger(reader, create=True) as ledger:
        search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
        open_stage(ledger, search)
        assert isinstance(ledger.next_work(search, "a"), CohortClaim)


IDLE = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND state = 'idle in transaction'"
)


def test_who_falls_silent_behind_rows_that_it_wrote_at_once_loses_its_session(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a pipeline, as psycopg sends `executemany`, the server forgot about every second."""
    monkeypatch.setattr(module, "SILENCE_SECONDS", 1)
    silent = [connect(locate(storage)) for _ in range(6)]
    for number, engine in enumerate(silent):
        names = [f"{number}/{place}" for place in range(3)]
        engine.connect().execute(insert(workers), [{**SOME, "name": name} for name in names])
    with somebody(storage) as other:
        until = time.monotonic() + 10
        while other.scalar(IDLE) and time.monotonic() < until:
            time.sleep(0.1)
            other.rollback()
        assert other.scalar(IDLE) == 0
    for engine in silent:
        engine.dispose()


def test_a_beat_frees_what_a_silent_client_locks_where_the_server_does_not(
    ledger: Ledger, search: Search, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_stage(ledger, search)
    claim = ledger.next_work(search, "silent", lease_seconds=0.0)
    assert isinstance(claim, CohortClaim)
    who = Presence("host/1", "worker", "host", "kernel", 11, None, None, 60.0)
    ledger.join(who)
    with somebody(storage) as other:
        other.execute(text("SET idle_in_transaction_session_timeout = 0"))
        other.commit()
        other.execute(text("SELECT id FROM klayer_cohorts FOR UPDATE"))
        ledger.beat(who, None)
        assert isinstance(ledger.next_work(search, who.name), Wait)  # it may speak again
        monkeypatch.setattr(module, "SILENCE_SECONDS", 0)
        ledger.beat(who, None)
        taken = ledger.next_work(search, who.name)
        assert isinstance(taken, CohortClaim)
        assert (taken.cohort_id, taken.attempt) == (claim.cohort_id, 2)
        other.invalidate()


def test_a_lease_is_renewed_though_a_stranger_locks_what_a_budget_counts(
    ledger: Ledger, storage: str, monkeypatch: pytest.MonkeyPatch, alter: Alter
) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.2)
    search = ledger.record(study_with_budget(600), "", DataCard("digits", "f" * 64), {})
    open_stage(ledger, search)
    claim = ledger.next_work(search, "a", 1.0)
    assert isinstance(claim, CohortClaim)
    leases = "SELECT max(lease_until) FROM klayer_cohorts"
    ((before,),) = alter(leases)
    who = Presence("a", "worker", "host", "kernel", 11, None, None, 60.0)
    ledger.join(who)
    with Ledger(storage, patience_seconds=0.0) as impatient, somebody(storage) as stranger:
        stranger.execute(text("SELECT id FROM klayer_searches FOR UPDATE"))
        with pytest.raises(DatabaseFaultError, match="a session holds what is to be written"):
            impatient.beat(who, claim, 60.0)
        stranger.rollback()
    ((after,),) = alter(leases)
    assert after > before + 50


def test_a_stranger_s_lock_on_optuna_s_rows_holds_up_no_more_than_what_writes_them(
    ledger: Ledger, search: Search, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a notebook or Optuna's dashboard leaves it amid a transaction, for any time."""
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.2)
    monkeypatch.setattr(checkup, "MOMENT_SECONDS", 0.05)
    open_stage(ledger, search, groups=2)
    who = Presence("a", "worker", "host", "kernel", 11, None, None, 60.0)
    ledger.join(who)
    with Ledger(storage, patience_seconds=0.1) as bearing, somebody(storage) as stranger:
        bearing.database.waits_for_locks = lambda _: True
        stranger.execute(text("SET application_name = 'a notebook'"))
        claim = bearing.next_work(search, "a")
        assert isinstance(claim, CohortClaim)
        mine = "SELECT optuna_trial FROM klayer_trials WHERE cohort_id = :cohort"
        held = text(f"SELECT trial_id FROM trials WHERE trial_id IN ({mine}) FOR UPDATE")
        stranger.execute(held, {"cohort": claim.cohort_id})
        given = claim, worth(claim)
        handing_in = threading.Thread(target=bearing.hand_in, args=given, daemon=True)
        handing_in.start()
        for _ in range(5):  # the lease is renewed all the time, though the hand-in holds its row
            began = time.monotonic()
            bearing.beat(who, claim, 10.0)
            assert time.monotonic() - began < 5.0
        other = bearing.next_work(search, "b")
        assert isinstance(other, CohortClaim)
        bearing.hand_in(other, worth(other))
        pid = stranger.scalar(text("SELECT pg_backend_pid()"))
        (told,) = checkup.checkup(ledger.database).faults
        assert told.startswith(f"Session {pid} (a notebook, role ")
        assert handing_in.is_alive()
        with Ledger(storage) as impatient, pytest.raises(DatabaseFaultError) as caught:
            impatient.hand_in(*given)
        assert "(a session holds what is to be written: `klayer doctor` names it)" in str(
            caught.value
        )
        stranger.rollback()
        handing_in.join(30)
    assert ledger.read.stages(search)[0].state == "finished"


# --- machines that lose what others may finish ----------------------------------------------------


def join(ledger: Ledger, name: str, machine: str, search_id: int | None = None) -> None:
    ledger.join(Presence(name, "worker", machine, machine, 11, search_id, None, 60.0))


@pytest.mark.parametrize("elsewhere", ["there", "absent", "serves another search"])
def test_what_a_machine_has_lost_twice_is_for_others_for_a_minute_where_there_are_any(
    ledger: Ledger, search: Search, alter: Alter, elsewhere: str
) -> None:
    open_stage(ledger, search)
    for name in ("a1", "a2", "a3"):
        join(ledger, name, "a")
    if elsewhere != "absent":
        other = ledger.record(load("digits", OVERRIDES, "other"), "", DataCard("x", "f" * 64), {})
        join(ledger, "b1", "b", other.id if "another" in elsewhere else search.id)
    for name in ("a1", "a2"):
        claim = ledger.next_work(search, name)
        assert isinstance(claim, CohortClaim)
        ledger.release(claim, lost=True)
    if elsewhere == "there":
        assert isinstance(ledger.next_work(search, "a3"), Wait)
        alter("UPDATE klayer_cohorts SET lost_at = lost_at - 61 WHERE lost > 0")
        assert isinstance(ledger.next_work(search, "a3"), CohortClaim)
        alter("UPDATE klayer_cohorts SET lost_at = lost_at + 61, state = 'waiting', owner = NULL")
        assert isinstance(ledger.next_work(search, "b1"), CohortClaim)
    else:
        assert isinstance(ledger.next_work(search, "a3"), CohortClaim)


# --- poolers, and how many connections there are --------------------------------------------------


@contextmanager
def pooler(storage: str, mode: str, folder: Path) -> Iterator[str]:
    """pgbouncer before a database; the URL of it there."""
    url = locate(storage).url
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = f"""
        [databases]
        * = host=127.0.0.1 port={url.port} user={url.username} password={url.password}
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = any
        pool_mode = {mode}
    """
    file = folder / "pgbouncer.ini"
    file.write_text("\n".join(line.strip() for line in settings.splitlines()))
    program = shutil.which("pgbouncer") or ""
    with file.open("rb") as read:  # the folder may not be looked into by who runs it
        process = subprocess.Popen(
            [program, "-q", "/dev/stdin"], stdin=read, stderr=subprocess.DEVNULL, **runner()
        )
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        yield storage.replace(f":{url.port}/", f":{port}/")
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="needs pgbouncer")
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_a_pooler_that_shares_sessions_is_refused_with_the_reason(
    storage: str, search: Search, tmp_path: Path, mode: str
) -> None:
    with pooler(storage, mode, tmp_path) as pooled:
        if mode == "session":
            with Ledger(pooled) as ledger:
                assert ledger.read.names() == [search.study.name]
            return
        with pytest.raises(LedgerError) as refused:
            open_database(pooled, create=True)
    assert str(refused.value).startswith(
        f"{locate(pooled).shown}: a connection pooler stands before PostgreSQL that gives each "
    )
    assert "pool_mode = session" in str(refused.value)


def test_how_many_connections_are_left_is_known(
    ledger: Ledger, storage: str, postgresql: "Server"
) -> None:
    name = locate(storage).url.database
    free = ledger.read.free_connections()
    assert free is not None
    assert 10 < free < 300
    try:
        postgresql.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 7")
        assert ledger.read.free_connections() == 6
        with somebody(storage):
            assert ledger.read.free_connections() == 5
        postgresql.execute("ALTER ROLE klayer CONNECTION LIMIT 3")
        assert ledger.read.free_connections() == 2
    finally:
        postgresql.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
        postgresql.execute("ALTER ROLE klayer CONNECTION LIMIT -1")
