"""Failed trials wait again, and what followed without them is planned anew."""

from collections.abc import Callable
from typing import Any

import pytest
from optuna import load_study
from optuna.storages import RDBStorage

from search.errors import LedgerError
from search.ledger import reports
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, Search, TrialResult
from search.ledger.retrying import retry_of
from search.objective.data_card import DataCard
from search.objective.report import Evaluation
from search.study.reading import load
from tests.search.ledger.conftest import OVERRIDES, Alter, open_stage, worth

HALVED = "stages.coarse.halving={keep=0.5, at=[1]}"


def hand_in_all(ledger: Ledger, search: Search, *, failing: bool = False) -> None:
    """Hand in every cohort of the open stage; the first trial of each fails, if so said."""
    while isinstance(claim := ledger.next_work(search, "a", only="cohorts"), CohortClaim):
        given = worth(claim)
        if failing:
            given[0] = TrialResult(claim.numbers[0], None, "no luck", failed=True)
        evaluation = Evaluation({"scores": [0.5]}, ()) if claim.stage.kind == "final" else None
        ledger.hand_in(claim, given, evaluation)


def states(ledger: Ledger, search: Search) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for trial in ledger.read.trials(search):
        found.setdefault(trial.stage, []).append(trial.state)
    return found


def test_they_wait_in_cohorts_as_before_and_later_stages_are_planned_anew(
    ledger: Ledger, search: Search, optuna_storage: RDBStorage
) -> None:
    open_stage(ledger, search, 2)
    hand_in_all(ledger, search, failing=True)
    before = {one.number: one for one in ledger.read.trials(search)}
    failed = [number for number, one in before.items() if one.state == "failed"]
    open_stage(ledger, search)
    hand_in_all(ledger, search)
    retry = retry_of(search, ledger.read.stages(search))
    assert (retry.step.name, retry.failed, retry.dropped) == ("coarse", len(failed), 3)
    assert not retry.whole
    ledger.retry(search, retry)

    after = {one.number: one for one in ledger.read.trials(search)}
    assert set(states(ledger, search)) == {"coarse"}
    assert [number for number, one in after.items() if one.state == "waiting"] == failed
    for number, one in after.items():
        assert (one.parameters, one.seed) == (before[number].parameters, before[number].seed)
        assert one.reason is None
    study = load_study(study_name="digits/1-coarse", storage=optuna_storage)
    assert [one.number for one in study.trials if one.state.name == "WAITING"] == failed
    assert not any("reason" in one.user_attrs for one in study.trials)
    with pytest.raises(KeyError):
        load_study(study_name="digits/2-fine", storage=optuna_storage)

    claimed = ledger.next_work(search, "b")
    assert isinstance(claimed, CohortClaim)
    assert set(claimed.numbers) <= set(failed)
    ledger.hand_in(claimed, worth(claimed))
    hand_in_all(ledger, search)
    assert states(ledger, search)["coarse"] == ["complete"] * len(after)
    open_stage(ledger, search)
    assert states(ledger, search)["fine"] == ["waiting"] * 3


def test_it_may_be_done_again_and_again(ledger: Ledger, search: Search) -> None:
    open_stage(ledger, search, 2)
    for _ in range(3):
        hand_in_all(ledger, search, failing=True)
        retry = retry_of(search, ledger.read.stages(search))
        assert retry.failed
        ledger.retry(search, retry)
    hand_in_all(ledger, search)
    assert states(ledger, search) == {"coarse": ["complete"] * 6}


def test_a_final_is_trained_anew_as_a_whole(ledger: Ledger, search: Search) -> None:
    for _ in range(4):
        open_stage(ledger, search)
        hand_in_all(ledger, search)
    open_stage(ledger, search)
    hand_in_all(ledger, search, failing=True)
    retry = retry_of(search, ledger.read.stages(search))
    assert (retry.step.kind, retry.whole) == ("final", True)
    ledger.retry(search, retry)
    assert "final" not in states(ledger, search)


def test_a_stage_with_halving_is_planned_anew_as_a_whole(ledger: Ledger) -> None:
    study = load("digits", (*OVERRIDES, HALVED))
    search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
    open_stage(ledger, search)
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, CohortClaim)
    given = [TrialResult(number, None, "no luck", failed=True) for number in claim.numbers]
    ledger.hand_in(claim, given)
    retry = retry_of(search, ledger.read.stages(search))
    assert (retry.whole, retry.failed, retry.dropped) == (True, len(given), 0)
    ledger.retry(search, retry)
    assert states(ledger, search) == {}
    open_stage(ledger, search)
    assert states(ledger, search) == {"coarse": ["waiting"] * 6}


def test_the_database_remembers_that_the_test_was_read_before(
    ledger: Ledger, search: Search, open_next: Callable[..., Any]
) -> None:
    for number in range(1, 6):
        open_stage(ledger, search)
        hand_in_all(ledger, search, failing=number == 2)
    finished = ledger.read.again(search)
    assert finished.result == {"scores": [0.5]}
    ledger.retry(search, retry_of(search, ledger.read.stages(search)))
    again = ledger.read.again(search)
    assert (again.finished_at, again.result) == (None, None)
    hand_in_all(ledger, search)
    for _ in range(3, 6):
        open_stage(ledger, search)
        hand_in_all(ledger, search)
    assert ledger.read.again(search).result == {"scores": [0.5], "readings": 2}


def test_nothing_is_changed_where_nothing_failed_or_somebody_is_at_work(
    ledger: Ledger, search: Search
) -> None:
    open_stage(ledger, search)
    with pytest.raises(LedgerError, match="digits: no trial of this search failed"):
        retry_of(search, ledger.read.stages(search))
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, CohortClaim)
    failed = [TrialResult(number, None, "no luck", failed=True) for number in claim.numbers]
    ledger.hand_in(claim, failed)
    ledger.next_work(search, "a")
    before = states(ledger, search)
    with pytest.raises(LedgerError, match=r"digits: 1 process at work .*`klayer stop digits`"):
        ledger.retry(search, retry_of(search, ledger.read.stages(search)))
    assert states(ledger, search) == before


@pytest.mark.usefixtures("few_values")
def test_more_trials_failed_than_a_statement_may_have_values(
    ledger: Ledger, alter: Alter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "AT_ONCE", 500)
    study = load("digits", (*OVERRIDES, "stages.coarse.trials=600"))
    search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
    open_stage(ledger, search, 2)
    alter("UPDATE klayer_trials SET state = 'running'")
    known = {one.id: one for one in ledger.read.trials(search)}
    assert len(ledger.read.trials_changed(search, known, 0.0)) == 600
    alter("UPDATE klayer_trials SET state = 'failed', finished_at = 1")
    alter("UPDATE klayer_cohorts SET state = 'finished', attempt = 1, finished_at = 1")
    alter("UPDATE klayer_stages SET state = 'finished' WHERE number = 1")
    ledger.retry(search, retry_of(search, ledger.read.stages(search)))
    assert states(ledger, search) == {"coarse": ["waiting"] * 600}
    assert alter("SELECT count(*) FROM klayer_cohorts") == [(2,)]
