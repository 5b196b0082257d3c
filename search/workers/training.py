"""Training one claimed cohort: epoch by epoch, each stored, until it rests or is handed in.

Between epochs it looks whether it should stop; then it hands its cohort back, and whoever claims
that next trains it again from where it was claimed, with the same numbers.
"""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from search.ledger.ledger import Ledger
from search.ledger.records import Claim, Search
from search.ledger.results import TrialOutcome
from search.ledger.rungs import Rest
from search.objective.outcome import Assignment, EpochFigures, Proof, Report, TestReport
from search.objective.report import Evaluation
from search.objective.report import Report as Stored
from search.objectives import network as objective
from search.objectives.network import Dataset
from search.objectives.network.portraits import to_bytes
from search.plan.halving import survivors
from search.plan.plan import FINAL


def train(
    ledger: Ledger,
    search: Search,
    data: Dataset,
    claim: Claim,
    should_stop: Callable[[], bool],
    lease_seconds: float,
) -> bool:
    """Train a cohort and hand it in, or hand it back where it should stop.

    Args:
        ledger: The search's database.
        search: Which search.
        data: Its images.
        claim: The cohort.
        should_stop: Asked after each epoch, as the ledger is.
        lease_seconds: Of the claim; each epoch renews it.

    Returns:
        Whether it was handed in.

    Raises:
        LostLeaseError: Somebody else has the claim; what was trained is void.
    """
    training = _training(search, data, claim)
    cohort = _Cohort(claim, claim.step.rungs("cohort", search.study.data.rows))
    going: Sequence[int] | None = None
    score = search.study.objective.score.name
    while True:
        try:
            reports = next(training) if going is None else training.send(going)
        except StopIteration as end:
            ended: Proof | dict[int, bytes] = end.value
            break
        stored = {claim.numbers[place]: _stored(one.figures) for place, one in reports.items()}
        asked = ledger.record_reports(claim, stored, score, lease_seconds)
        if asked or should_stop():
            ledger.hand_back(claim)
            return False
        going = cohort.after(reports)
    if isinstance(ended, Proof):
        drawn = {place: to_bytes(one) for place, one in ended.portraits.items()}
        said = Evaluation(asdict(ended.report), ended.report.accuracies, drawn)
        ledger.hand_in(claim, cohort.outcomes(ended.report), said)
    else:
        ledger.hand_in(claim, cohort.outcomes(None, ended), None, cohort.rests(ended))
    return True


def _training(
    search: Search, data: Dataset, claim: Claim
) -> Generator[dict[int, Report], Any, Proof | dict[int, bytes]]:
    trials = [Assignment(one.parameters, one.seed) for one in claim.trials]
    job = (search.study, claim.step.training, trials, claim.order_seed, data)
    if claim.step.name == FINAL:
        return objective.prove(*job)
    return objective.train(*job, start=claim.checkpoints, until=claim.stop)


def _stored(figures: EpochFigures) -> Stored:
    values = asdict(figures)
    return Stored(values.pop("epoch"), values)


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
