"""A task carries its job, and shows nothing of it."""

import pickle
from pathlib import Path

import pytest

from search.errors import DataError
from search.workers.engines.task import Task, call
from tests.search.workers.engines.jobs import PASSWORD, Job, fail


def test_a_task_runs_its_function_where_it_arrives(tmp_path: Path) -> None:
    arrived = pickle.loads(pickle.dumps(Task(fail, Job(tmp_path, "job"))))
    with pytest.raises(DataError, match=r"^job: no images$"):
        call(arrived)


def test_a_task_shows_no_password(tmp_path: Path) -> None:
    job = Job(tmp_path, "job")
    assert PASSWORD in repr(job)
    assert PASSWORD not in f"{Task(fail, job)!r}{Task(fail, job)}"
