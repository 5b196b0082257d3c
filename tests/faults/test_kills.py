"""Promises 1 and 2 through kills: no trial is lost, doubled or stuck, and no number changes."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.databases import mostly_postgresql, mostly_sqlite
from tests.faults.outcome import Table
from tests.faults.runs import (
    LONG,
    STOPPED,
    TINY,
    Run,
    kill_every,
    kill_everything,
    kill_now_and_then,
    wait_until_gone,
)
from tests.faults.watch import lapse

Begin = Callable[..., Run]
AssertWhole = Callable[..., None]

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def in_training(begin: Begin, workers: int = 2) -> tuple[Run, list[int]]:
    """A run whose workers are amid a cohort, and their processes."""
    run = begin(workers)
    assert run.wait_for(run.watch.is_training, "training"), run.end()
    assert run.wait_for(lambda: len(run.workers()) == workers, "all processes"), run.end()
    return run, run.workers()


def assert_stopped(run: Run, workers: list[int]) -> None:
    """The run was asked to stop, and has: nothing of what was in work is held."""
    status, said = run.end()
    assert (status, said.count("klayer: ")) == (STOPPED, 1), said
    assert "stopped" in said
    wait_until_gone(workers)
    assert "running" not in run.watch.states()
    run.watch.close()


@pytest.mark.long
@mostly_postgresql
def test_workers_killed_amid_their_training(
    begin: Begin, expected: Table, assert_whole: AssertWhole
) -> None:
    run = begin(2, TINY, "budget.hours=1")  # which has no part in it
    killed = kill_now_and_then(run, 3)
    assert run.end() == (0, "")
    assert killed == 3
    assert_whole(run.storage, expected, "SIGKILL of a worker amid its training", killed)


@on_sqlite
@pytest.mark.long
def test_workers_killed_beside_a_budget_that_does_not_suffice(begin: Begin) -> None:
    """It ends in time, with nothing failed: what did not fit was never begun."""
    began = time.monotonic()
    run = begin(2, TINY, *LONG, "budget.hours=0.005")  # 18 s
    killed = kill_now_and_then(run, 4)
    assert run.end() == (0, "")
    assert time.monotonic() - began < 100
    assert killed == 4
    assert run.watch.states() == {"complete", "skipped"}
    run.watch.close()


@pytest.mark.long
def test_a_worker_killed_every_second(
    begin: Begin, undisturbed: Callable[..., Table], assert_whole: AssertWhole
) -> None:
    expected = undisturbed(TINY, *LONG)
    run = begin(4, TINY, *LONG)
    killed = kill_every(run, 1.0)
    assert run.end() == (0, "")
    assert killed > 15
    assert_whole(
        run.storage, expected, "SIGKILL of a random worker of `klayer run` each second", killed
    )


@pytest.mark.long
@mostly_sqlite
def test_a_search_ended_in_every_way_goes_on_to_the_same_table(
    begin: Begin, expected: Table, assert_whole: AssertWhole
) -> None:
    # Ctrl-C, which a terminal sends to the whole group: what is in work is handed back.
    run, workers = in_training(begin)
    os.killpg(run.process.pid, signal.SIGINT)
    assert_stopped(run, workers)

    # A closed terminal, which hangs up on the whole group: the same.
    run, workers = in_training(begin)
    os.killpg(run.process.pid, signal.SIGHUP)
    assert_stopped(run, workers)

    # SIGTERM to the launcher alone: the same.
    run, workers = in_training(begin)
    os.kill(run.process.pid, signal.SIGTERM)
    assert_stopped(run, workers)

    # Ctrl-C twice, while epochs don't end: workers are killed, and what they held is freed.
    run, workers = in_training(begin)
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    os.killpg(run.process.pid, signal.SIGINT)
    time.sleep(0.5)
    assert run.process.poll() is None
    os.killpg(run.process.pid, signal.SIGINT)
    assert_stopped(run, workers)

    # The launcher killed: its workers see it, and hand back what they hold.
    run, workers = in_training(begin)
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.communicate()
    wait_until_gone(workers)
    assert "running" not in run.watch.states()
    run.watch.close()

    # Everything killed at once: what was in work is free when the leases have run out.
    run, workers = in_training(begin)
    kill_everything(run, workers)
    run.watch.close()
    lapse(run.storage)

    run = begin(2)
    assert run.end() == (0, "")
    ways = "Ctrl-C, hang-up, SIGTERM, Ctrl-C twice, launcher killed, all killed"
    assert_whole(run.storage, expected, ways, 6)


@on_sqlite
@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGKILL]
)
def test_one_worker_leaves_no_process_behind(begin: Begin, number: int) -> None:
    run, processes = in_training(begin, workers=1)
    if number == signal.SIGINT:
        os.killpg(run.process.pid, number)
        assert run.end()[0] == STOPPED
    else:
        os.kill(run.process.pid, number)
        run.process.communicate()
    wait_until_gone(processes)
    assert "running" not in run.watch.states()


@on_sqlite
def test_ctrl_c_amid_the_start_of_workers_is_not_theirs(begin: Begin) -> None:
    run = begin(2)
    assert run.wait_for(lambda: len(run.workers()) == 2, "two processes"), run.end()
    processes = run.workers()
    os.killpg(run.process.pid, signal.SIGINT)  # they still import, and have set up nothing
    assert run.end()[0] == STOPPED
    wait_until_gone(processes)


@on_sqlite
def test_workers_that_only_die_end_the_run_with_the_reason(begin: Begin) -> None:
    run = begin(2)
    while run.process.poll() is None:
        for pid in run.workers():
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    status, said = run.end()
    assert status == 1, said
    assert "tiny: worker processes died 18 times without bringing a trial further" in said
    assert "--workers" in said
