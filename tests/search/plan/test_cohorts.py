"""Cohorts hold trials of one key, are evenly large, and lose nobody."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import KlayerError
from search.plan.cohorts import cohorts


def sizes(count: int, largest: int) -> list[int]:
    return [len(cohort) for cohort in cohorts(["same"] * count, largest)]


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
    keys = [("relu", 100), ("elu", 100), ("relu", 100), ("relu", 50), ("elu", 100)]
    assert cohorts(keys, 8) == ((0, 2), (1, 4), (3,))


def test_cohorts_stand_in_the_order_of_their_first_trial() -> None:
    assert cohorts(["a", "b", "a", "b", "a", "b"], 2) == ((0, 2), (1, 3), (4,), (5,))


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 3), max_size=60), st.integers(1, 12))
def test_what_every_grouping_keeps(keys: list[int], largest: int) -> None:
    made = cohorts(keys, largest)
    assert sorted(number for cohort in made for number in cohort) == list(range(len(keys)))
    assert list(made) == sorted(made, key=lambda cohort: cohort[0])
    assert all(0 < len(cohort) <= largest for cohort in made)
    assert all(list(cohort) == sorted(cohort) for cohort in made)
    assert all(len({keys[number] for number in cohort}) == 1 for cohort in made)
    for key in set(keys):
        own = [len(cohort) for cohort in made if keys[cohort[0]] == key]
        assert max(own) - min(own) <= 1
        assert largest == 1 or len(own) == 1 or len(own) % 2 == 0
        # Not cut finer than the rule needs: one cohort fewer in each pair would be too few.
        assert len(own) <= -(-keys.count(key) // largest) + 1 or len(own) == 2


def test_an_empty_cohort_size_is_refused() -> None:
    with pytest.raises(KlayerError, match="must hold 1 trial or more, not 0"):
        cohorts(["a"], 0)
