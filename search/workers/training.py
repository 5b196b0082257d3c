"""Training one claimed cohort: step by step, each stored, until it rests or is handed in.

Between steps, and now and then within a long one, it looks whether it should stop. Then it releases
its cohort; the next worker that claims it trains it again from where it was claimed, with the same
seeds.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, Search, TrialResult
from search.objective.port import Trainer
from search.objective.report import Evaluation, Report
from search.plan.halving import rungs, survivors
from search.plan.plan import Step, step_of
from search.plan.ranking import Ranking, ranking_of
from search.study.halving import Halving

# How often the ledger is asked whether to stop, while a training has nothing new to report.
LOOK_SECONDS = 1.0


def train(
    ledger: Ledger,
    search: Search,
    trainer: Trainer,
    claim: CohortClaim,
    should_stop: Callable[[], bool],
    lease_seconds: float,
) -> bool:
    """Train a cohort and hand it in, or release it where it should stop.

    Args:
        ledger: The search's database.
        search: Which search.
        trainer: Its objective.
        claim: The cohort.
        should_stop: Asked after each report, as the ledger is; without reports now and then.
        lease_seconds: Of the claim; each report renews it.

    Returns:
        Whether it was handed in.

    Raises:
        LostLeaseError: Somebody else has the claim; what was trained is void.
    """
    step = step_of(search.study, claim.stage.number)
    training = _training(trainer, step, claim)
    cohort = _Cohort(
        claim, step.halving, rungs(search.study, step, "cohort"), ranking_of(search.study)
    )
    going: Sequence[int] | None = None
    looked = time.monotonic()
    with closing(training):  # whatever is raised: a program of the user ends now
        while True:
            try:
                reports = next(training) if going is None else training.send(going)
            except StopIteration as end:
                ended: Evaluation | dict[int, bytes] = end.value
                break
            asked, now = False, time.monotonic()
            if reports:
                stored = {
                    claim.numbers[place]: report
                    for place, report in reports.items()
                    if report.metrics
                }
                asked, looked = ledger.record_reports(claim, stored, lease_seconds), now
            elif now - looked >= LOOK_SECONDS:
                asked, looked = ledger.read.asked_to_release(claim), now
            if asked or should_stop():
                training.close()
                ledger.release(claim)
                return False
            going = cohort.after(reports)
    if isinstance(ended, Evaluation):
        ledger.hand_in(claim, cohort.evaluated(ended), ended)
    else:
        ledger.hand_in(claim, cohort.ended(ended))
    return True


def _training(
    trainer: Trainer, step: Step, claim: CohortClaim
) -> Generator[Mapping[int, Report], Any, Evaluation | dict[int, bytes]]:
    job = (step.training, claim.trials, claim.order_seed)
    if step.kind == "final":
        return trainer.evaluate(*job)
    return trainer.train(*job, start=claim.checkpoints, until=claim.stop)


class _Cohort:
    """How the trials of a cohort stand, and which of them go on; all by place in the cohort."""

    def __init__(
        self, claim: CohortClaim, halving: Halving | None, at: Sequence[int], ranking: Ranking
    ) -> None:
        self._claim, self._halving, self._ranking = claim, halving, ranking
        self._left = list(at)  # rungs that are still to come
        self._entered: Sequence[int] = range(len(claim.numbers))  # what lies before the next rung
        self._last: dict[int, Report] = {}
        # By rung and place: the first report at the rung or behind it.
        self._at: dict[int, dict[int, Report]] = {rung: {} for rung in at}
        self._pruned: dict[int, int] = {}  # after how many steps

    def after(self, reports: Mapping[int, Report]) -> Sequence[int] | None:
        """The places that go on after some reports; None where they drop nobody.

        A trial may be ahead of the others. It is compared by its report at the rung, not by what it
        has reported since.
        """
        self._last |= reports
        for place, report in reports.items():
            for rung in self._left:
                if report.reason is None and report.step >= rung:
                    self._at[rung].setdefault(place, report)
        going = None
        while self._halving is not None and self._left and self._arrived(self._left[0]):
            going = self._compare(self._halving, self._left.pop(0))
        return going

    def _arrived(self, rung: int) -> bool:
        """Whether all trials that went on have come to a rung, or to their ends."""
        return all(place in self._at[rung] or self._failed(place) for place in self._entered)

    def _compare(self, halving: Halving, rung: int) -> Sequence[int]:
        """The places that go on at a rung; the others that have a value are pruned."""
        values = {
            place: None if self._failed(place) else self._at[rung][place].value
            for place in self._entered
        }
        self._entered = survivors(halving, values, self._ranking)
        self._pruned |= {
            place: rung
            for place, value in values.items()
            if value is not None and place not in self._entered
        }
        return self._entered

    def _failed(self, place: int) -> bool:
        last = self._last.get(place)
        return last is not None and last.reason is not None

    def ended(self, checkpoints: Mapping[int, bytes]) -> list[TrialResult]:
        """How the trials stand, of which those rest at a rung that go on from a checkpoint."""
        return [
            self._result(place, number, checkpoints.get(place))
            for place, number in enumerate(self._claim.numbers)
        ]

    def evaluated(self, ended: Evaluation) -> list[TrialResult]:
        """How the trials of a final ended, which are worth what was said of them."""
        return [
            self._result(place, number)
            if ended.values[place] is None
            else TrialResult(number, ended.values[place])
            for place, number in enumerate(self._claim.numbers)
        ]

    def _result(self, place: int, number: int, checkpoint: bytes | None = None) -> TrialResult:
        last = self._last.get(place)
        if last is None:
            return TrialResult(number, None, "it ended without a report", failed=True)
        if last.reason is not None:
            return TrialResult(number, None, last.reason, failed=not last.diverged)
        if last.value is None:
            return TrialResult(number, None, "it ended without a score", failed=True)
        if checkpoint is not None:
            return TrialResult(number, last.value, checkpoint=checkpoint)
        rung = self._pruned.get(place)
        if rung is not None:
            return TrialResult(number, self._at[rung][place].value, pruned_after=rung)
        return TrialResult(number, last.value)
