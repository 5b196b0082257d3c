"""Reading sees one state of the database, and neither waits for a writer nor keeps one waiting."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from optuna import load_study
from optuna.storages import RDBStorage
from sqlalchemy import Connection, text

from search.ledger.claims import MOST_LOST, Finished
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import Claim, PlanningClaim, Presence, Search, TrialResult
from search.objective.data_card import DataCard
from search.objective.metric import Direction, Metric
from search.objectives.network.objective import NetworkObjective
from search.plan.plan import steps
from search.study.file import Study
from tests.search.ledger.conftest import SCORE, Alter, open_stage, somebody

QUICK_SECONDS = 5  # far below the 60 that a connection waits for a lock


@contextmanager
def writer(storage: str) -> Iterator[Connection]:
    """Another process's write in the middle of its transaction."""
    with somebody(storage) as connection:
        connection.execute(text("UPDATE klayer_trials SET state = 'complete', value = 1"))
        yield connection


def test_readers_do_not_wait_for_a_writer_and_see_nothing_of_it(
    ledger: Ledger, storage: str, search: Search, open_next: Callable[[int], object]
) -> None:
    open_next(1)
    with writer(storage) as writing:
        began = time.monotonic()
        with Ledger(storage) as second:
            found = second.read.search("digits")
            assert {one.state for one in second.read.trials(found)} == {"waiting"}
            assert second.read.stages(found)[0].finished == 0
            assert second.read.results(found) == []
            assert second.read.curves(found) == {}
        assert time.monotonic() - began < QUICK_SECONDS
        writing.commit()
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}


def test_a_reader_keeps_no_writer_waiting(
    ledger: Ledger, storage: str, search: Search, open_next: Callable[[int], object]
) -> None:
    open_next(1)
    with ledger.database.reading() as reading:
        query = "SELECT count(*) FROM klayer_trials WHERE state = 'waiting'"
        assert reading.exec_driver_sql(query).scalar() == 6
        with writer(storage) as writing:
            writing.commit()
        assert reading.exec_driver_sql(query).scalar() == 6  # still the state that it began with
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}


def test_counts_follow_the_work(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], object],
    claim_next: Callable[..., Claim],
    figures: Callable[[int, float], object],
) -> None:
    expected = [6, 3, 2, 4, 2]  # two finalists, each over two seeds, then both in the final
    assert [stage.trials for stage in ledger.read.stages(search)] == expected
    assert [stage.epochs_total for stage in ledger.read.stages(search)] == [2 * n for n in expected]
    open_next(2)
    claim = claim_next("a")
    ledger.record_reports(claim, {n: figures(1, 0.5) for n in claim.numbers})  # type: ignore[misc]
    stage = ledger.read.stages(search)[0]
    assert (stage.running, stage.finished, stage.epochs_done, stage.epochs_total) == (3, 0, 3, 12)
    assert stage.opened_at == pytest.approx(ledger.read.clock(), abs=30)
    assert stage.finished_at is None


def test_who_asks_again_is_told_what_has_finished_since(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], object],
    claim_next: Callable[..., Claim],
    outcomes: Callable[[Claim], list[TrialResult]],
) -> None:
    open_next(3)
    begun = ledger.read.clock()
    assert ledger.read.trials(search, since=begun) == []
    seen: list[tuple[int, ...]] = []
    latest = begun
    for _ in range(2):
        claim = claim_next("a")
        time.sleep(0.01)  # the clock counts thousandths
        ledger.hand_in(claim, outcomes(claim))
        news = ledger.read.trials(search, since=latest + 0.001)
        seen.append(tuple(one.number for one in news))
        latest = max(one.finished_at or 0.0 for one in news)
    assert seen == [(0, 3), (1, 4)]
    assert [one.number for one in ledger.read.trials(search, since=latest)] == [1, 4]


@pytest.mark.parametrize("kind", ["postgresql"])  # SQLite takes our word for it
def test_a_reading_transaction_writes_nothing(ledger: Ledger, search: Search) -> None:
    with (
        pytest.raises(DatabaseFaultError, match="read-only transaction"),
        ledger.database.reading() as reading,
    ):
        reading.execute(text("DELETE FROM klayer_searches"))
    assert ledger.read.names() == ["digits"]


def test_what_has_work_is_told_without_taking_it(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], object],
    claim_next: Callable[..., Claim],
) -> None:
    assert ledger.read.has_work(search, "a")
    assert isinstance(ledger.next_work(search, "a"), PlanningClaim)
    assert not ledger.read.has_work(search, "b")
    assert ledger.read.has_work(search, "a")  # what it holds itself is free for it
    ledger.stop(search)
    assert not ledger.read.has_work(search, "a")
    ledger.take_up(search)
    ledger.leave(Presence("a", "worker", "h", "m", 1, None, None, 60.0))
    open_next(1)
    assert ledger.read.has_work(search, "a")
    claim_next("a")
    assert not ledger.read.has_work(search, "b")
    ledger.release(claim_next("a"))
    assert ledger.read.has_work(search, "b")


# --- the best -----------------------------------------------------------------------------------

VALUES = (0.5, 0.2, 0.9, 0.2, 0.9, None)  # of the trials of the first stage


def hand_in_all(ledger: Ledger, search: Search, values: Sequence[float | None]) -> None:
    """Hand in what waits, with values by the trials' numbers."""
    while isinstance(claim := ledger.next_work(search, "a", only="cohorts"), Claim):
        ended = [(n, values[n % len(values)]) for n in claim.numbers]
        ledger.hand_in(
            claim,
            [TrialResult(n, one, None if one is not None else "diverged") for n, one in ended],
        )


@pytest.mark.parametrize(("direction", "number"), [("maximize", 2), ("minimize", 1)])
def test_the_best_is_the_best_by_the_direction_of_the_score_and_the_first_of_equals(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], object],
    monkeypatch: pytest.MonkeyPatch,
    optuna_storage: RDBStorage,
    direction: Direction,
    number: int,
) -> None:
    monkeypatch.setattr(NetworkObjective, "score", Metric(SCORE, direction))
    open_next(2)
    hand_in_all(ledger, search, VALUES)
    best = ledger.read.stages(search)[0].best
    assert best is not None
    assert (best.number, best.value) == (number, VALUES[number])
    shown = load_study(study_name="digits/1-coarse", storage=optuna_storage)
    assert shown.best_value == best.value
    assert shown.metric_names == [SCORE]


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_without_a_final_the_last_stage_ends_the_search_and_says_who_has_won(
    ledger: Ledger,
    study: Study,
    monkeypatch: pytest.MonkeyPatch,
    direction: Direction,
) -> None:
    """The finalist with the best mean over its seeds, and of its trials the best."""
    monkeypatch.setattr(NetworkObjective, "score", Metric(SCORE, direction))
    monkeypatch.setattr(NetworkObjective, "evaluates", None)
    search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
    for kind in ("search", "search", "search", "finalists"):
        assert ledger.read.winner(search) is None
        assert open_stage(ledger, search).stage.kind == kind
        # Two finalists over two seeds: the second one is the better one in either direction.
        sign = 1 if direction == "maximize" else -1
        values = [0.5, 0.6] if kind == "search" else [0.1, 0.1 + sign / 100]
        hand_in_all(ledger, search, values)
    assert ledger.next_work(search, "a") == Finished()
    ended = ledger.read.again(search)
    assert ended.finished_at is not None
    assert (ended.result, ended.failure) == (None, None)
    assert [stage.state for stage in ledger.read.stages(search)] == ["finished"] * 4
    second = next(t for t in ledger.read.trials(search) if (t.stage, t.number) == ("finalists", 1))
    winner = ledger.read.winner(search)
    assert winner is not None
    assert winner.parameters == second.parameters
    assert (winner.state, winner.stage in study.contenders()) == ("complete", True)


def test_a_search_whose_last_stage_is_given_up_in_part_ends_well(
    ledger: Ledger,
    study: Study,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(NetworkObjective, "evaluates", None)
    search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
    for _ in range(3):
        open_stage(ledger, search)
        hand_in_all(ledger, search, [0.5, 0.6])
    open_stage(ledger, search)
    first, *_ = claims = [ledger.next_work(search, f"w{n}", only="cohorts") for n in range(2)]
    assert isinstance(first, Claim)
    ledger.hand_in(first, [TrialResult(n, 0.5) for n in first.numbers])
    for _ in range(MOST_LOST):
        lost = claims[1]
        assert isinstance(lost, Claim)
        ledger.release(lost, lost=True)
        claims[1] = ledger.next_work(search, "w1")
    assert claims[1] == Finished()
    ended = ledger.read.again(search)
    assert (ended.finished_at is None, ended.failure) == (False, None)


def test_a_recorded_search_has_all_its_stages_from_the_beginning(
    ledger: Ledger, search: Search, alter: Alter
) -> None:
    """So nobody has to ask the study file what comes next."""
    rows = alter("SELECT number, name, kind, state, attempt FROM klayer_stages ORDER BY number")
    assert [tuple(row) for row in rows] == [
        (step.number, step.name, step.kind, "unplanned", 0) for step in steps(search.study)
    ]
    assert {stage.state for stage in ledger.read.stages(search)} == {"unplanned"}
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, PlanningClaim)
    assert (claim.stage.number, claim.stage.name, claim.stage.kind) == (1, "coarse", "search")
    assert ledger.read.stages(search)[0].state == "planning"
