"""Databases that hold a layout each: what is filled in is what would be reported."""

from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.filled_layouts import COHORT, KINDS, Sizes, filled, metrics_of
from benchmarks.layouts import LAYOUTS, METRICS, SCORE

SIZES = Sizes(trials=5 * COHORT, steps=3, rounds=1, writes=1)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_every_layout_holds_the_same_reports(kind: str) -> None:
    groups = {1: 4 * COHORT, 33: COHORT}  # the first cohorts side by side, and one that is left
    expected = {
        first + place: {
            step: reported[place]
            for step, reported in enumerate(metrics_of(first, SIZES.steps, size), start=1)
        }
        for first, size in groups.items()
        for place in range(size)
    }
    with filled(kind, SIZES) as layouts:
        assert [one.layout for one in layouts] == list(LAYOUTS)
        for one in layouts:
            with one.database.reading() as connection:
                assert one.layout.curves(connection, range(1, 100)) == expected
            assert one.size() >= SIZES.trials * SIZES.steps * len(METRICS) * 8


def test_sqlite_is_opened_as_the_ledger_opens_it() -> None:
    with filled("SQLite", SIZES) as layouts:
        path = layouts[0].database.location.path
        assert path is not None
        with layouts[0].database.reading() as connection:
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    assert not Path(path).exists()


def test_metrics_are_drawn_from_the_first_trial_and_rise_to_be_scored() -> None:
    some = list(metrics_of(7, 60, 200))
    assert some == list(metrics_of(7, 60, 200))
    assert some != list(metrics_of(8, 60, 200))
    means = [
        sum(metrics[SCORE] or 0.0 for metrics in step) / len(step) for step in (some[0], some[-1])
    ]
    assert means[0] < 0.1 < 0.4 < means[1]
    missing = sum(value is None for step in some for one in step for value in one.values())
    assert 0 < missing < 0.01 * 60 * 200 * len(METRICS)
