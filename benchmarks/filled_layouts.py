"""Layouts of the reports' table with databases of their own, which hold the same reports.

SQLite is opened as the ledger opens it; PostgreSQL is a server of the benchmarks' own. Rows lie as
cohorts leave them that are trained at the same time: step by step, several trials between each
other.
"""

import math
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, text

from benchmarks import postgresql_server
from benchmarks.layouts import LAYOUTS, METRICS, SCORE, Layout, Metrics
from search.ledger import sqlite
from search.ledger.database import Database, connect
from search.ledger.location import locate

KINDS = ("SQLite", "PostgreSQL")
COHORT = 8
SIDE_BY_SIDE = 4  # cohorts that are trained at the same time


@dataclass(frozen=True)
class Sizes:
    """How much there is, and how often it is measured.

    Attributes:
        trials: In the tables from the beginning, in whole cohorts.
        steps: Of each trial.
        rounds: Of each reading.
        writes: Steps that are stored, and trials of which some are deleted.
    """

    trials: int = 10_000
    steps: int = 100
    rounds: int = 7
    writes: int = 300


@dataclass(frozen=True)
class Filled:
    """A layout with a database that holds the reports."""

    layout: Layout
    database: Database

    def size(self) -> float:
        """Bytes of the reports, their key's index included; on SQLite of the whole file."""
        if self.database.location.path is not None:
            with self.database.engine.connect() as connection:
                connection.execution_options(**{sqlite.READING: True})
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("BEGIN")
            return float(self.database.location.path.stat().st_size)
        with self.database.reading() as connection:
            return float(connection.scalar(text("SELECT pg_total_relation_size('reports')")) or 0)


@contextmanager
def filled(kind: str, sizes: Sizes) -> Iterator[list[Filled]]:
    """Each layout with its database, which is gone behind the block.

    Raises:
        NotMeasuredError: There is no PostgreSQL here.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="klayer-layouts-"))
        server = stack.enter_context(postgresql_server.running()) if kind != KINDS[0] else None
        made = []
        for number, layout in enumerate(LAYOUTS):
            say(f"{kind}: filling {layout.name}")
            name = f"layout{number}"
            url = server.new_database(name) if server else f"sqlite:///{Path(folder) / name}.db"
            location = locate(url)
            engine = connect(location)
            stack.callback(engine.dispose)
            if server is None:
                sqlite.let_readers_in(engine)
            made.append(Filled(layout, Database(engine, location, 0.0)))
            fill(made[-1], sizes)
        yield made


def fill(filled: Filled, sizes: Sizes) -> None:
    """Make the tables, and store the reports of all trials, as cohorts side by side report them."""
    layout = filled.layout
    trials = sizes.trials + COHORT * (sizes.writes // 100 + 1)
    with filled.database.writing() as connection:
        layout.create(connection)
        rows = [
            {"id": one + 1, "cohort_id": one // COHORT + 1, "number": one % COHORT}
            for one in range(trials)
        ]
        connection.execute(insert(layout.trials), rows)
    group = COHORT * SIDE_BY_SIDE
    for first in range(1, sizes.trials + 1, group):
        size = min(group, sizes.trials + 1 - first)
        with filled.database.writing() as connection:
            _store(
                connection,
                layout,
                (
                    row
                    for step, reported in enumerate(metrics_of(first, sizes.steps, size), start=1)
                    for place, metrics in enumerate(reported)
                    for row in layout.rows(first + place, step, metrics)
                ),
            )
    if filled.database.engine.dialect.name == "postgresql":
        automatic = filled.database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with automatic.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _store(connection: Connection, layout: Layout, rows: Iterator[tuple[Any, ...]]) -> None:
    """Store many rows by the driver's fastest way."""
    driver: Any = connection.connection.driver_connection
    columns = layout.reports.c.keys()
    if connection.dialect.name == "sqlite":
        statement = insert(layout.reports).compile(dialect=connection.dialect)
        driver.executemany(str(statement), rows)
        return
    # Rows of trials that are there need not be looked up one by one.
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    with driver.cursor().copy(f"COPY reports ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def metrics_of(first: int, steps: int, trials: int) -> Iterator[list[Metrics]]:
    """The metrics of some trials at each step: all bits of a float64 are used; few are missing."""
    random = np.random.default_rng(first)
    for step in range(1, steps + 1):
        drawn = random.random((trials, len(METRICS)))
        drawn[:, METRICS.index(SCORE)] *= 1 - np.exp(-step / 15)
        drawn[random.random(drawn.shape) < 0.001] = math.nan
        yield [
            {
                name: None if math.isnan(value) else value
                for name, value in zip(METRICS, row, strict=True)
            }
            for row in drawn.tolist()
        ]


def say(line: str) -> None:
    """Tell how far it is, where the figures do not go."""
    sys.stderr.write(f"{line}\n")
