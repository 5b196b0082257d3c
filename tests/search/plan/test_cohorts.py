"""Cohorts hold trials of one key and like widths, are evenly costly, and lose nobody."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import KlayerError
from search.objective.fit import Fit
from search.plan.cohorts import WIDEST_COHORT, cohorts


def sizes(count: int, largest: int) -> list[int]:
    return [len(cohort) for cohort in cohorts([Fit("same")] * count, largest)]


def of_widths(*widths: int) -> list[Fit]:
    return [Fit("same", (width, 10)) for width in widths]


@pytest.mark.parametrize(
    ("count", "largest", "expected"),
    [
        (0, 8, []),
        (1, 8, [1]),
        (3, 8, [3]),
        (4, 8, [2, 2]),
        (8, 8, [4, 4]),
        (9, 8, [5, 4]),
        (10, 8, [5, 5]),
        (16, 8, [8, 8]),
        (17, 8, [5, 4, 4, 4]),
        (20, 8, [5, 5, 5, 5]),
        (3, 2, [2, 1]),
        (3, 1, [1, 1, 1]),
    ],
)
def test_a_group_is_cut_evenly(count: int, largest: int, expected: list[int]) -> None:
    assert sizes(count, largest) == expected


def test_trials_with_different_keys_are_never_together() -> None:
    fits = [Fit(("relu", 100)), Fit(("elu", 100)), Fit(("relu", 100)), Fit("b"), Fit(("elu", 100))]
    assert cohorts(fits, 8) == ((0, 2), (1, 4), (3,))


def test_trials_of_like_widths_are_together_and_the_most_costly_cohort_is_first() -> None:
    assert cohorts(of_widths(20, 60, 21, 58, 22, 59), 8) == ((1, 3, 5), (0, 2, 4))


def test_more_narrow_members_cost_what_fewer_wide_ones_do() -> None:
    made = cohorts(of_widths(100, 100, 50, 50, 50, 50), 8)
    assert made == ((0, 1), (2, 3, 4, 5))


def test_of_equal_first_layers_the_further_ones_decide() -> None:
    fits = [Fit("same", (50, width)) for width in (10, 90, 11, 91)]
    assert cohorts(fits, 8) == ((0, 2), (1, 3))


def test_a_stack_stays_within_the_cache() -> None:
    wide = WIDEST_COHORT // 2
    assert [len(one) for one in cohorts(of_widths(*[wide] * 8), 8)] == [2, 2, 2, 2]
    assert [len(one) for one in cohorts(of_widths(*[2 * WIDEST_COHORT] * 3), 8)] == [1, 1, 1]
    assert [len(one) for one in cohorts(of_widths(*[wide] * 8), 8, 8 * wide)] == [4, 4]


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 90)), max_size=60),
    st.integers(1, 12),
    st.integers(1, 400),
)
def test_what_every_grouping_keeps(
    trials: list[tuple[int, int]], largest: int, widest: int
) -> None:
    fits = [Fit(key, (width,)) for key, width in trials]
    made = cohorts(fits, largest, widest)
    costs = [len(cohort) * max(fits[number].width for number in cohort) for cohort in made]
    assert sorted(number for cohort in made for number in cohort) == list(range(len(fits)))
    assert costs == sorted(costs, reverse=True)
    assert all(0 < len(cohort) <= largest for cohort in made)
    assert all(len(one) == 1 or cost <= widest for one, cost in zip(made, costs, strict=True))
    assert all(list(cohort) == sorted(cohort) for cohort in made)
    assert all(len({fits[number].key for number in cohort}) == 1 for cohort in made)
    for key in {fit.key for fit in fits}:
        own = [cohort for cohort in made if fits[cohort[0]].key == key]
        assert len(own) % 2 == 0 or len(own) == 1 or all(len(cohort) == 1 for cohort in own)
        # Their widths do not overlap: nobody is padded for somebody who could stand elsewhere.
        spans = sorted([fits[n].width for n in cohort] for cohort in own)
        spans.sort(key=lambda span: (min(span), max(span)))
        for narrow, wide in itertools.pairwise(spans):
            assert max(narrow) <= min(wide)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 80), st.integers(1, 12))
def test_cohorts_of_one_width_differ_by_one_trial_at_most(count: int, largest: int) -> None:
    own = sizes(count, largest)
    assert not own or max(own) - min(own) <= 1
    # Not cut finer than the rule needs.
    assert len(own) <= -(-count // largest) + 1 or len(own) == 2


def test_an_empty_cohort_size_is_refused() -> None:
    with pytest.raises(KlayerError, match="must hold 1 trial or more, not 0"):
        cohorts([Fit("a")], 0)


@pytest.mark.parametrize(
    ("most", "count", "sizes"),
    [(1, 3, [1, 1, 1]), (4, 12, [3, 3, 3, 3]), (32, 40, [20, 20]), (2000, 3000, [1500, 1500])],
)
def test_an_objective_may_take_fewer_or_more_than_the_planner_would(
    most: int, count: int, sizes: list[int]
) -> None:
    """A user's function says by `cohort` how many trials it is called with at most."""
    assert [len(one) for one in cohorts([Fit(None, most=most)] * count, 8)] == sizes
