"""The loop of a worker: one search to its end, or all for ever; and how it waits.

Processes of their own, and what they need while they wait, are tested beside the commands.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from search.errors import DataError
from search.ledger.extending import extension_of
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.opening import open_recorded
from search.ledger.queries import Queries
from search.ledger.records import PlanningClaim, Search
from search.objective.data_card import DataCard
from search.objective.port import Trainer
from search.study.extension import with_more_trials
from search.study.reading import load
from search.workers.heartbeat import Heartbeat
from search.workers.loop import PASS_OVER_SECONDS, serve
from search.workers.planning import plan_next
from tests.search.ledger.conftest import renew
from tests.search.workers.serving import (
    HOPELESS,
    SMALL,
    attempts,
    is_finished,
    never,
    recorded,
    states,
    work,
    work_on_all,
    worker,
)


def within(seconds: float, holds: Callable[[], bool] = never) -> Callable[[], bool]:
    """A request to stop, once something holds, or at the latest after some seconds."""
    until = time.monotonic() + seconds
    return lambda: holds() or time.monotonic() > until


def test_one_worker_brings_a_search_to_its_end_and_ends(ledger: Ledger) -> None:
    search = recorded(ledger)
    said = work(ledger, search)
    assert is_finished(ledger, search)
    assert ledger.read.workers() == []
    assert said[0] == "digits: planned coarse"
    assert said[1].startswith("digits: coarse #0 to #1: trained in ")
    assert said[-1].startswith("digits: final #0 to #1: trained in ")
    assert work(ledger, search) == []  # there is nothing left


def test_a_worker_that_is_asked_before_it_begins_claims_nothing(ledger: Ledger) -> None:
    search = recorded(ledger)
    assert work(ledger, search, should_stop=lambda: True) == []
    assert {stage.state for stage in ledger.read.stages(search)} == {"unplanned"}


def test_a_worker_for_cohorts_alone_leaves_the_planning_to_others(ledger: Ledger) -> None:
    search = recorded(ledger)
    work(ledger, search, should_stop=within(0.3), only="cohorts")
    assert {stage.state for stage in ledger.read.stages(search)} == {"unplanned"}
    with Heartbeat(ledger, worker("planner")) as heartbeat:
        plan_next(ledger, search, "planner", heartbeat)
    work(ledger, search, should_stop=within(20, lambda: "complete" in states(ledger, search)))
    assert "complete" in states(ledger, search)


def test_all_searches_are_served_the_oldest_first(ledger: Ledger) -> None:
    old, new = recorded(ledger, name="old"), recorded(ledger, name="new")
    said = work_on_all(ledger, lambda: is_finished(ledger, new))
    assert is_finished(ledger, old)
    names = [line.partition(":")[0] for line in said]
    assert names == sorted(names, key=["old", "new"].index)


def test_where_the_oldest_waits_for_others_the_next_is_served(ledger: Ledger) -> None:
    old, new = recorded(ledger, name="old"), recorded(ledger, name="new")
    assert isinstance(ledger.next_work(old, "busy"), PlanningClaim)
    said = work_on_all(ledger, lambda: is_finished(ledger, new))
    assert {line.partition(":")[0] for line in said} == {"new"}


def test_what_is_stopped_or_cannot_go_on_is_left_alone(ledger: Ledger) -> None:
    stopped, hopeless = recorded(ledger, name="stopped"), recorded(ledger, *HOPELESS, name="no")
    good = recorded(ledger, name="good")
    ledger.stop(stopped)
    said = work_on_all(ledger, lambda: is_finished(ledger, good))
    assert states(ledger, stopped) == []
    (told,) = [line for line in said if "nobody works on it" in line]
    assert told.startswith("no: nobody works on it any more: there is no finalist")
    assert ledger.read.again(hopeless).failure is not None


def test_a_search_that_is_recorded_later_is_served(ledger: Ledger, storage: str) -> None:
    said: list[str] = []
    looks = 0

    def until() -> bool:
        nonlocal looks
        looks += 1
        if looks == 5:
            with Ledger(storage) as other:
                recorded(other, name="later")
        return looks > 5 and ledger.read.search("later").finished_at is not None

    work_on_all(ledger, within(30, until), said=said)
    assert is_finished(ledger, ledger.read.search("later"))
    assert said[0] == "later: planned coarse"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The searches whose images were opened, in their order."""
    names = list[str]()

    def told(search: Search, *rest: Any) -> Trainer:
        names.append(search.study.name)
        return open_recorded(search, *rest)

    monkeypatch.setattr("search.workers.loop.open_recorded", told)
    return names


def test_images_are_opened_only_for_what_is_worked_on(ledger: Ledger, opened: list[str]) -> None:
    """To open those of CIFAR-10 takes a second; who waits looks every second."""
    old, new = recorded(ledger, name="old"), recorded(ledger, name="new")
    assert isinstance(ledger.next_work(old, "busy"), PlanningClaim)
    work_on_all(ledger, lambda: is_finished(ledger, new))
    assert opened == ["new"]


def test_a_search_whose_images_are_missing_is_passed_over_with_one_line(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images that are put there later are found."""
    missing = ledger.record(load("lambda-coarse-to-fine"), "", DataCard("digits", "f" * 64), {})
    good = recorded(ledger)
    said = work_on_all(ledger, lambda: is_finished(ledger, good))
    (told,) = [line for line in said if not line.startswith("digits: ")]
    assert told.startswith(
        f"{missing.study.name}: passed over here for {PASS_OVER_SECONDS:.0f} s: "
    )
    assert "cifar-10-batches-bin" in told
    assert states(ledger, missing) == []

    monkeypatch.setattr("search.workers.loop.PASS_OVER_SECONDS", 0.05)
    monkeypatch.setattr("search.workers.loop.LOOK_SECONDS", 0.02)
    tried = 0

    def found_at_last(*rest: Any) -> Trainer:
        nonlocal tried
        tried += 1
        if tried <= 3:
            return open_recorded(*rest)
        raise ZeroDivisionError("found")

    monkeypatch.setattr("search.workers.loop.open_recorded", found_at_last)
    said = work_on_all(ledger, within(20, lambda: tried > 3))
    assert [line.rpartition(": ")[2] for line in said][-1] == "found"
    assert len(said) == 2  # the same reason is not told again and again


def test_a_search_of_other_images_is_passed_over(ledger: Ledger) -> None:
    study = load("digits", SMALL, "others")
    ledger.record(study, "", DataCard("digits", "f" * 64), {})
    good = recorded(ledger)
    said = work_on_all(ledger, lambda: is_finished(ledger, good))
    (told,) = [line for line in said if line.startswith("others")]
    assert "this search ran on other data" in told


def test_a_worker_for_one_search_ends_where_its_images_are_missing(ledger: Ledger) -> None:
    missing = ledger.record(load("lambda-coarse-to-fine"), "", DataCard("digits", "f" * 64), {})
    with pytest.raises(DataError, match="cifar-10-batches-bin"):
        work(ledger, missing)
    assert ledger.read.workers() == []


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every epoch of a search called `broken` fails."""
    real = Ledger.record_reports

    def failing(self: Ledger, claim: Any, *rest: Any) -> bool:
        with self.database.reading():
            name = next(
                (one.working_on for one in self.read.workers() if one.name == claim.owner), ""
            )
        if name == "broken":
            raise ZeroDivisionError("once more")
        return real(self, claim, *rest)

    monkeypatch.setattr(Ledger, "record_reports", failing)
    monkeypatch.setattr("search.workers.report_writer.MOST_WAITING", 0)  # each is waited for


@pytest.mark.usefixtures("broken")
def test_a_fault_of_a_training_ends_a_worker_for_that_search_alone(ledger: Ledger) -> None:
    search = recorded(ledger, name="broken")
    with pytest.raises(ZeroDivisionError, match="once more"):
        work(ledger, search)
    assert states(ledger, search) == ["waiting"] * 4
    assert attempts(ledger, search) == [(1, 1), (0, 0)]


@pytest.mark.usefixtures("broken")
def test_a_worker_for_all_bears_a_fault_of_a_training_and_serves_others(ledger: Ledger) -> None:
    search, good = recorded(ledger, name="broken"), recorded(ledger)
    said = work_on_all(ledger, lambda: is_finished(ledger, good))
    told = f"broken: passed over here for {PASS_OVER_SECONDS:.0f} s: ZeroDivisionError: once more"
    assert said.count(told) == 1
    assert attempts(ledger, search) == [(1, 1), (0, 0)]


@pytest.mark.usefixtures("broken")
def test_a_cohort_whose_training_always_fails_is_given_up_in_the_end(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.workers.loop.PASS_OVER_SECONDS", 0.01)
    monkeypatch.setattr("search.workers.loop.LOOK_SECONDS", 0.02)
    search = recorded(ledger, name="broken")
    work_on_all(ledger, within(30, lambda: ledger.read.open_searches() == []))
    assert states(ledger, search) == ["failed"] * 4
    failure = ledger.read.again(search).failure
    assert failure is not None


def test_what_cannot_be_read_holds_nobody_up(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a study that a newer klayer has recorded; it is not asked for again at once."""
    other, good = recorded(ledger, name="other"), recorded(ledger)
    real, asked = Queries.search_by_id, list[int]()

    def unreadable(self: Queries, key: int) -> Search:
        asked.append(key)
        if key == other.id:
            raise ValueError("what is `warp`?")
        return real(self, key)

    monkeypatch.setattr(Queries, "search_by_id", unreadable)
    said = work_on_all(ledger, lambda: "complete" in states(ledger, good, "final"))
    assert asked.count(other.id) == 1
    assert said[0].startswith(f"search {other.id}: passed over here")
    assert "what is `warp`?" in said[0]


@pytest.mark.parametrize("name", ["digits", None])
def test_a_fault_of_the_database_ends_every_worker(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    search = recorded(ledger)

    def failing(*_: object) -> None:
        raise DatabaseFaultError("the disk is full")

    monkeypatch.setattr(Ledger, "record_reports", failing)
    monkeypatch.setattr("search.workers.report_writer.MOST_WAITING", 0)  # each is waited for
    with pytest.raises(DatabaseFaultError, match="the disk is full"):
        serve(ledger, worker(), name, None, within(30), lambda _: None)
    assert states(ledger, search) == ["waiting"] * 4


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who asked the ledger for work, each time."""
    real, owners = Ledger.next_work, list[str]()

    def counted(self: Ledger, search: Search, owner: str, *rest: Any) -> Any:
        owners.append(owner)
        return real(self, search, owner, *rest)

    monkeypatch.setattr(Ledger, "next_work", counted)
    return owners


def test_an_idle_worker_asks_for_work_only_where_something_was_written(
    ledger: Ledger, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.workers.loop.LOOK_SECONDS", 60.0)
    search = recorded(ledger)
    busy = ledger.next_work(search, "busy")
    assert isinstance(busy, PlanningClaim)
    counts: list[int] = []  # how often the idle one had asked, at each of its looks

    def after_some_looks() -> bool:
        counts.append(asked.count("idle"))
        if len(counts) == 10:
            renew(ledger, busy)
        return len(counts) >= 20

    work(ledger, search, "idle", after_some_looks)
    at_first, before, after = counts[0], counts[9], counts[-1]
    assert (at_first, before, after) == (0, 2, 3)  # all is new to it once


def test_an_idle_worker_takes_over_what_nobody_renews(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a lease runs out is no change that the database could tell."""
    monkeypatch.setattr("search.workers.loop.LOOK_SECONDS", 0.3)
    search = recorded(ledger)
    assert isinstance(ledger.next_work(search, "gone", 0.5), PlanningClaim)
    work(ledger, search, "idle", within(30, lambda: bool(states(ledger, search))))
    assert ledger.read.stages(search)[0].state == "open"


def test_an_idle_worker_looks_less_and_less_often_while_others_write(
    ledger: Ledger, storage: str, asked: list[str]
) -> None:
    """On SQLite each epoch that another one stores is a change, and there are many a second."""
    search = recorded(ledger)
    busy = ledger.next_work(search, "busy")
    assert isinstance(busy, PlanningClaim)
    over = threading.Event()

    def write() -> None:
        with Ledger(storage) as other:
            while not over.wait(0.005):
                renew(other, busy)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        work(ledger, search, "idle", within(2.0))
    finally:
        over.set()
        writer.join()
    assert 3 <= asked.count("idle") <= 20


def test_an_idle_worker_hears_its_launcher_ask_long_before_its_next_beat(ledger: Ledger) -> None:
    ledger.join(worker("pool/launcher"))
    begun = time.monotonic()
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        if looks == 3:
            ledger.ask_to_stop("pool/launcher")
        return time.monotonic() > begun + 15

    serve(ledger, worker("pool/0", None, "pool/launcher"), None, None, look, lambda _: None)
    assert time.monotonic() < begun + 10


def test_a_search_whose_folder_moved_while_it_was_stopped_is_opened_anew(
    ledger: Ledger, tmp_path: Path
) -> None:
    """By a worker that had it open, and has served others since."""
    first, then = tmp_path / "first", tmp_path / "then"
    first.mkdir()
    (first / "train.sh").write_text("#!/bin/sh\necho '{\"loss\": 1}' >> $KLAYER_REPORT\nsleep 1\n")
    (first / "train.sh").chmod(0o755)
    (first / "study.toml").write_text(
        'name = "moved"\n[objective]\nkind = "command"\ncommand = ["./train.sh"]\n'
        '[hyperparameters]\nx = [1, 2]\n[[metrics]]\nname = "loss"\ndirection = "minimize"\n'
        '[[stages]]\nname = "all"\nsampler = "grid"\n'
    )
    study = load(str(first / "study.toml"))
    search = ledger.record(study, "", study.objective.card, {})  # type: ignore[attr-defined]
    asked, until = list[float](), time.monotonic() + 30

    def hook() -> bool:
        now = time.monotonic()
        running = "running" in {one.state for one in ledger.read.trials(search)}
        if running and not asked:
            ledger.stop(search)
            first.rename(then)
            asked.append(now)
        elif len(asked) == 1 and not running and now > asked[0] + 3:
            ledger.take_up(search, load(str(then / "study.toml")))
            asked.append(now)
        return is_finished(ledger, search) or now > until

    said = list[str]()
    serve(ledger, worker("a", search), None, None, hook, said.append)
    assert len(asked) == 2
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}, said


def test_a_search_that_was_extended_while_others_were_served_is_read_anew(ledger: Ledger) -> None:
    search, other = recorded(ledger), recorded(ledger, name="other")
    assert isinstance(ledger.next_work(search, "busy", 0.2), PlanningClaim)

    def extended() -> bool:
        return bool(ledger.read.again(search).extensions)

    def hook() -> bool:
        planned = ledger.read.stages(other)[0].state == "open"
        if planned and not extended():
            time.sleep(0.3)  # until nobody works on it
            study = with_more_trials(search.study, 4)
            found = ledger.read.stages(search)
            ledger.extend(search, extension_of(search, study, found), "", "me@here")
        return ledger.read.stages(ledger.read.again(search))[0].state == "open"

    work_on_all(ledger, within(15, hook))
    assert extended()
    assert ledger.read.stages(ledger.read.again(search))[0].state == "open"
