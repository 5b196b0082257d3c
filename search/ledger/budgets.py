"""Budgets by the clock in SQL: the time that a search was worked on, and the stages that it cuts.

Each function is part of a transaction. All times are the database's. `search.plan.budget` decides.
"""

import math

from sqlalchemy import Connection, case, func, select, update

from search.ledger import cohort_checkpoints, optuna_rows, reports, results
from search.ledger.claims import FreeCohort
from search.ledger.database import wake
from search.ledger.records import Claim, PlanningClaim, Search
from search.ledger.tables import cohorts, searches, stages, trials
from search.ledger.tables import reports as report_rows
from search.plan import budget
from search.plan.budget import Shortage, Standing
from search.plan.plan import LARGEST_COHORT, expected_trials, step_of
from search.plan.stopping import Ending

# Between two signs of life; where more time passes, nobody was at work.
LONGEST_GAP_SECONDS = 60.0


def tick(connection: Connection, search_id: int, time: float) -> None:
    """Count the time since somebody was last at work on a search, if that is short, as worked."""
    since = time - searches.c.worked_at
    gap = case((since.between(0.0, LONGEST_GAP_SECONDS), since), else_=0.0)
    connection.execute(
        update(searches)
        .where(searches.c.id == search_id, searches.c.finished_at.is_(None))
        .values(worked=searches.c.worked + gap, worked_at=time)
    )


def tick_of(
    connection: Connection, search_id: int | None, claim: Claim | None, time: float
) -> None:
    """As `tick`, for the search of what a process holds, or that it serves."""
    if claim is not None:
        its_stage = stages.c.id == claim.stage.id
        search_id = connection.scalar(select(stages.c.search_id).where(its_stage))
    if search_id is not None:
        tick(connection, search_id, time)


def shortage(
    connection: Connection, search: Search, found: FreeCohort | PlanningClaim, time: float
) -> Shortage | None:
    """Whether the stage of what was found ends, rather than that it is handed out.

    What was begun before a rung goes on behind it, and what waits again for a retry is trained.
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
    if isinstance(found, PlanningClaim) and _after_nothing(connection, search, stage.number):
        return Shortage(search.study.hours, _standing(connection, search, time).seconds, 0.0)
    begun = select(cohorts.c.id).where(cohorts.c.stage_id == stage.id, cohorts.c.attempt > 0)
    return budget.shortage(
        search.study,
        found.stage.number,
        _standing(connection, search, time),
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
    count, last = min(expected_trials(search.study, step), LARGEST_COHORT), None
    if isinstance(found, FreeCohort):
        mine = select(func.count()).where(trials.c.cohort_id == found.id)
        count, last = connection.scalar(mine) or 0, found.stop
    if not budget.in_steps(search.study):
        return count
    return count * (last or search.study.objective.steps(step.training) or 0.0)


def _standing(connection: Connection, search: Search, time: float) -> Standing:
    """How far a search is, of which `tick` has just counted the time."""
    worked = select(searches.c.worked).where(searches.c.id == search.id)
    spans = (
        select(cohorts.c.claimed_at, cohorts.c.finished_at)
        .join(stages, stages.c.id == cohorts.c.stage_id)
        .where(stages.c.search_id == search.id)
        .where((cohorts.c.state == "claimed") | cohorts.c.finished_at.is_not(None))
        .order_by(cohorts.c.claimed_at)
    )
    busy = together = finished = 0.0
    latest = -math.inf
    for began, ended in connection.execute(spans):
        until = time if ended is None else ended
        together += max(until - began, 0.0)
        finished += 0.0 if ended is None else max(until - began, 0.0)
        busy += max(until - max(began, latest), 0.0)
        latest = max(latest, until)
    return Standing(
        seconds=connection.execute(worked).scalar_one(),
        done=_done(connection, search),
        worker_seconds=finished,
        workers=together / busy if busy else 1.0,
    )


def _done(connection: Connection, search: Search) -> dict[int, float]:
    """The work of the cohorts that are in, by the numbers of the stages."""
    of_search = stages.c.search_id == search.id
    counted = (
        select(
            stages.c.number,
            stages.c.steps,
            trials.c.state,
            func.count().label("amount"),
            func.sum(trials.c.pruned_after).label("pruned_after"),
        )
        .join(stages, stages.c.id == trials.c.stage_id)
        .where(of_search, trials.c.state.not_in(("waiting", "running", "skipped")))
        .group_by(stages.c.number, stages.c.steps, trials.c.state)
    )
    in_steps, found = budget.in_steps(search.study), dict[int, float]()
    for row in connection.execute(counted):
        steps_done = {"complete": row.amount * (row.steps or 0), "pruned": row.pruned_after or 0}
        amount = steps_done.get(row.state, 0) if in_steps else row.amount
        found[row.number] = found.get(row.number, 0.0) + amount
    if in_steps:
        others = (
            select(stages.c.number, func.count().label("amount"))
            .select_from(
                report_rows.join(trials, trials.c.id == report_rows.c.trial_id)
                .join(cohorts, cohorts.c.id == trials.c.cohort_id)
                .join(stages, stages.c.id == trials.c.stage_id)
            )
            .where(of_search, trials.c.state.not_in(("complete", "pruned")))
            .where(cohorts.c.state == "finished")
            .group_by(stages.c.number)
        )
        for row in connection.execute(others):
            found[row.number] = found.get(row.number, 0.0) + row.amount
    return found


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
    free = [
        row.id
        for row in rows
        if not row.start
        and (row.state == "waiting" or row.owner == owner or row.lease_until < time)
    ]
    if isinstance(found, FreeCohort) and found.id not in free:
        return  # somebody has it
    if _hopeless(connection, search, in_training=len(free) < len(rows)):
        failure = short.failure(search.study.name)
        connection.execute(
            update(searches).where(searches.c.id == search.id).values(failure=failure)
        )
        wake(connection)
        return
    skipped = sum(_skip(connection, stage.optuna_study, one) for one in free)
    planned = connection.scalar(select(func.count()).where(trials.c.stage_id == stage_id)) or 0
    in_all = stage.trials
    if in_all is None:
        in_all = expected_trials(search.study, step_of(search.study, found.stage.number))
    ending = Ending("budget", short.text(planned - skipped, in_all), in_all - planned + skipped)
    results.end_stage(connection, stage_id, ending, time)


def _hopeless(connection: Connection, search: Search, *, in_training: bool) -> bool:
    """Whether no trial of a search has a value, or is about to have one."""
    of_search = (stages.c.search_id == search.id) & (stages.c.kind == "search")
    valued = select(trials.c.id).join(stages, stages.c.id == trials.c.stage_id)
    found = connection.scalar(valued.where(of_search, trials.c.value.is_not(None)).limit(1))
    return found is None and not in_training


def _skip(connection: Connection, study: str, cohort_id: int) -> int:
    """Let a cohort never be trained; how many trials it has."""
    mine = trials.c.cohort_id == cohort_id
    reports.forget(connection, cohort_id, {})
    cohort_checkpoints.forget(connection, cohort_id)
    done = update(cohorts).where(cohorts.c.id == cohort_id)
    connection.execute(done.values(state="finished", lease_until=None))
    ids = list(connection.scalars(select(trials.c.optuna_trial).where(mine)))
    optuna_rows.wait(connection, study, ids)
    connection.execute(update(trials).where(mine).values(state="skipped"))
    return len(ids)
