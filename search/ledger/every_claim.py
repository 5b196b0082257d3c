"""Every claim of a cohort, with its time: the latest one, and those that ended before its hand-in.

Pages, plots and budgets read from here when a search was worked on. Each function is part of a
transaction. All times are the database's.
"""

from sqlalchemy import Connection, case, false, func, insert, select, true, union_all

from search.ledger.tables import cohorts, earlier_claims

# `ended_at` is NULL where the claim holds, or its cohort has not been claimed anew since it lapsed.
every_claim = union_all(
    select(
        cohorts.c.id.label("cohort_id"),
        cohorts.c.stage_id,
        cohorts.c.owner,
        cohorts.c.claimed_at,
        cohorts.c.finished_at.label("ended_at"),
        true().label("latest"),
    ).where(cohorts.c.claimed_at.is_not(None), cohorts.c.state != "waiting"),
    select(
        earlier_claims.c.cohort_id,
        cohorts.c.stage_id,
        earlier_claims.c.owner,
        earlier_claims.c.claimed_at,
        earlier_claims.c.ended_at,
        false().label("latest"),
    ).join(cohorts, cohorts.c.id == earlier_claims.c.cohort_id),
).subquery("every_claim")


def keep(connection: Connection, cohort_id: int, time: float) -> None:
    """Keep the time of the claim of a cohort, before it is claimed anew, released or given up.

    Nothing happens where it waits. A claim whose lease has run out ended then.
    """
    ended = case((cohorts.c.lease_until < time, cohorts.c.lease_until), else_=time)
    held = select(
        cohorts.c.id,
        cohorts.c.attempt,
        cohorts.c.owner,
        cohorts.c.claimed_at,
        case((ended > cohorts.c.claimed_at, ended), else_=cohorts.c.claimed_at),
    ).where(cohorts.c.id == cohort_id, cohorts.c.state == "claimed")
    connection.execute(insert(earlier_claims).from_select(list(earlier_claims.c), held))


def earlier_seconds(connection: Connection, cohort_id: int) -> float:
    """For how long a cohort was claimed before its latest claim."""
    seconds = func.sum(earlier_claims.c.ended_at - earlier_claims.c.claimed_at)
    mine = earlier_claims.c.cohort_id == cohort_id
    return connection.scalar(select(seconds).where(mine)) or 0.0
