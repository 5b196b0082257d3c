"""Workers without a launcher, as on other hosts: killed, and others begin in their place."""

import random
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.faults.databases import mostly_postgresql
from tests.faults.outcome import Table
from tests.faults.runs import LONG, TINY, klayer
from tests.faults.watch import Watch
from tests.faults.workers import Pool, record

PoolOf = Callable[..., Pool]
AssertWhole = Callable[..., None]


def kill_and_replace(pool: Pool, watch: Watch, workers: int, every: float, most: int) -> int:
    """Keep so many workers while one is killed now and then; how many were killed."""
    chance, killed = random.Random(3), 0
    while not watch.is_over():
        pool.start(workers - len(pool.alive()))
        time.sleep(every)
        killed += killed < most and pool.kill_one(chance)
    pool.end()
    watch.close()
    return killed


@pytest.mark.long
@mostly_postgresql
def test_lone_workers_killed_now_and_then(
    pool_of: PoolOf, storage: str, expected: Table, assert_whole: AssertWhole
) -> None:
    pool = pool_of(lease_seconds=0.6)
    killed = kill_and_replace(pool, Watch(storage), 2, 0.3, 4)
    assert killed > 1
    assert_whole(storage, expected, "SIGKILL of a worker without a launcher, now and then", killed)


@pytest.mark.long
def test_a_lone_worker_killed_every_second(
    pool_of: PoolOf,
    storage: str,
    undisturbed: Callable[..., Table],
    assert_whole: AssertWhole,
) -> None:
    expected = undisturbed(TINY, *LONG)
    pool = pool_of(2.0, TINY, *LONG)
    killed = kill_and_replace(pool, Watch(storage), 4, 1.0, 1_000_000)
    assert killed > 15
    fault = "SIGKILL of a random worker without a launcher each second (lease 2 s)"
    assert_whole(storage, expected, fault, killed)


@pytest.mark.long
def test_the_command_worker_killed_every_few_seconds(
    storage: str, expected: Table, assert_whole: AssertWhole
) -> None:
    """As users start it, with its lease of a minute."""
    record(storage, TINY)
    watch, killed, chance = Watch(storage), 0, random.Random(9)
    workers: list[subprocess.Popen[str]] = []
    try:
        while not watch.is_over():
            workers += [
                klayer("worker", "tiny", "--storage", storage) for _ in range(3 - len(workers))
            ]
            time.sleep(4)
            if killed < 8:  # each leaves what it held for a minute, and five end a cohort
                victim = chance.choice(workers)
                victim.kill()
                victim.wait()
                killed += 1
            for one in [one for one in workers if one.poll() is not None]:
                one.communicate()
                workers.remove(one)
        for one in workers:
            _, said = one.communicate(timeout=60)
            assert (one.returncode, said) == (0, "")
    finally:
        watch.close()
        for one in workers:
            one.kill()
            one.communicate()
    assert_whole(storage, expected, "SIGKILL of a `klayer worker tiny` (lease 60 s)", killed)
