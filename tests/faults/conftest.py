"""Runs that a test may kill, and what must come out of them."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import STUDY, Run, is_alive, started, table


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Starts a run of the tiny search; what is left of it at the test's end is killed."""
    runs: list[Run] = []

    def begun(workers: int, storage: str | None = None, study: Path = STUDY) -> Run:
        storage = storage or f"sqlite:///{tmp_path}/tiny.db"
        arguments = (str(study), storage, str(workers))
        runs.append(Run(started("run_search.py", *arguments, session=True), storage))
        return runs[-1]

    yield begun
    for run in runs:
        left = run.workers()
        if run.process.poll() is None:
            run.process.kill()
            run.process.communicate()
        for pid in left:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def faultless(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database of the tiny search, run by one worker without a fault."""
    storage = f"sqlite:///{tmp_path_factory.mktemp('faultless')}/tiny.db"
    status, said = Run(started("run_search.py", str(STUDY), storage, "1"), storage).end()
    assert (status, said) == (0, "")
    return storage


@pytest.fixture(scope="session")
def expected(faultless: str) -> list[tuple[Any, ...]]:
    """The table that must come out of every run of the tiny search."""
    return table(faultless)


@pytest.fixture
def lapse() -> Callable[[str], None]:
    """Lets time pass for a database: every lease in it has run out."""

    def passed(storage: str) -> None:
        with closing(sqlite3.connect(storage.removeprefix("sqlite:///"))) as connection, connection:
            for name in ("klayer_stages", "klayer_cohorts"):
                connection.execute(f"UPDATE {name} SET lease_until = 0 WHERE lease_until > 0")

    return passed
