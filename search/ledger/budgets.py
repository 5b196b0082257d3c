"""Budgets by the clock in SQL: the stages that they cut.

Each function is part of a transaction. All times are the database's. `search.plan.budget` decides.
"""

from sqlalchemy import Connection, func, select, update

from search.ledger import optuna_rows, pace, results
from search.ledger.claims import FreeCohort
from search.ledger.database import wake
from search.ledger.records import PlanningClaim, Search
from search.ledger.tables import checkpoints, cohorts, searches, stages, trials
from search.plan import budget
from search.plan.budget import Shortage
from search.plan.plan import expected_trials, step_of
from search.plan.stopping import Ending


def shortage(
    connection: Connection, search: Search, found: FreeCohort | PlanningClaim, time: float
) -> Shortage | None:
    """Whether the stage of what was found ends, rather than that it is handed out.

    What was begun goes on, behind a rung or where its worker was lost or stopped, if any trial has
    a value; and what waits again for a retry is trained.
    """
    if search.study.hours is None or found.stage.kind != "search":
        return None
    if step_of(search.study, found.stage.number).known:
        return None
    if found.start if isinstance(found, FreeCohort) else found.rung:
        return None
    stage = connection.execute(select(stages).where(stages.c.id == found.stage.id)).one()
    if stage.ended:
        return None
    if isinstance(found, FreeCohort) and found.attempt and _any_value(connection, search, stage.id):
        return None
    if isinstance(found, PlanningClaim) and _after_nothing(connection, search, stage.number):
        return Shortage(search.study.hours, pace.standing(connection, search, time).seconds, 0.0)
    begun = select(cohorts.c.id).where(cohorts.c.stage_id == stage.id, cohorts.c.attempt > 0)
    return budget.shortage(
        search.study,
        found.stage.number,
        pace.standing(connection, search, time),
        _asked(connection, search, found),
        begun=connection.scalar(begun.limit(1)) is not None,
    )


def _after_nothing(connection: Connection, search: Search, number: int) -> bool:
    """Whether there was no time for any trial of the stage before one, as there is none for it."""
    before = (stages.c.search_id == search.id) & (stages.c.number == number - 1)
    row = connection.execute(select(stages.c.ended, stages.c.trials).where(before)).first()
    return row is not None and bool(row.ended) and not row.trials


def _asked(connection: Connection, search: Search, found: FreeCohort | PlanningClaim) -> float:
    """The work of a cohort that is free, or of one that would be planned."""
    step = step_of(search.study, found.stage.number)
    if isinstance(found, PlanningClaim):
        return budget.first_cohort(search.study, step, found.generation)
    mine = select(func.count()).where(trials.c.cohort_id == found.id)
    count = connection.scalar(mine) or 0
    if not budget.in_steps(search.study):
        return count
    return count * (found.stop or search.study.objective.steps(step.training) or 0.0)


def cut(
    connection: Connection,
    search: Search,
    found: FreeCohort | PlanningClaim,
    short: Shortage,
    owner: str,
    time: float,
) -> None:
    """End a stage: what of it waits is skipped, what is to be planned is not. Only once.

    Nothing happens where others have ended or planned it meanwhile. Where no trial of the search
    has a value, and none is being trained, the search fails instead.
    """
    stage_id = found.stage.id
    rows = connection.execute(
        select(cohorts)
        .where(cohorts.c.stage_id == stage_id, cohorts.c.state != "finished")
        .order_by(cohorts.c.id)
        .with_for_update(key_share=True)
    ).all()
    locked = select(stages).where(stages.c.id == stage_id).with_for_update(key_share=True)
    stage = connection.execute(locked).one()
    planner = stage.owner not in (None, owner) and (stage.lease_until or 0.0) >= time
    if stage.ended or stage.state == "finished" or planner:
        return
    if isinstance(found, PlanningClaim) and stage.generations != found.generation:
        return  # it was planned meanwhile
    held = [
        row.id
        for row in rows
        if row.state == "claimed" and row.owner != owner and row.lease_until >= time
    ]
    if isinstance(found, FreeCohort) and found.id not in {row.id for row in rows} - set(held):
        return  # somebody has it, or has trained it
    if not held and not _any_value(connection, search, stage_id):
        failure = short.failure(search.study.name)
        connection.execute(
            update(searches).where(searches.c.id == search.id).values(failure=failure)
        )
        wake(connection)
        return
    unbegun = [row.id for row in rows if not row.start and not row.attempt]
    skipped = sum(_skip(connection, stage.optuna_study, one) for one in unbegun)
    planned = connection.scalar(select(func.count()).where(trials.c.stage_id == stage_id)) or 0
    in_all = stage.trials
    if in_all is None:
        in_all = expected_trials(search.study, step_of(search.study, found.stage.number))
    ending = Ending("budget", short.text(planned - skipped, in_all), in_all - planned + skipped)
    results.end_stage(connection, stage_id, ending, time)


def _any_value(connection: Connection, search: Search, stage_id: int) -> bool:
    """Whether any trial of the stages of a search has a value, or one of this stage at a rung."""
    of_search = (stages.c.search_id == search.id) & (stages.c.kind == "search")
    valued = select(trials.c.id).join(stages, stages.c.id == trials.c.stage_id)
    resting = select(trials.c.id).join(checkpoints, checkpoints.c.trial_id == trials.c.id)
    queries = (
        valued.where(of_search, trials.c.value.is_not(None)),
        resting.where(trials.c.stage_id == stage_id),
    )
    return any(connection.scalar(query.limit(1)) is not None for query in queries)


def _skip(connection: Connection, study: str, cohort_id: int) -> int:
    """Let a cohort never be trained that was never claimed; how many trials it has."""
    mine = trials.c.cohort_id == cohort_id
    done = update(cohorts).where(cohorts.c.id == cohort_id)
    connection.execute(done.values(state="finished"))
    ids = list(connection.scalars(select(trials.c.optuna_trial).where(mine)))
    optuna_rows.wait(connection, study, ids)
    connection.execute(update(trials).where(mine).values(state="skipped"))
    return len(ids)
