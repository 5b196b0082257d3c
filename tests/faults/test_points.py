"""Something happens to a worker at each of its statements: it, or another, goes on.

It is killed, its connection is cut, the answer to its commit is lost, its disk is full. The search
is next to nothing, but has every kind of transaction. What is tried at a few of its statements here
is tried at each of them by `make faults`.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from search.ledger.ledger import Ledger
from tests.faults.outcome import NAME, Table, assert_whole
from tests.faults.points import COMMIT, Happening, create_until, work_until
from tests.faults.runs import SHORTEST
from tests.faults.watch import lapse
from tests.faults.workers import fork, record, work
from tests.postgresql import OWNER, Server

KILLED = -9
FAILED = 1


class Bench:
    """Copies of a database, and processes that work on them."""

    def __init__(self, storage: str, folder: Path, server: Server | None) -> None:
        self._storage, self._folder, self._server = storage, folder, server
        self._copies = 0
        self._points, self._log = folder / "points", folder / "said"

    def copy(self) -> str:
        """The URL of another copy."""
        self._copies += 1
        if self._server is None:
            original, file = Path(self._storage[10:]), self._folder / f"{self._copies}.db"
            if original.exists():
                shutil.copy(original, file)
            return f"sqlite:///{file}"
        template = self._storage.rpartition("/")[2]
        name = f"{template}_{self._copies}"
        words = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        names = (sql.Identifier(one) for one in (name, OWNER, template))
        self._server.execute(words.format(*names))
        return self._server.url(name)

    def drop(self, storage: str) -> None:
        """Remove a copy."""
        if self._server is None:
            for file in self._folder.glob(f"{Path(storage).name}*"):
                file.unlink()
            return
        name = sql.Identifier(storage.rpartition("/")[2])
        self._server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def points(self, function: Callable[..., None]) -> list[str]:
        """The statements and commits of an undisturbed process, in their order."""
        storage = self.copy()
        assert self.disturb(function, storage, "nothing", -1) == 0
        self.drop(storage)
        return self._points.read_text().splitlines()

    def disturb(
        self, function: Callable[..., None], storage: str, happening: Happening, place: int
    ) -> int | None:
        """Let that happen to a process at that point, or else work to its end; its exit status."""
        self._points.unlink(missing_ok=True)
        # A full disk is none for what is said, so that nothing is.
        log = "/dev/null" if happening == "full" else str(self._log)
        process = fork(function, storage, happening, place, str(self._points), log)
        process.join()
        return process.exitcode

    def finish(self, storage: str) -> int | None:
        """Let another worker go on, when the leases have run out; its exit status."""
        lapse(storage)
        worker = fork(work, storage, "another", 60.0, str(self._log))
        worker.join()
        return worker.exitcode

    def said(self) -> str:
        """What all its workers have said."""
        return self._log.read_text()


@pytest.fixture
def bench(request: pytest.FixtureRequest, database: str, storage: str, tmp_path: Path) -> Bench:
    """An empty database, of which copies are made."""
    server = request.getfixturevalue("server") if database == "postgresql" else None
    return Bench(storage, tmp_path, server)


@pytest.fixture
def recorded(bench: Bench, storage: str) -> Bench:
    """A database in which the search is recorded."""
    record(storage, SHORTEST)
    return bench


@pytest.fixture
def expected(undisturbed: Callable[..., Table]) -> Table:
    """The search's table."""
    return undisturbed(SHORTEST)


def sample(points: list[int], count: int | None) -> list[int]:
    """Some of them, evenly spread; all, unless a count is given."""
    if count is None or count >= len(points):
        return points
    return [points[place * len(points) // count] for place in range(count)]


def few_or_all(count: int) -> Any:
    every = pytest.param(None, id="all", marks=pytest.mark.long)
    return pytest.mark.parametrize("count", [pytest.param(count, id="few"), every])


only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@few_or_all(8)
def test_killed(
    recorded: Bench, expected: Table, tried: Callable[..., None], count: int | None
) -> None:
    points = recorded.points(work_until)
    assert points.count(COMMIT) > 20
    chosen = sample(list(range(len(points))), count)
    for place in chosen:
        storage = recorded.copy()
        assert recorded.disturb(work_until, storage, "kill", place) == KILLED, points[place]
        assert recorded.finish(storage) == 0, (points[place], recorded.said())
        assert_whole(storage, expected)
        recorded.drop(storage)
    tried("SIGKILL at each statement and commit", len(chosen), len(expected))


@few_or_all(3)
def test_killed_while_it_makes_the_tables(
    bench: Bench, expected: Table, tried: Callable[..., None], count: int | None
) -> None:
    points = bench.points(create_until)
    chosen = sample(list(range(len(points))), count)
    for place in chosen:
        storage = bench.copy()
        assert bench.disturb(create_until, storage, "kill", place) == KILLED, points[place]
        record(storage, SHORTEST)
        assert bench.finish(storage) == 0, (points[place], bench.said())
        assert_whole(storage, expected)
        if storage.startswith("sqlite"):
            with Ledger(storage) as ledger, ledger.database.reading() as connection:
                mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
            assert mode == "wal", points[place]
        bench.drop(storage)
    tried("SIGKILL at each statement that makes the tables", len(chosen), len(expected))


@only_postgresql
@few_or_all(6)
def test_cut_off(
    recorded: Bench, expected: Table, tried: Callable[..., None], count: int | None
) -> None:
    points = recorded.points(work_until)
    opened = next(place for place, what in enumerate(points) if "FROM klayer_searches" in what)
    chosen = sample(list(range(opened, len(points))), count)
    for place in chosen:
        storage = recorded.copy()
        status = recorded.disturb(work_until, storage, "cut", place)
        assert status == 0, (place, points[place], recorded.said())
        assert_whole(storage, expected)
        recorded.drop(storage)
    tried("connection cut at each statement and commit", len(chosen), len(expected))


@only_postgresql
@few_or_all(4)
def test_left_without_an_answer_to_a_commit(
    recorded: Bench, expected: Table, tried: Callable[..., None], count: int | None
) -> None:
    """Whether it took place is open, so it is done again."""
    points = recorded.points(work_until)
    chosen = sample([place for place, what in enumerate(points) if what == COMMIT], count)
    for place in chosen:
        storage = recorded.copy()
        status = recorded.disturb(work_until, storage, "unanswered", place)
        assert status == 0, (place, recorded.said())
        assert_whole(storage, expected)
        recorded.drop(storage)
    tried("connection cut behind each commit, before its answer", len(chosen), len(expected))


@only_sqlite
@few_or_all(6)
def test_without_space_from_then_on(
    recorded: Bench, expected: Table, tried: Callable[..., None], count: int | None
) -> None:
    points = recorded.points(work_until)
    chosen = sample(list(range(len(points))), count)
    failed = 0
    for place in chosen:
        storage = recorded.copy()
        status = recorded.disturb(work_until, storage, "full", place)
        assert status in (0, FAILED), points[place]  # the last words of all may be left unsaid
        failed += status == FAILED
        with Ledger(storage) as ledger:
            assert ledger.read.search(NAME).failure is None
        assert recorded.finish(storage) == 0, (points[place], recorded.said())
        assert_whole(storage, expected)
        recorded.drop(storage)
    assert failed > 0.8 * len(chosen)
    tried("no space from each statement on", len(chosen), len(expected))
