"""Reports are written beside a training, in order, and nothing of them is lost or waited for."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from search.ledger.claims import LostLeaseError
from search.ledger.ledger import Ledger
from search.ledger.records import CohortCheckpoint, CohortClaim, Search
from search.objective.report import Report
from search.workers import report_writer as module
from search.workers.report_writer import ReportWriter
from tests.search.ledger.conftest import renew, worth
from tests.search.workers.serving import recorded
from tests.search.workers.test_training import planned_and_claimed

SECONDS = 0.1  # that each writing takes
DIRECT: Callable[..., bool] = Ledger.record_reports

Written = list[tuple[dict[int, list[int]], CohortCheckpoint | None]]


@pytest.fixture
def search(ledger: Ledger) -> Search:
    return recorded(ledger)


@pytest.fixture
def claim(ledger: Ledger, search: Search) -> CohortClaim:
    return planned_and_claimed(ledger, search)[0]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """Lets the database be far away; the steps and the checkpoint of each batch."""
    batches: Written = []

    def slowly(
        ledger: Ledger,
        claim: CohortClaim,
        reports: Mapping[int, list[Report]],
        lease_seconds: float,
        checkpoint: CohortCheckpoint | None,
    ) -> bool:
        time.sleep(SECONDS)
        steps = {number: [one.step for one in some] for number, some in reports.items()}
        batches.append((steps, checkpoint))
        return DIRECT(ledger, claim, reports, lease_seconds, checkpoint)

    monkeypatch.setattr(Ledger, "record_reports", slowly)
    monkeypatch.setattr(module, "BATCH_SECONDS", 0.0)
    return batches


def report(step: int) -> Report:
    return Report(step, {"validation_accuracy": step / 7}, step / 7)


def stored(ledger: Ledger, search: Search) -> list[list[int]]:
    """The steps of each trial of the first cohort."""
    curves = ledger.read.curves(search)
    first = ledger.read.trials(search)[:2]
    return [[one.step for one in curves.get(trial.id, ())] for trial in first]


def test_a_training_does_not_wait_and_its_reports_are_stored_in_batches(
    ledger: Ledger, search: Search, claim: CohortClaim, written: Written
) -> None:
    steps = list(range(1, 31))
    with ReportWriter(ledger, claim, 60.0) as writer:
        began = time.monotonic()
        for step in steps:
            writer.put({0: report(step), 1: report(step)}, None)
            time.sleep(0.001)
        trained = time.monotonic() - began
        writer.wait()
        assert stored(ledger, search) == [steps, steps]
    assert trained < SECONDS * len(steps) / 2  # each would have taken that
    assert 1 <= len(written) < len(steps)
    assert [step for batch, _ in written for step in batch[0]] == steps


def test_a_checkpoint_is_stored_with_what_came_before_it(
    ledger: Ledger, search: Search, claim: CohortClaim, written: Written
) -> None:
    with ReportWriter(ledger, claim, 60.0) as writer:
        for step in (1, 2, 3, 4, 5):
            at = CohortCheckpoint({0: step, 1: step}, {}, {0: b"0", 1: b"1"})
            writer.put({0: report(step), 1: report(step)}, at if step % 2 else None)
            assert writer.saving or not step % 2
            time.sleep(SECONDS / 3)
        writer.wait()
        assert not writer.saving
    before = list[int]()
    for batch, checkpoint in written:
        before += batch[0]
        assert checkpoint is None or checkpoint.steps[0] <= before[-1]
    ledger.release(claim)
    again = ledger.next_work(search, "b")
    assert isinstance(again, CohortClaim)
    assert again.checkpoint is not None
    assert again.checkpoint.steps == {0: 5, 1: 5}
    assert stored(ledger, search) == [[1, 2, 3, 4, 5]] * 2


def test_what_is_not_written_at_the_end_is_handed_in_with_the_results(
    ledger: Ledger, search: Search, claim: CohortClaim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short cohort has one transaction."""
    monkeypatch.setattr(Ledger, "record_reports", None)  # nobody calls it
    with ReportWriter(ledger, claim, 60.0) as writer:
        for step in (1, 2):
            writer.put({0: report(step), 1: report(step)}, None)
        rest = writer.rest()
    ledger.hand_in(claim, worth(claim), reports=rest)
    assert stored(ledger, search) == [[1, 2], [1, 2]]
    assert "report writer" not in [one.name for one in threading.enumerate()]


def test_a_training_that_fails_leaves_its_reports_and_its_checkpoint(
    ledger: Ledger, search: Search, claim: CohortClaim, written: Written
) -> None:
    at = CohortCheckpoint({0: 1, 1: 1}, {}, {0: b"0", 1: b"1"})

    def fail() -> None:
        with ReportWriter(ledger, claim, 60.0) as writer:
            writer.put({0: report(1), 1: report(1)}, at)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert written == [({0: [1], 1: [1]}, at)]


def test_a_lost_lease_is_raised_at_the_next_call_and_nothing_more_is_written(
    ledger: Ledger, search: Search, claim: CohortClaim, written: Written
) -> None:
    with ReportWriter(ledger, claim, 60.0) as writer:
        renew(ledger, claim, -1.0)
        assert isinstance(ledger.next_work(search, "other"), CohortClaim)
        writer.put({0: report(1)}, None)
        with pytest.raises(LostLeaseError):
            writer.wait()
        for call in (lambda: writer.put({0: report(2)}, None), writer.look, writer.rest):
            with pytest.raises(LostLeaseError):
                call()
    assert len(written) == 1
    assert stored(ledger, search) == [[], []]


def test_a_training_waits_where_too_much_is_to_be_written(
    ledger: Ledger, claim: CohortClaim, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    with ReportWriter(ledger, claim, 60.0) as writer:
        for step in (1, 2, 3):
            writer.put({0: report(step)}, None)
        assert [step for batch, _ in written for step in batch[0]] == [1, 2, 3]


def test_reports_wait_no_longer_for_more_since_the_database_was_away_for_long(
    ledger: Ledger, search: Search, claim: CohortClaim
) -> None:
    with ReportWriter(ledger, claim, 60.0) as writer:
        writer._took = 1e6
        writer.put({0: report(1)}, None)
        until = time.monotonic() + 30
        while not stored(ledger, search)[0] and time.monotonic() < until:
            time.sleep(0.05)
        assert stored(ledger, search)[0] == [1]


def test_a_thread_that_the_system_refuses_is_what_is_told(
    ledger: Ledger, claim: CohortClaim, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    with (
        pytest.raises(RuntimeError, match="start new thread"),
        ReportWriter(ledger, claim, 60.0) as writer,
    ):
        writer.put({0: report(1)}, None)


@pytest.mark.parametrize("how", ["with a report", "without one"])
def test_who_is_asked_to_release_learns_of_it_beside_the_training(
    ledger: Ledger, search: Search, claim: CohortClaim, how: str, written: Any
) -> None:
    with ReportWriter(ledger, claim, 60.0) as writer:
        ledger.stop(search)
        assert not writer.asked
        if how == "with a report":
            writer.put({0: report(1)}, None)
        else:
            writer.look()
        writer.wait()
        assert writer.asked
    assert len(written) == (how == "with a report")
