"""PostgreSQL is restarted, crashes, is away, and cuts connections, amid a search."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.faults.outcome import Table
from tests.faults.runs import LONG, TINY, Run
from tests.postgresql import Server

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

Begin = Callable[..., Run]
AssertWhole = Callable[..., None]


@pytest.fixture
def running(server: Server) -> Iterator[Server]:
    """A server that is running again at the test's end, whatever became of it."""
    yield server
    if server.pid is None:
        server.start()


def away(server: Server, seconds: float, run: Run) -> None:
    """Stop the server for a while, in which a worker begins, since one was killed."""
    before = run.workers()
    for pid in before[:1]:  # none, where the search comes to its end just now
        os.kill(pid, signal.SIGKILL)
    run.wait_for(lambda: bool(set(run.workers()) - set(before)), "another worker")
    server.stop("fast")  # which the new one, that still imports, does not see
    time.sleep(seconds)
    server.start()


def crash(server: Server) -> None:
    """Kill all its processes, and start it, which mends what was left."""
    server.kill()
    server.start()


@pytest.mark.long
def test_a_server_restarted_crashed_and_away(
    begin: Begin, running: Server, expected: Table, assert_whole: AssertWhole
) -> None:
    run = begin(2)
    for disturb in (running.restart, lambda: crash(running), lambda: away(running, 5.0, run)):
        assert run.wait_for(run.watch.is_training, "training"), run.end()
        disturb()
    assert run.end() == (0, "")
    fault = "server restarted, killed (SIGKILL), away for 3 s and a worker killed"
    assert_whole(run.storage, expected, fault, 3)


@pytest.mark.long
def test_connections_cut_all_the_time(
    begin: Begin, server: Server, storage: str, expected: Table, assert_whole: AssertWhole
) -> None:
    run = begin(2)
    assert run.wait_for(run.watch.is_training, "training"), run.end()
    cut = cut_until_the_end(server, run)
    assert run.end() == (0, "")
    assert cut > 10
    assert_whole(storage, expected, "connections cut one by one, each 0.2 s", cut)


def cut_until_the_end(server: Server, run: Run) -> int:
    """Cut connections one by one; how many were."""
    name, cut = run.storage.rpartition("/")[2], 0
    while run.process.poll() is None:
        cut += server.cut_connections(name)
        time.sleep(0.2)
    return cut


@pytest.mark.long
@pytest.mark.parametrize(
    ("how", "every"),
    [("restarted", 3.0), ("killed (SIGKILL)", 3.0), ("away for 20 s", 4.0)],
)
def test_a_server_disturbed_again_and_again(
    begin: Begin,
    running: Server,
    undisturbed: Callable[..., Table],
    assert_whole: AssertWhole,
    how: str,
    every: float,
) -> None:
    expected, times = undisturbed(TINY, *LONG), 0
    run = begin(2, TINY, *LONG)
    disturb = {
        "restarted": running.restart,
        "killed (SIGKILL)": lambda: crash(running),
        "away for 20 s": lambda: away(running, 20.0, run),
    }[how]
    until = time.monotonic() + every
    while run.process.poll() is None:
        if time.monotonic() > until:
            disturb()
            until, times = time.monotonic() + every, times + 1
        time.sleep(0.1)
    assert run.end() == (0, "")
    assert times > 1
    assert_whole(run.storage, expected, f"server {how}, each {every:g} s", times)


@pytest.mark.long
def test_connections_cut_through_a_long_search(
    begin: Begin,
    server: Server,
    storage: str,
    undisturbed: Callable[..., Table],
    assert_whole: AssertWhole,
) -> None:
    run = begin(2, TINY, *LONG)
    assert run.wait_for(run.watch.is_training, "training"), run.end()
    cut = cut_until_the_end(server, run)
    assert run.end() == (0, "")
    fault = "connections cut one by one, each 0.2 s, of a long search"
    assert_whole(storage, undisturbed(TINY, *LONG), fault, cut)
