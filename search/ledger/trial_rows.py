"""Trials as rows of the database, and as the values that are made of them."""

from typing import Any

from sqlalchemy import Row, select

from search.ledger.records import Trial
from search.ledger.tables import stages, trials

TRIALS = select(trials, stages.c.name.label("stage")).join(stages, stages.c.id == trials.c.stage_id)
"""Trials with the name of their stage."""


def trial(row: Row[Any]) -> Trial:
    """The trial of a row of `TRIALS`."""
    return Trial(
        id=row.id,
        stage=row.stage,
        number=row.number,
        state=row.state,
        value=row.value,
        parameters=row.parameters,
        seed=row.seed,
        order_seed=row.order_seed,
        reason=row.reason,
        finished_at=row.finished_at,
        pruned_after=row.pruned_after,
    )
