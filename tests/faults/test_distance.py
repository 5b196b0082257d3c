"""A database that is far away: a cohort of short epochs hardly takes longer."""

import time
from collections.abc import Generator
from typing import Any

import pytest

from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, Search
from search.objective.report import Report
from search.workers.training import train
from tests.faults.proxy import distant
from tests.postgresql import Server
from tests.search.workers.serving import never, recorded
from tests.search.workers.test_training import planned_and_claimed

ROUND_TRIP_SECONDS = 0.2
EPOCH_SECONDS, EPOCHS = 0.05, 600
STATE = bytes(20_000)


class Steady:
    """Trains each epoch in the same time, and can go on from each."""

    def train(self, _: Any, trials: Any, *__: Any) -> Generator[dict[int, Report], Any, Any]:
        *_, saver = __
        places = range(len(trials))
        for epoch in range(1, EPOCHS + 1):
            time.sleep(EPOCH_SECONDS)
            saver.offer(lambda: dict.fromkeys(places, STATE))
            score = epoch / (EPOCHS + 7)
            yield {at: Report(epoch, {"validation_accuracy": score}, score) for at in places}
        return {}


def seconds_of_a_cohort(ledger: Ledger, search: Search, name: str) -> float:
    """How long a cohort takes a worker, which has just had another, until it is handed in."""
    before = ledger.next_work(search, name, only="cohorts")
    assert isinstance(before, CohortClaim)
    ledger.release(before)
    began = time.monotonic()
    claim = ledger.next_work(search, name, only="cohorts")
    assert isinstance(claim, CohortClaim)
    steady: Any = Steady()
    assert train(ledger, search, steady, claim, never, 60.0)
    return time.monotonic() - began


@pytest.mark.long
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_cohort_of_short_epochs_takes_as_long_with_a_database_far_away(
    server: Server, storage: str
) -> None:
    with Ledger(storage, create=True) as ledger:
        search = recorded(ledger, "stages.coarse.trials=6")
        claim, _ = planned_and_claimed(ledger, search)
        ledger.release(claim)
        here = seconds_of_a_cohort(ledger, search, "here")
    with distant("127.0.0.1", server.port, ROUND_TRIP_SECONDS / 2) as port:
        there = storage.replace(f":{server.port}/", f":{port}/")
        with Ledger(there) as ledger:
            far = seconds_of_a_cohort(ledger, search, "far")
            curves = ledger.read.curves(search)
            trials = ledger.read.trials(search)
    print(f"a cohort of {EPOCHS} epochs: {here:.1f} s, at 200 ms {far:.1f} s")  # noqa: T201
    trained = [one for one in trials if one.stage == "coarse"]
    assert {len(curves[one.id]) for one in trained} == {EPOCHS}
    assert far < 1.2 * here
