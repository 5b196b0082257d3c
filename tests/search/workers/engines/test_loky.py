"""loky's processes end with their tasks, without those of others."""

import errno
import os
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from search.runtime.refusals import RefusedError
from search.workers.engines import open_engine
from tests.search.limits import no_more_files
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


def test_a_process_that_the_system_refuses_is_the_task_s_end(tmp_path: Path) -> None:
    """Whoever waits for the task would wait for ever if only the engine's own thread knew."""
    with closing(open_engine("loky", 2)) as engine:
        with no_more_files():
            refused = engine.start(tell, Job(tmp_path, "refused"))
            with pytest.raises(RefusedError, match=r"worker process cannot be started: Too many"):
                refused.result(LONGEST_SECONDS)
        engine.start(tell, Job(tmp_path, "next")).result(LONGEST_SECONDS)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_so_is_a_dev_shm_that_takes_no_semaphores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("search.workers.engines.loky.ProcessPoolExecutor", failing)
    with closing(open_engine("loky", 1)) as engine:
        refused = engine.start(tell, Job(tmp_path, "refused"))
        with pytest.raises(RefusedError, match=rf"{os.strerror(number)}; .* /dev/shm"):
            refused.result(LONGEST_SECONDS)
