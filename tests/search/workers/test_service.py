"""A worker that is started by hand, in this process: what it says, and how it ends.

As a process of its own it is tested beside its command.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rich.console import Console

from search.errors import DataError, KlayerError
from search.ledger.ledger import Ledger
from search.ledger.records import Search
from search.objective.data_card import DataCard
from search.study.reading import load
from search.workers.service import serve_here, serve_with
from tests.search.workers.serving import (
    HOPELESS,
    SMALL,
    Threads,
    attempts,
    is_finished,
    recorded,
    states,
)

ENDLESS = ("training.schedule.epochs=5000",)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _heeding_ctrl_c() -> Iterator[None]:
    """Python's own handler, also where a shell that put these tests behind it had set none."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def said(storage: str) -> Callable[..., list[str]]:
    """The lines that a worker says, serving the search of a name, or all."""

    def lines(name: str | None) -> list[str]:
        console = Console(width=200)
        with console.capture() as captured:
            serve_here(name, storage, None, console)
        return captured.get().splitlines()

    return lines


def once(holds: Callable[[], object], *numbers: int, late: float = 20.0) -> threading.Thread:
    """Send signals to this process, one after the other, once something holds (or it is late)."""

    def wait_and_send() -> None:
        until = time.monotonic() + late
        while not holds() and time.monotonic() < until:
            time.sleep(0.02)
        for number in numbers:
            os.kill(os.getpid(), number)
            time.sleep(0.3)

    thread = threading.Thread(target=wait_and_send)
    thread.start()
    return thread


def test_it_serves_one_search_to_its_end(ledger: Ledger, said: Any, storage: str) -> None:
    search = recorded(ledger)
    before = [signal.getsignal(number) for number in SIGNALS]
    first, *_, last = said("digits")
    assert first.endswith(f", {storage}: serving digits")
    assert first.startswith("1 worker on ")
    assert last == "digits: finished"
    assert is_finished(ledger, search)
    assert ledger.read.workers() == []
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert said("digits") == [first, last]  # it is finished, and that is all there is to say


def test_there_is_nothing_to_join_of_a_search_that_is_unknown_stopped_or_failed(
    ledger: Ledger, said: Any
) -> None:
    search = recorded(ledger)
    with pytest.raises(KlayerError, match="tigids: no search of this name is recorded here"):
        said("tigids")
    ledger.stop(search)
    with pytest.raises(KlayerError, match="digits: nobody works on this search: it was stopped"):
        said("digits")
    ledger.take_up(search)
    ledger.fail(search, "there is no plan")
    with pytest.raises(KlayerError, match="there is no plan; `klayer run` or `klayer submit`"):
        said("digits")
    assert states(ledger, search) == []


def test_it_ends_with_the_reason_where_the_search_cannot_go_on(ledger: Ledger, said: Any) -> None:
    recorded(ledger, *HOPELESS)
    with pytest.raises(KlayerError, match="there is no finalist: none of the 1 trials"):
        said("digits")


def test_it_ends_with_the_reason_that_another_worker_found(
    ledger: Ledger, said: Any, storage: str
) -> None:
    search = recorded(ledger)

    def fail() -> None:
        with Ledger(storage) as other:
            until = time.monotonic() + 20
            while not states(other, search) and time.monotonic() < until:
                time.sleep(0.01)
            other.fail(search, "there is no plan for what follows")

    elsewhere = threading.Thread(target=fail)
    elsewhere.start()
    with pytest.raises(KlayerError, match="there is no plan for what follows"):
        said("digits")
    elsewhere.join()


def test_it_says_that_its_search_was_stopped(ledger: Ledger, said: Any, storage: str) -> None:
    search = recorded(ledger, *ENDLESS)

    def stop() -> None:
        with Ledger(storage) as other:
            until = time.monotonic() + 20
            while "running" not in states(other, search) and time.monotonic() < until:
                time.sleep(0.01)
            other.stop(search)

    elsewhere = threading.Thread(target=stop)
    elsewhere.start()
    *_, handed_back, last = said("digits")
    elsewhere.join()
    assert handed_back.endswith(": handed back")
    assert last == "digits: it was stopped; what was held is handed back"
    assert set(states(ledger, search)) == {"waiting"}


def test_images_that_are_missing_end_a_worker_for_one_search(ledger: Ledger, said: Any) -> None:
    ledger.record(load("digits", SMALL), "", DataCard("digits", "f" * 64), {})
    with pytest.raises(DataError, match="this search ran on other data"):
        said("digits")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_while_it_waits(
    ledger: Ledger, said: Any, storage: str, number: int
) -> None:
    sent = once(ledger.read.workers, number)
    first, last = said(None)
    sent.join()
    assert first.endswith(f", {storage}: serving all searches, and waiting for new ones")
    assert last == "stopped; what was held is handed back"
    assert ledger.read.workers() == []


def test_a_signal_lets_it_hand_back_what_it_trains(ledger: Ledger, said: Any) -> None:
    search = recorded(ledger, *ENDLESS)
    sent = once(lambda: ledger.read.curves(search), signal.SIGTERM)
    *_, handed_back, last = said(None)
    sent.join()
    assert handed_back == "digits: coarse #0 to #1: handed back"
    assert last == "stopped; what was held is handed back"
    assert states(ledger, search) == ["waiting"] * 4
    assert attempts(ledger, search) == [(1, 0), (0, 0)]


def test_a_second_ctrl_c_ends_it_amid_an_epoch(
    ledger: Ledger, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = recorded(ledger)

    def sleeping(*_: object) -> bool:
        time.sleep(30)  # as in an epoch that does not end
        return False

    monkeypatch.setattr(Ledger, "record_reports", sleeping)
    monkeypatch.setattr("search.workers.report_writer.MOST_WAITING", 0)  # each is waited for
    begun = time.monotonic()
    sent = once(lambda: "running" in states(ledger, search), signal.SIGINT, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        said(None)
    sent.join()
    assert time.monotonic() - begun < 15
    assert states(ledger, search) == ["waiting"] * 4
    assert attempts(ledger, search) == [(1, 0), (0, 0)]
    assert ledger.read.workers() == []


@pytest.fixture
def said_by_several(storage: str) -> Callable[..., tuple[list[str], Threads]]:
    """The lines that are said of two workers of an engine, and the engine."""

    def lines(name: str | None) -> tuple[list[str], Threads]:
        console, engine = Console(width=200), Threads()
        with console.capture() as captured:
            serve_with(name, storage, None, 2, lambda: engine, console)
        return captured.get().splitlines(), engine

    return lines


def test_several_workers_serve_one_search_to_its_end(ledger: Ledger, said_by_several: Any) -> None:
    search: Search = recorded(ledger)
    (first, last), engine = said_by_several("digits")
    assert first.startswith("2 workers on ")
    assert last == "digits: finished"
    assert is_finished(ledger, search)
    assert [job.name for job in engine.jobs] == ["digits", "digits"]
    assert engine.closed


def test_several_workers_for_all_plan_for_themselves_until_a_signal(
    ledger: Ledger, said_by_several: Any
) -> None:
    old, new = recorded(ledger, name="old"), recorded(ledger, name="new")
    sent = once(lambda: is_finished(ledger, old) and is_finished(ledger, new), signal.SIGTERM)
    lines, engine = said_by_several(None)
    sent.join()
    assert is_finished(ledger, new)
    assert lines[1:] == [
        "Stopping: workers hand back what they hold.",
        "stopped; what was held is handed back",
    ]
    assert [job.name for job in engine.jobs] == [None, None]
    assert ledger.read.workers() == []
