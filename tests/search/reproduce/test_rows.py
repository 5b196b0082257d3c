"""What a row says: figures with their spread, differences, ratios, or why there is none."""

from typing import Any

import pytest

from search.reproduce.measures import Measured
from search.reproduce.rows import Row, difference_text, epochs_text, ours_text, published_text
from tests.search.reproduce.conftest import Rowed


def row(published: Any, *values: float | None, comparable: bool = True) -> Row:
    return Row(published, tuple(Measured(value, 20) for value in values), 1.0, comparable)


@pytest.mark.parametrize(
    ("values", "ours", "difference"),
    [
        ([], "–", "–"),
        ([52.434], "52.43", "+2.43"),
        ([49.0], "49.00", "−1.00"),
        ([49.0, 51.0], "50.00 ± 1.41", "+0.00"),
    ],
)
def test_accuracies_differ_by_points(
    published: Rowed, values: list[float], ours: str, difference: str
) -> None:
    one = row(published(), *values)
    assert (published_text(one), ours_text(one), difference_text(one)) == (
        "50.00",
        ours,
        difference,
    )


def test_seeds_that_are_missing_are_told(published: Rowed) -> None:
    diverged = Measured(None, 3, diverged=True)
    measured = (Measured(49.0, 20), Measured(51.0, 20), diverged)
    whole = Row(published(), measured, 1.0, comparable=True, seeds=3)
    assert ours_text(whole) == "50.00 ± 1.41 (1 of 3 diverged)"
    part = Row(published(), measured[:1], 1.0, comparable=True, seeds=3)
    assert ours_text(part) == "49.00 (1 of 3 seeds)"


def test_hyperparameters_differ_by_a_ratio(published: Rowed) -> None:
    decay = published(measure="weight_decay", value=1e-3)
    one = row(decay, 1e-2, 1e-4)
    assert (published_text(one), ours_text(one)) == ("0.001", "0.01, 0.0001")
    assert difference_text(one) == "× 1"
    assert difference_text(row(decay, 3.149e-3)) == "× 3.1"
    assert difference_text(row(decay, 0.0)) == "–"


def test_words_stand_for_a_figure_that_was_not_published(published: Rowed) -> None:
    one = row(published(value=None, said="a huge increase"), 50.0)
    assert (published_text(one), difference_text(one)) == ("a huge increase", "–")


def test_rehearsals_are_not_compared(published: Rowed) -> None:
    one = row(published(), 70.0, comparable=False)
    assert (ours_text(one), difference_text(one)) == ("70.00", "–")


def test_a_network_that_diverged_is_said_to_have(published: Rowed) -> None:
    diverged = Row(published(), (Measured(None, 3, diverged=True),), 1.0, comparable=True)
    assert (ours_text(diverged), epochs_text(diverged)) == ("diverged", "3")
    assert ours_text(Row(published(), (Measured(None, None),), 1.0, comparable=True)) == "–"
    failed = Row(published(), (Measured(None, None, failed=True),), 1.0, comparable=True)
    assert ours_text(failed) == "failed"


def test_trainings_of_several_lengths(published: Rowed) -> None:
    both = Row(published(), (Measured(50.0, 10), Measured(51.0, 2)), 1.0, comparable=True)
    assert epochs_text(both) == "2 or 10"
