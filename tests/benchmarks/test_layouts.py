"""Every layout of reports stores, reads, counts and deletes alike, on SQLite and on PostgreSQL."""

import math
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import insert

from benchmarks.layouts import LAYOUTS, METRICS, SCORE, Curves, Layout, Metrics
from search.ledger.database import Database, connect
from search.ledger.location import locate

AWKWARD = (0.1, -0.0, 5e-324, math.pi * 1e300, 1 / 3, -(2.0**-1022), 1.0, math.nextafter(1, 2))
of_all = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('layouts')}/one.db"
    location = locate(url)
    engine = connect(location)
    yield Database(engine, location, 0.0)
    engine.dispose()


@pytest.fixture
def database(opened: Database, layout: Layout) -> Iterator[Database]:
    """Two cohorts: of trials 11 and 12 with numbers 0 and 1, and of trial 13 with number 2."""
    rows = [
        {"id": 11, "cohort_id": 1, "number": 0},
        {"id": 12, "cohort_id": 1, "number": 1},
        {"id": 13, "cohort_id": 2, "number": 2},
    ]
    with opened.writing() as connection:
        layout.create(connection)
        connection.execute(insert(layout.trials), rows)
    yield opened
    with opened.writing() as connection:
        layout.reports.metadata.drop_all(connection)


def reported(*values: float | None, score: float | None = 0.5) -> Metrics:
    """Metrics of which the first have these values and all others but the score have none."""
    return dict.fromkeys(METRICS) | dict(zip(METRICS, values, strict=False)) | {SCORE: score}


def record(
    layout: Layout, database: Database, cohort: int, step: int, metrics: dict[int, Metrics]
) -> None:
    with database.writing() as connection:
        layout.record(connection, cohort, metrics, step)


def curves(layout: Layout, database: Database, *trials: int) -> Curves:
    with database.reading() as connection:
        return layout.curves(connection, trials)


@of_all
def test_numbers_come_back_bit_for_bit(layout: Layout, database: Database) -> None:
    stored = dict(zip(METRICS, AWKWARD, strict=True))
    record(layout, database, 1, 1, {0: stored})
    read = curves(layout, database, 11)[11][1]
    # SQLite's own columns of numbers hold a zero without its sign.
    in_columns = database.location.kind == "sqlite" and "metrics" not in layout.reports.c
    expected = [value or 0.0 for value in AWKWARD] if in_columns else AWKWARD
    assert list(read) == list(METRICS)
    assert struct.pack("<8d", *read.values()) == struct.pack("<8d", *expected)


@of_all
def test_a_metric_without_a_value_has_none(layout: Layout, database: Database) -> None:
    record(layout, database, 1, 1, {0: reported(1.0, None, 3.0, score=None), 1: reported()})
    read = curves(layout, database, 11, 12)
    assert read == {
        11: {1: reported(1.0, None, 3.0, score=None)},
        12: {1: reported()},
    }


@of_all
def test_a_step_that_is_stored_again_stays_as_it_was(layout: Layout, database: Database) -> None:
    record(layout, database, 1, 1, {0: reported(1.0)})
    record(layout, database, 1, 1, {0: reported(2.0), 1: reported(3.0)})
    read = curves(layout, database, 11, 12, 13)
    assert read == {11: {1: reported(1.0)}, 12: {1: reported(3.0)}}


@of_all
def test_curves_are_in_the_order_of_steps(layout: Layout, database: Database) -> None:
    for step in (3, 1, 2):
        record(layout, database, 1, step, {1: reported(step), 0: reported(-step)})
    read = curves(layout, database, 12, 11)
    assert list(read) == [11, 12]
    assert [list(steps) for steps in read.values()] == [[1, 2, 3], [1, 2, 3]]


@of_all
def test_scores_are_counted_by_step(layout: Layout, database: Database) -> None:
    record(layout, database, 1, 1, {0: reported(score=0.19), 1: reported(score=0.19)})
    record(layout, database, 1, 3, {0: reported(score=1.0), 1: reported(0.99, score=None)})
    record(layout, database, 2, 1, {2: reported(score=0.999)})
    with database.reading() as connection:
        every = layout.counts(connection, [11, 12, 13], 10)
        one = layout.counts(connection, [13], 10)
    expected = np.zeros((3, 10), np.int64)
    expected[0, 1], expected[2, 9], expected[0, 9] = 2, 1, 1
    assert np.array_equal(every, expected)
    assert one.tolist() == [[0] * 9 + [1]]


@of_all
def test_what_a_trial_reported_after_a_step_is_forgotten(
    layout: Layout, database: Database
) -> None:
    for step in (1, 2, 3):
        record(layout, database, 1, step, {0: reported(step), 1: reported(step)})
    with database.writing() as connection:
        layout.forget(connection, 11, 1)
    read = curves(layout, database, 11, 12)
    assert {trial: list(steps) for trial, steps in read.items()} == {11: [1], 12: [1, 2, 3]}
