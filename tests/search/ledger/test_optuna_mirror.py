"""Optuna's studies say what the ledger says, whoever died in between."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from search.errors import LedgerError
from search.ledger.claims import LostLeaseError
from search.ledger.database import DatabaseFaultError, open_engine
from search.ledger.ledger import Ledger
from search.ledger.optuna_mirror import OptunaMirror, publish
from search.ledger.records import Claim, PlanningClaim, Search, Trial
from search.ledger.results import TrialOutcome
from search.plan.cohorts import Fit
from search.plan.plan import PlannedTrial, plan

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., Claim]

SPACE = {"learning_rate": FloatDistribution(1e-4, 1.0, log=True)}


@pytest.fixture
def mirror(storage: str) -> Iterator[OptunaMirror]:
    opened = OptunaMirror(storage)
    yield opened
    opened.close()


@pytest.fixture
def optuna_trials(storage: str) -> Iterator[Callable[[str], list[FrozenTrial]]]:
    """The trials of an Optuna study, as any reader of Optuna sees them."""
    opened = RDBStorage(storage)

    def read(name: str) -> list[FrozenTrial]:
        return optuna.load_study(study_name=name, storage=opened).get_trials()

    yield read
    opened.remove_session()
    opened.engine.dispose()


@pytest.fixture
def study_names(storage: str) -> Callable[[], list[str]]:
    """The names of all Optuna studies."""
    return lambda: optuna.get_all_study_names(storage)


def planned(count: int) -> list[PlannedTrial]:
    return [PlannedTrial(n, 0, {"learning_rate": 1 / (n + 3)}, 100 + n, 1) for n in range(count)]


def publish_alone(storage: str, drafted: str, name: str) -> None:
    """Publishes a draft in a transaction of its own."""
    engine = open_engine(storage, create=True)
    try:
        with engine.begin() as connection:
            publish(connection, drafted, name)
    finally:
        engine.dispose()


def trial(number: int, state: str, value: float | None = None, reason: str | None = None) -> Trial:
    return Trial(
        id=number,
        stage="s",
        number=number,
        state=state,  # type: ignore[arg-type]
        value=value,
        parameters={"learning_rate": 1 / (number + 3)},
        seed=100 + number,
        order_seed=1,
        reason=reason,
        finished_at=None,
    )


class KilledError(BaseException):
    """Stands for the end of a process."""


def hand_in_and_die(ledger: Ledger, claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is killed when its results are in and Optuna has not been told."""

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as dying:
        dying.setattr(OptunaMirror, "follow", killed)
        with pytest.raises(KilledError):
            ledger.hand_in(claim, [TrialOutcome(n, n / 7) for n in claim.numbers])


def test_a_pruned_trial_is_pruned_with_its_last_value(
    ledger: Ledger,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Callable[[str], list[FrozenTrial]],
) -> None:
    open_next()
    claim = claim_next("a")
    outcomes = [TrialOutcome(n, n / 7, pruned_after=1 if n < 4 else None) for n in claim.numbers]
    ledger.hand_in(claim, outcomes)
    found = optuna_trials("digits/1-coarse")
    assert [one.state for one in found] == [TrialState.PRUNED] * 4 + [TrialState.COMPLETE] * 2
    assert [one.value for one in found] == [n / 7 for n in range(6)]
    assert [one.user_attrs.get("pruned_after") for one in found] == [1, 1, 1, 1, None, None]


def test_a_study_has_the_plans_trials_in_order(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    optuna_trials: Callable[[str], list[FrozenTrial]],
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
    optuna_trials: Callable[[str], list[FrozenTrial]],
) -> None:
    open_next(2)
    first = claim_next("a")
    running, waiting = TrialState.RUNNING, TrialState.WAITING
    assert [one.state for one in optuna_trials("digits/1-coarse")] == [running, waiting] * 3
    ledger.hand_back(first)
    assert {one.state for one in optuna_trials("digits/1-coarse")} == {waiting}
    again = claim_next("b")
    ledger.hand_in(
        again,
        [TrialOutcome(0, 0.1 + 0.2), TrialOutcome(2, None, "diverged"), TrialOutcome(4, 0.5)],
    )
    found = optuna_trials("digits/1-coarse")
    assert [one.state for one in found[::2]] == [
        TrialState.COMPLETE,
        TrialState.FAIL,
        TrialState.COMPLETE,
    ]
    assert found[0].value == 0.1 + 0.2
    assert found[2].user_attrs["reason"] == "diverged"
    assert all(one.datetime_complete is not None for one in found[::2])


def test_what_a_killed_worker_left_untold_is_told(
    ledger: Ledger,
    search: Search,
    storage: str,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Callable[[str], list[FrozenTrial]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_next(1)
    hand_in_and_die(ledger, claim_next("a"), monkeypatch)
    assert {one.state for one in optuna_trials("digits/1-coarse")} == {TrialState.RUNNING}
    with Ledger(storage) as another:
        another.follow_all(search)
    assert [one.value for one in optuna_trials("digits/1-coarse")] == [n / 7 for n in range(6)]


def test_planning_tells_what_earlier_stages_left_untold(
    ledger: Ledger,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Callable[[str], list[FrozenTrial]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_next(1)
    hand_in_and_die(ledger, claim_next("a"), monkeypatch)
    open_next(1)
    assert {one.state for one in optuna_trials("digits/1-coarse")} == {TrialState.COMPLETE}


def test_telling_twice_changes_nothing(
    storage: str, mirror: OptunaMirror, optuna_trials: Callable[[str], list[FrozenTrial]]
) -> None:
    publish_alone(storage, mirror.draft("x/1-s", 1, SPACE, {}, planned(3)), "x/1-s")
    told = [trial(0, "complete", 0.5), trial(1, "running"), trial(2, "diverged", None, "why")]
    mirror.follow("x/1-s", told)
    before = optuna_trials("x/1-s")
    mirror.follow("x/1-s", told)
    assert optuna_trials("x/1-s") == before
    mirror.follow("x/1-s", [trial(0, "running"), trial(2, "waiting")])  # who tells this is late
    assert optuna_trials("x/1-s") == before


def test_only_what_changed_is_told(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_next(2)
    told: list[tuple[str, int, str]] = []
    real = OptunaMirror.follow

    def noted(self: OptunaMirror, study: str, some: list[Trial]) -> None:
        told.extend((study, one.number, one.state) for one in some)
        real(self, study, some)

    monkeypatch.setattr(OptunaMirror, "follow", noted)
    claim = claim_next("a")
    ledger.follow_all(search)
    assert told == [("digits/1-coarse", n, "running") for n in (0, 2, 4)]
    ledger.hand_in(claim, [TrialOutcome(n, 0.5) for n in claim.numbers])
    ledger.follow_all(search)
    assert told[3:] == [("digits/1-coarse", n, "complete") for n in (0, 2, 4)]


def test_a_draft_of_a_planner_that_died_is_made_anew(
    mirror: OptunaMirror,
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    study_names: Callable[[], list[str]],
    optuna_trials: Callable[[str], list[FrozenTrial]],
) -> None:
    died = ledger.next_work(search, "died", lease_seconds=-1.0)
    assert isinstance(died, PlanningClaim)
    mirror.draft("digits/1-coarse", died.attempt, SPACE, {}, planned(2))
    assert study_names() == ["digits/1-coarse (in the making, attempt 1)"]
    open_next(1)
    assert study_names() == ["digits/1-coarse"]
    assert len(optuna_trials("digits/1-coarse")) == 6


@pytest.mark.parametrize("moment", ["before its draft", "within its draft", "behind its draft"])
def test_a_planner_that_wakes_late_leaves_the_study_of_the_prompt_one_alone(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    study_names: Callable[[], list[str]],
    optuna_trials: Callable[[str], list[FrozenTrial]],
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    late = ledger.next_work(search, "late")
    assert isinstance(late, PlanningClaim)
    sleeps = iter([True])

    def sleep() -> None:
        """The others find that its lease has run out, open the stage, and begin to work."""
        if next(sleeps, False):
            ledger.renew(late, lease_seconds=-1.0)
            open_next(1)
            claim_next("a")

    real_draft, real_create = OptunaMirror.draft, RDBStorage.create_new_trial

    def draft(self: OptunaMirror, *args: Any) -> str:
        if moment == "before its draft":
            sleep()
        drafted = real_draft(self, *args)
        if moment == "behind its draft":
            sleep()
        return drafted

    def create_new_trial(self: RDBStorage, study_id: int, *args: Any) -> int:
        created = real_create(self, study_id, *args)
        if moment == "within its draft":
            sleep()
        return created

    monkeypatch.setattr(OptunaMirror, "draft", draft)
    monkeypatch.setattr(RDBStorage, "create_new_trial", create_new_trial)
    with pytest.raises(LostLeaseError):
        ledger.open_stage(search, late, plan(search.study, late.step, [], lambda *_: Fit(0)), 2)
    assert study_names() == ["digits/1-coarse"]
    assert [one.state for one in optuna_trials("digits/1-coarse")] == [TrialState.RUNNING] * 6


def test_a_study_of_the_same_name_that_is_not_ours_is_kept(
    ledger: Ledger,
    search: Search,
    storage: str,
    open_next: OpenNext,
    study_names: Callable[[], list[str]],
) -> None:
    optuna.create_study(study_name="digits/1-coarse", storage=storage)
    with pytest.raises(LedgerError, match="digits/1-coarse: this database holds an Optuna study"):
        open_next(1)
    assert study_names() == ["digits/1-coarse"]
    assert ledger.read.trials(search) == []


def test_a_draft_that_somebody_deleted_opens_nothing(storage: str, mirror: OptunaMirror) -> None:
    drafted = mirror.draft("x/1-s", 1, SPACE, {}, planned(1))
    mirror.discard(drafted)
    with pytest.raises(LedgerError, match="somebody deleted its Optuna study"):
        publish_alone(storage, drafted, "x/1-s")


def test_a_study_that_somebody_deleted_stops_nothing(
    ledger: Ledger,
    search: Search,
    storage: str,
    open_next: OpenNext,
    claim_next: ClaimNext,
    optuna_trials: Callable[[str], list[FrozenTrial]],
) -> None:
    open_next(1)
    optuna.delete_study(study_name="digits/1-coarse", storage=storage)
    claim = claim_next("a")
    ledger.hand_in(claim, [TrialOutcome(n, n / 7) for n in claim.numbers])
    open_next(1)  # SQLite gives its trials the ids of those that were deleted
    ledger.follow_all(search)
    assert {one.state for one in optuna_trials("digits/2-fine")} == {TrialState.WAITING}
    assert {one.state for one in ledger.read.trials(search)[:6]} == {"complete"}


def test_several_may_tell_the_same_end_at_once(
    storage: str, mirror: OptunaMirror, optuna_trials: Callable[[str], list[FrozenTrial]]
) -> None:
    publish_alone(storage, mirror.draft("x/1-s", 1, SPACE, {}, planned(30)), "x/1-s")
    told = [
        trial(n, "complete", n / 7) if n % 2 else trial(n, "diverged", None, "why")
        for n in range(30)
    ]

    def tell(_: int) -> None:
        teller = OptunaMirror(storage)
        teller.follow("x/1-s", told)
        teller.close()

    with ThreadPoolExecutor(4) as tellers:
        list(tellers.map(tell, range(4)))
    found = optuna_trials("x/1-s")
    assert [one.value for one in found] == [n / 7 if n % 2 else None for n in range(30)]
    assert all(one.state.is_finished() for one in found)


def test_tables_of_another_optuna_are_refused_soon(storage: str) -> None:
    OptunaMirror(storage).close()
    with closing(sqlite3.connect(storage.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v9.9.9.a'")
        connection.commit()
    began = time.monotonic()
    with pytest.raises(LedgerError, match=r"ledger\.db: The runtime optuna version .*compatible"):
        OptunaMirror(storage)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("table", ["trials", "studies"])
def test_what_optuna_cannot_store_is_one_message(
    ledger: Ledger,
    storage: str,
    open_next: OpenNext,
    claim_next: ClaimNext,
    table: str,
) -> None:
    open_next(2)
    with closing(sqlite3.connect(storage.removeprefix("sqlite:///"))) as connection:
        connection.execute(f"DROP TABLE {table}")
    with pytest.raises(DatabaseFaultError, match=f"the database failed: no such table: {table}"):
        claim_next("a")


def test_many_may_make_optunas_tables_at_once(
    ledger: Ledger, storage: str, study_names: Callable[[], list[str]]
) -> None:
    workers = 6
    together = Barrier(workers)

    def make(place: int) -> None:
        together.wait()
        opened = OptunaMirror(storage)
        opened.draft(f"x/{place}-s", 1, SPACE, {}, planned(1))
        opened.close()

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(make, range(workers)))
    assert len(study_names()) == workers
