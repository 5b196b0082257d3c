"""Curves in SQL: the epochs of trials, and how their accuracies are spread.

A search of 10,000 trials may have a million epochs. What is shown of all of them is counted by the
database.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Integer, Row, cast, func, select

from search.ledger.tables import epochs, stages, trials

AT_ONCE = 10_000  # ids in one statement: databases bound how many values it may have


def of_search(connection: Connection, search_id: int) -> Iterator[Row[Any]]:
    """The epochs of all trials of a search, trial by trial, in order."""
    query = (
        select(epochs)
        .join(trials, trials.c.id == epochs.c.trial_id)
        .join(stages, stages.c.id == trials.c.stage_id)
        .where(stages.c.search_id == search_id)
        .order_by(epochs.c.trial_id, epochs.c.epoch)
    )
    yield from connection.execute(query)


def of_trials(connection: Connection, trial_ids: Sequence[int]) -> Iterator[Row[Any]]:
    """The epochs of these trials, trial by trial, in order."""
    for some in _portions(trial_ids):
        query = select(epochs).where(epochs.c.trial_id.in_(some))
        yield from connection.execute(query.order_by(epochs.c.trial_id, epochs.c.epoch))


def accuracy_counts(connection: Connection, trial_ids: Sequence[int], bins: int) -> np.ndarray:
    """How many of these trials have which validation accuracy after which epoch, (epochs, bins)."""
    place = _floor(connection, epochs.c.validation_accuracy * bins)
    found: list[Row[Any]] = []
    for some in _portions(trial_ids):
        query = (
            select(epochs.c.epoch, place.label("bin"), func.count().label("trials"))
            .where(epochs.c.trial_id.in_(some), epochs.c.validation_accuracy.is_not(None))
            .group_by(epochs.c.epoch, place)
        )
        found.extend(connection.execute(query))
    counts = np.zeros((max((row.epoch for row in found), default=0), bins), np.int64)
    for row in found:
        counts[row.epoch - 1, min(row.bin, bins - 1)] += row.trials  # 1 itself is of the last bin
    return counts


def _portions(trial_ids: Sequence[int]) -> Iterator[list[int]]:
    ids = sorted(trial_ids)
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _floor(connection: Connection, positive: ColumnElement[float]) -> ColumnElement[int]:
    """A number's whole part. SQLite's cast cuts off, where PostgreSQL's rounds."""
    whole = positive if connection.dialect.name == "sqlite" else func.floor(positive)
    return cast(whole, Integer)
