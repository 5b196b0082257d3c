"""Reading sees one state of the database, and neither waits for a writer nor keeps one waiting."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, text

from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Presence, Search, TrialResult
from tests.search.ledger.conftest import somebody

QUICK_SECONDS = 5  # far below the 60 that a connection waits for a lock


@contextmanager
def writer(storage: str) -> Iterator[Connection]:
    """Another process's write in the middle of its transaction."""
    with somebody(storage) as connection:
        connection.execute(text("UPDATE klayer_trials SET state = 'complete', value = 1"))
        yield connection


def test_readers_do_not_wait_for_a_writer_and_see_nothing_of_it(
    ledger: Ledger, storage: str, search: Search, open_next: Callable[[int], object]
) -> None:
    open_next(1)
    with writer(storage) as writing:
        began = time.monotonic()
        with Ledger(storage) as second:
            found = second.read.search("digits")
            assert {one.state for one in second.read.trials(found)} == {"waiting"}
            assert second.read.stages(found)[0].finished == 0
            assert second.read.finished_trials(found) == []
            assert second.read.curves(found) == {}
        assert time.monotonic() - began < QUICK_SECONDS
        writing.commit()
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}


def test_a_reader_keeps_no_writer_waiting(
    ledger: Ledger, storage: str, search: Search, open_next: Callable[[int], object]
) -> None:
    open_next(1)
    with ledger.database.reading() as reading:
        query = "SELECT count(*) FROM klayer_trials WHERE state = 'waiting'"
        assert reading.exec_driver_sql(query).scalar() == 6
        with writer(storage) as writing:
            writing.commit()
        assert reading.exec_driver_sql(query).scalar() == 6  # still the state that it began with
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}


def test_who_asks_again_is_told_what_has_finished_since(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], object],
    claim_next: Callable[..., CohortClaim],
    outcomes: Callable[[CohortClaim], list[TrialResult]],
) -> None:
    open_next(3)
    begun = ledger.read.clock()
    assert ledger.read.trials(search, since=begun) == []
    seen: list[tuple[int, ...]] = []
    latest = begun
    for _ in range(2):
        claim = claim_next("a")
        time.sleep(0.01)  # the clock counts thousandths
        ledger.hand_in(claim, outcomes(claim))
        news = ledger.read.trials(search, since=latest + 0.001)
        seen.append(tuple(one.number for one in news))
        latest = max(one.finished_at or 0.0 for one in news)
    assert seen == [(0, 3), (1, 4)]
    assert [one.number for one in ledger.read.trials(search, since=latest)] == [1, 4]


@pytest.mark.parametrize("kind", ["postgresql"])  # SQLite takes our word for it
def test_a_reading_transaction_writes_nothing(ledger: Ledger, search: Search) -> None:
    with (
        pytest.raises(DatabaseFaultError, match="read-only transaction"),
        ledger.database.reading() as reading,
    ):
        reading.execute(text("DELETE FROM klayer_searches"))
    assert ledger.read.names() == ["digits"]


def test_what_has_work_is_told_without_taking_it(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], object],
    claim_next: Callable[..., CohortClaim],
) -> None:
    assert ledger.read.has_work(search, "a")
    assert isinstance(ledger.next_work(search, "a"), PlanningClaim)
    assert not ledger.read.has_work(search, "b")
    assert ledger.read.has_work(search, "a")  # what it holds itself is free for it
    ledger.stop(search)
    assert not ledger.read.has_work(search, "a")
    ledger.take_up(search)
    ledger.leave(Presence("a", "worker", "h", "m", 1, None, None, 60.0))
    open_next(1)
    assert ledger.read.has_work(search, "a")
    claim_next("a")
    assert not ledger.read.has_work(search, "b")
    ledger.release(claim_next("a"))
    assert ledger.read.has_work(search, "b")
