"""Tables of searches with and without halving, by hand."""

import pytest

from benchmarks.halving_tables import (
    EARLY,
    HALVED,
    WHOLE,
    Searched,
    differences,
    each,
    figures,
    together,
)


def searched(seconds: float, *values: float) -> Searched:
    return Searched(seconds, 100, 1e-3, values)


FOUND = {
    1: {
        WHOLE: searched(40, 0.50, 0.52),
        HALVED: searched(20, 0.51, 0.52),
        EARLY: searched(10, 0.50, 0.50),
    },
    2: {
        WHOLE: searched(60, 0.50, 0.50),
        HALVED: searched(40, 0.498, 0.498),
        EARLY: searched(20, 0.49, 0.51),
    },
    3: {
        WHOLE: searched(50, 0.50, 0.50),
        HALVED: searched(20, 0.49, 0.49),
        EARLY: searched(25, 0.50, 0.50),
    },
}


def test_differences_are_of_means_in_points() -> None:
    assert differences(FOUND, HALVED) == pytest.approx([0.5, -0.2, -1.0])


def test_goals_are_held_against_the_median_ratio_and_the_mean_difference() -> None:
    found = figures(FOUND)
    assert found["halving"] == 2.0
    assert found["halving, points"] == pytest.approx(-0.7 / 3)


def test_every_search_has_a_row_of_its_own() -> None:
    rows = each(FOUND).rows
    assert [row[:2] for row in rows[:3]] == [["1", WHOLE], ["1", HALVED], ["1", EARLY]]
    assert rows[0][-2:] == ["51.00 ± 1.41 %", ""]
    assert rows[1][2:4] == ["20.0", "2.00"]
    assert rows[2][-1] == "-1.00"


def test_seeds_that_diverged_are_told() -> None:
    some = FOUND[1] | {HALVED: Searched(20, 100, 1e-3, (0.5,), diverged=4)}
    assert [row[-2] for row in each({1: some}).rows][1] == "50.00 ± 0.00 %, **4 diverged**"


def test_together_shows_the_error_of_the_mean_and_how_many_seeds_are_good_enough() -> None:
    halved, early = together(FOUND).rows
    # The standard deviation of 0.5, -0.2, -1.0 is 0.751, and 0.751 / √3 = 0.43.
    assert halved == [HALVED, "2.00 (1.50 … 2.50)", "100", "-0.23 ± 0.43", "2 of 3"]
    assert early[-1] == "2 of 3"


def test_one_seed_has_no_error() -> None:
    halved, _ = together({1: FOUND[1]}).rows
    assert halved[3] == "+0.50"
