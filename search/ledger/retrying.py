"""The failed trials of a search made to wait again, in SQL, with what followed from their failing.

It is part of a transaction. Stages behind theirs were planned from results that lacked theirs, so
that they are planned anew; and so is their own stage where others of it went on by comparison with
them. What the test data said before is kept count of: they are read once more then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, select, update

from search.errors import LedgerError
from search.ledger import deletion, optuna_repair, optuna_rows, pace, rungs
from search.ledger.claims import lock_idle
from search.ledger.database import portions, wake
from search.ledger.records import Search, StageState
from search.ledger.tables import (
    attachments,
    checkpoints,
    cohorts,
    earlier_claims,
    reports,
    searches,
    stages,
    trials,
)
from search.plan.plan import Step


@dataclass(frozen=True)
class Retry:
    """What a retry comes to.

    Attributes:
        step: The first stage with failed trials.
        failed: How many it has.
        dropped: How many finished trials are dropped, since they were planned without those.
    """

    step: Step
    failed: int
    dropped: int

    @property
    def whole(self) -> bool:
        """Whether the stage is planned and trained anew, and not its failed trials alone."""
        step = self.step
        return step.halving is not None or step.generations > 1 or step.kind == "final"


def retry_of(search: Search, found: Sequence[StageState]) -> Retry:
    """What a retry would come to.

    Raises:
        LedgerError: No trial failed.
    """
    first = next((stage for stage in found if stage.failed), None)
    if first is None:
        raise LedgerError(f"{search.study.name}: no trial of this search failed")
    retry = Retry(first.step, first.failed, 0)
    behind = [stage for stage in found if stage.step.number > first.step.number]
    dropped = sum(stage.finished for stage in behind)
    if retry.whole:
        dropped += first.finished - first.failed
    return Retry(first.step, first.failed, dropped)


def retry_failed(connection: Connection, search: Search, retry: Retry, time: float) -> None:
    """Put a retry into effect.

    Raises:
        LedgerError: A worker holds work of the search; nothing was changed.
    """
    lock_idle(connection, search, time)
    first = retry.step.number
    anew = stages.c.number >= first if retry.whole else stages.c.number > first
    _plan_anew(connection, search, anew)
    if not retry.whole:
        _wait_again(connection, search, first)
    reopen(connection, search)


def reopen(connection: Connection, search: Search) -> None:
    """Let a search be worked on again; what the test data said before is kept count of."""
    its_row = searches.c.id == search.id
    before = connection.execute(select(searches.c.result, searches.c.readings).where(its_row)).one()
    connection.execute(
        update(searches)
        .where(its_row)
        .values(
            finished_at=None,
            stopped_at=None,
            failure=None,
            result=None,
            readings=before.readings + (before.result is not None),
        )
    )
    wake(connection)


def _plan_anew(connection: Connection, search: Search, which: ColumnElement[bool]) -> None:
    """Let stages be as if they had never been planned."""
    mine = select(stages.c.id).where(stages.c.search_id == search.id, which)
    deletion.delete_trials(connection, mine)
    connection.execute(
        update(stages)
        .where(stages.c.search_id == search.id, which)
        .values(
            state="unplanned",
            owner=None,
            lease_until=None,
            boxes=None,
            explanation=None,
            steps=None,
            trials=None,
            generations=0,
            optuna_study=None,
            ended=None,
            opened_at=None,
            finished_at=None,
            **pace.NOTHING,
        )
    )


def _wait_again(connection: Connection, search: Search, number: int) -> None:
    """Let the failed trials of a stage wait, in cohorts like those that they had."""
    its_row = (stages.c.search_id == search.id) & (stages.c.number == number)
    stage = connection.execute(select(stages).where(its_row)).one()
    failed = connection.execute(
        select(trials)
        .where(trials.c.stage_id == stage.id, trials.c.state == "failed")
        .order_by(trials.c.number)
    ).all()
    of_failed = select(trials.c.id).where(trials.c.stage_id == stage.id, trials.c.state == "failed")
    for table in (reports, checkpoints, attachments):
        connection.execute(delete(table).where(table.c.trial_id.in_(of_failed)))
    homes = dict.fromkeys(row.cohort_id for row in failed)
    made = rungs.add_cohorts(connection, stage.id, 0, len(homes), 0, None)
    for old, new in zip(homes, made, strict=True):
        mine = [row.id for row in failed if row.cohort_id == old]
        connection.execute(
            update(trials)
            .where(trials.c.id.in_(mine))
            .values(
                cohort_id=new,
                state="waiting",
                value=None,
                reason=None,
                started_at=None,
                finished_at=None,
            )
        )
    for some in portions(failed):
        ids = [row.optuna_trial for row in some]
        optuna_rows.wait_again(connection, stage.optuna_study, ids)
    connection.execute(
        update(stages).where(stages.c.id == stage.id).values(state="open", finished_at=None)
    )
    left = select(trials.c.id).where(trials.c.cohort_id == cohorts.c.id).exists()
    empty = (cohorts.c.stage_id == stage.id) & ~left
    gone = select(cohorts.c.id).where(empty)
    connection.execute(delete(earlier_claims).where(earlier_claims.c.cohort_id.in_(gone)))
    connection.execute(delete(cohorts).where(empty))
    if search.study.hours is not None:
        pace.recount(connection, stage.id)
    optuna_repair.put_right(connection, stage.id)
