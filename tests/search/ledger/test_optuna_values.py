"""The best trial of an Optuna study is klayer's own best, also where that is over seeds."""

from collections.abc import Callable

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from search.objective.report import Evaluation
from search.study.file import Study
from search.study.reading import load
from search.workers.planning import make_plan
from tests.search.ledger.conftest import OVERRIDES, worth

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]
LUCKY = {0: 0.9, 2: 0.5}  # of the first finalist, by trial: seed s of finalist f is 2 s + f
STEADY = {1: 0.75, 3: 0.76}
MEAN = pytest.approx((0.75 + 0.76) / 2, abs=1e-15)


def to_the_end(
    ledger: Ledger, open_next: OpenNext, claim_next: ClaimNext, reruns: dict[int, float]
) -> None:
    """A whole search, in which only some of the finalists' trials have a value."""
    for _ in range(3):
        open_next()
        claim = claim_next("a")
        ledger.hand_in(claim, worth(claim))
    open_next()
    for _ in range(2):
        claim = claim_next("a")
        reasons = {n: None if n in reruns else "diverged" for n in claim.numbers}
        ledger.hand_in(claim, [TrialResult(n, reruns.get(n), reasons[n]) for n in claim.numbers])
    open_next()
    claim = claim_next("a")
    evaluation = Evaluation({"accuracies": [0.6, 0.97]}, (0.6, 0.97))
    ledger.hand_in(claim, [TrialResult(0, 0.6), TrialResult(1, 0.97)], evaluation)


def study_of(storage: RDBStorage, name: str) -> optuna.Study:
    return optuna.load_study(study_name=f"digits/{name}", storage=storage)


def test_the_winner_over_seeds_is_the_best_of_the_finalists_and_of_the_final(
    ledger: Ledger,
    search: Search,
    optuna_storage: RDBStorage,
    open_next: OpenNext,
    claim_next: ClaimNext,
) -> None:
    to_the_end(ledger, open_next, claim_next, LUCKY | STEADY)
    winner = ledger.read.winner(search)
    assert winner is not None
    reruns, final = study_of(optuna_storage, "4-finalists"), study_of(optuna_storage, "5-final")
    assert reruns.best_params == final.best_params == winner.parameters
    assert (reruns.best_value, final.best_value) == (MEAN, MEAN)
    assert [one.user_attrs["klayer:validation_accuracy"] for one in reruns.get_trials()] == [
        0.9,
        0.75,
        0.5,
        0.76,
    ]
    tested = search.study.objective.evaluation.name
    assert [one.user_attrs[f"klayer:{tested}"] for one in final.get_trials()] == [0.6, 0.97]
    assert final.user_attrs["klayer:result"] == {"accuracies": [0.6, 0.97]}
    assert "klayer:result" not in reruns.user_attrs
    assert final.metric_names == reruns.metric_names == [search.study.objective.score.name]
    assert ledger.read.strays(search) == []


def test_a_finalist_of_which_a_seed_diverged_is_not_the_best(
    ledger: Ledger,
    search: Search,
    optuna_storage: RDBStorage,
    open_next: OpenNext,
    claim_next: ClaimNext,
) -> None:
    to_the_end(ledger, open_next, claim_next, {0: 0.99} | STEADY)
    complete, pruned, failed = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL
    reruns, final = study_of(optuna_storage, "4-finalists"), study_of(optuna_storage, "5-final")
    assert [one.state for one in reruns.get_trials()] == [pruned, complete, failed, complete]
    assert (reruns.best_value, final.best_value) == (MEAN, MEAN)
    assert [one.state for one in final.get_trials()] == [complete, pruned]
    assert [one.value for one in final.get_trials()] == [MEAN, 0.99]


def test_finalists_run_until_the_last_seed_is_in(
    ledger: Ledger,
    search: Search,
    optuna_storage: RDBStorage,
    open_next: OpenNext,
    claim_next: ClaimNext,
) -> None:
    for _ in range(3):
        open_next()
        claim = claim_next("a")
        ledger.hand_in(claim, worth(claim))
    open_next()
    claim = claim_next("a")
    ledger.hand_in(claim, worth(claim))
    found = study_of(optuna_storage, "4-finalists").get_trials()
    running, waiting = TrialState.RUNNING, TrialState.WAITING
    assert [one.state for one in found] == [running, running, waiting, waiting]
    assert ledger.read.strays(search) == []


class TestWithoutReruns:
    """Where each configuration has one value, that of its best trial decides."""

    @pytest.fixture
    def study(self) -> Study:
        return load("digits", (*OVERRIDES, "final.seeds=0"))

    def test_the_final_is_worth_what_was_searched(
        self,
        ledger: Ledger,
        search: Search,
        optuna_storage: RDBStorage,
        open_next: OpenNext,
        claim_next: ClaimNext,
    ) -> None:
        for _ in range(3):
            open_next()
            claim = claim_next("a")
            ledger.hand_in(claim, worth(claim))
        open_next()
        claim = claim_next("a")
        told = [TrialResult(n, 0.5 + n / 10) for n in claim.numbers]
        ledger.hand_in(claim, told, Evaluation({}, tuple(one.value for one in told)))
        winner = ledger.read.winner(search)
        final = study_of(optuna_storage, "4-final")
        assert winner is not None
        assert (final.best_params, final.best_value) == (winner.parameters, winner.value)


class TestARace:
    """A candidate that a race has dropped is not the best, whatever its few seeds say."""

    @pytest.fixture
    def study(self) -> Study:
        return load("digits", (*OVERRIDES, "final.candidates=4", "final.seeds=3"))

    def test_one_that_was_dropped_is_pruned_and_the_winner_the_best(
        self, ledger: Ledger, search: Search, optuna_storage: RDBStorage
    ) -> None:
        values = {0: 0.5, 1: 0.6, 2: 0.7, 3: 0.8}  # then candidate 2 falls behind, and so does 3
        later = {4: 0.2, 5: 0.3, 6: 0.2, 7: 0.3}
        while search.finished_at is None:
            task = ledger.next_work(search, "a")
            if isinstance(task, PlanningClaim):
                make_plan(ledger, search, task)
                continue
            assert isinstance(task, CohortClaim)
            raced = task.stage.name == "finalists"
            told = [TrialResult(n, (values | later)[n]) for n in task.numbers] if raced else None
            if task.stage.name == "final":
                ledger.hand_in(task, worth(task), Evaluation({}, (0.1, 0.2)))
                break
            ledger.hand_in(task, told or worth(task))
        reruns = study_of(optuna_storage, "4-finalists")
        complete, pruned = TrialState.COMPLETE, TrialState.PRUNED
        assert [one.state for one in reruns.get_trials()] == [pruned] * 2 + [complete] * 6
        winner = ledger.read.winner(search)
        assert winner is not None
        assert reruns.best_params == winner.parameters == reruns.get_trials()[3].params
        assert reruns.best_value == pytest.approx((0.8 + 0.3 + 0.3) / 3)
        assert ledger.read.strays(search) == []


def test_numbers_of_finalists_are_numbers(
    ledger: Ledger,
    search: Search,
    optuna_storage: RDBStorage,
    open_next: OpenNext,
    claim_next: ClaimNext,
) -> None:
    to_the_end(ledger, open_next, claim_next, LUCKY | STEADY)
    for name in ("4-finalists", "5-final"):
        for trial in study_of(optuna_storage, name).get_trials():
            for key, one in trial.distributions.items():
                assert isinstance(one, FloatDistribution | IntDistribution), key
