"""What is trained now, and what was of late: read from cohorts, trials and reports."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from search.ledger.tables import cohorts, reports, stages, trials


@dataclass(frozen=True)
class Training:
    """A trial that a worker holds. Times are seconds since 1970, UTC.

    Attributes:
        stage: Name of its stage.
        number: Which trial of that.
        worker: Who holds it.
        claimed_at: Since when.
        step: Its last report's; 0 before the first.
        steps: Of a trial of its stage that is trained to its end; None where that is not known.
        score: Of the last report; None before the first, or where it was no finite number.
    """

    stage: str
    number: int
    worker: str
    claimed_at: float
    step: int
    steps: float | None
    score: float | None


@dataclass(frozen=True)
class Stint:
    """One worker's time with a cohort. Times are seconds since 1970, UTC.

    Attributes:
        worker: Who had it last.
        stage: Name of its stage.
        numbers: The lowest and the highest number of its trials.
        claimed_at: Since when.
        finished_at: When it was handed in; None before.
        steps: Of its trials that were reported since, all together.
    """

    worker: str
    stage: str
    numbers: tuple[int, int]
    claimed_at: float
    finished_at: float | None
    steps: int


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


def stints(connection: Connection, search_id: int, since: float) -> list[Stint]:
    """The cohorts that are held, or were handed in since a time, in the order of their claims."""
    reported = (
        select(func.count())
        .select_from(reports.join(trials, trials.c.id == reports.c.trial_id))
        .where(trials.c.cohort_id == cohorts.c.id, reports.c.step > cohorts.c.start)
        .scalar_subquery()
    )
    query = (
        select(cohorts, stages.c.name, reported.label("steps"))
        .add_columns(
            func.min(trials.c.number).label("low"), func.max(trials.c.number).label("high")
        )
        .join(stages, stages.c.id == cohorts.c.stage_id)
        .join(trials, trials.c.cohort_id == cohorts.c.id)
        .where(
            stages.c.search_id == search_id,
            cohorts.c.claimed_at.is_not(None),
            or_(cohorts.c.state == "claimed", cohorts.c.finished_at >= since),
        )
        .group_by(cohorts.c.id, stages.c.name)
        .order_by(cohorts.c.claimed_at, cohorts.c.id)
    )
    return [
        Stint(
            row.owner or "",
            row.name,
            (row.low, row.high),
            row.claimed_at,
            row.finished_at if row.state == "finished" else None,
            row.steps,
        )
        for row in connection.execute(query)
    ]
