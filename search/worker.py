"""A worker: claims work of one search, does it, hands it in, until there is none left.

Between epochs it looks whether it should stop; then it hands its cohort back, and whoever claims
that next trains it again from where it was claimed, with the same numbers.
"""

import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Self

from search import objective
from search.ledger.changes import Changes
from search.ledger.claims import Finished, LostLeaseError, Wait
from search.ledger.database import DatabaseFaultError
from search.ledger.ledger import LEASE_SECONDS, Ledger, WorkKind
from search.ledger.records import Claim, PlanningClaim, Search
from search.ledger.results import TrialOutcome
from search.ledger.rungs import Rest
from search.objective import Dataset
from search.outcome import Report, TestReport
from search.plan.halving import plan_rung, survivors
from search.plan.plan import FINAL, plan

IDLE_SECONDS = 0.03
# A lease that runs out changes nothing in the database, so that one looks now and then anyway.
LOOK_SECONDS = 1.0


def work(
    ledger: Ledger,
    search: Search,
    data: Dataset,
    owner: str,
    should_stop: Callable[[], bool],
    lease_seconds: float = LEASE_SECONDS,
    only: WorkKind | None = None,
) -> None:
    """Work on a search until it is finished, or until `should_stop`.

    Args:
        ledger: The search's database, opened in this process.
        search: Which search.
        data: Its images.
        owner: A name that no other worker has.
        should_stop: Asked between epochs and while waiting.
        lease_seconds: How long others wait for this worker if it dies without a word.
        only: "cohorts" where somebody else plans, which spares this process Optuna.
    """
    with ledger.changes() as changes:
        while not should_stop():
            task = ledger.next_work(search, owner, lease_seconds, only)
            match task:
                case Finished():
                    return
                case Wait():
                    _wait(changes, should_stop)
                case PlanningClaim():
                    with _holding(ledger, task, lease_seconds):
                        _plan(ledger, search, task, lease_seconds)
                case Claim():
                    with _holding(ledger, task, lease_seconds):
                        _train(ledger, search, data, task, should_stop, lease_seconds)


def _wait(changes: Changes, should_stop: Callable[[], bool]) -> None:
    """Until something is written that may be work, or some time has passed."""
    until = time.monotonic() + LOOK_SECONDS
    while not (should_stop() or changes.any() or time.monotonic() > until):
        time.sleep(IDLE_SECONDS)


def plan_next(ledger: Ledger, search: Search, owner: str, lease_seconds: float) -> None:
    """Plan what is to be planned next, if anything is now and nobody else does it.

    Args:
        ledger: The search's database.
        search: Which search.
        owner: A name that no worker has.
        lease_seconds: How long others wait for the plan if this process dies without a word.

    Raises:
        KlayerError: There is no plan: all trials of an earlier stage diverged.
    """
    task = ledger.next_work(search, owner, lease_seconds, only="planning")
    if isinstance(task, PlanningClaim):
        with _holding(ledger, task, lease_seconds):
            _plan(ledger, search, task, lease_seconds)


@contextmanager
def _holding(ledger: Ledger, claim: Claim | PlanningClaim, lease_seconds: float) -> Iterator[None]:
    """Keep a claim's lease while its work is done; give it up where that fails.

    A lost lease ends the work without a fault: somebody else does it now, with the same result.
    """
    try:
        with _LeaseKeeper(ledger, claim, lease_seconds):
            yield
    except LostLeaseError:
        pass
    except BaseException:
        with suppress(DatabaseFaultError):  # then it is free when its lease runs out
            ledger.hand_back(claim)
        raise


def _plan(ledger: Ledger, search: Search, claim: PlanningClaim, lease_seconds: float) -> None:
    study, step = search.study, claim.step
    if claim.rung:
        standings = {
            one.number: (one.parameters, one.value) for one in ledger.read.standings(claim)
        }
        group = objective.grouping(study)
        ledger.open_rung(claim, plan_rung(study, step, claim.rung, standings, group))
        return
    made = plan(study, step, ledger.read.results(search), objective.grouping(study))
    schedule = step.training.schedule
    each = schedule.total_epochs(study.data.rows, step.training.batch_size)
    ledger.open_stage(search, claim, made, each, lease_seconds)


def _train(
    ledger: Ledger,
    search: Search,
    data: Dataset,
    claim: Claim,
    should_stop: Callable[[], bool],
    lease_seconds: float,
) -> None:
    training = _training(search, data, claim)
    cohort = _Cohort(claim, claim.step.rungs("cohort", search.study.data.rows))
    going: Sequence[int] | None = None
    while True:
        try:
            reports = next(training) if going is None else training.send(going)
        except StopIteration as end:
            ended: TestReport | dict[int, bytes] = end.value
            break
        figures = {claim.numbers[place]: report.figures for place, report in reports.items()}
        ledger.record_epochs(claim, figures, lease_seconds)
        if should_stop():
            ledger.hand_back(claim)
            return
        going = cohort.after(reports)
    if isinstance(ended, TestReport):
        ledger.hand_in(claim, cohort.outcomes(ended), ended)
    else:
        ledger.hand_in(claim, cohort.outcomes(None, ended), None, cohort.rests(ended))


def _training(
    search: Search, data: Dataset, claim: Claim
) -> Generator[dict[int, Report], Any, TestReport | dict[int, bytes]]:
    job = (search.study, claim.step.training, claim.trials, claim.order_seed, data)
    if claim.step.name == FINAL:
        return objective.prove(*job)
    return objective.train(*job, start=claim.checkpoints, until=claim.stop)


class _Cohort:
    """How the trials of a cohort stand, and which of them go on; all by place in the cohort."""

    def __init__(self, claim: Claim, rungs: Sequence[int]) -> None:
        self._claim, self._halving, self._rungs = claim, claim.step.halving, rungs
        self._entered: Sequence[int] = range(len(claim.numbers))  # what lies before the next rung
        self._last: dict[int, Report] = {}
        self._pruned: dict[int, int] = {}  # after how many epochs

    def after(self, reports: dict[int, Report]) -> Sequence[int] | None:
        """The places that go on after an epoch; None where it drops nobody."""
        self._last |= reports
        epoch = next(iter(reports.values())).figures.epoch
        if self._halving is None or epoch not in self._rungs:
            return None
        standings = {place: _standing(self._last[place]) for place in self._entered}
        self._entered = survivors(self._halving, standings)
        self._pruned |= {
            place: epoch
            for place, value in standings.items()
            if value is not None and place not in self._entered
        }
        return self._entered

    def rests(self, states: Mapping[int, bytes]) -> list[Rest]:
        """How those trials stand that rest, and go on from `states`."""
        return [
            Rest(self._claim.numbers[place], self._last[place].value, state)
            for place, state in states.items()
        ]

    def outcomes(
        self, result: TestReport | None, resting: Collection[int] = ()
    ) -> list[TrialOutcome]:
        """How the trials ended that do not rest; with the final's test report, by that."""
        return [
            _outcome(number, self._last[place], self._pruned.get(place), result)
            for place, number in enumerate(self._claim.numbers)
            if place not in resting
        ]


def _standing(report: Report) -> float | None:
    return None if report.diverged else report.value


def _outcome(
    number: int, report: Report, pruned_after: int | None, result: TestReport | None
) -> TrialOutcome:
    if report.diverged:
        reason = f"diverged in epoch {report.figures.epoch}: its cost is no finite number"
        return TrialOutcome(number, None, reason)
    if result is not None:  # the final's trials are worth what the test set says
        return TrialOutcome(number, result.accuracies[number])
    return TrialOutcome(number, report.value, pruned_after=pruned_after)


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
