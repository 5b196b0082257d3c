"""Promises 1 and 2 of a search with halving: any number of workers, and through any kill."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.databases import mostly_postgresql, mostly_sqlite
from tests.faults.outcome import Table
from tests.faults.runs import HALVED, Run, kill_everything, kill_now_and_then
from tests.faults.watch import Watch, lapse, wait_until
from tests.faults.workers import Pool

AssertWhole = Callable[..., None]
PoolOf = Callable[..., Pool]
Undisturbed = Callable[..., Table]


@pytest.fixture(scope="session", params=["cohort", pytest.param("stage", marks=pytest.mark.long)])
def halved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with each way of halving."""
    among = 'among = "stage"'
    text = HALVED.read_text()
    assert text.count(among) == 1
    study = tmp_path_factory.mktemp(request.param) / "tiny.toml"
    study.write_text(text.replace(among, f'among = "{request.param}"'))
    return study


among_a_stage = pytest.mark.parametrize("halved", ["stage"], indirect=True)


def test_most_trials_of_the_first_stage_are_pruned(halved: Path, undisturbed: Undisturbed) -> None:
    counts = Counter(state for stage, _, state, *_ in undisturbed(halved) if stage == "coarse")
    assert counts["pruned"] >= 8
    assert counts["complete"] >= 4


@mostly_sqlite
@pytest.mark.parametrize("workers", [2, pytest.param(8, marks=pytest.mark.long)])
@pytest.mark.long
def test_the_number_of_workers_changes_nothing(
    pool_of: PoolOf,
    storage: str,
    halved: Path,
    undisturbed: Undisturbed,
    assert_whole: AssertWhole,
    workers: int,
) -> None:
    expected = undisturbed(halved)
    pool = pool_of(60.0, halved)
    pool.start(workers)
    assert pool.end() == {0}, pool.said()
    assert_whole(storage, expected, f"none; {workers} workers, halving", 0)


@mostly_postgresql
def test_workers_that_are_killed_change_nothing(
    pool_of: PoolOf,
    storage: str,
    halved: Path,
    undisturbed: Undisturbed,
    assert_whole: AssertWhole,
) -> None:
    expected = undisturbed(halved)
    pool, watch, chance = pool_of(0.6, halved), Watch(storage), random.Random(2)
    for _ in range(4):
        pool.start(2 - len(pool.alive()))
        wait_until(lambda: watch.is_over() or watch.is_training(), "training")
        pool.kill_one(chance)
    pool.start(2)
    pool.end()
    watch.close()
    assert_whole(storage, expected, "SIGKILL of a worker amid its training, halving", 4)


@pytest.mark.long
@among_a_stage
def test_workers_of_a_launcher_that_are_killed_change_nothing(
    begin: Callable[..., Run], halved: Path, undisturbed: Undisturbed, assert_whole: AssertWhole
) -> None:
    run = begin(2, halved)
    killed = kill_now_and_then(run, 4)
    assert run.end() == (0, "")
    assert killed == 4
    fault = "SIGKILL of a worker of `klayer run` amid its training, halving"
    assert_whole(run.storage, undisturbed(halved), fault, killed)


@pytest.mark.long
@mostly_sqlite
@among_a_stage
def test_a_search_whose_every_process_is_killed_between_rungs_goes_on(
    begin: Callable[..., Run], halved: Path, undisturbed: Undisturbed, assert_whole: AssertWhole
) -> None:
    """Some trials are pruned, and others have gone on from their checkpoints."""
    run = begin(2, halved)

    def is_amid_a_later_rung() -> bool:
        return run.watch.is_training() and {"pruned", "running"} <= run.watch.states()

    assert run.wait_for(is_amid_a_later_rung, "a later rung"), run.end()
    kill_everything(run, run.workers())
    assert "pruned" in run.watch.states()
    run.watch.close()
    lapse(run.storage)

    run = begin(2, halved)
    assert run.end() == (0, "")
    fault = "SIGKILL of all processes amid a rung"
    assert_whole(run.storage, undisturbed(halved), fault, 1)
