"""Seeds are stable, and differ wherever their paths differ."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.plan.seeds import derive

PARTS = st.lists(st.one_of(st.integers(), st.text()), max_size=4)


def test_a_seed_never_changes_between_versions() -> None:
    assert derive(1, "stage", "coarse", "trial", 3) == 8291834069736267
    assert derive(0) == 7344274391632976


@settings(deadline=None, derandomize=True)
@given(st.integers(), PARTS)
def test_a_seed_is_a_number_that_every_reader_of_json_takes_exactly(
    seed: int, path: list[str | int]
) -> None:
    assert 0 <= derive(seed, *path) < 2**53
    assert derive(seed, *path) == derive(seed, *path)


@settings(deadline=None, derandomize=True)
@given(st.integers(), PARTS, st.integers(), PARTS)
def test_different_paths_give_different_seeds(
    one: int, left: list[str | int], other: int, right: list[str | int]
) -> None:
    same_path = one == other and left == right
    assert (derive(one, *left) == derive(other, *right)) == same_path


def test_words_are_not_run_together_and_numbers_are_not_words() -> None:
    assert derive(1, "ab", "c") != derive(1, "a", "bc")
    assert derive(1, "3") != derive(1, 3)
    assert derive(1, 2) != derive(12)


def test_ten_thousand_trials_have_ten_thousand_seeds() -> None:
    assert len({derive(7, "trial", number) for number in range(10_000)}) == 10_000


def test_numpy_numbers_count_as_the_same_numbers() -> None:
    assert derive(int(np.int64(5)), "trial", np.int64(3)) == derive(5, "trial", 3)  # type: ignore[arg-type]


def test_a_fraction_is_refused_rather_than_cut() -> None:
    with pytest.raises(TypeError):
        derive(1, 2.5)  # type: ignore[arg-type]
