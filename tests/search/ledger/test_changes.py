"""Who waits is woken by what others write, at once, and costs next to nothing while nothing is."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from search.ledger import changes as module
from search.ledger.changes import LOOK_SECONDS, Changes, wait, watch
from search.ledger.database import Database, connect
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.location import locate
from search.ledger.records import CohortClaim, PlanningClaim, Presence, Search, TrialResult
from search.objective.data_card import DataCard
from search.study.file import Study

if TYPE_CHECKING:
    from tests.postgresql import Server

LONG_SECONDS = 20.0


@pytest.fixture
def only_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks without being told, so that a change is seen for no other reason."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 3600.0)


def never() -> bool:
    return False


def settle(changes: Changes) -> None:
    """Let everything be seen that was written before."""
    time.sleep(0.01)  # word of it takes a moment
    while changes.any():
        pass


def seen(changes: Changes) -> bool:
    """Whether a change is seen that was just made; word of it takes a moment."""
    until = time.monotonic() + 1
    while not (found := changes.any()) and time.monotonic() < until:
        time.sleep(0.001)
    return found


def waited(changes: Changes, seconds: float = LONG_SECONDS) -> float:
    """How long one waits for a change."""
    began = time.monotonic()
    wait(changes, seconds, never)
    return time.monotonic() - began


@contextmanager
def later(what: Callable[[], object], seconds: float) -> Iterator[list[float]]:
    """Somebody else does something in a while; when it was done."""
    done: list[float] = []

    def act() -> None:
        time.sleep(seconds)
        what()
        done.append(time.monotonic())

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield done
    finally:
        thread.join()


@pytest.mark.usefixtures("only_told")
def test_each_change_is_seen_once(ledger: Ledger, storage: str, study: Study) -> None:
    with ledger.changes() as changes:
        assert changes.any()  # all that was written before
        assert not changes.any()
        search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
        assert seen(changes)
        assert not changes.any()
        with Ledger(storage) as another:
            assert another.read.search(study.name) == search
            assert not changes.any()  # reading is no change
            another.stop(search)
        assert seen(changes)
        assert not changes.any()


@pytest.mark.usefixtures("only_told")
def test_each_watcher_sees_for_itself(ledger: Ledger, study: Study) -> None:
    with ledger.changes() as one, ledger.changes() as other:
        assert one.any()
        assert other.any()
        ledger.record(study, "", DataCard("digits", "f" * 64), {})
        assert seen(one)
        assert seen(other)


@pytest.mark.usefixtures("only_told")
def test_whatever_makes_work_or_ends_it_is_a_change(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], PlanningClaim],
    claim_next: Callable[..., CohortClaim],
    outcomes: Callable[[CohortClaim], list[TrialResult]],
) -> None:
    launcher = Presence("launcher", "launcher", "host", "kernel", 1, None, None, 60.0)
    worker = replace(launcher, name="worker", kind="worker", launcher="launcher")
    for one in (launcher, worker):
        ledger.join(one)

    def hand_in(owner: str) -> None:
        claim = claim_next(owner)
        ledger.hand_in(claim, outcomes(claim))

    steps: dict[str, Callable[[], object]] = {
        "a stage is open": lambda: open_next(2),
        "a claim is handed back": lambda: ledger.release(claim_next("a")),
        "a stage is finished": lambda: [hand_in("b"), hand_in("c")],
        "a search is stopped": lambda: ledger.stop(search),
        "it is taken up": lambda: ledger.take_up(search),
        "it fails": lambda: ledger.fail(search, "why"),
        "workers are to stop": lambda: ledger.ask_to_stop("launcher"),
        "workers are buried": lambda: ledger.release_of("launcher", lost=True),
        "one leaves": lambda: ledger.leave(launcher),
    }
    with ledger.changes() as changes:
        assert changes.any()
        for what, step in steps.items():
            step()
            assert seen(changes), what
            settle(changes)


def test_who_waits_is_woken(ledger: Ledger, search: Search) -> None:
    with ledger.changes() as changes:
        settle(changes)
        with later(lambda: ledger.stop(search), 0.3) as done:
            wait(changes, LONG_SECONDS, never)
            woken = time.monotonic()
    assert woken - done[0] < 0.6  # SQLite is looked at every half a second


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_server_sends_word(ledger: Ledger, search: Search) -> None:
    """However long the pause is; it is not for the pause that one is woken."""
    with ledger.changes() as changes:
        settle(changes)
        with later(lambda: ledger.stop(search), 0.2) as done:
            changes.pause(LONG_SECONDS)
            woken = time.monotonic()
        assert changes.any()
    assert -0.05 < woken - done[0] < 0.2


@pytest.mark.parametrize("kind", ["postgresql"])
def test_word_that_came_before_one_waits_is_heard(ledger: Ledger, search: Search) -> None:
    with ledger.changes() as changes:
        settle(changes)
        ledger.stop(search)
        assert waited(changes) < 0.2


def test_a_wait_ends_with_its_time_or_when_one_should_stop(ledger: Ledger) -> None:
    with ledger.changes() as changes:
        settle(changes)
        assert 0.2 <= waited(changes, 0.2) < 1
        began = time.monotonic()
        wait(changes, LONG_SECONDS, lambda: time.monotonic() - began > 0.2)
        assert time.monotonic() - began < 1.5
        wait(changes, LONG_SECONDS, lambda: True)
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("kind", ["postgresql"])
def test_changes_of_which_nobody_sends_word_are_seen_within_a_second(
    ledger: Ledger, search: Search
) -> None:
    with ledger.changes() as changes:
        settle(changes)
        assert 0.5 * LOOK_SECONDS < waited(changes) < 2 * LOOK_SECONDS


def test_waiting_takes_no_processor(ledger: Ledger, search: Search, kind: str) -> None:
    looks = 0

    class Counted:
        """What a wait looks at, counted."""

        def __init__(self, changes: Changes) -> None:
            self.any_, self.pause = changes.any, changes.pause

        def any(self) -> bool:
            nonlocal looks
            looks += 1
            self.any_()
            return False  # so that it waits on

    with ledger.changes() as changes:
        cpu = time.process_time()
        wait(Counted(changes), 2.0, never)  # type: ignore[arg-type]
        spent = time.process_time() - cpu
    assert spent < 0.04  # 2 % of one processor
    assert looks < 20


# --- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_connection_that_is_cut_is_a_change_and_another_is_made(
    ledger: Ledger, search: Search, postgresql: "Server", storage: str
) -> None:
    name = str(locate(storage).url.database)
    with ledger.changes() as changes:
        settle(changes)
        for _ in range(2):
            with later(lambda: postgresql.cut_connections(name), 0.2) as done:
                changes.pause(LONG_SECONDS)
                woken = time.monotonic()
            assert woken - done[0] < 0.5
            assert changes.any()  # who knows what was missed
            settle(changes)
            with later(lambda: ledger.database.patiently(ledger.stop, search), 0.1) as done:
                changes.pause(LONG_SECONDS)  # over the new connection
                woken = time.monotonic()
            assert woken - done[0] < 0.5


def test_who_cannot_listen_still_looks_now_and_then_and_spares_the_processor() -> None:
    """A server that does not answer keeps nobody from waiting; what follows says what is wrong."""
    location = locate("postgresql://klayer@127.0.0.1:1/gone")  # nobody listens there
    engine = connect(location)
    changes = watch(Database(engine, location, 0.0))
    try:
        assert changes.any()
        cpu = time.process_time()
        assert 0.5 * LOOK_SECONDS < waited(changes) < 2 * LOOK_SECONDS
        assert time.process_time() - cpu < 0.3
    finally:
        changes.close()
        engine.dispose()


def opened(path: Path) -> Database:
    location = locate(f"sqlite:///{path}")
    return Database(connect(location), location, 0.0)


def test_a_file_that_is_no_database_any_more_is_a_fault_of_its_own(
    sqlite_template: Path, tmp_path: Path
) -> None:
    file = tmp_path / "ledger.db"
    shutil.copy(sqlite_template, file)
    database = opened(file)
    with watch(database):
        file.unlink()
        shutil.copy(__file__, file)
        with pytest.raises(DatabaseFaultError, match="not a database"):
            watch(database)
    database.close()


def test_a_file_that_cannot_be_opened_is_one_too(tmp_path: Path) -> None:
    database = opened(tmp_path / "gone" / "ledger.db")
    with pytest.raises(DatabaseFaultError, match="unable to open database file"):
        watch(database)
    database.close()
