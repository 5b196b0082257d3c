"""Workers as processes of their own: for all searches or one, alone or several; and who works."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from search.ledger.ledger import Ledger
from search.ledger.records import WorkerState
from search.objective.data_card import DataCard
from search.study.reading import load
from search.workers.heartbeat import Heartbeat, presence
from search.workers.planning import plan_next
from tests.search.workers.serving import attempts, is_finished, recorded, states, worker

IDLE_SECONDS = 3.0
ENDLESS = ("training.schedule.epochs=100000",)


@dataclass(frozen=True)
class Served:
    """What a worker that serves all did from its start to its end, as its test saw it.

    Attributes:
        storage: Its database.
        lines: What it said.
        idle_share: Of one core, while it waited.
        seconds_to_plan: From a search's being submitted until its first stage was planned.
        seconds_to_end: From SIGTERM, while it waited.
        status: Its exit status.
    """

    storage: str
    lines: list[str]
    idle_share: float
    seconds_to_plan: float
    seconds_to_end: float
    status: int


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)]
)
def served(
    request: pytest.FixtureRequest, start: Any, tmp_path_factory: pytest.TempPathFactory
) -> Served:
    """A worker for all: there are two searches, and one without images; then a third comes."""
    folder = tmp_path_factory.mktemp("service")
    if request.param == "sqlite":
        storage = f"sqlite:///{folder}/klayer.db"
    else:
        storage = request.getfixturevalue("postgresql").new_database()
    with Ledger(storage, create=True) as ledger:
        ledger.record(load("lambda-coarse-to-fine"), "", DataCard("digits", "f" * 64), {})
        recorded(ledger, name="old")
        new = recorded(ledger, name="new")
        running = start("worker", cwd=folder, KLAYER_STORAGE=storage)
        running.waits_for(lambda: is_finished(ledger, new), "the end of both")
        time.sleep(0.5)
        process = psutil.Process(running.pid)
        before, begun = process.cpu_times(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        idle_share = used / (time.monotonic() - begun)
        begun = time.monotonic()
        later = recorded(ledger, name="later")
        running.waits_for(lambda: states(ledger, later), "a plan")
        seconds_to_plan = time.monotonic() - begun
        running.waits_for(lambda: is_finished(ledger, later), "the end of the third")
        begun = time.monotonic()
        running.hears(signal.SIGTERM)
        status = running.end()
        seconds_to_end = time.monotonic() - begun
    return Served(storage, running.lines, idle_share, seconds_to_plan, seconds_to_end, status)


def test_a_worker_without_a_name_serves_the_oldest_search_first(served: Served) -> None:
    names = [line.partition(":")[0] for line in served.lines[2:-1]]
    assert names == sorted(names, key=["old", "new", "later"].index)
    assert set(names) == {"old", "new", "later"}


def test_a_search_whose_images_are_missing_is_passed_over_with_one_line(served: Served) -> None:
    told = [line for line in served.lines if line.startswith("lambda-coarse-to-fine: ")]
    assert told == served.lines[1:2]
    assert "passed over here" in told[0]
    assert "klayer data fetch cifar10" in told[0]


def test_a_worker_that_waits_needs_next_to_no_processor(served: Served) -> None:
    assert served.idle_share < 0.05


def test_a_search_that_is_submitted_later_is_begun_promptly(served: Served) -> None:
    assert served.seconds_to_plan < 5


def test_sigterm_ends_a_worker_that_waits_at_once(served: Served) -> None:
    assert served.status == 0
    assert served.lines[-1] == "stopped; what was held is handed back"
    assert served.seconds_to_end < 5
    with Ledger(served.storage) as ledger:
        assert ledger.read.workers() == []


def test_no_password_is_in_what_a_worker_says(served: Served) -> None:
    said = "\n".join(served.lines)
    assert "s3cret" not in said
    assert "serving all searches, and waiting for new ones" in served.lines[0]


@pytest.mark.parametrize(
    ("number", "group", "several"),
    [
        (signal.SIGTERM, False, []),
        (signal.SIGINT, True, ["--workers", "2"]),
    ],
    ids=["one", "two"],
)
def test_a_worker_that_trains_hands_back_what_it_holds_and_leaves(
    ledger: Ledger,
    storage: str,
    start: Any,
    tmp_path: Path,
    number: int,
    group: bool,
    several: list[str],
) -> None:
    search = recorded(ledger, *ENDLESS)
    running = start("worker", "--storage", storage, *several, cwd=tmp_path)
    count = 2 if several else 1
    running.waits_for(lambda: states(ledger, search).count("running") == 2 * count, "a claim")
    running.waits_for(lambda: ledger.read.curves(search), "an epoch")
    processes = [one.process for one in ledger.read.workers()]
    begun = time.monotonic()
    running.hears(number, group=group)
    assert running.end() == 0
    assert time.monotonic() - begun < 10
    assert running.lines[-1] == "stopped; what was held is handed back"
    assert states(ledger, search) == ["waiting"] * 4
    assert attempts(ledger, search) == [(1, 0), (count - 1, 0)]
    epochs = sum(map(len, ledger.read.curves(search).values()))
    assert epochs
    assert ledger.read.trained(search) == (0, epochs)  # from where another one goes on
    assert ledger.read.workers() == []
    assert not any(is_alive(pid) for pid in processes)


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_workers_that_join_without_a_launcher_come_to_the_same_bytes(
    klayer_here: Any, start: Any, tiny_run: Any, tmp_path: Path
) -> None:
    shutil.copy(tiny_run.folder / "tiny.toml", tmp_path)
    assert klayer_here("submit", "tiny.toml")[0] == 0
    joined = [start("worker", "tiny", cwd=tmp_path) for _ in range(2)]
    assert [one.end() for one in joined] == [0, 0]
    planned = [line for one in joined for line in one.lines if ": planned " in line]
    assert sorted(planned) == sorted(
        f"tiny: planned {stage}" for stage in ("coarse", "fine", "finalists", "final")
    )
    for one in joined:
        assert one.lines[0].endswith(", sqlite:///klayer.db: serving tiny")
        assert one.lines[-1] == "tiny: finished"
    for options in (("--format", "json"), ("--epochs",)):
        undisturbed = klayer_here("export", "tiny", *options, cwd=tiny_run.folder)
        assert klayer_here("export", "tiny", *options) == undisturbed
    # Who joins later finds nothing left to do.
    status, out, err = klayer_here("worker", "tiny")
    assert (status, err, out.splitlines()[-1]) == (0, "", "tiny: finished")


@pytest.mark.long
def test_a_worker_joins_a_run_and_both_come_to_the_same_bytes(
    klayer_here: Any, start: Any, tiny_run: Any, tmp_path: Path
) -> None:
    shutil.copy(tiny_run.folder / "tiny.toml", tmp_path)
    run = start("run", "tiny.toml", "--workers", "1", cwd=tmp_path)
    run.says("tiny: 1 worker, ")
    joined = start("worker", "tiny", "--workers", "2", cwd=tmp_path)
    assert (joined.end(), run.end()) == (0, 0)
    assert joined.lines[0].startswith("2 workers on ")
    assert joined.lines[-1] == "tiny: finished"
    undisturbed = klayer_here("export", "tiny", "--epochs", cwd=tiny_run.folder)
    assert klayer_here("export", "tiny", "--epochs") == undisturbed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda ledger, search: ledger.stop(search), "it was stopped"),
        (lambda ledger, search: ledger.fail(search, "there is no plan"), "there is no plan"),
    ],
)
def test_there_is_nothing_to_join_of_a_search_that_stands_still(
    klayer_here: Any, ledger: Ledger, storage: str, change: Callable[..., None], told: str
) -> None:
    change(ledger, recorded(ledger))
    for several in ("1", "2"):
        status, out, err = klayer_here("worker", "digits", "--storage", storage, "-w", several)
        assert (status, out) == (2, "")
        assert err == (
            f"klayer: digits: nobody works on this search: {told}; `klayer run` or `klayer submit` "
            "takes it up again\n"
        )


@pytest.fixture
def at_work(ledger: Ledger) -> Ledger:
    """A database in which somebody trains, somebody plans, somebody waits, and one was lost."""
    digits, other = recorded(ledger), recorded(ledger, name="other")
    for one in ("trainer", "planner"):
        ledger.join(worker(one, digits))
    with Heartbeat(ledger, worker("first")) as heartbeat:
        plan_next(ledger, digits, "first", heartbeat)
    ledger.next_work(digits, "trainer")
    ledger.next_work(other, "planner")
    ledger.join(replace(worker("idle"), host="elsewhere"))
    ledger.join(worker("lost", other, lease_seconds=-1.0))
    ledger.join(presence("pool/launcher", "launcher", digits.id))
    return ledger


def test_who_works_on_what_and_since_when_is_listed(
    klayer_here: Any, at_work: Ledger, storage: str
) -> None:
    status, out, err = klayer_here("workers", "--json", "--storage", storage)
    assert (status, err) == (0, "")
    listed = {one["name"]: one for one in json.loads(out)}
    assert list(listed) == ["trainer", "planner", "idle", "lost", "pool/launcher"]
    trainer, planner, idle, _, launcher = listed.values()
    assert (trainer["search"], trainer["working_on"]) == ("digits", "digits")
    assert (trainer["work"], trainer["process"]) == ("coarse #0 to #1", os.getpid())
    assert trainer["started_at"] <= trainer["since"] <= at_work.read.clock()
    assert (planner["work"], planner["working_on"]) == ("planning coarse", "other")
    assert (idle["search"], idle["work"], idle["host"]) == (None, None, "elsewhere")
    assert [one["lost"] for one in listed.values()] == [False, False, False, True, False]
    assert launcher["kind"] == "launcher"
    rows = klayer_here("workers", "--storage", storage)[1].splitlines()
    assert [row.split()[0] for row in rows] == ["worker", *listed]
    assert "digits: coarse #0 to #1" in rows[1]
    assert " lost " in rows[4]


def test_of_one_search_those_are_listed_that_serve_it_or_hold_work_of_it(
    klayer_here: Any, at_work: Ledger, storage: str
) -> None:
    for name, expected in (
        ("digits", ["trainer", "planner", "pool/launcher"]),
        ("other", ["planner", "lost"]),
    ):
        _, out, _ = klayer_here("workers", name, "--json", "--storage", storage)
        assert [one["name"] for one in json.loads(out)] == expected


def test_where_nobody_works_that_is_said(klayer_here: Any, ledger: Ledger, storage: str) -> None:
    recorded(ledger)
    told = "Nobody works on digits; `klayer worker` and `klayer run` do.\n"
    assert klayer_here("workers", "digits", "--storage", storage) == (0, told, "")
    assert klayer_here("workers", "--json", "--storage", storage) == (0, "[]\n", "")


def test_json_has_what_the_ledger_knows(klayer_here: Any, at_work: Ledger, storage: str) -> None:
    _, out, _ = klayer_here("workers", "--json", "--storage", storage)
    assert [WorkerState(**one) for one in json.loads(out)] == at_work.read.workers()
