"""Finalists are distinct; the winner is the best over all of its seeds."""

import statistics
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import KlayerError
from search.objective.metric import Direction
from search.plan import finalists as module
from search.plan.ranking import Ranking
from search.plan.trial import Trial
from search.space.space import Box, Interval
from search.study.reading import load

OBJECTIVE = load("digits").objective
BOX = Box({"weight_decay": Interval(1e-6, 1e-1)})


def finalists(results: list[Trial], count: int) -> list[Trial]:
    return module.finalists(results, count, OBJECTIVE)


def winner(seeds: Mapping[int, Sequence[float | None]]) -> int:
    return module.winner(seeds, OBJECTIVE)


def result(stage: str, number: int, decay: float, value: float | None) -> Trial:
    return Trial(stage, number, {"weight_decay": decay}, value, BOX)


def test_finalists_come_from_all_stages_best_first() -> None:
    given = [
        result("coarse", 0, 1e-3, 0.50),
        result("coarse", 1, 1e-4, 0.48),
        result("fine", 0, 2e-3, 0.52),
        result("fine", 1, 3e-3, None),
    ]
    assert [(one.stage, one.number) for one in finalists(given, 2)] == [("fine", 0), ("coarse", 0)]


def test_a_trial_that_halving_dropped_is_no_finalist() -> None:
    dropped = Trial("coarse", 0, {"weight_decay": 1e-3}, 0.9, BOX, pruned_after=4)
    assert [one.number for one in finalists([dropped, result("coarse", 1, 1e-4, 0.5)], 2)] == [1]


def test_equal_parameters_are_one_finalist_with_its_best_trial() -> None:
    given = [
        result("coarse", 0, 1e-3, 0.50),
        result("fine", 5, 1e-3, 0.51),
        result("fine", 6, 1e-4, 0.40),
    ]
    assert [(one.stage, one.number) for one in finalists(given, 3)] == [("fine", 5), ("fine", 6)]


def test_the_order_of_parameters_makes_no_other_configuration() -> None:
    box = Box({"a": Interval(0.1, 1), "b": Interval(0.1, 1)})
    given = [
        Trial("s", 0, {"a": 0.2, "b": 0.3}, 0.5, box),
        Trial("s", 1, {"b": 0.3, "a": 0.2}, 0.6, box),
    ]
    assert [one.number for one in finalists(given, 2)] == [1]


def test_no_finalist_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(KlayerError, match=r"none of the 1 trials .* lower learn"):
        finalists([result("coarse", 0, 1e-3, None)], 1)
    with pytest.raises(KlayerError, match="1 or more, not 0"):
        finalists([result("coarse", 0, 1e-3, 0.5)], 0)


def test_trials_that_halving_dropped_are_not_said_to_have_diverged() -> None:
    dropped = Trial("coarse", 0, {"weight_decay": 1e-3}, 0.9, BOX, pruned_after=4)
    told = "none of the 1 trials that were trained to their end has a value, all diverged"
    with pytest.raises(KlayerError, match=told):
        finalists([dropped, result("coarse", 1, 1e-4, None)], 1)


def test_the_best_mean_wins_even_without_the_best_seed() -> None:
    assert winner({0: [0.9, 0.1], 1: [0.6, 0.6]}) == 1


def test_ties_go_to_the_lower_index_in_any_order_of_the_mapping() -> None:
    assert winner({2: [0.5], 1: [0.5]}) == 1


def test_a_diverged_seed_ranks_below_all_without() -> None:
    assert winner({0: [0.9, None], 1: [0.1, 0.2]}) == 1


def test_among_diverged_finalists_fewer_diverged_seeds_then_the_mean_decide() -> None:
    assert winner({0: [0.9, None, None], 1: [0.1, 0.2, None]}) == 1
    assert winner({0: [0.1, None], 1: [None, 0.2]}) == 1


@pytest.mark.parametrize("reruns", [{}, {0: [None]}, {0: []}])
def test_no_winner_is_an_error(reruns: dict[int, list[float | None]]) -> None:
    with pytest.raises(KlayerError, match="there is no winner"):
        winner(reruns)


@settings(deadline=None, derandomize=True)
@given(
    st.dictionaries(
        st.integers(0, 9), st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1
    )
)
def test_no_other_mean_is_above_the_winner(reruns: dict[int, list[float]]) -> None:
    best = statistics.fmean(reruns[winner(reruns)])
    assert all(statistics.fmean(values) <= best for values in reruns.values())


@pytest.mark.parametrize(("direction", "best"), [("maximize", 2e-3), ("minimize", 1e-3)])
def test_the_configuration_with_the_best_mean_is_chosen(direction: Direction, best: float) -> None:
    values = ((0, 1e-3, 0.9), (1, 2e-3, 0.8), (2, 1e-3, 0.1), (3, 2e-3, 0.7))
    reruns = [result("finalists", number, decay, value) for number, decay, value in values]
    for some in (reruns, reruns[::-1]):
        assert Ranking(direction).chosen(some) == {"weight_decay": best}
    lost = [result("finalists", 0, 1e-3, None)]
    assert Ranking(direction).chosen(lost) is None
