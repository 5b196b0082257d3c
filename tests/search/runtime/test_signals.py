"""Signals that ask to stop are counted and told, and their handlers are put back."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from search.runtime.signals import NUMBERS, stop_requests


@pytest.fixture(autouse=True)
def handlers() -> Iterator[dict[int, object]]:
    """Python's own handlers, as a process in a terminal has them."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield {number: signal.getsignal(number) for number in NUMBERS}
    for number, handler in before.items():
        signal.signal(number, handler)


def test_each_signal_counts_and_is_told(handlers: dict[int, object]) -> None:
    told: list[tuple[int, int]] = []
    with stop_requests(lambda number, count: told.append((number, count))) as requests:
        assert not requests.any()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGINT):
            os.kill(os.getpid(), number)
        assert requests.any()
        assert requests.count == 4
    sent = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGINT]
    assert told == list(zip(sent, (1, 2, 3, 4), strict=True))
    assert {number: signal.getsignal(number) for number in NUMBERS} == handlers


def test_what_the_call_raises_ends_the_block(handlers: dict[int, object]) -> None:
    def insist(number: int, count: int) -> None:
        if count > 1:
            raise KeyboardInterrupt(number)

    def asked_twice() -> None:
        with stop_requests(insist) as requests:
            os.kill(os.getpid(), signal.SIGTERM)
            assert requests.count == 1
            os.kill(os.getpid(), signal.SIGINT)
            pytest.fail("the second signal did not end the block")

    with pytest.raises(KeyboardInterrupt) as raised:
        asked_twice()
    assert raised.value.args == (signal.SIGINT,)
    assert {number: signal.getsignal(number) for number in NUMBERS} == handlers


def test_a_closed_terminal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stop_requests(lambda *_: None) as requests:
        os.kill(os.getpid(), signal.SIGHUP)
        assert not requests.any()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_other_signals_are_left_alone() -> None:
    with stop_requests(lambda *_: None, [signal.SIGTERM]) as requests:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert not requests.any()


def test_in_another_thread_nothing_is_counted(handlers: dict[int, object]) -> None:
    seen: list[dict[int, object]] = []

    def work() -> None:
        with stop_requests(lambda *_: None):
            seen.append({number: signal.getsignal(number) for number in NUMBERS})

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [handlers]
