"""Figures at equal times and at equal epochs, and the sentences that follow from them."""

from dataclasses import replace

import pytest

from benchmarks.equal_time_tables import KLAYER, Result, page

ENDED = [(60.0, 9), (60.0, 9), (120.0, 9), (590.0, 9), (610.0, 9)]
OURS = Result(KLAYER, 1, 10, ENDED, [(60.0, 0.4, 0.41), (120.0, 0.5, 0.49), (610.0, None, 0.9)])
THEIRS = Result("TPE", 1, 10, [(30.0, 9), (500.0, 9)], [(30.0, 0.3, 0.31), (500.0, 0.5, 0.48)])


def test_the_incumbent_at_a_moment_is_the_last_before_it() -> None:
    assert OURS.test_at(59) is None
    assert OURS.test_at(60) == 0.41
    assert OURS.test_at(500) == 0.49


def test_what_ends_when_the_time_is_over_does_not_count() -> None:
    assert OURS.test_at(1_000) == 0.49
    assert (OURS.trainings, OURS.epochs) == (4, 36)
    assert OURS.reaches(0.6) is None


def test_trainings_that_end_together_count_together() -> None:
    assert OURS.test_after(9) is None
    assert OURS.test_after(18) == OURS.test_after(26) == 0.41
    assert OURS.test_after(27) == 0.49


def test_the_minute_of_an_accuracy_is_the_first_one() -> None:
    assert OURS.reaches(0.48) == 2
    assert OURS.reaches(0.41) == 1


def text(ours: Result, *others: Result) -> str:
    return page([ours, THEIRS, *others], ["a machine"], real=True)


def test_the_page_says_when_klayer_is_ahead() -> None:
    told = text(OURS)
    assert "| klayer | 1 | 41.00 | 49.00 | 49.00 | 49.00 | 49.00 |" in told
    assert "klayer is 1.00 points ahead of TPE" in told
    assert "one seed, from which nothing follows" in told
    assert "klayer first has after 2.0 minutes" in told
    assert "The goal of 3 is met." in told
    assert "klayer trains 2.00 times as many epochs" in told


def test_the_page_says_when_klayer_is_behind() -> None:
    told = text(replace(OURS, incumbents=[(60.0, 0.4, 0.41)]))
    assert "klayer is 7.00 points behind TPE" in told
    assert "klayer does not reach in its time (median of 1 seed: never)" in told
    assert "The goal of 3 is missed." in told


def test_equal_epochs_are_those_of_the_slowest_of_a_seed() -> None:
    told = text(OURS)
    assert "(18 on average; mostly TPE)" in told
    assert "At equal epochs klayer is 7.00 points behind TPE" in told


@pytest.mark.parametrize(("second", "sure"), [(0.50, "more"), (0.46, "not more")])
def test_a_difference_is_held_against_its_error(second: float, sure: str) -> None:
    again = replace(OURS, seed=2, incumbents=[(60.0, 0.4, second)])
    told = text(again, OURS, replace(THEIRS, seed=2, incumbents=[(30.0, 0.3, 0.485)]))
    assert f"over 2 seeds: {sure} than 2 standard errors" in told


def test_a_seed_that_one_lacks_counts_in_the_first_table_alone() -> None:
    told = text(OURS, replace(OURS, seed=2))
    assert "| klayer | 2 | 41.00 ± 0.00 |" in told
    assert "Likewise at equal epochs, of 1 seed" in told


def test_a_page_of_peers_alone_has_nothing_to_follow() -> None:
    told = page([THEIRS], [], real=False)
    assert "the figures mean nothing" in told
    assert "klayer" not in told.partition("\n\n- ")[2]
