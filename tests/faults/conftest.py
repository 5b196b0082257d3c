"""Searches that a test may disturb, on both databases, and what is said of how they came out."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import outcome, report
from tests.faults.outcome import Counts, Table, assert_finished, count, table
from tests.faults.runs import TINY, Run, is_alive, klayer
from tests.faults.watch import Watch
from tests.faults.workers import Pool, fork, record, work
from tests.postgresql import Server

ALL_WELL = Counts()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--report", metavar="FILE", help="page to write the table of faults into")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    page = config.getoption("--report", None)
    if page is not None:
        report.write(terminalreporter, Path(page))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server of these tests' own, since they restart and kill it."""
    with Server(fsync=False) as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Which database a test disturbs, or whose processes."""
    return str(request.param)


@pytest.fixture
def storage(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """Where there is no search yet; in SQLite not even a file."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path}/tiny.db"
    url: str = request.getfixturevalue("server").new_database()
    return url


@pytest.fixture
def begin(storage: str) -> Iterator[Callable[..., Run]]:
    """Starts `klayer run`, of the tiny search; what is left of it at the test's end is killed."""
    runs: list[Run] = []

    def begun(workers: int, study: Path = TINY, *changes: str) -> Run:
        options = [word for change in changes for word in ("--set", change)]
        where = ("--storage", storage, "--workers", str(workers))
        process = klayer("run", str(study), *where, *options)
        runs.append(Run(process, Watch(storage)))
        return runs[-1]

    yield begun
    for run in runs:
        left = run.workers()
        if run.process.poll() is None:
            run.process.kill()
            run.process.communicate()
        run.watch.close()
        for pid in left:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def pool_of(storage: str, tmp_path: Path) -> Iterator[Callable[..., Pool]]:
    """Records a search for workers without a launcher; what is left of them is killed."""
    pools: list[Pool] = []

    def recorded(lease_seconds: float = 60.0, study: Path = TINY, *changes: str) -> Pool:
        record(storage, study, *changes)
        pools.append(Pool(storage, tmp_path / "said", lease_seconds))
        return pools[-1]

    yield recorded
    for pool in pools:
        pool.close()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Table]:
    """The table of a search whose one worker nothing befalls, on SQLite; each is run once."""
    known: dict[tuple[Any, ...], Table] = {}

    def run(study: Path = TINY, *changes: str) -> Table:
        key = (study, *changes)
        if key not in known:
            folder = tmp_path_factory.mktemp("undisturbed")
            storage = f"sqlite:///{folder}/tiny.db"
            record(storage, study, *changes)
            worker = fork(work, storage, "undisturbed", 60.0, str(folder / "said"))
            worker.join()
            assert worker.exitcode == 0, (folder / "said").read_text()
            assert_finished(storage)
            known[key] = table(storage)
        return known[key]

    return run


@pytest.fixture(scope="session")
def expected(undisturbed: Callable[..., Table]) -> Table:
    """The table that must come out of every run of the tiny search."""
    return undisturbed()


@pytest.fixture
def tried(database: str, record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Puts a fault that was tried into the table of the report."""

    def put(
        fault: str, times: int, trials: int, counts: Counts = ALL_WELL, *, equal: bool = True
    ) -> None:
        row = report.Row(fault, database, times, trials, counts, equal)
        record_property(report.PROPERTY, report.plain(row))
        print(report.line(row))  # noqa: T201

    return put


@pytest.fixture
def assert_whole(tried: Callable[..., None]) -> Callable[..., None]:
    """Holds a search that was disturbed against the table of an undisturbed one, and reports."""

    def hold(storage: str, expected: Table, fault: str, times: int = 1) -> None:
        counts, equal = count(storage, expected), table(storage) == expected
        tried(fault, times, len(expected), counts, equal=equal)
        outcome.assert_whole(storage, expected)

    return hold
