"""Processes are known while they live, are asked to stop, leave, or are lost and forgotten."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from search.errors import LedgerError
from search.ledger.claims import Wait
from search.ledger.ledger import Ledger
from search.ledger.presence import FORGOTTEN_SECONDS
from search.ledger.records import CohortClaim, PlanningClaim, Presence, Search
from search.objective.data_card import DataCard
from search.objective.report import Report
from search.study.reading import load
from tests.search.ledger.conftest import Alter, renew

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]

LAUNCHER = Presence("host/1/launcher", "launcher", "host", "kernel", 10, None, None, 180.0)
WORKER = Presence("host/1/0", "worker", "host", "kernel", 11, None, LAUNCHER.name, 60.0)
ALONE = Presence("host/2", "worker", "host", "kernel", 12, None, None, 60.0)
ELSEWHERE = Presence("other/1", "worker", "other", "other kernel", 11, None, None, 60.0)


def names(ledger: Ledger, search: Search | None = None) -> list[str]:
    return [one.name for one in ledger.read.workers(search)]


# --- known, and no longer ---------------------------------------------------------------------


def test_who_joins_is_listed_until_it_leaves(ledger: Ledger, search: Search) -> None:
    ledger.join(replace(LAUNCHER, search_id=search.id))
    ledger.join(WORKER)
    launcher, worker = ledger.read.workers()
    assert (launcher.name, launcher.kind, launcher.search) == (LAUNCHER.name, "launcher", "digits")
    assert (worker.name, worker.kind, worker.host, worker.process) == (
        "host/1/0",
        "worker",
        "host",
        11,
    )
    assert (worker.search, worker.work, worker.working_on, worker.since) == (None,) * 4
    assert worker.started_at == worker.seen_at == pytest.approx(ledger.read.clock(), abs=30)
    assert not worker.lost
    ledger.leave(WORKER)
    assert names(ledger) == [LAUNCHER.name]


def test_who_joins_again_is_listed_once(ledger: Ledger) -> None:
    ledger.join(ALONE)
    ledger.join(ALONE)
    assert names(ledger) == [ALONE.name]


def test_who_beats_is_seen(ledger: Ledger, alter: Alter) -> None:
    ledger.join(ALONE)
    alter("UPDATE klayer_workers SET seen_at = seen_at - 61, started_at = started_at - 61")
    (before,) = ledger.read.workers()
    assert before.lost
    assert not ledger.beat(ALONE, None)
    (after,) = ledger.read.workers()
    assert not after.lost
    assert after.started_at == before.started_at
    assert after.seen_at > before.seen_at + 60


def test_who_was_lost_for_long_is_forgotten_when_another_joins(
    ledger: Ledger, alter: Alter
) -> None:
    ledger.join(ALONE)
    ledger.join(replace(ALONE, name="just lost"))
    long_ago = "UPDATE klayer_workers SET seen_at = seen_at - {} WHERE name = :name"
    alter(long_ago.format(FORGOTTEN_SECONDS - 60), name="just lost")
    alter(long_ago.format(FORGOTTEN_SECONDS + 60), name=ALONE.name)
    assert names(ledger) == [ALONE.name, "just lost"]
    ledger.join(replace(ALONE, name="new"))
    assert names(ledger) == ["just lost", "new"]
    assert not ledger.beat(ALONE, None)  # it lives after all
    assert names(ledger) == ["just lost", "new", ALONE.name]


# --- what they hold ---------------------------------------------------------------------------


def test_a_beat_keeps_the_lease_of_what_is_held(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(1)
    ledger.join(ALONE)
    claim = claim_next(ALONE.name, -1.0)
    assert not ledger.beat(ALONE, claim)
    assert ledger.next_work(search, "next") == Wait()


def test_a_beat_for_a_claim_that_is_lost_is_no_fault_and_takes_nothing_back(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(1)
    ledger.join(ALONE)
    lost, prompt = claim_next(ALONE.name, -1.0), claim_next("prompt", -1.0)
    assert not ledger.beat(ALONE, lost)
    renew(ledger, prompt)
    assert names(ledger) == [ALONE.name]


def test_work_is_listed_in_words_with_whoever_holds_it(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    other = ledger.record(load("digits", ['name="other"']), "", DataCard("digits", "f" * 64), {})
    for place in range(4):
        ledger.join(replace(ALONE, name=f"w{place}", search_id=other.id if place == 3 else None))
    open_next(2)
    claim_next("w1")
    ledger.next_work(other, "w2")
    states = {one.name: one for one in ledger.read.workers()}
    assert [states[f"w{n}"].work for n in range(4)] == [
        None,
        "coarse #0 and 2 more",
        "planning coarse",
        None,
    ]
    assert [states[f"w{n}"].working_on for n in range(4)] == [None, "digits", "other", None]
    assert states["w1"].since == pytest.approx(ledger.read.clock(), abs=30)
    assert states["w2"].since is None
    assert names(ledger, search) == ["w1"]
    assert names(ledger, other) == ["w2", "w3"]


@pytest.mark.parametrize(
    ("groups", "words"),
    [(1, "coarse #0 to #5"), (2, "coarse #0 and 2 more"), (6, "coarse #0")],
)
def test_cohorts_have_short_names(
    ledger: Ledger, open_next: OpenNext, claim_next: ClaimNext, groups: int, words: str
) -> None:
    ledger.join(ALONE)
    open_next(groups)
    claim = claim_next(ALONE.name)
    assert claim.named == words
    assert [one.work for one in ledger.read.workers()] == [words]


def test_what_is_handed_in_is_listed_no_longer(
    ledger: Ledger,
    open_next: OpenNext,
    claim_next: ClaimNext,
    outcomes: Callable[[CohortClaim], list],
) -> None:
    ledger.join(ALONE)
    open_next(2)
    claim = claim_next(ALONE.name)
    ledger.hand_in(claim, outcomes(claim))
    assert [one.work for one in ledger.read.workers()] == [None]


def test_who_leaves_leaves_its_work_to_others_at_once(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, alter: Alter
) -> None:
    open_next(1)
    ledger.join(ALONE)
    claim = claim_next(ALONE.name)
    ledger.leave(ALONE)
    assert claim_next("next").numbers == claim.numbers
    assert alter("SELECT lost FROM klayer_cohorts") == [(0,)]
    ledger.leave(ALONE)  # again does no harm
    assert ledger.next_work(search, "one more") == Wait()


# --- stopping ---------------------------------------------------------------------------------


def test_a_launchers_workers_are_asked_to_stop_and_no_others(ledger: Ledger) -> None:
    for one in (LAUNCHER, WORKER, ALONE):
        ledger.join(one)
    assert not any(ledger.beat(one, None) for one in (LAUNCHER, WORKER, ALONE))
    ledger.ask_to_stop("host/3/launcher")
    assert not any(ledger.read.asked_to_stop(one) for one in (LAUNCHER, WORKER, ALONE))
    ledger.ask_to_stop(LAUNCHER.name)
    assert ledger.read.asked_to_stop(WORKER)
    assert ledger.beat(WORKER, None)
    assert not ledger.read.asked_to_stop(ALONE)
    assert not ledger.beat(ALONE, None)


def test_a_worker_that_joins_late_learns_that_its_launcher_stops(
    ledger: Ledger,
    open_next: OpenNext,
    claim_next: ClaimNext,
    figures: Callable[[int, float], Report],
) -> None:
    open_next(1)
    ledger.join(LAUNCHER)
    ledger.ask_to_stop(LAUNCHER.name)
    ledger.join(WORKER)
    assert ledger.read.asked_to_stop(WORKER)
    claim = claim_next(WORKER.name)
    assert ledger.record_reports(claim, {0: figures(1, 0.5)})


@pytest.mark.parametrize("how", ["left", "lost"])
def test_whose_launcher_is_gone_is_told_so_without_a_beat(
    ledger: Ledger, alter: Alter, how: str
) -> None:
    ledger.join(LAUNCHER)
    ledger.join(WORKER)
    assert not ledger.read.asked_to_stop(WORKER)
    if how == "left":
        ledger.leave(LAUNCHER)
    else:
        alter(f"UPDATE klayer_workers SET seen_at = seen_at - 181 WHERE name = '{LAUNCHER.name}'")
    assert ledger.read.asked_to_stop(WORKER)


@pytest.mark.parametrize("how", ["left", "lost"])
def test_a_worker_whose_launcher_is_gone_should_stop(
    ledger: Ledger, alter: Alter, how: str
) -> None:
    ledger.join(LAUNCHER)
    ledger.join(WORKER)
    assert not ledger.beat(WORKER, None)
    if how == "left":
        ledger.leave(LAUNCHER)
    else:
        alter(f"UPDATE klayer_workers SET seen_at = seen_at - 181 WHERE name = '{LAUNCHER.name}'")
    assert ledger.beat(WORKER, None)
    ledger.join(replace(WORKER, name="host/1/1"))
    assert ledger.read.asked_to_stop(replace(WORKER, name="host/1/1"))


@pytest.mark.parametrize("how", ["left", "lost"])
def test_who_sees_its_launcher_relies_on_that(ledger: Ledger, alter: Alter, how: str) -> None:
    """A machine that slept finds all of its processes lost, and they go on where it wakes."""
    child = replace(WORKER, sees_launcher=True)
    ledger.join(LAUNCHER)
    ledger.join(child)
    if how == "left":
        ledger.leave(LAUNCHER)
    else:
        alter("UPDATE klayer_workers SET seen_at = seen_at - 3600")
    assert not ledger.read.asked_to_stop(child)
    assert not ledger.beat(child, None)
    ledger.join(LAUNCHER)
    ledger.ask_to_stop(LAUNCHER.name)
    assert ledger.beat(child, None)


def test_a_launcher_that_was_only_late_keeps_its_workers(ledger: Ledger, alter: Alter) -> None:
    ledger.join(LAUNCHER)
    ledger.join(WORKER)
    alter("UPDATE klayer_workers SET seen_at = seen_at - 170")
    assert not ledger.beat(WORKER, None)


@pytest.mark.parametrize("lost", [False, True])
def test_a_launcher_buries_its_workers_and_frees_what_they_held(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    alter: Alter,
    lost: bool,
) -> None:
    open_next(3)
    for one in (LAUNCHER, WORKER, replace(WORKER, name="host/1/1"), ALONE):
        ledger.join(one)
    gone, alive, foreign = (claim_next(name) for name in (WORKER.name, "host/1/1", ALONE.name))
    ledger.release_of(LAUNCHER.name, [WORKER.name, "never seen"], lost=lost)
    assert alter("SELECT lost FROM klayer_cohorts ORDER BY id") == [(int(lost),), (0,), (0,)]
    assert names(ledger) == [LAUNCHER.name, "host/1/1", ALONE.name]
    assert claim_next("next").numbers == gone.numbers
    renew(ledger, alive)
    ledger.release_of(LAUNCHER.name, lost=lost)  # all that are left
    assert names(ledger) == [LAUNCHER.name, ALONE.name]
    assert claim_next("one more").numbers == alive.numbers
    renew(ledger, foreign)


def test_a_name_stands_for_all_that_begin_with_it_and_a_dash(ledger: Ledger) -> None:
    """An engine knows the place of a process; who stands there one after another has its own."""
    others = [replace(WORKER, name=name) for name in ("host/1/0-a1", "host/1/0-b2", "host/1/01")]
    for one in (LAUNCHER, WORKER, *others, replace(ALONE, name="host/1/0-c3")):
        ledger.join(one)
    ledger.release_of(LAUNCHER.name, [WORKER.name], lost=False)
    assert names(ledger) == [LAUNCHER.name, "host/1/01", "host/1/0-c3"]  # no worker of others


def test_a_buried_planner_leaves_its_planning_to_others(ledger: Ledger, search: Search) -> None:
    ledger.join(LAUNCHER)
    ledger.join(WORKER)
    assert isinstance(ledger.next_work(search, WORKER.name), PlanningClaim)
    ledger.release_of(LAUNCHER.name, lost=True)
    assert isinstance(ledger.next_work(search, "next"), PlanningClaim)


# --- one machine, or many ---------------------------------------------------------------------


def test_a_sqlite_file_is_of_one_machine_and_a_server_of_many(ledger: Ledger, kind: str) -> None:
    ledger.join(ALONE)
    if kind == "postgresql":
        ledger.join(ELSEWHERE)
        assert names(ledger) == [ALONE.name, ELSEWHERE.name]
        return
    with pytest.raises(LedgerError) as caught:
        ledger.join(ELSEWHERE)
    said, _, seconds = str(caught.value).rpartition(" in ")
    assert said == (
        "this SQLite file is in use on another machine, host: its locks and its log hold on one "
        "machine alone. Keep searches of several hosts in PostgreSQL: "
        "--storage postgresql://USER@HOST/DATABASE. If that machine was switched off, or this one "
        "was started anew, try again"
    )
    assert seconds in [f"{ALONE.lease_seconds - past:.0f} s" for past in range(10)]
    assert names(ledger) == [ALONE.name]
    ledger.leave(ALONE)
    ledger.join(ELSEWHERE)  # one machine behind another


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_was_lost_on_another_machine_does_not_keep_a_file_there(
    ledger: Ledger, alter: Alter
) -> None:
    ledger.join(ALONE)
    alter("UPDATE klayer_workers SET seen_at = seen_at - 61")
    ledger.join(ELSEWHERE)
    with pytest.raises(LedgerError, match="in use on another machine, other"):
        ledger.join(replace(ALONE, name="one more"))


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_file_of_a_machine_whose_clock_was_hours_ahead_is_held_for_a_lease(
    ledger: Ledger, alter: Alter
) -> None:
    """It was moved here, and its times as well."""
    ledger.join(ALONE)
    alter("UPDATE klayer_workers SET seen_at = seen_at + 7200")
    with pytest.raises(LedgerError) as caught:
        ledger.join(ELSEWHERE)
    assert 50 <= int(str(caught.value).split()[-2]) <= 60
    alter("UPDATE klayer_workers SET seen_at = seen_at - 61")
    ledger.join(ELSEWHERE)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_containers_of_one_machine_share_a_file(ledger: Ledger) -> None:
    ledger.join(ALONE)
    ledger.join(replace(ALONE, name="c", host="a container"))  # with the same kernel
    assert names(ledger) == [ALONE.name, "c"]
