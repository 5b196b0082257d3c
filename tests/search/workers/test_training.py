"""What becomes of a cohort: trained, halved, diverged, handed in, handed back, or taken away."""

import json
import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from search.ledger.claims import LostLeaseError
from search.ledger.ledger import Ledger
from search.ledger.opening import open_recorded
from search.ledger.records import CohortClaim, PlanningClaim, Search
from search.objective.port import Trainer
from search.objective.report import Assignment, Evaluation, Report
from search.objectives.network.portrait import from_bytes
from search.workers import report_writer
from search.workers import training as module
from search.workers.heartbeat import Heartbeat
from search.workers.planning import plan_next
from search.workers.training import train
from tests.search.ledger.conftest import renew
from tests.search.workers.serving import (
    COUNTS,
    attempts,
    is_finished,
    never,
    recorded,
    states,
    table,
    work,
    worker,
)


def test_each_trial_keeps_its_curve_and_its_value(ledger: Ledger) -> None:
    search = recorded(ledger)
    work(ledger, search)
    trials, curves = ledger.read.trials(search), ledger.read.curves(search)
    assert [one.stage for one in trials] == [
        name for name, count in COUNTS.items() for _ in range(count)
    ]
    assert {one.state for one in trials} == {"complete"}
    for trial in trials:
        epochs = curves[trial.id]
        assert [epoch.step for epoch in epochs] == [1, 2]
        if trial.stage != "final":  # the final learns from the validation images too
            assert trial.value == epochs[-1].metrics["validation_accuracy"]
        else:
            assert math.isnan(epochs[-1].metrics["validation_accuracy"])
    result = ledger.read.search("digits").result
    assert result is not None
    assert [one.value for one in trials if one.stage == "final"] == result["accuracies"]


def test_each_network_of_the_final_has_a_portrait_and_no_other_trial(ledger: Ledger) -> None:
    search = recorded(ledger)
    work(ledger, search)
    drawn = {
        (one.stage, one.number): ledger.read.attachment(one)
        for one in ledger.read.trials(search)
        if ledger.read.attachment(one) is not None
    }
    assert list(drawn) == [("final", 0), ("final", 1)]
    for content in drawn.values():
        assert content is not None
        portrait = from_bytes(content)
        assert portrait.gradient_counts.sum(axis=1).tolist() == [64 * 50, 50 * 50, 50 * 10]
        assert portrait.images is None


def test_retraining_what_the_database_says_gives_the_recorded_test_accuracy(
    ledger: Ledger, storage: str
) -> None:
    work(
        ledger,
        recorded(ledger, "training.schedule={kind='cycles', cycles=1, half_cycle_epochs=1}"),
    )
    with Ledger(storage) as nothing_else:  # promise 6
        found = nothing_else.read.search("digits")
        step = nothing_else.read.stages(found)[-1].step
        chosen = [one for one in nothing_else.read.trials(found) if one.stage == "final"]
    training = open_recorded(found, None).evaluate(
        step.training,
        [Assignment(one.parameters, one.seed) for one in chosen],
        chosen[0].order_seed,
    )
    said = None
    while said is None:
        try:
            next(training)
        except StopIteration as end:
            said = end.value
    assert isinstance(said, Evaluation)
    assert found.result == json.loads(json.dumps(said.result))
    assert found.result["snapshot_ensemble"] is not None
    assert [one.value for one in chosen] == list(said.values)


POINTS = "[{learning_rate=0.1, weight_decay=0.1}, {learning_rate=1e6, weight_decay=0.1}]"
DIVERGING = (
    f"stages=[{{name='only', sampler='points', points={POINTS}}}]",
    "network.batch_norm='none'",
    "final.finalists=1",
)
CYCLES = ("training.schedule={kind='cycles', cycles=3, half_cycle_epochs=1}",)


def test_a_diverging_trial_is_recorded_with_the_epoch_and_its_curve(ledger: Ledger) -> None:
    search = recorded(ledger, *DIVERGING)
    work(ledger, search)
    fine, diverged = [one for one in ledger.read.trials(search) if one.stage == "only"]
    assert (fine.state, diverged.state, diverged.value) == ("complete", "diverged", None)
    assert diverged.reason == "diverged in epoch 1: its cost is no finite number"
    assert [epoch.step for epoch in ledger.read.curves(search)[diverged.id]] == [1]
    assert is_finished(ledger, search)


HALVED = (
    "stages.coarse.halving={keep=0.5, at=[1, 2], among='cohort'}",
    "stages.coarse.trials=8",
    "training.schedule.epochs=4",
)


def test_halving_drops_the_worse_of_each_cohort(ledger: Ledger) -> None:
    search = recorded(ledger, *HALVED)
    work(ledger, search)
    coarse = [one for one in ledger.read.trials(search) if one.stage == "coarse"]
    curves = ledger.read.curves(search)
    for cohort in (coarse[:4], coarse[4:]):
        for one in cohort:
            epochs = curves[one.id]
            assert len(epochs) == (one.pruned_after or 4)
            assert one.value == epochs[-1].metrics["validation_accuracy"]
        at_first = sorted(cohort, key=lambda one: -curves[one.id][0].metrics["validation_accuracy"])
        assert [one.pruned_after for one in at_first[2:]] == [1, 1]
        at_second = sorted(
            at_first[:2], key=lambda one: -curves[one.id][1].metrics["validation_accuracy"]
        )
        assert [(one.state, one.pruned_after) for one in at_second] == [
            ("complete", None),
            ("pruned", 2),
        ]
    state = ledger.read.stages(search)[0]
    assert (state.finished, state.pruned, state.steps_done) == (8, 6, 2 * (4 + 2 + 2))
    assert state.steps_total == state.steps_done
    assert state.best is not None
    assert state.best.state == "complete"
    assert "of which 6 pruned" in ledger.read.stages(search)[1].explanation
    assert is_finished(ledger, search)


def test_what_does_not_move_goes_on_without_what_moves(ledger: Ledger) -> None:
    """Of each cohort the trial with momentum is dropped; at the rung those without are a stack."""
    pair = "{momentum=0.9, learning_rate=1e-7}, {momentum=0.0, learning_rate=0.1}"
    points = f"[{pair}, {pair}]"
    halving = "{keep=0.5, at=[1]}"
    stage = f"stages=[{{name='only', sampler='points', points={points}, halving={halving}}}]"
    search = recorded(ledger, stage, "training.weight_decay=1e-3", "final.finalists=1")
    work(ledger, search)
    assert states(ledger, search, "only") == ["pruned", "complete"] * 2
    assert is_finished(ledger, search)


def test_a_rung_that_all_diverge_before_ends_their_cohort(ledger: Ledger) -> None:
    points = "[{learning_rate=1e6, weight_decay=0.1}, {learning_rate=0.1, weight_decay=0.0}]"
    halving = "{keep=0.5, at=[2], among='cohort'}"
    stage = f"stages=[{{name='only', sampler='points', points={points}, halving={halving}}}]"
    others = ("network.batch_norm='none'", "final.finalists=1", "training.schedule.epochs=3")
    search = recorded(ledger, stage, *others)
    work(ledger, search)
    diverged, fine = [one for one in ledger.read.trials(search) if one.stage == "only"]
    assert (diverged.state, fine.state, fine.pruned_after) == ("diverged", "complete", None)


class Epochs:
    """Lets something happen when an epoch of a cohort is stored, and counts them.

    The training waits for each of them.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(report_writer, "MOST_WAITING", 0)
        self.stored = 0
        self._real, self._at = Ledger.record_reports, dict[int, Any]()

        def counted(ledger: Ledger, claim: CohortClaim, *rest: Any) -> bool:
            self.stored += 1
            if self.stored in self._at:
                self._at[self.stored](ledger, claim)
            return self._real(ledger, claim, *rest)

        patch.setattr(Ledger, "record_reports", counted)

    def before(self, number: int, happens: Any) -> None:
        """Let `happens(ledger, claim)` happen before epoch `number` is stored."""
        self._at[number] = happens


def steps(ledger: Ledger, search: Search) -> list[list[int]]:
    """The steps that each trial has reported."""
    curves = ledger.read.curves(search)
    return [[one.step for one in curves.get(trial.id, ())] for trial in ledger.read.trials(search)]


@pytest.fixture
def epochs(monkeypatch: pytest.MonkeyPatch) -> Epochs:
    return Epochs(monkeypatch)


def test_a_worker_that_is_asked_to_stop_hands_its_cohort_back(
    ledger: Ledger, epochs: Epochs
) -> None:
    search = recorded(ledger)
    said = work(ledger, search, should_stop=lambda: epochs.stored >= 1)
    assert said == ["digits: planned coarse", "digits: coarse #0 to #1: handed back"]
    assert epochs.stored == 2  # the epoch, and how it stood
    assert states(ledger, search) == ["waiting"] * 4
    assert steps(ledger, search) == [[1], [1], [], []]
    assert attempts(ledger, search) == [(1, 0), (0, 0)]
    work(ledger, search, "b")
    assert is_finished(ledger, search)
    assert attempts(ledger, search)[:2] == [(2, 0), (1, 0)]  # once more, and never lost


def test_when_its_search_is_stopped_the_cohort_is_handed_back_after_the_epoch(
    ledger: Ledger, epochs: Epochs
) -> None:
    search = recorded(ledger, "training.schedule.epochs=9")
    epochs.before(2, lambda ledger, _: ledger.stop(search))
    work(ledger, search)  # it ends: nobody works on a search that is stopped
    assert epochs.stored == 3  # two epochs, and how it stood
    assert steps(ledger, search) == [[1, 2], [1, 2], [], []]
    assert states(ledger, search) == ["waiting"] * 4
    assert attempts(ledger, search) == [(1, 0), (0, 0)]
    work(ledger, search)
    assert epochs.stored == 3
    ledger.take_up(search)
    work(ledger, search)
    assert is_finished(ledger, search)


def test_a_launcher_asks_through_the_ledger_and_another_s_worker_does_not_hear_it(
    ledger: Ledger, epochs: Epochs
) -> None:
    search = recorded(ledger)
    ledger.join(worker("pool/launcher", search))
    claim, trainer = planned_and_claimed(ledger, search, "pool/0", "pool/launcher")
    epochs.before(1, lambda ledger, _: ledger.ask_to_stop("another/launcher"))
    epochs.before(2, lambda ledger, _: ledger.ask_to_stop("pool/launcher"))
    assert not train(ledger, search, trainer, claim, never, 60.0)
    assert epochs.stored == 3  # two epochs, and how it stood
    assert states(ledger, search) == ["waiting"] * 4


def planned_and_claimed(
    ledger: Ledger, search: Search, name: str = "a", launcher: str | None = None
) -> tuple[CohortClaim, Trainer]:
    """The first cohort of a search, claimed by a worker that is known, and its objective."""
    with Heartbeat(ledger, worker("planner", search)) as heartbeat:
        plan_next(ledger, search, "planner", heartbeat)
    ledger.join(worker(name, search, launcher))
    claim = ledger.next_work(search, name)
    assert isinstance(claim, CohortClaim)
    return claim, open_recorded(search, None)


class KilledError(BaseException):
    """Ends a worker where it stands."""


@pytest.mark.parametrize(
    "study",
    [(), DIVERGING, *(pytest.param(one, marks=pytest.mark.long) for one in (HALVED, CYCLES))],
)
def test_whoever_is_lost_after_an_epoch_loses_no_more_than_that(
    ledger: Ledger, epochs: Epochs, monkeypatch: pytest.MonkeyPatch, study: tuple[str, ...]
) -> None:
    """Every second epoch that is to be stored is the last of its worker."""
    monkeypatch.setattr(module, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(module, "SAVE_SHARE", math.inf)
    undisturbed = recorded(ledger, *study, name="undisturbed")
    work(ledger, undisturbed)
    needed, epochs.stored = epochs.stored, 0

    def kill(*_: object) -> None:
        raise KilledError

    for number in range(2, 10 * needed, 2):
        epochs.before(number, kill)
    search, killed = recorded(ledger, *study), 0
    while not is_finished(ledger, search):
        try:
            work(ledger, search, f"worker {killed}")
        except KilledError:
            killed += 1
    assert killed > 4
    assert epochs.stored <= needed + killed
    assert table(ledger, search) == table(ledger, undisturbed)
    assert ledger.read.again(search).result == ledger.read.again(undisturbed).result


def test_what_is_trained_behind_a_lost_lease_is_void(ledger: Ledger, epochs: Epochs) -> None:
    search = recorded(ledger)
    claim, trainer = planned_and_claimed(ledger, search, "paused")

    def taken(ledger: Ledger, _: CohortClaim) -> None:
        renew(ledger, claim, -1.0)  # as if it had been paused for longer than its lease
        other = ledger.next_work(search, "other")
        assert isinstance(other, CohortClaim)
        assert (other.cohort_id, other.attempt) == (claim.cohort_id, 2)

    epochs.before(2, taken)
    with pytest.raises(LostLeaseError):
        train(ledger, search, trainer, claim, never, 60.0)
    assert states(ledger, search) == ["running", "running", "waiting", "waiting"]  # the other's
    assert ledger.read.curves(search) == {}
    assert attempts(ledger, search) == [(2, 1), (0, 0)]


def test_a_worker_that_lost_its_claim_goes_on_with_other_work(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = recorded(ledger, name="undisturbed")
    work(ledger, undisturbed)
    search, real, lost = recorded(ledger), Ledger.hand_in, list[str]()

    def too_late(self: Ledger, claim: CohortClaim, *rest: Any, **named: Any) -> None:
        if not lost:
            lost.append(claim.stage.name)
            self.release(claim)
            other = self.next_work(search, "b")
            assert isinstance(other, CohortClaim)
            self.release(other)
        real(self, claim, *rest, **named)

    monkeypatch.setattr(Ledger, "hand_in", too_late)
    work(ledger, search)
    assert lost == ["coarse"]
    assert is_finished(ledger, search)
    assert table(ledger, search) == table(ledger, undisturbed)


def test_a_cohort_is_claimed_only_once_its_stage_is_planned(ledger: Ledger) -> None:
    """Guards `planned_and_claimed`: what is claimed first is the planning."""
    assert isinstance(ledger.next_work(recorded(ledger), "a"), PlanningClaim)


@dataclass
class Scripted:
    """A trainer of which each report, and whether it is closed, is written down beforehand."""

    reports: Sequence[dict[int, Report]]
    sent: list[Sequence[int] | None] = field(default_factory=list)
    closed: bool = False

    def train(
        self, *_: object, **__: object
    ) -> Generator[dict[int, Report], Sequence[int] | None, dict[int, bytes]]:
        try:
            for report in self.reports:
                self.sent.append((yield report))
        finally:
            self.closed = True
        return {}


def trained(ledger: Ledger, *reports: dict[int, Report], study: tuple[str, ...] = ()) -> list[Any]:
    """State, value and reason of each trial of a first cohort that is reported of like this."""
    search = recorded(ledger, *study)
    claim, _ = planned_and_claimed(ledger, search)
    scripted: Any = Scripted(reports)
    assert train(ledger, search, scripted, claim, never, 60.0)
    trials = [one for one in ledger.read.trials(search) if one.number in claim.numbers]
    return [(one.state, one.value, one.reason) for one in trials]


def test_a_training_that_fails_is_not_said_to_have_diverged(ledger: Ledger) -> None:
    first = {0: Report(1, {}, 0.5), 1: Report(1, {}, None, "it ended with exit status 3")}
    assert trained(ledger, first, {0: Report(2, {}, 0.7)}) == [
        ("complete", 0.7, None),
        ("failed", None, "it ended with exit status 3"),
    ]


def test_a_trial_without_a_score_or_a_report_fails_and_says_so(ledger: Ledger) -> None:
    assert trained(ledger, {0: Report(1, {}, None)}) == [
        ("failed", None, "it ended without a score"),
        ("failed", None, "it ended without a report"),
    ]


def test_nothing_new_keeps_the_cohort_going_and_stores_nothing(
    ledger: Ledger, epochs: Epochs
) -> None:
    both = {place: Report(1, {"validation_accuracy": 0.5}, 0.5) for place in (0, 1)}
    assert [state for state, *_ in trained(ledger, {}, both, {}, {})] == ["complete"] * 2
    assert epochs.stored == 1


def test_a_trial_that_is_ahead_is_compared_by_its_value_at_each_rung(ledger: Ledger) -> None:
    """The first does worse than the second at both rungs, and better at its end."""
    first = [{0: Report(step, {}, value)} for step, value in ((1, 0.1), (2, 0.2), (3, 0.9))]
    second = [{1: Report(step, {}, value)} for step, value in ((1, 0.5), (2, 0.6), (3, 0.7))]
    study = ("stages.coarse.halving={keep=0.5, at=[1], among='cohort'}",)
    length = ("training.schedule.epochs=3",)
    assert trained(ledger, *first, *second, study=study + length) == [
        ("pruned", 0.1, None),
        ("complete", 0.7, None),
    ]


def test_one_report_behind_two_rungs_counts_for_both(ledger: Ledger) -> None:
    late = {place: Report(3, {}, value) for place, value in enumerate((0.1, 0.2, 0.3, 0.4))}
    study = (
        "stages.coarse.halving={keep=0.5, at=[1, 2], among='cohort'}",
        "stages.coarse.trials=8",
        "training.schedule.epochs=4",
    )
    states = [state for state, *_ in trained(ledger, late, study=study)]
    assert states == ["pruned", "pruned", "pruned", "complete"]


def test_a_training_ends_with_its_claim(ledger: Ledger, epochs: Epochs) -> None:
    """A user's program must not go on beside that of the worker that has the claim now."""
    search = recorded(ledger)
    claim, _ = planned_and_claimed(ledger, search)
    epochs.before(1, lambda ledger, _: ledger.release(claim))
    half = {"validation_accuracy": 0.5}
    scripted: Any = Scripted([{0: Report(1, half, 0.5)}, {0: Report(2, half, 0.5)}])
    with pytest.raises(LostLeaseError) as lost:
        train(ledger, search, scripted, claim, never, 60.0)
    assert scripted.closed
    assert lost.value  # which keeps the frames of the training alive until here


@pytest.mark.parametrize("how", ["search", "launcher"])
def test_a_training_that_reports_nothing_is_released_when_it_is_asked_for(
    ledger: Ledger, epochs: Epochs, how: str
) -> None:
    """A user's program may report its score alone, after hours."""
    search = recorded(ledger)
    ledger.join(worker("pool/launcher", search))
    claim, _ = planned_and_claimed(ledger, search, "pool/0", "pool/launcher")

    class Silent:
        """Reports nothing for half a minute."""

        def train(self, *_: object, **__: object) -> Generator[dict[int, Report], Any, Any]:
            for number in range(600):
                if number == 2:
                    ledger.stop(search) if how == "search" else ledger.ask_to_stop("pool/launcher")
                time.sleep(0.05)
                yield {}

    silent: Any = Silent()
    assert not train(ledger, search, silent, claim, never, 60.0)
    assert epochs.stored == 0
    assert states(ledger, search) == ["waiting"] * 4
