"""A worker in this process: it plans, trains, hands in, and stops where it is asked to."""

import math
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from search import objective
from search.errors import KlayerError
from search.ledger.claims import Wait
from search.ledger.database import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import Claim, PlanningClaim, Search
from search.outcome import Assignment, TestReport
from search.study.reading import load
from search.worker import work

OVERRIDES = (
    "stages.coarse.trials=4",
    "stages.fine.trials=3",
    "stages.finest.trials=2",
    "final.finalists=2",
    "training.schedule.epochs=2",
)


def never() -> bool:
    return False


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(f"sqlite:///{tmp_path}/ledger.db", create=True) as opened:
        yield opened


def recorded(ledger: Ledger, *overrides: str) -> tuple[Search, objective.Dataset]:
    study = load("digits", [*OVERRIDES, *overrides])
    data = objective.open_data(study, None)
    return ledger.record(study, "", data.fingerprint, {}), data


def test_one_worker_brings_a_search_to_its_end(ledger: Ledger) -> None:
    search, data = recorded(ledger)
    work(ledger, search, data, "a", never)
    assert ledger.read.is_finished(search)
    trials, curves = ledger.read.trials(search), ledger.read.curves(search)
    assert [one.stage for one in trials] == (
        ["coarse"] * 4 + ["fine"] * 3 + ["finest"] * 2 + ["finalists"] * 4 + ["final"] * 2
    )
    assert {one.state for one in trials} == {"complete"}
    for trial in trials:
        epochs = curves[trial.id].epochs
        assert [epoch.epoch for epoch in epochs] == [1, 2]
        if trial.stage != "final":  # the final learns from the validation images too
            assert trial.value == epochs[-1].validation_accuracy
        else:
            assert math.isnan(epochs[-1].validation_accuracy)
    result = ledger.read.search("digits").result
    assert result is not None
    assert [one.value for one in trials if one.stage == "final"] == result["accuracies"]


def test_retraining_what_the_database_says_gives_the_recorded_test_accuracy(
    ledger: Ledger, tmp_path: Path
) -> None:
    search, data = recorded(
        ledger, "training.schedule={kind='cycles', cycles=1, half_cycle_epochs=1}"
    )
    work(ledger, search, data, "a", never)
    with Ledger(f"sqlite:///{tmp_path}/ledger.db") as nothing_else:  # promise 6
        found = nothing_else.read.search("digits")
        step = nothing_else.read.stages(found)[-1].step
        chosen = [one for one in nothing_else.read.trials(found) if one.stage == "final"]
    training = objective.prove(
        found.study,
        step.training,
        [Assignment(one.parameters, one.seed) for one in chosen],
        chosen[0].order_seed,
        objective.open_data(found.study, None),
    )
    report = None
    while report is None:
        try:
            next(training)
        except StopIteration as end:
            report = end.value
    assert isinstance(report, TestReport)
    assert found.result == {
        "accuracies": list(report.accuracies),
        "snapshot_ensemble": report.snapshot_ensemble,
        "finalist_ensemble": report.finalist_ensemble,
        "images": report.images,
        "fingerprint": report.fingerprint,
    }
    assert report.snapshot_ensemble is not None


def test_a_worker_that_is_stopped_hands_its_cohort_back(ledger: Ledger) -> None:
    search, data = recorded(ledger)
    asked: list[bool] = []

    def after_some_epochs() -> bool:
        asked.append(True)
        return len(asked) > 3  # planning, a claim, an epoch, and then

    work(ledger, search, data, "a", after_some_epochs)
    assert {one.state for one in ledger.read.trials(search)} == {"waiting"}
    assert ledger.read.curves(search) == {}
    work(ledger, search, data, "b", never)
    assert ledger.read.is_finished(search)


def test_a_worker_that_is_stopped_before_it_begins_claims_nothing(ledger: Ledger) -> None:
    search, data = recorded(ledger)
    work(ledger, search, data, "a", lambda: True)
    assert {stage.state for stage in ledger.read.stages(search)} == {"unplanned"}


def test_a_diverging_trial_is_recorded_with_the_epoch(ledger: Ledger) -> None:
    points = "[{learning_rate=0.1, weight_decay=0.1}, {learning_rate=1e6, weight_decay=0.1}]"
    stage = f"stages=[{{name='only', sampler='points', points={points}}}]"
    search, data = recorded(ledger, stage, "network.batch_norm='none'", "final.finalists=1")
    work(ledger, search, data, "a", never)
    fine, diverged = [one for one in ledger.read.trials(search) if one.stage == "only"]
    assert (fine.state, diverged.state, diverged.value) == ("complete", "diverged", None)
    assert diverged.reason == "diverged in epoch 1: its cost is no finite number"
    assert ledger.read.is_finished(search)


HALVED = (
    "stages.coarse.halving={keep=0.5, at=[1, 2], among='cohort'}",
    "stages.coarse.trials=8",
    "training.schedule.epochs=4",
)


def test_halving_drops_the_worse_of_each_cohort(ledger: Ledger) -> None:
    search, data = recorded(ledger, *HALVED)
    work(ledger, search, data, "a", never)
    coarse = [one for one in ledger.read.trials(search) if one.stage == "coarse"]
    curves = ledger.read.curves(search)
    for cohort in (coarse[:4], coarse[4:]):
        for one in cohort:
            epochs = curves[one.id].epochs
            assert len(epochs) == (one.pruned_after or 4)
            assert one.value == epochs[-1].validation_accuracy
        at_first = sorted(cohort, key=lambda one: -curves[one.id].epochs[0].validation_accuracy)
        assert [one.pruned_after for one in at_first[2:]] == [1, 1]
        at_second = sorted(
            at_first[:2], key=lambda one: -curves[one.id].epochs[1].validation_accuracy
        )
        assert [(one.state, one.pruned_after) for one in at_second] == [
            ("complete", None),
            ("pruned", 2),
        ]
    state = ledger.read.stages(search)[0]
    assert (state.finished, state.pruned, state.epochs_done) == (8, 6, 2 * (4 + 2 + 2))
    assert state.epochs_total == state.epochs_done
    assert state.best is not None
    assert state.best.state == "complete"
    assert "of which 6 pruned" in ledger.read.stages(search)[1].explanation
    assert ledger.read.is_finished(search)


def test_what_does_not_move_goes_on_without_what_moves(ledger: Ledger) -> None:
    """Of each cohort the trial with momentum is dropped; at the rung those without are a stack."""
    pair = "{momentum=0.9, learning_rate=1e-7}, {momentum=0.0, learning_rate=0.1}"
    points = f"[{pair}, {pair}]"
    halving = "{keep=0.5, at=[1]}"
    stage = f"stages=[{{name='only', sampler='points', points={points}, halving={halving}}}]"
    others = ("training.weight_decay=1e-3", "final.finalists=1", "training.schedule.epochs=2")
    search, data = recorded(ledger, stage, *others)
    work(ledger, search, data, "a", never)
    only = [one for one in ledger.read.trials(search) if one.stage == "only"]
    assert [one.state for one in only] == ["pruned", "complete"] * 2
    assert ledger.read.is_finished(search)


def test_a_rung_that_all_diverge_before_ends_their_cohort(ledger: Ledger) -> None:
    points = "[{learning_rate=1e6, weight_decay=0.1}, {learning_rate=0.1, weight_decay=0.0}]"
    halving = "{keep=0.5, at=[2], among='cohort'}"
    stage = f"stages=[{{name='only', sampler='points', points={points}, halving={halving}}}]"
    others = ("network.batch_norm='none'", "final.finalists=1", "training.schedule.epochs=3")
    search, data = recorded(ledger, stage, *others)
    work(ledger, search, data, "a", never)
    diverged, fine = [one for one in ledger.read.trials(search) if one.stage == "only"]
    assert (diverged.state, fine.state, fine.pruned_after) == ("diverged", "complete", None)


def test_a_search_of_which_every_trial_diverges_ends_with_the_reason(ledger: Ledger) -> None:
    points = "[{learning_rate=1e6, weight_decay=0.1}]"
    stage = f"stages=[{{name='only', sampler='points', points={points}}}]"
    search, data = recorded(ledger, stage, "network.batch_norm='none'", "final.finalists=1")
    with pytest.raises(KlayerError, match="there is no finalist: none of the 1 trials"):
        work(ledger, search, data, "a", never)
    with pytest.raises(KlayerError, match="there is no finalist"):  # the planning is free again
        work(ledger, search, data, "b", never)


def test_a_fault_amid_a_cohort_frees_it(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    search, data = recorded(ledger)
    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "record_epochs", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            work(ledger, search, data, "a", never)
    assert {one.state for one in ledger.read.trials(search)} == {"waiting"}


def test_a_fault_is_raised_also_where_the_claim_cannot_be_handed_back(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, data = recorded(ledger)

    def unanswered(*_: object) -> None:
        raise DatabaseFaultError("the disk is full")

    monkeypatch.setattr(Ledger, "record_epochs", lambda *_: 1 / 0)
    monkeypatch.setattr(Ledger, "hand_back", unanswered)
    with pytest.raises(ZeroDivisionError):
        work(ledger, search, data, "a", never)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who asked the ledger for work, each time."""
    real, owners = Ledger.next_work, list[str]()

    def counted(self: Ledger, search: Search, owner: str, *args: Any) -> Any:
        owners.append(owner)
        return real(self, search, owner, *args)

    monkeypatch.setattr(Ledger, "next_work", counted)
    return owners


def test_an_idle_worker_asks_for_work_only_where_something_was_written(
    ledger: Ledger, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.worker.LOOK_SECONDS", 60.0)
    search, data = recorded(ledger)
    busy = ledger.next_work(search, "busy")
    assert isinstance(busy, PlanningClaim)
    counts: list[int] = []  # how often the idle one had asked, at each of its looks

    def after_some_looks() -> bool:
        counts.append(asked.count("idle"))
        if len(counts) == 10:
            ledger.renew(busy)
        return len(counts) >= 20

    work(ledger, search, data, "idle", after_some_looks)
    at_first, before, after = counts[0], counts[9], counts[-1]
    assert (at_first, before, after) == (0, 2, 3)  # all is new to it once


def test_an_idle_worker_takes_over_what_nobody_renews(
    ledger: Ledger, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a lease runs out is no change that the database could tell."""
    monkeypatch.setattr("search.worker.LOOK_SECONDS", 0.3)
    search, data = recorded(ledger)
    assert isinstance(ledger.next_work(search, "gone", 0.5), PlanningClaim)
    late = time.monotonic() + 30

    def planned_or_late() -> bool:
        return bool(ledger.read.trials(search)) or time.monotonic() > late

    work(ledger, search, data, "idle", planned_or_late)
    assert ledger.read.stages(search)[0].state == "open"
    assert asked.count("idle") >= 3


def test_an_epoch_longer_than_the_lease_keeps_the_claim(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, data = recorded(ledger)
    real = Ledger.record_epochs
    rivals: list[object] = []

    def slowly(self: Ledger, claim: Claim, *args: Any) -> None:
        time.sleep(1.8)  # as an epoch would last
        while isinstance(rival := self.next_work(search, "rival"), Claim):
            assert rival.cohort_id != claim.cohort_id
        rivals.append(rival)
        real(self, claim, *args)

    monkeypatch.setattr(Ledger, "record_epochs", slowly)
    work(ledger, search, data, "a", lambda: bool(rivals), lease_seconds=1.0)
    assert rivals == [Wait()]
    assert not [one for one in threading.enumerate() if one.name == "lease keeper"]


def test_a_database_error_does_not_end_the_renewing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, data = recorded(ledger)
    real_record, real_renew = Ledger.record_epochs, Ledger.renew
    renewals: list[str] = []

    def slowly(self: Ledger, *args: Any) -> None:
        time.sleep(1.0)
        real_record(self, *args)

    def at_first_locked(self: Ledger, *args: Any) -> None:
        renewals.append(threading.current_thread().name)
        if renewals[-1] == "lease keeper" and renewals.count("lease keeper") == 1:
            raise DatabaseFaultError("database is locked")
        real_renew(self, *args)

    monkeypatch.setattr(Ledger, "record_epochs", slowly)
    monkeypatch.setattr(Ledger, "renew", at_first_locked)
    work(ledger, search, data, "a", lambda: len(renewals) > 2, lease_seconds=0.6)
    assert renewals.count("lease keeper") > 1


def test_a_worker_that_lost_its_claim_goes_on_with_other_work(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, data = recorded(ledger)
    real = Ledger.hand_in
    lost: list[str] = []

    def too_late(self: Ledger, claim: Claim, *args: Any) -> None:
        if not lost:
            lost.append(claim.step.name)
            self.hand_back(claim)
            other = self.next_work(search, "b")
            assert isinstance(other, Claim)
            self.hand_back(other)
        real(self, claim, *args)

    monkeypatch.setattr(Ledger, "hand_in", too_late)
    work(ledger, search, data, "a", never)
    assert lost == ["coarse"]
    assert ledger.read.is_finished(search)
