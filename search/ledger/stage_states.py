"""How the stages of a search stand, in SQL: what is counted here, `search.plan.outlook` completes.

Each function is part of a transaction.
"""

from typing import Any

from sqlalchemy import Connection, Row, func, select

from search.ledger.best import best_of_stage
from search.ledger.records import Search, StageState
from search.ledger.states import ENDS, NOT_PLANNED
from search.ledger.tables import reports, stages, trials
from search.plan import outlook
from search.plan.plan import Step, steps
from search.study.file import Study


def of_search(connection: Connection, search: Search) -> list[StageState]:
    """How every stage of a search stands, those that are not planned yet included."""
    query = select(stages).where(stages.c.search_id == search.id)
    rows = list(connection.execute(query.order_by(stages.c.number)))
    known = {step.number: step for step in steps(search.study)}
    return [
        _unplanned(search.study, known[row.number], row)
        if row.state in NOT_PLANNED
        else _planned(connection, search.study, known[row.number], row)
        for row in rows
    ]


def _unplanned(study: Study, step: Step, row: Row[Any]) -> StageState:
    """A stage of which only the study file speaks yet."""
    expected = outlook.unplanned(study, step)
    return StageState(
        step=step,
        state=row.state,
        explanation="",
        boxes=(),
        trials=expected.trials,
        finished=0,
        pruned=0,
        diverged=0,
        failed=0,
        running=0,
        steps_done=0,
        steps_total=round(expected.steps_total or 0),
        steps_each=round(expected.steps_each or 0),
        best=None,
        opened_at=None,
        finished_at=None,
    )


def _planned(connection: Connection, study: Study, step: Step, row: Row[Any]) -> StageState:
    counts = _counts(connection, row)
    expected = outlook.planned(study, step, counts)
    ended = {one: counts.states.get(one, 0) for one in ENDS}
    return StageState(
        step=step,
        state="finished" if row.state == "finished" else "open",
        explanation=row.explanation,
        boxes=tuple(row.boxes),
        trials=expected.trials,
        finished=sum(ended.values()),
        pruned=ended["pruned"],
        diverged=ended["diverged"],
        failed=ended["failed"],
        skipped=_skipped(connection, row.id),
        running=counts.states.get("running", 0),
        steps_done=expected.steps_done,
        steps_total=round(expected.steps_total or 0),
        steps_each=round(expected.steps_each or 0),
        best=best_of_stage(connection, study, step.kind, row.id),
        opened_at=row.opened_at,
        finished_at=row.finished_at,
    )


def _skipped(connection: Connection, stage_id: int) -> int:
    mine = (trials.c.stage_id == stage_id) & (trials.c.state == "skipped")
    return connection.scalar(select(func.count()).where(mine)) or 0


def _counts(connection: Connection, row: Row[Any]) -> outlook.Counts:
    """How far a stage is that was planned."""
    mine = (trials.c.stage_id == row.id) & (trials.c.state != "skipped")
    states = select(trials.c.state, func.count()).where(mine).group_by(trials.c.state)
    sizes = select(func.count()).where(mine).group_by(trials.c.cohort_id)
    pruned = select(func.sum(trials.c.pruned_after)).where(mine, trials.c.state == "pruned")
    # A complete trial has all steps, a pruned one those up to its rung: only others are counted.
    known = ("pruned",) if row.steps is None else ("complete", "pruned")
    others = (
        select(func.count())
        .select_from(reports.join(trials, trials.c.id == reports.c.trial_id))
        .where(mine, trials.c.state.not_in(known))
    )
    return outlook.Counts(
        trials=row.trials,
        states={row[0]: row[1] for row in connection.execute(states)},
        cohorts=tuple(connection.scalars(sizes)),
        steps_each=row.steps,
        pruned_steps=connection.scalar(pruned) or 0,
        other_reports=connection.scalar(others) or 0,
    )
