"""A worker: claims work of one search, does it, hands it in, until there is none left.

Between epochs it looks whether it should stop; then it hands its cohort back, and whoever claims
that next trains it from its seeds again, with the same numbers.
"""

import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Self

from search import objective
from search.ledger.claims import Finished, LostLeaseError, Wait
from search.ledger.database import DatabaseFaultError
from search.ledger.ledger import LEASE_SECONDS, Ledger, TrialOutcome
from search.ledger.records import Claim, PlanningClaim, Search
from search.objective import Dataset
from search.outcome import Report, TestReport
from search.plan.plan import FINAL, plan

IDLE_SECONDS = 0.1


def work(
    ledger: Ledger,
    search: Search,
    data: Dataset,
    owner: str,
    should_stop: Callable[[], bool],
    lease_seconds: float = LEASE_SECONDS,
) -> None:
    """Work on a search until it is finished, or until `should_stop`.

    Args:
        ledger: The search's database, opened in this process.
        search: Which search.
        data: Its images.
        owner: A name that no other worker has.
        should_stop: Asked between epochs and while waiting.
        lease_seconds: How long others wait for this worker if it dies without a word.
    """
    while not should_stop():
        task = ledger.next_work(search, owner, lease_seconds)
        match task:
            case Finished():
                return
            case Wait():
                time.sleep(IDLE_SECONDS)
            case PlanningClaim() | Claim():
                try:
                    with _LeaseKeeper(ledger, task, lease_seconds):
                        if isinstance(task, PlanningClaim):
                            _plan(ledger, search, task)
                        else:
                            _train(ledger, search, data, task, should_stop, lease_seconds)
                except LostLeaseError:
                    continue  # somebody else does it now, with the same result
                except BaseException:
                    with suppress(DatabaseFaultError):  # then it is free when its lease runs out
                        ledger.hand_back(task)
                    raise


def _plan(ledger: Ledger, search: Search, claim: PlanningClaim) -> None:
    study, step = search.study, claim.step
    made = plan(study, step, ledger.read.results(search), objective.grouping(study))
    schedule = step.training.schedule
    each = schedule.total_epochs(study.data.rows, step.training.batch_size)
    ledger.open_stage(search, claim, made, each)


def _train(
    ledger: Ledger,
    search: Search,
    data: Dataset,
    claim: Claim,
    should_stop: Callable[[], bool],
    lease_seconds: float,
) -> None:
    job = (search.study, claim.step.training, claim.trials, claim.order_seed, data)
    final = claim.step.name == FINAL
    epochs = _with_result(objective.prove(*job) if final else objective.train(*job))
    last: dict[int, Report] = {}
    result: TestReport | None = None
    for reports in epochs:
        if isinstance(reports, TestReport):
            result = reports
            break
        named = {claim.numbers[place]: report for place, report in reports.items()}
        figures = {n: report.figures for n, report in named.items()}
        ledger.record_epochs(claim, figures, lease_seconds)
        last |= named
        if should_stop():
            ledger.hand_back(claim)
            return
    ledger.hand_in(claim, [_outcome(n, last[n], result) for n in claim.numbers], result)


def _with_result(
    epochs: Generator[dict[int, Report], None, TestReport | None],
) -> Iterator[dict[int, Report] | TestReport]:
    """The reports of a training, and behind them its test report if it has one."""
    result = yield from epochs
    if result is not None:
        yield result


def _outcome(number: int, report: Report, result: TestReport | None) -> TrialOutcome:
    if report.diverged:
        reason = f"diverged in epoch {report.figures.epoch}: its cost is no finite number"
        return TrialOutcome(number, None, reason)
    if result is not None:  # the final's trials are worth what the test set says
        return TrialOutcome(number, result.accuracies[number])
    return TrialOutcome(number, None if math.isnan(report.value) else report.value)


class _LeaseKeeper:
    """Renews a claim's lease from a thread, for epochs that last longer than the lease."""

    def __init__(self, ledger: Ledger, claim: Claim | PlanningClaim, lease_seconds: float) -> None:
        self._ledger, self._claim, self._seconds = ledger, claim, lease_seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True, name="lease keeper")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._done.wait(self._seconds / 3):
            try:
                self._ledger.renew(self._claim, self._seconds)
            except LostLeaseError:
                return  # the worker learns of it when it next writes
            except DatabaseFaultError:
                pass  # the database may answer the next time, before the lease has run out
