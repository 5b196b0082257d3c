"""Trials as rows of the database, and as the values that are made of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from search.ledger.records import RecordedTrial
from search.ledger.tables import stages, trials
from search.study.ranges import recorded_box

TRIALS = select(trials, stages.c.name.label("stage")).join(stages, stages.c.id == trials.c.stage_id)
"""Trials with the name of their stage."""


def read(connection: Connection, query: Select[Any]) -> list[RecordedTrial]:
    """The trials of a query that begins with `TRIALS`."""
    return of_rows(connection, connection.execute(query).all())


def of_rows(connection: Connection, rows: Sequence[Row[Any]]) -> list[RecordedTrial]:
    """The trials of rows of `TRIALS`."""
    if not rows:
        return []  # as often for a page that looks for changes each second
    wanted = stages.c.id.in_({row.stage_id for row in rows})
    boxes = {
        row.id: [recorded_box(box) for box in row.boxes]
        for row in connection.execute(select(stages.c.id, stages.c.boxes).where(wanted))
    }
    return [
        RecordedTrial(
            stage=row.stage,
            number=row.number,
            parameters=row.parameters,
            value=row.value,
            box=boxes[row.stage_id][row.box],
            pruned_after=row.pruned_after,
            id=row.id,
            state=row.state,
            seed=row.seed,
            order_seed=row.order_seed,
            reason=row.reason,
            finished_at=row.finished_at,
        )
        for row in rows
    ]
