"""Transactions happen whole or not at all; faults that pass are borne, for as long as is said."""

import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, select, text
from tenacity import wait_fixed

from search.errors import LedgerError
from search.ledger import database as module
from search.ledger.claims import LostLeaseError
from search.ledger.database import (
    Database,
    connect,
    insert_new,
    now,
    patient,
    update_each,
    wake,
)
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.location import locate
from search.ledger.queries import Queries
from search.ledger.records import PlanningClaim, Search
from search.ledger.tables import reports, revision, trials
from search.objective.data_card import DataCard
from search.study.file import Study
from tests.search.ledger.conftest import somebody

if TYPE_CHECKING:
    from tests.postgresql import Server

GONE = "postgresql://klayer:s3cret@127.0.0.1:1/gone"  # nobody listens there
PATIENCE_SECONDS = 30.0


@pytest.fixture
def database(ledger: Ledger) -> Database:
    return ledger.database


@contextmanager
def of(storage: str, patience_seconds: float) -> Iterator[Database]:
    """A database that nobody has looked at yet."""
    location = locate(storage)
    made = Database(connect(location), location, patience_seconds)
    try:
        yield made
    finally:
        made.close()


# --- transactions -------------------------------------------------------------------------------


def revisions(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(select(revision.c.version_num)))


def test_a_transaction_is_kept_when_it_ends_well(database: Database, search: Search) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE klayer_searches SET study_text = 'other'"))
    with database.reading() as connection:
        assert connection.scalar(text("SELECT study_text FROM klayer_searches")) == "other"


def test_a_transaction_that_fails_in_its_midst_has_not_happened(database: Database) -> None:
    before = revisions(database)

    def fail(then: Callable[[Connection], object]) -> None:
        with database.writing() as connection:
            connection.execute(text("DELETE FROM klayer_alembic_version"))
            then(connection)

    with pytest.raises(DatabaseFaultError, match="nowhere"):
        fail(lambda connection: connection.execute(text("DELETE FROM nowhere")))
    with pytest.raises(KeyError):
        fail(lambda _: {}["nowhere"])
    assert revisions(database) == before


def test_what_is_read_is_one_state(database: Database, storage: str, search: Search) -> None:
    query = text("SELECT study_text FROM klayer_searches")
    with database.reading() as connection:
        before = connection.scalar(query)
        with somebody(storage) as other:
            other.execute(text("UPDATE klayer_searches SET study_text = 'other'"))
            other.commit()
        assert connection.scalar(query) == before
    with database.reading() as connection:
        assert connection.scalar(query) == "other"


def test_several_threads_may_use_it(database: Database, search: Search) -> None:
    def write(place: int) -> float:
        with database.writing() as connection:
            connection.execute(
                text("UPDATE klayer_searches SET study_text = study_text || :one"),
                {"one": str(place)},
            )
        with database.reading() as connection:
            return now(connection)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, [1] * 20))
    with database.reading() as connection:
        written = str(connection.scalar(text("SELECT study_text FROM klayer_searches")))
    assert written == "# as written\n" + "1" * 20


def test_the_clock_is_the_databases_in_seconds_since_1970(database: Database) -> None:
    with database.writing() as connection:
        first = now(connection)
        time.sleep(0.02)
        second = now(connection)  # amid a transaction it goes on
    assert abs(first - time.time()) < 5
    assert 0.01 < second - first < 2


def test_rows_whose_key_is_there_are_passed_over(
    database: Database, search: Search, open_next: Callable[[int], object]
) -> None:
    open_next(1)
    with database.writing() as connection:
        trial = connection.scalar(text("SELECT min(id) FROM klayer_trials"))
        first = {"trial_id": trial, "step": 1, "score": 0.5, "metrics": b""}
        connection.execute(insert_new(connection, reports), [first])
        again = [{"trial_id": trial, "step": n, "score": 0.7, "metrics": b""} for n in (1, 2)]
        connection.execute(insert_new(connection, reports), again)
    with database.reading() as connection:
        kept = connection.execute(text("SELECT step, score FROM klayer_reports"))
        assert sorted(tuple(row) for row in kept) == [(1, 0.5), (2, 0.7)]


def test_more_rows_are_updated_than_one_statement_takes(database: Database) -> None:
    values = {key: {"value": 0.5, "state": "complete", "finished_at": 1.0} for key in range(9_400)}
    with database.writing() as connection:
        update_each(connection, trials, values)  # of none of them there is a row


def test_word_is_sent_when_a_transaction_is_committed_and_not_before(ledger: Ledger) -> None:
    with ledger.changes() as changes:
        changes.any()
        with ledger.database.writing() as connection:
            wake(connection)
            changes.pause(0.05)
            assert not changes.any()
            connection.execute(text("UPDATE klayer_alembic_version SET version_num = version_num"))
        changes.pause(0.5)
        assert changes.any()


# --- patience -------------------------------------------------------------------------------------


class Stubborn:
    """Something that fails so often, with a fault of a kind, before it is done."""

    def __init__(self, database: Database, failures: int, error: Exception) -> None:
        self.database, self._failures, self._error = database, failures, error
        self.tries: list[float] = []

    @patient
    def do(self, what: str, *, times: int = 1) -> str:
        """Says it."""
        self.tries.append(time.monotonic())
        if len(self.tries) <= self._failures:
            raise self._error
        return what * times


def test_faults_that_pass_are_borne(sqlite_template: object) -> None:
    with of(f"sqlite:///{sqlite_template}", PATIENCE_SECONDS) as database:
        stubborn = Stubborn(database, 3, DatabaseFaultError("busy", passing=True))
        assert stubborn.do("a", times=2) == "aa"
        assert len(stubborn.tries) == 4
        assert stubborn.do.__doc__ == "Says it."


@pytest.mark.parametrize(
    "error", [DatabaseFaultError("a full disk"), LedgerError("refused"), LostLeaseError("lost")]
)
def test_others_are_not(sqlite_template: object, error: Exception) -> None:
    with of(f"sqlite:///{sqlite_template}", PATIENCE_SECONDS) as database:
        stubborn = Stubborn(database, 1, error)
        with pytest.raises(type(error)) as caught:
            stubborn.do("a")
        assert caught.value is error
        assert len(stubborn.tries) == 1


def test_who_has_no_patience_tries_once(sqlite_template: object) -> None:
    with of(f"sqlite:///{sqlite_template}", 0.0) as database:
        stubborn = Stubborn(database, 1, DatabaseFaultError("busy", passing=True))
        with pytest.raises(DatabaseFaultError):
            stubborn.do("a")
        assert len(stubborn.tries) == 1


def test_patience_ends_and_its_pauses_grow_and_are_drawn(sqlite_template: object) -> None:
    with of(f"sqlite:///{sqlite_template}", 0.8) as database:
        error = DatabaseFaultError("busy", passing=True)
        two = Stubborn(database, 10**6, error), Stubborn(database, 10**6, error)
        began = time.monotonic()
        for one in two:
            with pytest.raises(DatabaseFaultError) as caught:
                one.do("a")
            assert caught.value is error  # as it was, and not of those who tried
        assert 2 * 0.8 <= time.monotonic() - began < 2 * (0.8 + 2.5)
    first, second = ([b - a for a, b in zip(x.tries, x.tries[1:], strict=False)] for x in two)
    assert 3 <= len(first) <= 40  # not thousands
    assert [round(x, 3) for x in first] != [round(x, 3) for x in second]


@pytest.fixture
def long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two tries there is a minute."""
    monkeypatch.setattr(module, "wait_random_exponential", lambda **_: wait_fixed(60))


@pytest.mark.usefixtures("long_pauses")
def test_a_hurry_ends_patience_at_once(sqlite_template: object) -> None:
    with of(f"sqlite:///{sqlite_template}", 600.0) as database:
        stubborn = Stubborn(database, 10**6, DatabaseFaultError("busy", passing=True))
        began = time.monotonic()
        timer = threading.Timer(0.3, database.stop_retrying.set)
        timer.start()
        with pytest.raises(DatabaseFaultError):
            stubborn.do("a")
        assert 0.25 < time.monotonic() - began < 1
        tried = len(stubborn.tries)
        with pytest.raises(DatabaseFaultError):  # and so for whatever follows
            stubborn.do("a")
        assert len(stubborn.tries) == tried + 1
        timer.join()


@pytest.mark.usefixtures("long_pauses")
def test_a_signal_may_hurry_the_very_thread_that_it_interrupts(sqlite_template: object) -> None:
    """Its handler runs amid the pause, and must not wait for what the pause holds."""
    with of(f"sqlite:///{sqlite_template}", 600.0) as database:
        stubborn = Stubborn(database, 10**6, DatabaseFaultError("busy", passing=True))
        before = signal.signal(signal.SIGALRM, lambda *_: database.stop_retrying.set())
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            began = time.monotonic()
            with pytest.raises(DatabaseFaultError):
                stubborn.do("a")
            assert 0.25 < time.monotonic() - began < 1
        finally:
            signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("room", [Ledger, Queries])
def test_whatever_asks_or_changes_the_ledger_bears_faults(room: type) -> None:
    not_one_transaction = {"changes", "stop_retrying", "read", "again", "find"}
    methods = {name for name in vars(room) if not name.startswith("_")} - not_one_transaction
    assert [name for name in methods if not hasattr(vars(room)[name], "__wrapped__")] == []


def test_a_server_that_is_not_there_is_borne_for_a_while_and_then_named() -> None:
    with of(GONE, 0.5) as database:
        began = time.monotonic()
        with pytest.raises(DatabaseFaultError) as caught:
            Queries(database).names()
        assert 0.4 < time.monotonic() - began < 5
    assert str(caught.value).startswith("postgresql://klayer@127.0.0.1:1/gone: the database failed")
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.passing


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_restart_of_the_server_is_borne(storage: str, postgresql: "Server", study: Study) -> None:
    with Ledger(storage, patience_seconds=PATIENCE_SECONDS) as ledger:
        search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
        postgresql.stop()
        back = threading.Timer(0.5, postgresql.start)
        back.start()
        try:
            assert ledger.read.again(search) == search
            ledger.stop(search)
            assert ledger.read.again(search).stopped_at is not None
        finally:
            back.join()


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_connection_that_was_cut_while_it_was_idle_is_no_fault(
    ledger: Ledger, search: Search, postgresql: "Server", storage: str
) -> None:
    """Nor for who has no patience: it is tried before it is used."""
    assert ledger.read.again(search) == search
    assert postgresql.cut_connections(str(locate(storage).url.database)) >= 1
    assert ledger.read.again(search) == search


@pytest.mark.parametrize("kind", ["postgresql"])
def test_who_commits_when_the_connection_breaks_finds_it_done_or_does_it(
    storage: str, search: Search, postgresql: "Server", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction is committed, and its connection cut before anybody is told so."""
    name = str(locate(storage).url.database)
    with Ledger(storage, patience_seconds=PATIENCE_SECONDS) as ledger:
        dialect = ledger.database.engine.dialect
        real, cut = dialect.do_commit, [True]

        def commit(connection: object) -> None:
            real(connection)  # type: ignore[arg-type]
            if cut and cut.pop():
                postgresql.cut_connections(name)
                connection.execute("SELECT 1")  # type: ignore[attr-defined]

        monkeypatch.setattr(dialect, "do_commit", commit)
        claim = ledger.next_work(search, "a")
        assert not cut
        assert isinstance(claim, PlanningClaim)
        assert claim.attempt == 2  # its own first one was left over
        assert not isinstance(ledger.next_work(search, "b"), PlanningClaim)


@pytest.mark.parametrize("library", ["sqlalchemy.pool", "psycopg"])
def test_a_connection_that_breaks_is_told_of_by_an_exception_alone(library: str) -> None:
    """In a process that has set up no logging, as klayer's are."""
    script = (
        "import logging, search.ledger.database\n"
        f"logging.getLogger('{library}').error('exception during reset or similar')\n"
        "logging.getLogger('others').warning('heard')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr == "heard\n"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_file_that_is_removed_or_replaced_in_use_is_told_of(
    ledger: Ledger, search: Search, study: Study, tmp_path: Path, how: str
) -> None:
    """SQLite goes on with the file that it has open, and nobody finds it afterwards."""
    names = [path.name for path in tmp_path.iterdir()]
    if how == "replaced":
        shutil.copy(tmp_path / "ledger.db", tmp_path / "copy")
        (tmp_path / "copy").replace(tmp_path / "ledger.db")
    else:
        for path in tmp_path.iterdir():
            path.unlink()
    for use in (ledger.read.names, lambda: ledger.record(study, "", search.data, {})):
        with pytest.raises(DatabaseFaultError, match=f"the file was {how}") as told:
            use()
        assert "kept" not in str(told.value)
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= ({*names} if how == "replaced" else set())  # no new one was made
