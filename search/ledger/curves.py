"""Curves in SQL: the epochs of trials, and how the values of a metric are spread.

A search of 10,000 trials may have a million epochs. What is shown of all of them is counted by the
database.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Integer, Row, case, cast, func, select

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


@dataclass(frozen=True)
class Counted:
    """How the values of a metric are spread over some trials.

    Attributes:
        counts: How many trials have which value after which step, (steps, bins); what lies below or
            above all bins is counted in the first or the last.
        lowest: The smallest value; None where there is none.
        highest: The largest.
    """

    counts: np.ndarray
    lowest: float | None
    highest: float | None


def score_counts(
    connection: Connection,
    trial_ids: Sequence[int],
    metric: str,
    low: float,
    high: float,
    bins: int,
    *,
    log: bool = False,
) -> Counted:
    """How many of these trials have which value of a metric after which epoch."""
    value = epochs.c[metric]
    scaled = func.ln(case((value > 0, value), else_=low)) if log else value
    start, stop = (math.log(low), math.log(high)) if log else (low, high)
    share = (scaled - start) * (bins / (stop - start))
    inside = case((share < 0, 0.0), (share >= bins, bins - 1.0), else_=share)
    place = _floor(connection, inside)
    found: list[Row[Any]] = []
    for some in _portions(trial_ids):
        query = (
            select(
                epochs.c.epoch,
                place.label("bin"),
                func.count().label("trials"),
                func.min(value).label("lowest"),
                func.max(value).label("highest"),
            )
            .where(epochs.c.trial_id.in_(some), value.is_not(None))
            .group_by(epochs.c.epoch, place)
        )
        found.extend(connection.execute(query))
    counts = np.zeros((max((row.epoch for row in found), default=0), bins), np.int64)
    for row in found:
        counts[row.epoch - 1, row.bin] += row.trials
    lowest = min((row.lowest for row in found), default=None)
    return Counted(counts, lowest, max((row.highest for row in found), default=None))


def _portions(trial_ids: Sequence[int]) -> Iterator[list[int]]:
    ids = sorted(trial_ids)
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _floor(connection: Connection, positive: ColumnElement[float]) -> ColumnElement[int]:
    """A number's whole part. SQLite's cast cuts off, where PostgreSQL's rounds."""
    whole = positive if connection.dialect.name == "sqlite" else func.floor(positive)
    return cast(whole, Integer)
