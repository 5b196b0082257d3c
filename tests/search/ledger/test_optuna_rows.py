"""Optuna's studies hold what Optuna would have written itself, and say what the ledger says."""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy import Connection

from search.errors import LedgerError
from search.ledger import optuna_rows
from search.ledger.claims import MOST_LOST
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.location import locate
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from search.objective.metric import Metric
from search.plan.plan import PlannedTrial
from tests.search.ledger.conftest import Alter, somebody

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]
Trials = Callable[[str], list[FrozenTrial]]

# Every kind of distribution that a study file can ask for, and then some.
SPACE: dict[str, BaseDistribution] = {
    "learning_rate": FloatDistribution(1e-7, 3.0, log=True),
    "drop_rate": FloatDistribution(0.0, 0.9),
    "momentum": FloatDistribution(0.0, 1.0, step=0.1),
    "width": IntDistribution(8, 136, step=32),
    "batch_size": IntDistribution(1, 1000, log=True),
    "activation": CategoricalDistribution(["relu", "elu", None, 0.1, True]),
}
POINTS: list[dict[str, Any]] = [
    {
        "learning_rate": 0.1 + 0.2,
        "drop_rate": 0.0,
        "momentum": 0.3,
        "width": 8,
        "batch_size": 1,
        "activation": "relu",
    },
    {
        "learning_rate": 1e-7,
        "drop_rate": 1 / 3,
        "momentum": 0.9,
        "width": 136,
        "batch_size": 100,
        "activation": None,
    },
    {
        "learning_rate": 2.9999999999999996,
        "drop_rate": 0.9,
        "momentum": 0.0,
        "width": 72,
        "batch_size": 1000,
        "activation": True,
    },
]
SCORE = Metric("accuracy", "maximize")
BEGUN, ENDED = 1.8e9 + 1 / 8, 1.8e9 + 60.5  # seconds since 1970


@pytest.fixture
def writing(storage: str) -> Iterator[Connection]:
    """A transaction of the test's own."""
    with somebody(storage) as connection:
        yield connection


def planned(points: list[dict[str, Any]]) -> list[PlannedTrial]:
    return [PlannedTrial(n, 0, point, 2**53 + n, 1) for n, point in enumerate(points)]


def add(
    writing: Connection,
    name: str,
    points: list[dict[str, Any]],
    space: Mapping[str, BaseDistribution] = SPACE,
    score: Metric = SCORE,
) -> list[int | None]:
    """A study of waiting trials, committed; their ids."""
    said = {"klayer:search": "x", "klayer:explanation": "± 0.5 λ"}
    optuna_rows.add_study(writing, name, score, said)
    ids = optuna_rows.add_trials(writing, name, space, planned(points))
    writing.commit()
    return ids


def as_optuna_would(
    storage: RDBStorage, name: str, points: list[dict[str, Any]], score: Metric = SCORE
) -> optuna.Study:
    """The same study, made through Optuna alone."""
    study = optuna.create_study(study_name=name, storage=storage, direction=score.direction)
    with warnings.catch_warnings():  # Optuna calls it experimental
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names([score.name])
    study.set_user_attr("klayer:search", "x")
    study.set_user_attr("klayer:explanation", "± 0.5 λ")
    for number, point in enumerate(points):
        study.add_trial(
            create_trial(
                state=TrialState.WAITING,
                params=point,
                distributions=SPACE,
                user_attrs={optuna_rows.SEED: 2**53 + number},
            )
        )
    return study


def timeless(trial: FrozenTrial) -> dict[str, Any]:
    """Everything of a trial but its id, and when it began and ended."""
    return {
        "number": trial.number,
        "state": trial.state,
        "values": trial.values,
        "params": trial.params,
        "kinds": {name: type(value) for name, value in trial.params.items()},
        "distributions": trial.distributions,
        "user_attrs": trial.user_attrs,
        "system_attrs": trial.system_attrs,
        "intermediate_values": trial.intermediate_values,
        "began": trial.datetime_start is not None,
        "ended": trial.datetime_complete is not None,
    }


# --- as Optuna would have written it ------------------------------------------------------------


@pytest.mark.parametrize("score", [SCORE, Metric("validation loss", "minimize")])
def test_a_study_of_waiting_trials_is_what_optuna_would_have_made(
    optuna_storage: RDBStorage, writing: Connection, score: Metric
) -> None:
    add(writing, "ours", POINTS, score=score)
    theirs = as_optuna_would(optuna_storage, "theirs", POINTS, score)
    ours = optuna.load_study(study_name="ours", storage=optuna_storage)
    assert ours.directions == theirs.directions
    assert ours.user_attrs == theirs.user_attrs
    assert ours.metric_names == theirs.metric_names == [score.name]
    assert [timeless(one) for one in ours.get_trials()] == [
        timeless(one) for one in theirs.get_trials()
    ]


def test_trials_end_as_optuna_would_have_ended_them(
    optuna_storage: RDBStorage, writing: Connection
) -> None:
    ids = add(writing, "ours", POINTS)
    optuna_rows.begin(writing, "ours", ids, BEGUN)
    ended = {
        ids[0]: ("complete", 0.1 + 0.2, {}),
        ids[1]: ("pruned", 1 / 3, {"pruned_after": 3}),
        ids[2]: ("diverged", None, {"reason": "diverged in epoch 2"}),
    }
    optuna_rows.end(writing, "ours", ended, ENDED)
    writing.commit()

    study = as_optuna_would(optuna_storage, "theirs", POINTS)
    theirs = [one._trial_id for one in study.get_trials()]
    for place in theirs:
        optuna_storage.set_trial_state_values(place, TrialState.RUNNING)
    optuna_storage.set_trial_user_attr(theirs[1], "pruned_after", 3)
    optuna_storage.set_trial_user_attr(theirs[2], "reason", "diverged in epoch 2")
    optuna_storage.set_trial_state_values(theirs[0], TrialState.COMPLETE, [0.1 + 0.2])
    optuna_storage.set_trial_state_values(theirs[1], TrialState.PRUNED, [1 / 3])
    optuna_storage.set_trial_state_values(theirs[2], TrialState.FAIL)

    ours = optuna.load_study(study_name="ours", storage=optuna_storage)
    assert [timeless(one) for one in ours.get_trials()] == [
        timeless(one) for one in study.get_trials()
    ]
    assert ours.best_trial.number == study.best_trial.number == 0


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_times_are_stored_in_utc_and_read_in_local_time(
    storage: str, writing: Connection, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    opened = RDBStorage(locate(storage).url.render_as_string(hide_password=False))
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        ids = add(writing, "s", POINTS[:1])
        optuna_rows.begin(writing, "s", ids, BEGUN)
        optuna_rows.end(writing, "s", {ids[0]: ("complete", 1.0, {})}, ENDED)
        writing.commit()
        (read,) = optuna.load_study(study_name="s", storage=opened).get_trials()
        assert read.datetime_start == datetime.fromtimestamp(BEGUN)
        assert read.datetime_complete == datetime.fromtimestamp(ENDED)
    finally:
        opened.remove_session()
        opened.engine.dispose()
        monkeypatch.undo()
        time.tzset()


def test_what_is_released_is_waiting_and_began_when_it_first_began(
    ledger: Ledger, open_next: OpenNext, claim_next: ClaimNext, optuna_trials: Trials
) -> None:
    open_next(1)
    ledger.release(claim_next("a"))
    released = optuna_trials("digits/1-coarse")
    assert {one.state for one in released} == {TrialState.WAITING}
    claim_next("b")
    again = optuna_trials("digits/1-coarse")
    assert {one.state for one in again} == {TrialState.RUNNING}
    assert [one.datetime_start for one in again] == [one.datetime_start for one in released]


def test_optuna_goes_on_with_our_study(
    optuna_storage: RDBStorage, writing: Connection, optuna_trials: Trials
) -> None:
    """A sampler learns from it, and what it tells stands beside ours."""
    ids = add(writing, "s", POINTS)
    optuna_rows.end(
        writing, "s", {key: ("complete", n / 7, {}) for n, key in enumerate(ids)}, ENDED
    )
    writing.commit()
    study = optuna.load_study(
        study_name="s", storage=optuna_storage, sampler=optuna.samplers.TPESampler(seed=1)
    )
    asked = study.ask(SPACE)
    assert asked.number == 3
    study.tell(asked, 0.9)
    assert study.best_value == 0.9
    assert [one.number for one in optuna_trials("s")] == [0, 1, 2, 3]


def test_many_trials_are_added_whole_and_in_order(
    writing: Connection, optuna_trials: Trials
) -> None:
    points = [{"learning_rate": 1 / (n + 1)} for n in range(1100)]
    space = {"learning_rate": SPACE["learning_rate"]}
    ids = add(writing, "s", points, space)
    assert len(set(ids)) == 1100
    found = optuna_trials("s")
    assert [one._trial_id for one in found] == ids
    assert [one.number for one in found] == list(range(1100))
    assert [one.params for one in found] == points


def test_a_study_of_no_hyperparameters_is_one_too(
    writing: Connection, optuna_trials: Trials
) -> None:
    add(writing, "s", [{}, {}], {})
    assert [one.params for one in optuna_trials("s")] == [{}, {}]


# --- as the ledger says -------------------------------------------------------------------------


def test_a_study_has_the_plans_trials_in_order(
    ledger: Ledger, search: Search, open_next: OpenNext, optuna_trials: Trials
) -> None:
    open_next(3)
    found = optuna_trials("digits/1-coarse")
    kept = ledger.read.trials(search)
    assert [one.number for one in found] == [one.number for one in kept] == list(range(6))
    assert [one.params for one in found] == [one.parameters for one in kept]
    assert [one.user_attrs["klayer:seed"] for one in found] == [one.seed for one in kept]
    assert {one.state for one in found} == {TrialState.WAITING}


def test_states_follow_the_ledger(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Trials,
) -> None:
    open_next(2)
    first = claim_next("a")
    running, waiting = TrialState.RUNNING, TrialState.WAITING
    assert [one.state for one in optuna_trials("digits/1-coarse")] == [running, waiting] * 3
    ledger.release(first)
    assert {one.state for one in optuna_trials("digits/1-coarse")} == {waiting}
    again = claim_next("b")
    ledger.hand_in(
        again,
        [TrialResult(0, 0.1 + 0.2), TrialResult(2, None, "diverged"), TrialResult(4, 0.5)],
    )
    found = optuna_trials("digits/1-coarse")
    assert [one.state for one in found[::2]] == [
        TrialState.COMPLETE,
        TrialState.FAIL,
        TrialState.COMPLETE,
    ]
    assert found[0].value == 0.1 + 0.2
    assert found[2].user_attrs["klayer:reason"] == "diverged"
    kept = {one.number: one for one in ledger.read.trials(search)}
    for one in found[::2]:
        assert one.datetime_complete == datetime.fromtimestamp(kept[one.number].finished_at or 0)


def test_a_pruned_trial_is_pruned_with_its_last_value(
    ledger: Ledger, open_next: OpenNext, claim_next: ClaimNext, optuna_trials: Trials
) -> None:
    open_next()
    claim = claim_next("a")
    outcomes = [TrialResult(n, n / 7, pruned_after=1 if n < 4 else None) for n in claim.numbers]
    ledger.hand_in(claim, outcomes)
    found = optuna_trials("digits/1-coarse")
    assert [one.state for one in found] == [TrialState.PRUNED] * 4 + [TrialState.COMPLETE] * 2
    assert [one.value for one in found] == [n / 7 for n in range(6)]
    assert [one.user_attrs.get("klayer:pruned_after") for one in found] == [1, 1, 1, 1, None, None]


def test_what_was_given_up_has_failed_with_the_reason(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Trials,
) -> None:
    open_next(2)
    for place in range(MOST_LOST):
        claim_next(f"lost {place}", -1.0)
    claim_next("next")
    failed, running = optuna_trials("digits/1-coarse")[:2]
    assert (failed.state, running.state) == (TrialState.FAIL, TrialState.RUNNING)
    assert failed.user_attrs["klayer:reason"].startswith("given up: 8 workers")
    assert failed.value is None


# --- what others do to it -------------------------------------------------------------------------


def test_a_study_of_the_same_name_that_is_not_ours_is_kept(
    ledger: Ledger, search: Search, optuna_storage: RDBStorage, open_next: OpenNext
) -> None:
    optuna.create_study(study_name="digits/1-coarse", storage=optuna_storage)
    open_next(1)
    kept = optuna.load_study(study_name="digits/1-coarse", storage=optuna_storage)
    assert (kept.get_trials(), kept.user_attrs) == ([], {})
    assert len(ledger.read.trials(search)) == 6


def test_a_study_that_somebody_deleted_stops_nothing(
    ledger: Ledger,
    search: Search,
    optuna_storage: RDBStorage,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Trials,
) -> None:
    open_next(2)
    first = claim_next("a")
    before = [one._trial_id for one in optuna_trials("digits/1-coarse")]
    optuna.delete_study(study_name="digits/1-coarse", storage=optuna_storage)
    # SQLite gives the ids of trials that were deleted to the next ones.
    foreign = optuna.create_study(study_name="somebody's", storage=optuna_storage)
    for n in range(6):
        foreign.enqueue_trial({"x": n})
    ledger.release(first)
    for _ in range(2):
        claim = claim_next("a")
        ledger.hand_in(claim, [TrialResult(n, n / 7) for n in claim.numbers])
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}
    theirs = optuna_trials("somebody's")
    if locate(str(optuna_storage.url)).path:
        assert [one._trial_id for one in theirs] == before
    assert {(one.state, one.value, one.datetime_start) for one in theirs} == {
        (TrialState.WAITING, None, None)
    }
    open_next(1)
    assert {one.state for one in optuna_trials("digits/2-fine")} == {TrialState.WAITING}


def test_a_generation_of_a_study_that_somebody_deleted_is_added_nowhere(
    writing: Connection,
) -> None:
    assert optuna_rows.add_trials(writing, "gone", SPACE, planned(POINTS)) == [None] * 3


def test_what_optuna_cannot_store_is_one_message_and_changes_nothing(
    ledger: Ledger,
    search: Search,
    kind: str,
    open_next: OpenNext,
    claim_next: ClaimNext,
    alter: Alter,
) -> None:
    open_next(2)
    alter("ALTER TABLE trials RENAME TO elsewhere")
    said = {"sqlite": "no such table: trials", "postgresql": 'relation "trials" does not exist'}
    try:
        with pytest.raises(DatabaseFaultError, match=f"the database failed: {said[kind]}"):
            claim_next("a")
    finally:
        alter("ALTER TABLE elsewhere RENAME TO trials")
    assert {one.state for one in ledger.read.trials(search)} == {"waiting"}
    assert claim_next("a").attempt == 1


# --- whose tables they are ------------------------------------------------------------------------


def test_tables_of_another_optuna_are_refused_soon_by_whoever_opens_them(
    storage: str, shown: str, alter: Alter
) -> None:
    alter("UPDATE alembic_version SET version_num = 'v9.9.9.a'")
    try:
        for create in (False, True):
            began = time.monotonic()
            with pytest.raises(LedgerError) as caught:
                Ledger(storage, create=create)
            assert time.monotonic() - began < 5
            assert str(caught.value) == (
                f"{shown}: its Optuna tables are of revision v9.9.9.a, this klayer writes revision "
                "v3.2.0.a; `optuna storage upgrade` brings older ones up to date, or use another "
                "database"
            )
    finally:
        alter(f"UPDATE alembic_version SET version_num = '{optuna_rows.REVISION}'")


def test_tables_that_another_optuna_has_made_are_refused_before_ours_are_made(
    empty_storage: str,
) -> None:
    location = locate(empty_storage)
    optuna_rows.create_tables(location)
    with somebody(empty_storage) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'v9.9.9.a'")
        connection.commit()
    with pytest.raises(LedgerError, match=r"The runtime optuna version .*compatible") as caught:
        Ledger(empty_storage, create=True)
    assert str(caught.value).startswith(f"{location.shown}: ")
    with somebody(empty_storage) as connection:
        assert not connection.dialect.has_table(connection, "klayer_searches")


def test_the_revision_that_is_written_is_the_one_that_this_optuna_makes(alter: Alter) -> None:
    assert alter("SELECT version_num FROM alembic_version") == [(optuna_rows.REVISION,)]


def test_studies_of_others_are_no_hindrance(empty_storage: str) -> None:
    url = locate(empty_storage).url.render_as_string(hide_password=False)
    opened = RDBStorage(url)
    optuna.create_study(study_name="somebody's", storage=opened)
    with Ledger(empty_storage, create=True) as ledger:
        assert ledger.read.names() == []
    assert optuna.get_all_study_names(opened) == ["somebody's"]
    opened.remove_session()
    opened.engine.dispose()


def test_many_may_make_optunas_tables_at_once(empty_storage: str) -> None:
    location = locate(empty_storage)
    workers = 4
    together = Barrier(workers)

    def make(_: int) -> None:
        together.wait()
        optuna_rows.create_tables(location)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(make, range(workers)))
    with somebody(empty_storage) as connection:
        optuna_rows.check(connection, location.shown)
