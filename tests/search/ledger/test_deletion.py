"""A search is deleted whole, with its Optuna studies, and never while somebody works on it."""

from collections.abc import Callable
from typing import Any

import pytest
from optuna import get_all_study_names, load_study
from optuna.storages import RDBStorage
from sqlalchemy import MetaData, func, select

from search.errors import LedgerError
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, Presence, Search
from search.objective.data_card import DataCard
from search.study.file import Study
from search.study.reading import load
from tests.search.ledger.conftest import OVERRIDES, Alter, open_stage, worth

OpenNext = Callable[..., Any]
ClaimNext = Callable[..., CohortClaim]
CARD = DataCard("digits", "f" * 64)


def record(ledger: Ledger, name: str) -> Search:
    return ledger.record(load("digits", OVERRIDES, name), "", CARD, {})


def train(ledger: Ledger, search: Search) -> None:
    """Plan its first stage, hand one cohort in, and leave the other one lapsed."""
    open_stage(ledger, search, 2)
    claim = ledger.next_work(search, "w")
    assert isinstance(claim, CohortClaim)
    ledger.hand_in(claim, worth(claim))
    ledger.next_work(search, "lost", lease_seconds=-1.0)


def counts(ledger: Ledger) -> dict[str, int]:
    """The rows of every table, klayer's and Optuna's."""
    tables = MetaData()
    tables.reflect(ledger.database.engine)
    with ledger.database.reading() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in tables.tables.items()
        }


def test_nothing_of_it_is_left_and_others_stay(ledger: Ledger, optuna_storage: RDBStorage) -> None:
    other = record(ledger, "other")
    train(ledger, other)
    before, trials = counts(ledger), ledger.read.trials(other)
    search = record(ledger, "digits")
    train(ledger, search)
    study = load_study(study_name="digits/1-coarse", storage=optuna_storage)
    optuna_storage.set_study_system_attr(study._study_id, "note", "by a tool of Optuna's")
    running = next(one for one in study.get_trials() if one.state.name == "RUNNING")
    optuna_storage.set_trial_system_attr(running._trial_id, "note", "likewise")
    optuna_storage.set_trial_intermediate_value(running._trial_id, 1, 0.5)
    for who in ("checkpoints", "cohort_checkpoints", "earlier_claims", "attachments"):
        keep_something(ledger, search, who)
    assert all(many >= before[name] for name, many in counts(ledger).items())
    assert counts(ledger) != before
    ledger.delete(search)
    assert counts(ledger) == before
    assert ledger.read.names() == ["other"]
    assert ledger.read.trials(other) == trials
    assert get_all_study_names(optuna_storage) == ["other/1-coarse"]
    ledger.delete(search)  # as where a connection broke while it was committed
    assert counts(ledger) == before


def keep_something(ledger: Ledger, search: Search, table: str) -> None:
    trial = ledger.read.trials(search)[0].id
    cohort = "(SELECT min(cohort_id) FROM klayer_trials WHERE stage_id IN (SELECT id FROM "
    cohort += f"klayer_stages WHERE search_id = {search.id}))"
    values = {
        "cohort_checkpoints": f"(cohort_id, standing, states) VALUES ({cohort}, '{{}}', 'x')",
        "earlier_claims": f"SELECT {cohort}, 1, 'a', 0, 1",
        "checkpoints": f"(trial_id, step, value, state) VALUES ({trial}, 1, 0.5, 'x')",
        "attachments": f"(trial_id, content) VALUES ({trial}, 'x')",
    }
    with ledger.database.writing() as connection:
        connection.exec_driver_sql(f"INSERT INTO klayer_{table} {values[table]}")


def test_it_is_refused_while_somebody_holds_a_cohort(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(2)
    claim_next("w1")
    claim_next("w2")
    before = counts(ledger)
    with pytest.raises(LedgerError) as told:
        ledger.delete(search)
    assert "digits: 2 processes at work on it, so nothing was deleted" in str(told.value)
    assert "`klayer stop digits`" in str(told.value)
    assert counts(ledger) == before


def test_it_is_refused_while_somebody_plans(ledger: Ledger, search: Search) -> None:
    claim = ledger.next_work(search, "planner")
    assert not isinstance(claim, CohortClaim)
    with pytest.raises(LedgerError, match="1 process at work"):
        ledger.delete(search)
    ledger.release(claim)  # type: ignore[arg-type]
    ledger.delete(search)
    assert ledger.read.names() == []


@pytest.mark.parametrize("lost", [False, True])
def test_who_serves_it_alone_is_at_work_unless_it_is_lost(
    ledger: Ledger, search: Search, alter: Alter, lost: bool
) -> None:
    ledger.join(Presence("run", "launcher", "host", "machine", 1, search.id, None, 60.0))
    if lost:
        alter("UPDATE klayer_workers SET seen_at = seen_at - 61")
        ledger.delete(search)
        assert alter("SELECT * FROM klayer_workers") == []
    else:
        with pytest.raises(LedgerError, match="1 process at work"):
            ledger.delete(search)


def test_an_optuna_study_of_the_same_name_that_is_not_ours_stays(
    ledger: Ledger, search: Search, open_next: OpenNext, optuna_storage: RDBStorage, alter: Alter
) -> None:
    """Somebody deleted ours, and made another."""
    open_next(1)
    alter("DELETE FROM study_user_attributes WHERE key = 'klayer:search'")
    alter("UPDATE klayer_cohorts SET state = 'waiting', owner = NULL")
    ledger.delete(search)
    assert get_all_study_names(optuna_storage) == ["digits/1-coarse"]


def test_a_name_is_free_again_and_the_key_is_not(
    ledger: Ledger, search: Search, study: Study
) -> None:
    """Workers and pages may still know the deleted one by its key."""
    ledger.delete(search)
    again = ledger.record(study, "", CARD, {})
    assert again.id > search.id
    ledger.delete(again)
    assert record(ledger, "other").id > again.id
    assert record(ledger, "third").id > again.id + 1
    with pytest.raises(LedgerError, match="is gone"):
        ledger.read.again(search)
