"""What another session locks is waited for, however long, and told of once."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext

import pytest

from search.ledger import sqlite
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.workers import locks
from search.workers.locks import waiting_for_locks
from tests.search.workers.serving import never, recorded

PATIENCE_SECONDS = 0.2


@pytest.fixture
def locked(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Ledger, Callable[[], None]]]:
    """A ledger that a stranger's transaction locks, and what ends that."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(locks, "TOLD_SECONDS", 0.1)
    file = storage.removeprefix("sqlite:///")
    with (
        Ledger(storage, patience_seconds=PATIENCE_SECONDS) as ledger,
        closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as stranger,
    ):
        recorded(ledger)
        stranger.execute("BEGIN IMMEDIATE")
        yield ledger, stranger.rollback


def test_it_is_waited_for_longer_than_faults_are_borne_and_told_of_once(
    locked: tuple[Ledger, Callable[[], None]],
) -> None:
    ledger, unlock = locked
    search = ledger.read.search(ledger.read.names()[0])
    said: list[str] = []
    timer = threading.Timer(5 * PATIENCE_SECONDS, unlock)
    timer.start()
    with waiting_for_locks(ledger, said.append, never):
        ledger.stop(search)
    timer.join()
    assert ledger.read.again(search).stopped_at is not None
    (line,) = said
    assert line.startswith(f"{ledger.database.shown}: for ")
    assert line.endswith("waiting until it ends (`klayer doctor` looks which it is)")


@pytest.mark.parametrize("asked", [True, False])
def test_who_should_stop_or_is_no_worker_has_the_patience_of_others(
    locked: tuple[Ledger, Callable[[], None]], *, asked: bool
) -> None:
    ledger, unlock = locked
    search = ledger.read.search(ledger.read.names()[0])
    began = time.monotonic()
    with (
        waiting_for_locks(ledger, lambda _: None, lambda: True) if asked else nullcontext(),
        pytest.raises(DatabaseFaultError, match="database is locked") as caught,
    ):
        ledger.stop(search)
    assert time.monotonic() - began < 5
    assert caught.value.locked
    unlock()


def test_where_nobody_is_told_it_is_said_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    locks.say("waiting")
    assert capsys.readouterr().err == "klayer: waiting\n"
