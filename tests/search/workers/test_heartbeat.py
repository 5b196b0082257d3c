"""A heartbeat makes its process known, keeps the lease of what it holds, and hears who asks.

Whatever the database does meanwhile, its thread goes on.
"""

import errno
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from search.errors import LedgerError
from search.ledger.claims import LostLeaseError, Wait
from search.ledger.faults import DatabaseFaultError
from search.ledger.host import host_identity
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search
from search.workers.heartbeat import Heartbeat, presence
from search.workers.planning import plan_next
from tests.search.ledger.conftest import renew
from tests.search.workers.serving import attempts, recorded, states, work, worker

SOON_SECONDS = 10.0


def soon(holds: Callable[[], object]) -> bool:
    """Whether something comes to hold within some seconds."""
    until = time.monotonic() + SOON_SECONDS
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def search(ledger: Ledger) -> Search:
    """A search whose first stage is planned."""
    search = recorded(ledger)
    with Heartbeat(ledger, worker("planner")) as heartbeat:
        plan_next(ledger, search, "planner", heartbeat)
    return search


def claimed(ledger: Ledger, search: Search, owner: str, lease_seconds: float = 60.0) -> CohortClaim:
    claim = ledger.next_work(search, owner, lease_seconds)
    assert isinstance(claim, CohortClaim)
    return claim


def keepers() -> list[str]:
    """The keepers' threads that there are."""
    return [one.name for one in threading.enumerate() if one.name == "lease heartbeat"]


def test_a_process_is_known_as_long_as_it_keeps(ledger: Ledger, search: Search) -> None:
    who = presence("a", search_id=search.id, launcher="a/launcher")
    with Heartbeat(ledger, who):
        (known,) = ledger.read.workers()
        assert (known.name, known.process, known.search) == ("a", os.getpid(), "digits")
        assert (known.kind, known.work, known.lost) == ("worker", None, False)
        assert keepers() == ["lease heartbeat"]
    assert ledger.read.workers() == []
    assert keepers() == []


def test_it_says_who_works_on_what_and_since_when(ledger: Ledger, search: Search) -> None:
    with Heartbeat(ledger, worker()) as heartbeat:
        before = ledger.read.clock()
        with heartbeat.holding(claimed(ledger, search, "a")):
            (known,) = ledger.read.workers()
            assert (known.working_on, known.work) == ("digits", "coarse #0 to #1")
            assert known.since is not None
            assert before - 0.1 <= known.since <= ledger.read.clock()


def test_a_lease_is_kept_for_longer_than_it_lasts(ledger: Ledger, search: Search) -> None:
    with Heartbeat(ledger, worker(lease_seconds=1.0), 1.0) as heartbeat:
        claim = claimed(ledger, search, "a", 1.0)
        with heartbeat.holding(claim):
            time.sleep(2.0)
            assert claimed(ledger, search, "rival").cohort_id != claim.cohort_id
            assert ledger.next_work(search, "another") == Wait()
            assert [one.lost for one in ledger.read.workers()] == [False]


def test_an_epoch_longer_than_the_lease_keeps_the_claim(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, real, rivals = recorded(ledger), Ledger.record_reports, list[object]()

    def slowly(self: Ledger, claim: CohortClaim, *rest: Any) -> bool:
        time.sleep(2.0)  # as an epoch would last
        while isinstance(rival := self.next_work(search, f"rival {len(rivals)}"), CohortClaim):
            assert rival.cohort_id != claim.cohort_id
            rivals.append(rival)
        rivals.append(rival)
        return real(self, claim, *rest)

    monkeypatch.setattr(Ledger, "record_reports", slowly)
    monkeypatch.setattr("search.workers.report_writer.MOST_WAITING", 0)  # each is waited for
    work(ledger, search, should_stop=lambda: bool(rivals), lease_seconds=1.0)
    assert rivals[-1] == Wait()
    assert keepers() == []


def test_a_fault_of_the_database_does_not_end_the_thread(
    ledger: Ledger, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, beats = Ledger.beat, list[str]()

    def failing_twice(self: Ledger, *rest: Any) -> bool:
        beats.append(threading.current_thread().name)
        if len(beats) <= 2:
            raise DatabaseFaultError("the server is gone")
        return real(self, *rest)

    monkeypatch.setattr(Ledger, "beat", failing_twice)
    with Heartbeat(ledger, worker(), 1.0) as heartbeat:
        claim = claimed(ledger, search, "a", 1.0)
        with heartbeat.holding(claim):
            assert soon(lambda: len(beats) >= 4)
            renew(ledger, claim)  # nobody else has it
    assert set(beats) == {"lease heartbeat"}
    assert keepers() == []


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "x"), MemoryError()])
def test_what_the_system_refuses_for_a_while_does_not_end_it_either(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    beats: list[None] = []

    def refused(*_: Any) -> bool:
        beats.append(None)
        raise error

    monkeypatch.setattr(Ledger, "beat", refused)
    with Heartbeat(ledger, worker("a"), lease_seconds=0.1):
        assert soon(lambda: len(beats) > 2)


def test_a_process_that_gets_no_thread_is_not_left_as_known(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(RuntimeError, match="new thread"), Heartbeat(ledger, worker("a")):
        raise AssertionError("it was entered")
    assert ledger.read.workers() == []


def test_a_lease_that_is_lost_ends_neither_the_thread_nor_the_process(
    ledger: Ledger, search: Search
) -> None:
    told: list[str] = []
    with Heartbeat(ledger, worker(), 0.15) as heartbeat:
        claim = claimed(ledger, search, "a")
        with heartbeat.holding(claim):
            ledger.release(claim)
            taken = claimed(ledger, search, "b")
            time.sleep(0.3)  # several beats
            assert keepers() == ["lease heartbeat"]
            told.append("goes on")
            renew(ledger, claim)
            told.append("renewed")
        told.append("goes on")
        renew(ledger, taken)  # the other one has it
    assert told == ["goes on", "goes on"]


@pytest.mark.parametrize(
    ("error", "lost"), [(ZeroDivisionError, 1), (DatabaseFaultError, 0), (KeyboardInterrupt, 0)]
)
def test_what_fails_is_free_at_once_and_counts_as_lost_if_it_was_by_its_own_fault(
    ledger: Ledger, search: Search, error: type[BaseException], lost: int
) -> None:
    with Heartbeat(ledger, worker()) as heartbeat:
        claim = claimed(ledger, search, "a")
        with pytest.raises(error, match="so it is"), heartbeat.holding(claim):
            raise error("so it is")
        assert states(ledger, search) == ["waiting"] * 4
        assert attempts(ledger, search) == [(1, lost), (0, 0)]


def test_a_database_that_was_away_is_not_held_against_the_claim(
    ledger: Ledger, search: Search
) -> None:
    """Nor waited for again: what was held is free when the process leaves."""
    claim = claimed(ledger, search, "a")
    with (
        pytest.raises(DatabaseFaultError),
        Heartbeat(ledger, worker()) as heartbeat,
        heartbeat.holding(claim),
    ):
        raise DatabaseFaultError("the server is gone", passing=True)
    assert states(ledger, search) == ["waiting"] * 4
    assert attempts(ledger, search) == [(1, 0), (0, 0)]


def test_a_fault_is_raised_also_where_the_claim_cannot_be_handed_back(
    ledger: Ledger, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unanswered(*_: object, **__: object) -> None:
        raise DatabaseFaultError("the disk is full")

    claim = claimed(ledger, search, "a")
    monkeypatch.setattr(Ledger, "release", unanswered)
    monkeypatch.setattr(Ledger, "leave", unanswered)
    with (
        pytest.raises(ZeroDivisionError),
        Heartbeat(ledger, worker()) as heartbeat,
        heartbeat.holding(claim),
    ):
        raise ZeroDivisionError


def test_a_database_that_was_away_for_too_long_is_no_loss_of_the_cohort(
    ledger: Ledger, search: Search
) -> None:
    """It is not asked once more, for as long again, to take the cohort back."""
    with Heartbeat(ledger, worker()) as heartbeat:
        claim = claimed(ledger, search, "a")
        with pytest.raises(DatabaseFaultError), heartbeat.holding(claim):
            raise DatabaseFaultError("the server is gone", passing=True)
        assert "running" in states(ledger, search)
    assert states(ledger, search) == ["waiting"] * 4
    assert attempts(ledger, search) == [(1, 0), (0, 0)]


def test_what_is_still_held_is_free_when_the_process_leaves(ledger: Ledger, search: Search) -> None:
    with Heartbeat(ledger, worker()):
        claimed(ledger, search, "a")
    assert states(ledger, search) == ["waiting"] * 4
    assert attempts(ledger, search) == [(1, 0), (0, 0)]


def test_it_hears_its_launcher_ask(ledger: Ledger) -> None:
    ledger.join(presence("pool/launcher", "launcher"))
    own, other = worker("pool/0", None, "pool/launcher"), worker("b")
    with Heartbeat(ledger, own, 0.3) as heartbeat, Heartbeat(ledger, other, 0.3) as elsewhere:
        time.sleep(0.3)
        assert not heartbeat.asked_to_stop
        ledger.ask_to_stop("pool/launcher")
        assert soon(lambda: heartbeat.asked_to_stop)
        assert not elsewhere.asked_to_stop


def test_it_hears_that_its_launcher_is_gone(ledger: Ledger) -> None:
    launcher = presence("pool/launcher", "launcher", lease_seconds=0.6)
    ledger.join(launcher)
    with Heartbeat(ledger, worker("pool/0", None, "pool/launcher"), 0.3) as heartbeat:
        assert not heartbeat.asked_to_stop
        assert soon(lambda: heartbeat.asked_to_stop)  # nobody has heard of the launcher since
    assert ledger.read.clock() > ledger.read.workers()[0].seen_at + 0.6


def test_who_joins_when_its_launcher_has_left_is_asked_to_stop_from_the_first(
    ledger: Ledger,
) -> None:
    with Heartbeat(ledger, worker("pool/0", None, "pool/launcher")):
        assert ledger.read.asked_to_stop(worker("pool/0"))


def test_a_file_that_another_machine_uses_is_refused(ledger: Ledger) -> None:
    there = replace(worker("there"), machine="another", host="elsewhere")
    ledger.join(there)
    with pytest.raises(LedgerError, match="in use on another machine, elsewhere"):
        Heartbeat(ledger, worker()).__enter__()
    assert keepers() == []
    assert [one.name for one in ledger.read.workers()] == ["there"]


def test_a_process_says_on_which_running_machine_it_is() -> None:
    assert presence("a").machine == host_identity()


def test_a_claim_for_planning_is_kept_likewise(ledger: Ledger) -> None:
    search = recorded(ledger)
    with Heartbeat(ledger, worker(), 1.0) as heartbeat:
        claim = ledger.next_work(search, "a", 1.0)
        assert isinstance(claim, PlanningClaim)
        with heartbeat.holding(claim):
            time.sleep(1.5)
            assert ledger.next_work(search, "b") == Wait()
            with pytest.raises(LostLeaseError):
                renew(ledger, replace(claim, attempt=2))
