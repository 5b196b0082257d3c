"""The command in a process: what it says, what it holds, an end to one that takes too long."""

import json
import mmap
import os
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.service import (
    Memory,
    cohorts,
    exported,
    finish,
    has_epochs,
    memory,
    start,
    storage,
)

ENDLESS = ("--set", "training.schedule.epochs=1000000")
HALVING = "stages.coarse.halving={keep=0.5, at=[2, 4], among='stage'}"


@pytest.mark.long
def test_a_command_that_takes_too_long_is_interrupted(tmp_path: Path) -> None:
    database = tmp_path / "endless.db"
    child = start(["run", "digits", "--workers", "1", *ENDLESS, *storage(database)], tmp_path)
    while not has_epochs(database) and child.poll() is None:
        time.sleep(0.05)
    with pytest.raises(RuntimeError, match=r"not finished after 0\.5 seconds"):
        finish(child, 0.5)
    assert child.returncode == 130, "an interrupted command has an exit status of its own"


def test_the_reason_of_a_failure_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)exit status 2.*nothing\.toml"):
        finish(start(["plan", "nothing.toml"], tmp_path))


@pytest.mark.long
def test_cohorts_of_every_rung_are_read(tmp_path: Path) -> None:
    database = tmp_path / "halved.db"
    finish(start(["run", "digits", "--set", HALVING, *storage(database)], tmp_path))
    coarse = [one for one in cohorts(database) if one.stage == "coarse"]
    trials = exported("digits", database, tmp_path)["trials"]
    assert sum(one.trials for one in coarse) == 16
    assert all(one.claimed < one.finished for one in coarse)
    # Three rungs, each of which begins when the last cohort of the one before has ended.
    ends = sorted(one.finished for one in coarse)
    gaps = [end for end in ends if all(not one.claimed < end < one.finished for one in coarse)]
    assert len(gaps) >= 3
    lengths = sorted(len(one["reports"]) for one in trials if one["stage"] == "coarse")
    assert lengths == [2] * 8 + [4] * 4 + [10] * 4, json.dumps(lengths)


def test_a_mapped_file_is_shared_memory_though_nobody_else_has_touched_it(tmp_path: Path) -> None:
    def now() -> Memory:
        found = memory(os.getpid())
        assert found is not None
        return found

    path = tmp_path / "images"
    path.write_bytes(bytes(32 * 2**20))
    before = now()
    mapped = np.memmap(path, np.uint8, "r")
    assert mapped.sum() == 0  # every page is touched
    opened = now()
    assert opened.shared - before.shared > 30
    assert opened.private - before.private < 2
    # Pages of its own: an array may take memory that other tests have freed.
    own = mmap.mmap(-1, 32 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    own.write(b"1" * len(own))
    assert now().private - opened.private > 30
    assert len(own) == len(mapped)
