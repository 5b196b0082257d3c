"""loky's processes end with their tasks, without those of others."""

import os
import time
from contextlib import closing
from pathlib import Path

import psutil

from search.workers.engines import open_engine
from tests.search.workers.engines.jobs import LONGEST_SECONDS, Job, stay, tell, wait_for


def test_a_process_ends_with_its_task_and_is_this_ones_child(tmp_path: Path) -> None:
    kept, short = Job(tmp_path, "kept"), Job(tmp_path, "short")
    with closing(open_engine("loky", 2)) as engine:
        assert engine.parent == os.getpid()
        stays = engine.start(stay, kept)
        wait_for(kept.note)
        engine.start(tell, short).result(LONGEST_SECONDS)
        until = time.monotonic() + 5
        while psutil.pid_exists(int(short.note.read_text())):
            assert time.monotonic() < until
            time.sleep(0.01)
        assert psutil.Process(int(kept.note.read_text())).ppid() == os.getpid()
        kept.go.touch()
        stays.result(LONGEST_SECONDS)
    assert not psutil.pid_exists(int(kept.note.read_text()))


def test_close_ends_what_still_runs(tmp_path: Path) -> None:
    job = Job(tmp_path, "job")
    with closing(open_engine("loky", 1)) as engine:
        future = engine.start(stay, job)
        wait_for(job.note)
    assert future.done()
    assert not psutil.pid_exists(int(job.note.read_text()))
