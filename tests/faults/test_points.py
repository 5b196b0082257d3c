"""Something happens to a worker at its statements: it, or another, goes on to the same table.

It is killed, its connection is cut, the answer to its commit is lost, its disk is full. The search
is next to nothing, but has every kind of transaction. In `make test` one search suffers it again
and again; `make faults` begins a search anew for each statement and commit of its only worker.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import pytest

from tests.faults.bench import Bench
from tests.faults.databases import mostly_sqlite
from tests.faults.outcome import Table, assert_whole
from tests.faults.points import COMMIT, Happening, create_until, work_until
from tests.faults.runs import SHORTEST
from tests.faults.watch import lapse
from tests.faults.workers import record

KILLED = -9
FAILED = 1
AT_ONCE = 2  # searches that are disturbed side by side

Tried = Callable[..., None]

KILL = "SIGKILL at each statement and commit"
KILL_CREATING = "SIGKILL at each statement that makes the tables"
CUT = "connection cut at each statement and commit"
UNANSWERED = "connection cut behind each commit, before its answer"
FROZEN = "SIGSTOP at a statement or commit, for good, and SIGCONT behind the end"
FULL = "no space from each statement on"

only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


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


# --- again and again in one search --------------------------------------------------------------


def until_it_ends(
    bench: Bench, function: Callable[..., None], storage: str, happening: Happening, status: int
) -> int:
    """Let that happen to one process after another, each a bit further; to how many it did."""
    for times, place in enumerate(cycle((61, 97, 71, 131, 89))):
        ended = bench.disturb(function, storage, happening, [place])
        if ended == 0:
            return times
        assert ended == status, bench.said(storage)
        if function is work_until:
            lapse(storage)
    raise AssertionError


@mostly_sqlite
def test_workers_killed_one_after_another(
    recorded: Bench, storage: str, expected: Table, tried: Tried
) -> None:
    times = until_it_ends(recorded, work_until, storage, "kill", KILLED)
    assert times > 4
    assert_whole(storage, expected)
    tried(KILL, times, len(expected))


@pytest.mark.long
@only_sqlite
def test_a_disk_that_is_full_again_and_again(
    recorded: Bench, storage: str, expected: Table, tried: Tried
) -> None:
    times = until_it_ends(recorded, work_until, storage, "full", FAILED)
    assert times > 4
    assert_whole(storage, expected)
    tried(FULL, times, len(expected))


@pytest.mark.long
def test_killed_one_after_another_while_they_make_the_tables(
    bench: Bench, storage: str, expected: Table, tried: Tried
) -> None:
    times = until_it_ends(bench, create_until, storage, "kill", KILLED)
    assert times > 0
    assert bench.finish(storage) == 0, bench.said(storage)
    assert_whole(storage, expected)
    tried(KILL_CREATING, times, len(expected))


@only_postgresql
@pytest.mark.parametrize("happening", ["cut", pytest.param("unanswered", marks=pytest.mark.long)])
@pytest.mark.long
def test_connections_cut_one_after_another(
    recorded: Bench, storage: str, expected: Table, tried: Tried, happening: Happening
) -> None:
    points = recorded.points(work_until)
    begun = first_after_opening(points)
    places = [p for p in range(begun, len(points)) if happening == "cut" or points[p] == COMMIT]
    chosen = places[:: 37 if happening == "cut" else 3]  # a bit off, once something is done again
    assert recorded.disturb(work_until, storage, happening, chosen) == 0, recorded.said(storage)
    assert_whole(storage, expected)
    tried({"cut": CUT, "unanswered": UNANSWERED}[happening], len(chosen), len(expected))


# --- a search for each point --------------------------------------------------------------------


def each(
    bench: Bench,
    expected: Table,
    places: Sequence[int],
    disturb: Callable[[str, int], None],
) -> None:
    """Disturb a copy at each place, and hold each search against the expected table."""

    def one(place: int) -> None:
        storage = bench.copy()
        disturb(storage, place)
        assert_whole(storage, expected)
        bench.drop(storage)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        consume(pool.map(one, places))


def consume(results: Iterable[None]) -> None:
    """Raise what was raised."""
    for _ in results:
        pass


def first_after_opening(points: list[str]) -> int:
    """Where the database is open: before that, who opens it is told that it failed."""
    return next(place for place, what in enumerate(points) if "FROM klayer_searches" in what)


@pytest.mark.long
def test_killed_at_each_point(recorded: Bench, expected: Table, tried: Tried) -> None:
    points = recorded.points(work_until)
    assert points.count(COMMIT) > 20

    def disturb(storage: str, place: int) -> None:
        assert recorded.disturb(work_until, storage, "kill", [place]) == KILLED, points[place]
        assert recorded.finish(storage) == 0, (points[place], recorded.said(storage))

    each(recorded, expected, range(len(points)), disturb)
    tried(KILL, len(points), len(expected))


@pytest.mark.long
def test_killed_at_each_point_that_makes_the_tables(
    bench: Bench, expected: Table, tried: Tried
) -> None:
    points = bench.points(create_until)

    def disturb(storage: str, place: int) -> None:
        assert bench.disturb(create_until, storage, "kill", [place]) == KILLED, points[place]
        record(storage, SHORTEST)
        assert bench.finish(storage) == 0, (points[place], bench.said(storage))

    each(bench, expected, range(len(points)), disturb)
    tried(KILL_CREATING, len(points), len(expected))


def frozen(bench: Bench, storage: str, point: str, place: int) -> None:
    assert bench.freeze(work_until, storage, place), (point, bench.said(storage))


@only_postgresql
def test_a_worker_that_freezes_behind_an_epoch_holds_nobody_up(
    recorded: Bench, expected: Table, tried: Tried
) -> None:
    """It holds the lock of its cohort, and would hold it for as long as it stands still."""
    points = recorded.points(work_until)
    stored = [place for place, what in enumerate(points) if "INTO klayer_reports" in what]
    storage = recorded.copy()
    frozen(recorded, storage, points[stored[1] + 1], stored[1] + 1)
    assert_whole(storage, expected)
    tried(FROZEN, 1, len(expected))


@pytest.mark.long
@only_postgresql
def test_frozen_at_each_point(recorded: Bench, expected: Table, tried: Tried) -> None:
    points = recorded.points(work_until)
    places = range(first_after_opening(points), len(points))
    each(recorded, expected, places, lambda storage, n: frozen(recorded, storage, points[n], n))
    tried(FROZEN, len(places), len(expected))


@pytest.mark.long
@only_postgresql
@pytest.mark.parametrize("happening", ["cut", "unanswered"])
def test_connection_cut_at_each_point(
    recorded: Bench, expected: Table, tried: Tried, happening: Happening
) -> None:
    """Behind a commit it is open whether that took place, so it is done again."""
    points = recorded.points(work_until)
    begun = first_after_opening(points)
    places = [p for p in range(begun, len(points)) if happening == "cut" or points[p] == COMMIT]

    def disturb(storage: str, place: int) -> None:
        status = recorded.disturb(work_until, storage, happening, [place])
        assert status == 0, (place, points[place], recorded.said(storage))

    each(recorded, expected, places, disturb)
    tried({"cut": CUT, "unanswered": UNANSWERED}[happening], len(places), len(expected))


@pytest.mark.long
@only_sqlite
def test_without_space_from_each_point_on(recorded: Bench, expected: Table, tried: Tried) -> None:
    points = recorded.points(work_until)
    failed: list[int] = []

    def disturb(storage: str, place: int) -> None:
        status = recorded.disturb(work_until, storage, "full", [place])
        assert status in (0, FAILED), points[place]  # the last words of all may be left unsaid
        failed.extend([place] * (status == FAILED))
        assert recorded.finish(storage) == 0, (points[place], recorded.said(storage))

    each(recorded, expected, range(len(points)), disturb)
    assert len(failed) > 0.8 * len(points)
    tried(FULL, len(points), len(expected))
