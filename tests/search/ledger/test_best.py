"""The best trial by the direction of the score, and who has won, on either kind of database."""

from collections.abc import Callable, Sequence

import pytest
from optuna import load_study
from optuna.storages import RDBStorage

from search.ledger.claims import MOST_LOST, Finished
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, Search, TrialResult
from search.objective.data_card import DataCard
from search.objective.metric import Direction, Metric
from search.objectives.network.objective import NetworkObjective
from search.study.file import Study
from tests.search.ledger.conftest import SCORE, open_stage

VALUES = (0.5, 0.2, 0.9, 0.2, 0.9, None)  # of the trials of the first stage


def hand_in_all(ledger: Ledger, search: Search, values: Sequence[float | None]) -> None:
    """Hand in what waits, with values by the trials' numbers."""
    while isinstance(claim := ledger.next_work(search, "a", only="cohorts"), CohortClaim):
        ended = [(n, values[n % len(values)]) for n in claim.numbers]
        ledger.hand_in(
            claim,
            [TrialResult(n, one, None if one is not None else "diverged") for n, one in ended],
        )


@pytest.mark.parametrize(("direction", "number"), [("maximize", 2), ("minimize", 1)])
def test_the_best_is_the_best_by_the_direction_of_the_score_and_the_first_of_equals(
    ledger: Ledger,
    search: Search,
    open_next: Callable[[int], object],
    monkeypatch: pytest.MonkeyPatch,
    optuna_storage: RDBStorage,
    direction: Direction,
    number: int,
) -> None:
    monkeypatch.setattr(NetworkObjective, "score", Metric(SCORE, direction))
    open_next(2)
    hand_in_all(ledger, search, VALUES)
    best = ledger.read.stages(search)[0].best
    assert best is not None
    assert (best.number, best.value) == (number, VALUES[number])
    shown = load_study(study_name="digits/1-coarse", storage=optuna_storage)
    assert shown.best_value == best.value
    assert shown.metric_names == [SCORE]


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_without_a_final_the_last_stage_ends_the_search_and_says_who_has_won(
    ledger: Ledger,
    study: Study,
    monkeypatch: pytest.MonkeyPatch,
    direction: Direction,
) -> None:
    """The finalist with the best mean over its seeds, and of its trials the best."""
    monkeypatch.setattr(NetworkObjective, "score", Metric(SCORE, direction))
    monkeypatch.setattr(NetworkObjective, "evaluates", None)
    search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
    for kind in ("search", "search", "search", "finalists"):
        assert ledger.read.winner(search) is None
        assert open_stage(ledger, search).stage.kind == kind
        # Two finalists over two seeds: the second one is the better one in either direction.
        sign = 1 if direction == "maximize" else -1
        values = [0.5, 0.6] if kind == "search" else [0.1, 0.1 + sign / 100]
        hand_in_all(ledger, search, values)
    assert ledger.next_work(search, "a") == Finished()
    ended = ledger.read.again(search)
    assert ended.finished_at is not None
    assert (ended.result, ended.failure) == (None, None)
    assert [stage.state for stage in ledger.read.stages(search)] == ["finished"] * 4
    second = next(t for t in ledger.read.trials(search) if (t.stage, t.number) == ("finalists", 1))
    winner = ledger.read.winner(search)
    assert winner is not None
    assert winner.parameters == second.parameters
    assert (winner.state, winner.stage in study.contenders()) == ("complete", True)


def test_a_search_whose_last_stage_is_given_up_in_part_ends_well(
    ledger: Ledger,
    study: Study,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(NetworkObjective, "evaluates", None)
    search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
    for _ in range(3):
        open_stage(ledger, search)
        hand_in_all(ledger, search, [0.5, 0.6])
    open_stage(ledger, search)
    first, *_ = claims = [ledger.next_work(search, f"w{n}", only="cohorts") for n in range(2)]
    assert isinstance(first, CohortClaim)
    ledger.hand_in(first, [TrialResult(n, 0.5) for n in first.numbers])
    for _ in range(MOST_LOST):
        lost = claims[1]
        assert isinstance(lost, CohortClaim)
        ledger.release(lost, lost=True)
        claims[1] = ledger.next_work(search, "w1")
    assert claims[1] == Finished()
    ended = ledger.read.again(search)
    assert (ended.finished_at is None, ended.failure) == (False, None)
