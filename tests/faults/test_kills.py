"""Promises 1 and 2 through kills: no trial is lost, doubled or stuck, and no number changes."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.runs import (
    Run,
    assert_whole,
    is_alive,
    kill_everything,
    kill_now_and_then,
    states,
)

Begin = Callable[..., Run]
Expected = list[tuple[Any, ...]]
SOON_SECONDS = 20.0
STOPPED = (3, "")  # exit status and output of a run that was asked to stop


def wait_until_gone(pids: list[int]) -> None:
    until = time.monotonic() + SOON_SECONDS
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < until, "workers outlive what they should not"
        time.sleep(0.05)


def in_training(
    begin: Begin, storage: str | None = None, workers: int = 2
) -> tuple[Run, list[int]]:
    """A run whose workers are amid a cohort, and their two processes."""
    run = begin(workers, storage)
    assert run.wait_for(Run.is_training, "training"), run.end()
    assert run.wait_for(lambda run: len(run.workers()) == 2, "two processes"), run.end()
    return run, run.workers()


def test_workers_killed_again_and_again(begin: Begin, expected: Expected) -> None:
    run = begin(2)
    killed = kill_now_and_then(run, 3)
    status, said = run.end()
    assert status == 0, said
    assert killed == 3
    assert_whole(run.storage, expected)


def test_a_search_ended_in_every_way_goes_on_to_the_same_table(
    begin: Begin, expected: Expected, lapse: Callable[[str], None]
) -> None:
    # Ctrl-C, which a terminal sends to the whole group: what is in work is handed back.
    run, workers = in_training(begin)
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.end() == STOPPED
    wait_until_gone(workers)
    assert "running" not in states(run.storage)

    # A closed terminal, which hangs up on the whole group: the same.
    run, workers = in_training(begin, run.storage)
    os.killpg(run.process.pid, signal.SIGHUP)
    assert run.end() == STOPPED
    wait_until_gone(workers)
    assert "running" not in states(run.storage)

    # SIGTERM to the launcher alone: the same.
    run, workers = in_training(begin, run.storage)
    os.kill(run.process.pid, signal.SIGTERM)
    assert run.end() == STOPPED
    wait_until_gone(workers)
    assert "running" not in states(run.storage)

    # Ctrl-C twice, while epochs don't end: workers are killed, and what they held is freed.
    run, workers = in_training(begin, run.storage)
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    os.kill(run.process.pid, signal.SIGINT)
    time.sleep(0.5)
    assert run.process.poll() is None
    os.kill(run.process.pid, signal.SIGINT)
    assert run.end()[0] == STOPPED[0]
    wait_until_gone(workers)
    assert "running" not in states(run.storage)

    # The launcher killed: its workers see it, and hand back what they hold.
    run, workers = in_training(begin, run.storage)
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.communicate()
    wait_until_gone(workers)
    assert "running" not in states(run.storage)

    # Everything killed at once: what was in work is free when the leases have run out.
    run, workers = in_training(begin, run.storage)
    kill_everything(run, workers)
    lapse(run.storage)

    run = begin(2, run.storage)
    assert run.end() == (0, "")
    assert_whole(run.storage, expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_one_worker_leaves_no_process_behind(begin: Begin, number: int) -> None:
    run, processes = in_training(begin, workers=1)  # joblib wants a second process, without work
    if number == signal.SIGINT:
        os.killpg(run.process.pid, number)
        assert run.end() == STOPPED
    else:
        os.kill(run.process.pid, number)
        run.process.communicate()
    wait_until_gone(processes)
    assert "running" not in states(run.storage)


def test_ctrl_c_amid_the_start_of_workers_is_not_theirs(begin: Begin) -> None:
    run = begin(2)
    assert run.wait_for(lambda run: len(run.workers()) == 2, "two processes"), run.end()
    processes = run.workers()
    os.killpg(run.process.pid, signal.SIGINT)  # they still import, and have set up nothing
    assert run.end() == STOPPED
    wait_until_gone(processes)


def test_workers_that_only_die_end_the_run_with_the_reason(begin: Begin) -> None:
    run = begin(2)
    while run.process.poll() is None:
        for pid in run.workers():
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    status, said = run.end()
    assert status == 4, said
    assert "tiny: worker processes died 5 times without finishing a trial" in said
    assert "--workers" in said
