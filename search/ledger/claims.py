"""Claims in SQL: who may work on what, and for how long. Each function is part of a transaction.

A lease that has run out still holds as long as nobody else has claimed the work: being late alone
loses nothing.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, delete, func, insert, or_, select, update

from search.errors import KlayerError
from search.ledger.records import Claim, PlanningClaim, Search
from search.ledger.tables import checkpoints, cohorts, epochs, stages, trials
from search.outcome import Assignment
from search.plan.plan import Step, steps

TO_BE_PLANNED = ("planning", "ranking")  # states of a stage: it, or its next rung, is


class LostLeaseError(KlayerError):
    """The claim's lease ran out and somebody else works on it; what was done for it is void."""


@dataclass(frozen=True)
class Wait:
    """There is nothing to do now, but there will be."""


@dataclass(frozen=True)
class Finished:
    """Every stage of the search is finished."""


@dataclass(frozen=True)
class Free:
    """Work that nobody holds: a cohort, or else the planning of a stage or of its next rung.

    Attributes:
        step: Its stage.
        stage_id: The stage's key; None where nobody has begun to plan it yet.
        cohort_id: Which cohort; None for planning.
        attempt: How often it was claimed before.
        rung: Of planning, how many rungs lie before it.
    """

    step: Step
    stage_id: int | None
    cohort_id: int | None
    attempt: int
    rung: int = 0


def find(connection: Connection, search: Search, time: float) -> Free | Wait | Finished:
    """What is to be done next, and is free at `time`. Only reads."""
    rows = {
        row.number: row
        for row in connection.execute(select(stages).where(stages.c.search_id == search.id))
    }
    for step in steps(search.study):
        row = rows.get(step.number)
        if row is None:
            return Free(step, None, None, 0)
        if row.state in TO_BE_PLANNED:
            held = row.owner is not None and row.lease_until >= time
            rung = _rungs(connection, row.id)
            return Wait() if held else Free(step, row.id, None, row.attempt, rung)
        if row.state == "open":
            return _free_cohort(connection, step, row.id, time) or Wait()
    return Finished()


def _rungs(connection: Connection, stage_id: int) -> int:
    """How many rungs of a stage are planned; 0 before its first one is."""
    last = select(func.max(cohorts.c.rung)).where(cohorts.c.stage_id == stage_id)
    highest = connection.scalar(last)
    return 0 if highest is None else highest + 1


def _free_cohort(connection: Connection, step: Step, stage_id: int, time: float) -> Free | None:
    first = connection.execute(
        select(cohorts.c.id, cohorts.c.attempt)
        .where(
            cohorts.c.stage_id == stage_id,
            or_(
                cohorts.c.state == "waiting",
                (cohorts.c.state == "claimed") & (cohorts.c.lease_until < time),
            ),
        )
        .order_by(cohorts.c.rung, cohorts.c.number)
        .limit(1)
    ).first()
    return None if first is None else Free(step, stage_id, first.id, first.attempt)


def claim(
    connection: Connection,
    search: Search,
    free: Free,
    owner: str,
    time: float,
    lease_until: float,
) -> Claim | PlanningClaim:
    """Claim what `find` found in the same transaction, until `lease_until`."""
    if free.cohort_id is None:
        return _claim_planning(connection, search, free, owner, lease_until)
    return _claim_cohort(connection, free, free.cohort_id, owner, time, lease_until)


def _claim_planning(
    connection: Connection, search: Search, free: Free, owner: str, lease_until: float
) -> PlanningClaim:
    stage_id, attempt = free.stage_id, free.attempt + 1
    if stage_id is None:
        created = connection.execute(
            insert(stages).values(
                search_id=search.id,
                number=free.step.number,
                name=free.step.name,
                kind=free.step.kind,
                state="planning",
                attempt=attempt,
                owner=owner,
                lease_until=lease_until,
            )
        )
        stage_id = inserted_id(created)
    else:
        connection.execute(
            update(stages)
            .where(stages.c.id == stage_id)
            .values(owner=owner, attempt=attempt, lease_until=lease_until)
        )
    return PlanningClaim(stage_id, attempt, owner, free.step, free.rung)


def _claim_cohort(
    connection: Connection,
    free: Free,
    cohort_id: int,
    owner: str,
    time: float,
    lease_until: float,
) -> Claim:
    attempt = free.attempt + 1
    connection.execute(
        update(cohorts)
        .where(cohorts.c.id == cohort_id)
        .values(
            state="claimed",
            owner=owner,
            attempt=attempt,
            lease_until=lease_until,
            claimed_at=time,
        )
    )
    mine = list(
        connection.execute(
            select(trials).where(trials.c.cohort_id == cohort_id).order_by(trials.c.number)
        )
    )
    ids = [row.id for row in mine]
    _forget_epochs(connection, cohort_id)  # of a lost attempt
    extent = connection.execute(
        select(cohorts.c.start, cohorts.c.stop).where(cohorts.c.id == cohort_id)
    ).one()
    connection.execute(update(trials).where(trials.c.id.in_(ids)).values(state="running"))
    return Claim(
        cohort_id=cohort_id,
        attempt=attempt,
        owner=owner,
        step=free.step,
        numbers=tuple(row.number for row in mine),
        trials=tuple(Assignment(row.parameters, row.seed) for row in mine),
        order_seed=mine[0].order_seed,
        start=extent.start,
        stop=extent.stop,
        checkpoints=_checkpoints(connection, cohort_id) if extent.start else (),
    )


def _checkpoints(connection: Connection, cohort_id: int) -> tuple[bytes, ...]:
    """What the trials of a cohort go on from, by their numbers."""
    query = (
        select(checkpoints.c.state)
        .join(trials, trials.c.id == checkpoints.c.trial_id)
        .where(trials.c.cohort_id == cohort_id)
        .order_by(trials.c.number)
    )
    return tuple(connection.scalars(query))


def _forget_epochs(connection: Connection, cohort_id: int) -> None:
    """Delete what the trials of a cohort were trained behind the rung that it starts from."""
    mine = select(trials.c.id).where(trials.c.cohort_id == cohort_id)
    start = select(cohorts.c.start).where(cohorts.c.id == cohort_id).scalar_subquery()
    connection.execute(delete(epochs).where(epochs.c.trial_id.in_(mine), epochs.c.epoch > start))


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
                stages.c.state.in_(TO_BE_PLANNED),
                stages.c.owner == claim.owner,
                stages.c.attempt == claim.attempt,
            )
            .values(lease_until=lease_until)
        )
    if held.rowcount != 1:
        raise LostLeaseError(f"{claim.owner}: the lease on {claim.step.name} is lost")


def release(connection: Connection, owner: str) -> list[int]:
    """Free what `owner` holds; the cohorts among it."""
    held = (cohorts.c.owner == owner) & (cohorts.c.state == "claimed")
    ids = list(connection.scalars(select(cohorts.c.id).where(held)))
    connection.execute(
        update(cohorts)
        .where(cohorts.c.id.in_(ids))
        .values(state="waiting", owner=None, lease_until=None)
    )
    for cohort_id in ids:
        _forget_epochs(connection, cohort_id)
    connection.execute(update(trials).where(trials.c.cohort_id.in_(ids)).values(state="waiting"))
    connection.execute(
        update(stages)
        .where(stages.c.owner == owner, stages.c.state.in_(TO_BE_PLANNED))
        .values(owner=None, lease_until=None)
    )
    return ids


def inserted_id(result: CursorResult[Any]) -> int:
    """The id of the one row that was just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise KlayerError("the database gave no id to a new row")
    return int(key[0])
