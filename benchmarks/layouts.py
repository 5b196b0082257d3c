"""Layouts of the table that holds what trials report: one table each, written and read alike.

A report is a step of a trial with its metrics, by name. Every layout keeps each finite number bit
for bit; a metric that is NaN or infinite has no value, as in SQL and JSON. One of the metrics is
the score, which all trials are ranked and counted by.
"""

import json
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Column as Of
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    SmallInteger,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    select,
    true,
)

from search.ledger.database import insert_new

METRICS = (
    "learning_rate",
    "train_cost",
    "train_loss",
    "train_accuracy",
    "validation_cost",
    "validation_loss",
    "validation_accuracy",
    "gradient_norm",
)  # in the order in which they are declared
SCORE = "validation_accuracy"
AT_ONCE = 10_000  # ids in one statement, as in `search.ledger.curves`
PACKED = struct.Struct(f"<{len(METRICS)}d")

Metrics = Mapping[str, float | None]
Curves = dict[int, dict[int, Metrics]]  # by trial and step


@dataclass(frozen=True)
class Layout:
    """A way to hold reports.

    Attributes:
        name: As tables show it.
        trials: A stand-in for the ledger's trials: id, cohort, number.
        reports: The table of the reports, whose first columns are the trial and the step.
        rows: The rows of one report, in the order of the table's columns.
        read: Reports by trial and step, from rows in the order of the key.
        score: The score, as a number or NULL.
        scored: Which rows hold a score.
    """

    name: str
    trials: Table
    reports: Table
    rows: Callable[[int, int, Metrics], Iterator[tuple[Any, ...]]]
    read: Callable[[Iterable[Any]], Curves]
    score: ColumnElement[float]
    scored: ColumnElement[bool]

    def create(self, connection: Connection) -> None:
        """Make the two tables."""
        self.reports.metadata.create_all(connection)

    def record(
        self, connection: Connection, cohort: int, metrics: Mapping[int, Metrics], step: int
    ) -> None:
        """Store one step of a cohort's trials, by trial number; again does no harm.

        In two statements, as `search.ledger.results.record_epochs` does.
        """
        mine = select(self.trials.c.number, self.trials.c.id)
        mine = mine.where(self.trials.c.cohort_id == bindparam("cohort"))
        ids = {row.number: row.id for row in connection.execute(mine, {"cohort": cohort})}
        names = self.reports.c.keys()
        rows = [
            dict(zip(names, row, strict=True))
            for number, one in metrics.items()
            for row in self.rows(ids[number], step, one)
        ]
        connection.execute(insert_new(connection, self.reports), rows)

    def curves(self, connection: Connection, trials: Sequence[int]) -> Curves:
        """All reports of these trials."""
        found: Curves = {}
        for some in _portions(trials):
            query = select(self.reports).where(self.reports.c.trial_id.in_(some))
            found |= self.read(connection.execute(query.order_by(*self.reports.primary_key)))
        return found

    def counts(self, connection: Connection, trials: Sequence[int], bins: int) -> np.ndarray:
        """How many of these trials have which score after which step, (steps, bins)."""
        step, positive = self.reports.c.step, self.score * bins
        whole = positive if connection.dialect.name == "sqlite" else func.floor(positive)
        place = cast(whole, Integer)
        found: list[Row[Any]] = []
        for some in _portions(trials):
            query = select(step, place.label("bin"), func.count().label("trials")).where(
                self.reports.c.trial_id.in_(some), self.score.is_not(None), self.scored
            )
            found.extend(connection.execute(query.group_by(step, place)))
        counts = np.zeros((max((row.step for row in found), default=0), bins), np.int64)
        for row in found:
            counts[row.step - 1, min(row.bin, bins - 1)] += row.trials
        return counts

    def forget(self, connection: Connection, trial: int, step: int) -> None:
        """Delete what a trial reported after a step."""
        mine = (self.reports.c.trial_id == trial) & (self.reports.c.step > step)
        connection.execute(delete(self.reports).where(mine))


def _portions(trials: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(trials), AT_ONCE):
        yield trials[start : start + AT_ONCE]


def _tables(
    *columns: Of[Any], keys: Sequence[Of[Any]] = (), by_key: bool = False
) -> tuple[Table, Table]:
    """Trials, and reports of them.

    Args:
        columns: Of a report, behind its key.
        keys: What the key has besides trial and step.
        by_key: Whether SQLite keeps rows in the key's order, rather than an index beside them.
    """
    made = MetaData()
    trials = Table(
        "trials",
        made,
        Of("id", Integer, primary_key=True),
        Of("cohort_id", Integer, nullable=False, index=True),
        Of("number", Integer, nullable=False),
    )
    reports = Table(
        "reports",
        made,
        Of("trial_id", ForeignKey("trials.id"), primary_key=True),
        Of("step", Integer, primary_key=True, autoincrement=False),
        *keys,
        *columns,
        sqlite_with_rowid=not by_key,
    )
    return trials, reports


def _columns() -> Layout:
    """A column a metric: what the metrics are is fixed in the table."""

    def rows(trial: int, step: int, metrics: Metrics) -> Iterator[tuple[Any, ...]]:
        yield (trial, step, *(metrics[name] for name in METRICS))

    def read(found: Iterable[Any]) -> Curves:
        curves: Curves = {}
        for trial, step, *values in found:
            curves.setdefault(trial, {})[step] = dict(zip(METRICS, values, strict=True))
        return curves

    trials, reports = _tables(*(Of(name, Float) for name in METRICS))
    return Layout("a. columns", trials, reports, rows, read, reports.c[SCORE], true())


def _row_a_metric() -> Layout:
    """A row a metric, which it names by its place among the declared ones."""

    def rows(trial: int, step: int, metrics: Metrics) -> Iterator[tuple[Any, ...]]:
        for place, name in enumerate(METRICS):
            yield trial, step, place, metrics[name]

    def read(found: Iterable[Any]) -> Curves:
        curves: Curves = {}
        for trial, step, place, value in found:
            metrics: Any = curves.setdefault(trial, {}).setdefault(step, {})
            metrics[METRICS[place]] = value
        return curves

    metric: Of[Any] = Of("metric", SmallInteger, primary_key=True, autoincrement=False)
    trials, reports = _tables(Of("value", Float), keys=[metric])
    scored = reports.c.metric == METRICS.index(SCORE)
    return Layout("b. row a metric", trials, reports, rows, read, reports.c.value, scored)


def _json(name: str, *, by_key: bool) -> Layout:
    """The score in a column, and all metrics as JSON."""
    write = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

    def rows(trial: int, step: int, metrics: Metrics) -> Iterator[tuple[Any, ...]]:
        yield trial, step, metrics[SCORE], write(metrics)

    def read(found: Iterable[Any]) -> Curves:
        curves: Curves = {}
        for trial, step, _, metrics in found:
            curves.setdefault(trial, {})[step] = json.loads(metrics)
        return curves

    trials, reports = _tables(Of("score", Float), Of("metrics", Text), by_key=by_key)
    return Layout(name, trials, reports, rows, read, reports.c.score, true())


def _packed(name: str, *, by_key: bool) -> Layout:
    """The score in a column, and all metrics as float64 in the declared order; NaN is no value."""

    def rows(trial: int, step: int, metrics: Metrics) -> Iterator[tuple[Any, ...]]:
        values = (metrics[one] for one in METRICS)
        packed = PACKED.pack(*(np.nan if value is None else value for value in values))
        yield trial, step, metrics[SCORE], packed

    def read(found: Iterable[Any]) -> Curves:
        curves: Curves = {}
        for trial, step, _, packed in found:
            values = zip(METRICS, PACKED.unpack(packed), strict=True)
            # NaN differs from itself.
            curves.setdefault(trial, {})[step] = {
                one: value if value == value else None for one, value in values
            }
        return curves

    trials, reports = _tables(Of("score", Float), Of("metrics", LargeBinary), by_key=by_key)
    return Layout(name, trials, reports, rows, read, reports.c.score, true())


LAYOUTS = (
    _columns(),
    _row_a_metric(),
    _json("c. JSON", by_key=False),
    _packed("d. packed", by_key=False),
    _json("e. JSON, WITHOUT ROWID", by_key=True),
    _packed("f. packed, WITHOUT ROWID", by_key=True),
)
