"""The ledger's tables and goals, from figures that are made up."""

import pytest

from benchmarks.goals import table
from benchmarks.ledger_pool import Tally
from benchmarks.ledger_tables import (
    OURS,
    PEER,
    SINGLE,
    STACK,
    Found,
    figures,
    goals,
    sections,
    slope,
)

SIZES = (100, 10_000)


def tally(rate: float, claim: float, failures: int = 0) -> Tally:
    return Tally(rate, [claim], failures, [(0, 50.0)])


@pytest.fixture
def found() -> Found:
    """Two rounds, of which the second ran on a machine half as fast."""
    made = Found("SQLite", "3.40", SIZES, (8,))
    for trials, claim in zip(SIZES, (0.010, 0.015), strict=True):
        for label, rate in ((STACK, 800.0), (SINGLE, 100.0), (PEER, 40.0)):
            slower = 2 if label == STACK and trials == 100 else 1
            made.cells[label, trials, 8] = [
                tally(rate / slower, claim),
                tally(rate / slower / 2, 2 * claim),
            ]
    made.alone = {
        label: Tally(1.0, [0.01], 0, [(0, 40.0), (3_000, 50.0), (5_000, 50.1)]) for label in OURS
    }
    return made


def test_a_ratio_is_that_of_each_round(found: Found) -> None:
    times = found.times((STACK, 10_000, 8), PEER)
    assert times is not None
    assert (times.median, times.low, times.high) == (20.0, 20.0, 20.0)
    growth = found.growth((STACK, 10_000, 8))
    assert growth is not None
    assert growth.median == pytest.approx(1.5)


def test_goals_are_held_against_the_worst(found: Found) -> None:
    measured = figures([found])
    assert measured["SQLite: klayer, cohorts of 8"] == 10.0
    assert measured["SQLite: klayer, cohorts of 1"] == 2.5
    assert measured["SQLite: growth"] == pytest.approx(1.5)
    assert measured["SQLite: memory"] == pytest.approx(0.05)
    verdicts = [row[-1] for row in table(measured, goals([found])).rows]
    assert verdicts == ["met", "**not met**", "met", "met"]


def test_what_was_not_measured_is_told_with_its_reason(found: Found) -> None:
    del found.cells[PEER, 10_000, 8]
    found.reasons[PEER, 10_000, 8] = "no room"
    found.cells[PEER, 100, 8].append(tally(1.0, 5.0, failures=3))
    text = "\n".join(section.text() for section in sections([found], "2 rounds"))
    assert "| 10,000 | 8 | 600 (400 … 800) | 75 (50 … 100) | – |  |  |" in text
    assert "SQLite, Optuna, 10,000 trials, 8 workers: not measured: no room." in text
    assert "SQLite, Optuna, 100 trials, 8 workers: the database failed 3 trials" in text


def test_memory_counts_from_when_a_worker_has_warmed_up() -> None:
    assert slope([(0, 10.0), (400, 90.0), (500, 91.0), (1_000, 91.0)]) == pytest.approx(0.0)
    assert slope([(0, 10.0), (1_000, 12.0), (2_000, 14.0)]) == pytest.approx(2.0)
    assert slope([(0, 10.0)]) == 0.0
