"""Claims in SQL: who may work on what, and for how long. Each function is part of a transaction.

A lease that has run out still holds as long as nobody else has claimed the work: being late alone
loses nothing.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, delete, insert, or_, select, update

from search.errors import KlayerError
from search.ledger.records import Claim, PlanningClaim, Search
from search.ledger.tables import cohorts, epochs, stages, trials
from search.outcome import Assignment
from search.plan.plan import Step, steps


class LostLeaseError(KlayerError):
    """The claim's lease ran out and somebody else works on it; what was done for it is void."""


@dataclass(frozen=True)
class Wait:
    """There is nothing to do now, but there will be."""


@dataclass(frozen=True)
class Finished:
    """Every stage of the search is finished."""


def next_work(
    connection: Connection, search: Search, owner: str, time: float, lease_until: float
) -> Claim | PlanningClaim | Wait | Finished:
    """Claim the next cohort, or the planning of the next stage; until `lease_until`."""
    rows = {
        row.number: row
        for row in connection.execute(select(stages).where(stages.c.search_id == search.id))
    }
    for step in steps(search.study):
        row = rows.get(step.number)
        if row is None or row.state == "planning":
            return _claim_planning(connection, search, step, row, owner, time, lease_until)
        if row.state == "open":
            return _claim_cohort(connection, step, row.id, owner, time, lease_until) or Wait()
    return Finished()


def _claim_planning(
    connection: Connection,
    search: Search,
    step: Step,
    row: Row[Any] | None,
    owner: str,
    time: float,
    lease_until: float,
) -> PlanningClaim | Wait:
    if row is None:
        created = connection.execute(
            insert(stages).values(
                search_id=search.id,
                number=step.number,
                name=step.name,
                kind=step.kind,
                state="planning",
                owner=owner,
                lease_until=lease_until,
            )
        )
        return PlanningClaim(inserted_id(created), owner, step)
    if row.owner is not None and row.lease_until >= time:
        return Wait()
    connection.execute(
        update(stages).where(stages.c.id == row.id).values(owner=owner, lease_until=lease_until)
    )
    return PlanningClaim(row.id, owner, step)


def _claim_cohort(
    connection: Connection, step: Step, stage_id: int, owner: str, time: float, lease_until: float
) -> Claim | None:
    free = connection.execute(
        select(cohorts.c.id, cohorts.c.attempt)
        .where(
            cohorts.c.stage_id == stage_id,
            or_(
                cohorts.c.state == "waiting",
                (cohorts.c.state == "claimed") & (cohorts.c.lease_until < time),
            ),
        )
        .order_by(cohorts.c.number)
        .limit(1)
    ).first()
    if free is None:
        return None
    connection.execute(
        update(cohorts)
        .where(cohorts.c.id == free.id)
        .values(
            state="claimed",
            owner=owner,
            attempt=free.attempt + 1,
            lease_until=lease_until,
            claimed_at=time,
        )
    )
    mine = list(
        connection.execute(
            select(trials).where(trials.c.cohort_id == free.id).order_by(trials.c.number)
        )
    )
    ids = [row.id for row in mine]
    connection.execute(delete(epochs).where(epochs.c.trial_id.in_(ids)))  # of a lost attempt
    connection.execute(update(trials).where(trials.c.id.in_(ids)).values(state="running"))
    return Claim(
        cohort_id=free.id,
        attempt=free.attempt + 1,
        owner=owner,
        step=step,
        numbers=tuple(row.number for row in mine),
        trials=tuple(Assignment(row.parameters, row.seed) for row in mine),
        order_seed=mine[0].order_seed,
    )


def hold(connection: Connection, claim: Claim | PlanningClaim, lease_until: float | None) -> None:
    """Set the lease of a claim that still holds.

    Raises:
        LostLeaseError: Somebody else has claimed the work since.
    """
    if isinstance(claim, Claim):
        held = connection.execute(
            update(cohorts)
            .where(
                cohorts.c.id == claim.cohort_id,
                cohorts.c.state == "claimed",
                cohorts.c.owner == claim.owner,
                cohorts.c.attempt == claim.attempt,
            )
            .values(lease_until=lease_until)
        )
    else:
        held = connection.execute(
            update(stages)
            .where(
                stages.c.id == claim.stage_id,
                stages.c.state == "planning",
                stages.c.owner == claim.owner,
            )
            .values(lease_until=lease_until)
        )
    if held.rowcount != 1:
        raise LostLeaseError(f"{claim.owner}: the lease on {claim.step.name} is lost")


def free(connection: Connection, owner: str) -> list[int]:
    """Free what `owner` holds; the cohorts among it."""
    held = (cohorts.c.owner == owner) & (cohorts.c.state == "claimed")
    ids = list(connection.scalars(select(cohorts.c.id).where(held)))
    connection.execute(
        update(cohorts)
        .where(cohorts.c.id.in_(ids))
        .values(state="waiting", owner=None, lease_until=None)
    )
    mine = select(trials.c.id).where(trials.c.cohort_id.in_(ids))
    connection.execute(delete(epochs).where(epochs.c.trial_id.in_(mine)))
    connection.execute(update(trials).where(trials.c.cohort_id.in_(ids)).values(state="waiting"))
    connection.execute(
        update(stages)
        .where(stages.c.owner == owner, stages.c.state == "planning")
        .values(owner=None, lease_until=None)
    )
    return ids


def inserted_id(result: CursorResult[Any]) -> int:
    """The id of the one row that was just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise KlayerError("the database gave no id to a new row")
    return int(key[0])
