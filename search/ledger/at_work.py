"""What is trained now, and what was of late: read from cohorts, trials and reports."""

from sqlalchemy import Connection, case, func, literal, or_, select

from search.ledger.every_claim import every_claim
from search.ledger.records import Stint, Training
from search.ledger.tables import cohorts, reports, stages, trials


def now_trained(connection: Connection, search_id: int) -> list[Training]:
    """The trials that workers hold, by stage and number."""
    every = reports.alias()
    latest = select(func.max(every.c.step)).where(every.c.trial_id == trials.c.id)
    query = (
        select(trials.c.number, stages.c.name, stages.c.steps, cohorts.c.owner)
        .add_columns(cohorts.c.claimed_at, reports.c.step, reports.c.score)
        .select_from(trials)
        .join(cohorts, cohorts.c.id == trials.c.cohort_id)
        .join(stages, stages.c.id == trials.c.stage_id)
        .outerjoin(
            reports,
            (reports.c.trial_id == trials.c.id) & (reports.c.step == latest.scalar_subquery()),
        )
        .where(
            stages.c.search_id == search_id,
            cohorts.c.state == "claimed",
            trials.c.state == "running",
        )
        .order_by(stages.c.number, trials.c.number)
    )
    return [
        Training(
            row.name,
            row.number,
            row.owner or "",
            row.claimed_at or 0.0,
            row.step or 0,
            row.steps,
            row.score,
        )
        for row in connection.execute(query)
    ]


def stints(connection: Connection, search_id: int, since: float | None) -> list[Stint]:
    """The claims of cohorts that hold, or ended since a time, in their order.

    Without a time it is all of them, whose steps are not counted: that would read every report.
    """
    claim = every_claim.c
    reported = (
        select(func.count())
        .select_from(reports.join(trials, trials.c.id == reports.c.trial_id))
        .where(trials.c.cohort_id == claim.cohort_id, reports.c.step > cohorts.c.start)
        .scalar_subquery()
    )
    counted = literal(0) if since is None else case((claim.latest, reported), else_=0)
    query = (
        select(claim.owner, claim.claimed_at, claim.ended_at)
        .add_columns(stages.c.name, counted.label("steps"))
        .add_columns(
            func.min(trials.c.number).label("low"), func.max(trials.c.number).label("high")
        )
        .select_from(every_claim)
        .join(cohorts, cohorts.c.id == claim.cohort_id)
        .join(stages, stages.c.id == claim.stage_id)
        .join(trials, trials.c.cohort_id == claim.cohort_id)
        .where(
            stages.c.search_id == search_id,
            or_(claim.ended_at.is_(None), claim.ended_at >= (since or 0.0)),
        )
        .group_by(*claim, stages.c.name, cohorts.c.start)
        .order_by(claim.claimed_at, claim.cohort_id)
    )
    return [
        Stint(
            row.owner or "",
            row.name,
            (row.low, row.high),
            row.claimed_at,
            row.ended_at,
            row.steps,
        )
        for row in connection.execute(query)
    ]
