"""Which of two trials is better, in both directions: the one place that decides it."""

import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.objective.metric import Direction
from search.plan.ranking import Ranking, Spread, ranking_of
from search.study.reading import load

HIGHEST, LOWEST = Ranking("maximize"), Ranking("minimize")


@dataclass(frozen=True)
class Trial:
    """The least that can be ranked."""

    stage: str
    number: int
    value: float | None
    pruned_after: int | None = None


def order(trials: list[Trial], ranking: Ranking = HIGHEST) -> list[int]:
    return [one.number for one in ranking.ranked(trials)]


def test_the_best_value_is_first_and_trials_without_one_are_left_out() -> None:
    given = [Trial("a", 0, 0.1), Trial("a", 1, None), Trial("a", 2, 0.3), Trial("a", 3, 0.2)]
    assert order(given) == [2, 3, 0]
    assert order(given, LOWEST) == [0, 3, 2]
    assert (HIGHEST.best(given), LOWEST.best(given)) == (given[2], given[0])


@pytest.mark.parametrize("ranking", [HIGHEST, LOWEST])
def test_ties_go_by_the_order_of_stages_then_by_number(ranking: Ranking) -> None:
    given = [
        Trial("fine", 4, 0.5),
        Trial("coarse", 9, 0.5),
        Trial("coarse", 0, 0.5),
        Trial("fine", 1, 0.5),
    ]
    found = [(one.stage, one.number) for one in ranking.ranked(given)]
    assert found == [("fine", 1), ("fine", 4), ("coarse", 0), ("coarse", 9)]


def test_a_trial_that_went_further_ranks_before_any_that_was_dropped_earlier() -> None:
    given = [
        Trial("a", 0, 0.9, 2),
        Trial("a", 1, 0.1),
        Trial("a", 2, 0.8, 4),
        Trial("a", 3, None),
        Trial("a", 4, 0.7, 4),
    ]
    assert order(given) == [1, 2, 4, 0]
    assert order(given, LOWEST) == [1, 4, 2, 0]


@pytest.mark.parametrize("ranking", [HIGHEST, LOWEST])
def test_nothing_finished_ranks_nothing(ranking: Ranking) -> None:
    assert ranking.ranked([]) == ranking.ranked([Trial("a", 0, None)]) == []
    assert ranking.best([Trial("a", 0, None)]) is None
    assert ranking.best_value([None]) is None
    assert ranking.winner({0: [None], 1: []}) is None


def test_a_value_is_better_than_none_and_not_better_than_itself() -> None:
    for ranking in (HIGHEST, LOWEST):
        assert ranking.better(0.5, None)
        assert not ranking.better(None, 0.5)
        assert not ranking.better(None, None)
        assert not ranking.better(0.5, 0.5)
    assert HIGHEST.better(0.6, 0.5)
    assert LOWEST.better(0.5, 0.6)
    assert HIGHEST.best_value([0.1, None, 0.3]) == 0.3
    assert LOWEST.best_value([0.1, None, 0.3]) == 0.1


def test_survivors_are_the_best_in_rising_order_of_their_numbers() -> None:
    values = {7: 0.5, 3: 0.5, 5: 0.9, 1: None}
    assert HIGHEST.survivors(values, 2) == (3, 5)
    assert LOWEST.survivors(values, 2) == (3, 7)
    assert HIGHEST.survivors(values, 9) == (3, 5, 7)


def test_a_configuration_wins_by_its_mean_over_its_seeds() -> None:
    seeds = {0: [0.9, 0.1], 1: [0.6, 0.6], 2: [0.9, None]}
    assert HIGHEST.winner(seeds) == 1
    assert LOWEST.winner(seeds) == 0
    assert HIGHEST.winner({2: [0.5], 1: [0.5]}) == LOWEST.winner({2: [0.5], 1: [0.5]}) == 1
    assert LOWEST.winner({0: [0.1, None, None], 1: [0.8, 0.9, None]}) == 1


def test_a_study_ranks_in_the_direction_of_its_score() -> None:
    study = load("digits")
    assert ranking_of(study) == HIGHEST
    assert study.objective.score.direction == "maximize"


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1), ("maximize", -1)])
def test_a_cost_is_less_for_what_is_better(direction: Direction, sign: int) -> None:
    ranking = Ranking(direction)
    assert (ranking.sign, ranking.cost(0.5), ranking.cost(None)) == (sign, sign * 0.5, math.inf)


VALUE = st.none() | st.sampled_from([-1.0, 0.0, 0.25, 0.5]) | st.floats(-1e9, 1e9)
TRIALS = st.lists(
    st.tuples(st.sampled_from("abc"), VALUE, st.none() | st.integers(1, 3)), max_size=20
).map(lambda rows: [Trial(s, n, v, p) for n, (s, v, p) in enumerate(rows)])
SEEDS = st.dictionaries(st.integers(0, 9), st.lists(VALUE, min_size=1, max_size=3))


def negated(value: float | None) -> float | None:
    return None if value is None else -value


@settings(deadline=None, derandomize=True)
@given(TRIALS, SEEDS, st.integers(1, 9))
def test_minimising_negated_values_ranks_as_maximising(
    trials: list[Trial], seeds: dict[int, list[float | None]], keep: int
) -> None:
    turned = [replace(one, value=negated(one.value)) for one in trials]
    assert order(turned, LOWEST) == order(trials, HIGHEST)
    values = {one.number: one.value for one in trials}
    costs = {one.number: one.value for one in turned}
    assert LOWEST.survivors(costs, keep) == HIGHEST.survivors(values, keep)
    other = {index: [negated(value) for value in row] for index, row in seeds.items()}
    assert LOWEST.winner(other) == HIGHEST.winner(seeds)


def test_a_spread_divides_by_n_minus_1_and_keeps_the_values() -> None:
    spread = Spread.of([0.5, 0.7, None])
    assert spread.mean == pytest.approx(0.6)
    assert spread.standard_deviation == pytest.approx(0.1 * 2**0.5)
    assert spread.values == (0.5, 0.7, None)


def test_one_seed_has_no_standard_deviation_and_none_has_no_mean() -> None:
    assert Spread.of([0.5]) == Spread(0.5, None, (0.5,))
    assert Spread.of([None]) == Spread(None, None, (None,))


def test_equal_trials_share_the_mean_of_their_ranks_and_those_without_a_value_are_last() -> None:
    trials = [
        Trial("s", 0, 0.5),
        Trial("s", 1, None),
        Trial("s", 2, 0.9, pruned_after=4),
        Trial("s", 3, 0.7),
        Trial("s", 4, 0.5),
        Trial("s", 5, None),
    ]
    assert HIGHEST.ranks(trials) == [1.5, 4.5, 3.0, 0.0, 1.5, 4.5]
    assert LOWEST.ranks(trials) == [0.5, 4.5, 3.0, 2.0, 0.5, 4.5]
