"""Optuna's studies say what the ledger says, whoever died in between."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from search.ledger.ledger import Ledger, TrialOutcome
from search.ledger.optuna_mirror import OptunaMirror
from search.ledger.records import Claim, PlanningClaim, Search, Trial

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
    opened.scoped_session.remove()
    opened.engine.dispose()


def planned(count: int) -> list[dict[str, dict[str, object]]]:
    return [
        {"parameters": {"learning_rate": 1 / (n + 3)}, "attributes": {"klayer:seed": 100 + n}}
        for n in range(count)
    ]


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
    with monkeypatch.context() as killed:
        killed.setattr(OptunaMirror, "follow", lambda *_: None)  # it never came to that
        claim = claim_next("a")
        ledger.hand_in(claim, [TrialOutcome(n, n / 7) for n in claim.numbers])
    assert {one.state for one in optuna_trials("digits/1-coarse")} == {TrialState.WAITING}
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
    with monkeypatch.context() as killed:
        killed.setattr(OptunaMirror, "follow", lambda *_: None)
        claim = claim_next("a")
        ledger.hand_in(claim, [TrialOutcome(n, n / 7) for n in claim.numbers])
    open_next(1)
    assert {one.state for one in optuna_trials("digits/1-coarse")} == {TrialState.COMPLETE}


def test_telling_twice_changes_nothing(
    mirror: OptunaMirror, optuna_trials: Callable[[str], list[FrozenTrial]]
) -> None:
    ids = mirror.create("x/1-s", SPACE, {}, planned(2))
    told = [(ids[0], trial(0, "complete", 0.5)), (ids[1], trial(1, "running"))]
    mirror.follow(told)
    before = optuna_trials("x/1-s")
    mirror.follow(told)
    assert optuna_trials("x/1-s") == before


def test_a_half_made_study_of_a_planner_that_died_is_made_anew(
    mirror: OptunaMirror, optuna_trials: Callable[[str], list[FrozenTrial]]
) -> None:
    mirror.create("x/1-s", SPACE, {}, planned(2))
    ids = mirror.create("x/1-s", SPACE, {"klayer:search": "x"}, planned(5))
    found = optuna_trials("x/1-s")
    assert [one._trial_id for one in found] == ids
    assert [one.params for one in found] == [one["parameters"] for one in planned(5)]


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
    ids = mirror.create("x/1-s", SPACE, {}, planned(30))
    told = [
        (one, trial(n, "complete", n / 7) if n % 2 else trial(n, "diverged", None, "why"))
        for n, one in enumerate(ids)
    ]

    def tell(_: int) -> None:
        teller = OptunaMirror(storage)
        teller.follow(told)
        teller.close()

    with ThreadPoolExecutor(4) as tellers:
        list(tellers.map(tell, range(4)))
    found = optuna_trials("x/1-s")
    assert [one.value for one in found] == [n / 7 if n % 2 else None for n in range(30)]
    assert all(one.state.is_finished() for one in found)
