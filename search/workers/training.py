"""Training one claimed cohort: step by step, each stored, until it rests or is handed in.

Now and then it is stored how the cohort stands. Between steps, and now and then within a long one,
it looks whether it should stop. Then it releases its cohort. The next worker that claims it goes on
from where it stood, or from where it was claimed, with the same seeds and to the same numbers.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

from search.ledger.ledger import Ledger
from search.ledger.records import CohortCheckpoint, CohortClaim, Search, TrialResult
from search.objective.port import Trainer
from search.objective.report import Evaluation, Report
from search.plan.halving import rungs, survivors
from search.plan.plan import Step, step_of
from search.plan.ranking import Ranking, ranking_of
from search.study.halving import Halving
from search.workers.report_writer import ReportWriter

# How often the ledger is asked whether to stop, while a training has nothing new to report.
LOOK_SECONDS = 1.0
# How a cohort stands is stored so seldom that it takes a twentieth of the time, and at most so much
# of the database's room.
SAVE_SECONDS = 0.5
SAVE_SHARE = 0.05
SAVE_BYTES_PER_SECOND = 2e6
# The training waits until a larger one is stored: it may need that memory itself.
BESIDE_BYTES = 16 * 2**20
FULL_SECONDS = 60.0  # until that is tried again, where memory was too small for it


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
        should_stop: Asked after each report; the ledger is asked beside the training.
        lease_seconds: Of the claim; each batch of reports renews it.

    Returns:
        Whether it was handed in.

    Raises:
        LostLeaseError: Somebody else has the claim; what was trained is void.
    """
    step = step_of(search.study, claim.stage.number)
    writer = ReportWriter(ledger, claim, lease_seconds)
    saver = _Saver(should_stop, writer)
    cohort = _Cohort(
        claim, step.halving, rungs(search.study, step, "cohort"), ranking_of(search.study)
    )
    places, training = _training(trainer, step, claim, saver)
    going: Sequence[int] | None = None
    looked = time.monotonic()
    with writer, closing(training):  # whatever is raised: a program of the user ends now
        while True:
            try:
                found = next(training) if going is None else training.send(going)
            except StopIteration as end:
                ended: Evaluation | dict[int, bytes] = end.value
                break
            reports = {places[i]: report for i, report in found.items()}
            left = cohort.after(reports)
            going = None if left is None else [i for i, place in enumerate(places) if place in left]
            now = time.monotonic()
            stored = {
                claim.numbers[place]: report for place, report in reports.items() if report.metrics
            }
            checkpoint = cohort.checkpoint(places, saver.states(), left) if saver.due() else None
            if stored or checkpoint is not None:
                writer.put(stored, checkpoint)
                looked = now
            elif now - looked >= LOOK_SECONDS:
                writer.look()
                looked = now
            if writer.asked or should_stop():
                if checkpoint is None:
                    writer.put({}, cohort.checkpoint(places, saver.states(), left))
                writer.wait()
                training.close()
                ledger.release(claim)
                return False
            if checkpoint is not None:
                size = sum(map(len, checkpoint.states.values()))
                checkpoint = None  # which may hold what the training needs, as the offer does
                if size > BESIDE_BYTES:
                    writer.wait()
                saver.wait(time.monotonic() - now, size)
            saver.forget()
        rest = writer.rest()
    if isinstance(ended, Evaluation):
        ledger.hand_in(claim, cohort.evaluated(ended), ended, rest)
    else:
        results = cohort.ended({places[i]: state for i, state in ended.items()})
        ledger.hand_in(claim, results, reports=rest)
    return True


Run = Generator[Mapping[int, Report], Any, Evaluation | dict[int, bytes]]


def _training(
    trainer: Trainer, step: Step, claim: CohortClaim, saver: "_Saver"
) -> tuple[Sequence[int], Run]:
    """The places in the cohort that are still to be trained, and their training."""
    stood = None if claim.checkpoint is None else claim.checkpoint.states
    every = range(len(claim.numbers))
    if step.kind == "final":
        begun = {
            place: stood[number]
            for place, number in enumerate(claim.numbers)
            if stood is not None and number in stood
        }
        return every, trainer.evaluate(step.training, claim.trials, claim.order_seed, begun, saver)
    places = [place for place in every if stood is None or claim.numbers[place] in stood]
    start = claim.start_states if stood is None else [stood[claim.numbers[i]] for i in places]
    trials = [claim.trials[place] for place in places]
    if not trials:
        return (), _nothing()
    training = trainer.train(step.training, trials, claim.order_seed, start, claim.stop, saver)
    return places, training


def _nothing() -> Run:
    """The training of a cohort whose trials were all at their ends."""
    yield from ()
    return {}


class _Saver:
    """Fulfils `search.objective.port.Saver`, and says how often something is stored."""

    def __init__(self, should_stop: Callable[[], bool], writer: ReportWriter) -> None:
        self._should_stop, self._writer = should_stop, writer
        self._offered: Callable[[], Mapping[int, bytes]] | None = None
        self._next = time.monotonic() + SAVE_SECONDS

    def due(self) -> bool:
        due = time.monotonic() >= self._next and not self._writer.saving
        return due or self._should_stop()

    def offer(self, states: Callable[[], Mapping[int, bytes]]) -> None:
        self._offered = states

    def forget(self) -> None:
        """Drop what was offered, before the training is resumed."""
        self._offered = None

    def states(self) -> Mapping[int, bytes]:
        """What was offered; nothing where nothing was, or there is no memory for it."""
        try:
            return {} if self._offered is None else self._offered()
        except (MemoryError, ValueError) as error:
            # NumPy closes the file that it could not write, and says that instead.
            if not any(isinstance(one, MemoryError) for one in (error, error.__context__)):
                raise
            self._next = time.monotonic() + FULL_SECONDS
            return {}

    def wait(self, seconds: float, size: int) -> None:
        """Let some time pass until the next is due, after one that took so long and is so large."""
        pause = max(SAVE_SECONDS, seconds / SAVE_SHARE, size / SAVE_BYTES_PER_SECOND)
        self._next = time.monotonic() + pause


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
        if claim.checkpoint is not None:
            self._restore(claim.checkpoint.notes)

    def _restore(self, notes: Mapping[str, Any]) -> None:
        """Stand as an earlier worker of the cohort has noted."""
        self._left, self._entered = notes["left"], notes["entered"]
        self._last = _read(notes["last"])
        self._at |= {int(rung): _read(reports) for rung, reports in notes["at"].items()}
        self._pruned = {int(place): step for place, step in notes["pruned"].items()}

    def checkpoint(
        self,
        places: Sequence[int],
        states: Mapping[int, bytes],
        going: Sequence[int] | None,
    ) -> CohortCheckpoint | None:
        """How the cohort stands now, for another worker; None where there are no states.

        Args:
            places: Of the trials that are trained.
            states: What they go on from, by their places among those.
            going: The places that go on behind a rung that was just compared.
        """
        if not states:
            return None
        by_place = {places[i]: state for i, state in states.items()}
        number = self._claim.numbers
        return CohortCheckpoint(
            steps={
                one: self._last[place].step if place in self._last else self._claim.start
                for place, one in enumerate(number)
            },
            notes={
                "left": self._left,
                "entered": list(self._entered),
                "last": _written(self._last),
                "at": {str(rung): _written(reports) for rung, reports in self._at.items()},
                "pruned": {str(place): step for place, step in self._pruned.items()},
            },
            states={
                number[place]: state
                for place, state in by_place.items()
                if place not in self._pruned
                and not self._failed(place)
                and (going is None or place in going)
            },
        )

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


def _written(reports: Mapping[int, Report]) -> dict[str, list[Any]]:
    """Reports by place as plain values, without their metrics, which are stored by themselves."""
    return {
        str(place): [one.step, one.value, one.reason, one.diverged]
        for place, one in reports.items()
    }


def _read(written: Mapping[str, Sequence[Any]]) -> dict[int, Report]:
    """What `_written` was given."""
    return {int(place): Report(step, {}, *rest) for place, (step, *rest) in written.items()}
