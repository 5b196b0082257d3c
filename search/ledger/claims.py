"""Claims in SQL: who may work on what, and for how long. Each function is part of a transaction.

A lease that has run out still holds as long as nobody else has claimed the work: being late alone
loses nothing.

On PostgreSQL many such transactions run at once. A cohort that somebody else is claiming just now
is passed over (SKIP LOCKED); who claims the planning of a stage locks its search. All locks are
FOR NO KEY UPDATE (`key_share`): PostgreSQL itself locks, for its key, the row that a written one
refers to, and two who hand in cohorts of one stage would wait for each other's. SQLite has one
writer at a time, and knows no such words.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Row,
    bindparam,
    func,
    insert,
    select,
    update,
)

from search.errors import KlayerError
from search.ledger import optuna_rows, reports
from search.ledger.records import Claim, PlanningClaim, Search
from search.ledger.tables import checkpoints, cohorts, searches, stages, trials, workers
from search.objective.report import Assignment
from search.plan.plan import Step, steps

# States of a stage that is to be planned: itself, its next rung, or its next generation.
TO_BE_PLANNED = ("planning", "ranking", "learning")
# A cohort with which so many workers were lost, one after another, is given up.
MOST_LOST = 5

# Statements of every claim, built once: to build one takes longer than the database needs for it.
_STANDING = (
    select(
        searches.c.finished_at,
        searches.c.stopped_at,
        searches.c.failure,
        stages.c.id,
        stages.c.number,
        stages.c.state,
        stages.c.attempt,
        stages.c.owner,
        stages.c.lease_until,
        stages.c.generations,
        stages.c.optuna_study,
    )
    .outerjoin_from(searches, stages, stages.c.search_id == searches.c.id)
    .where(searches.c.id == bindparam("search"))
)
_COHORTS = (
    select(
        cohorts.c.id,
        cohorts.c.attempt,
        cohorts.c.lost,
        cohorts.c.owner,
        cohorts.c.start,
        cohorts.c.stop,
    )
    .where(cohorts.c.stage_id == bindparam("stage"))
    .order_by(cohorts.c.rung, cohorts.c.number)
    .limit(1)
)
_LAPSED = _COHORTS.where(
    cohorts.c.state == "claimed",
    (cohorts.c.lease_until < bindparam("now")) | (cohorts.c.owner == bindparam("asking")),
)
_WAITING = _COHORTS.where(cohorts.c.state == "waiting")
_LOCKED_LAPSED = _LAPSED.with_for_update(skip_locked=True, key_share=True)
_LOCKED_WAITING = _WAITING.with_for_update(skip_locked=True, key_share=True)
_CLAIM_COHORT = update(cohorts).where(cohorts.c.id == bindparam("cohort"))
_BEGIN_TRIALS = (
    update(trials)
    .where(trials.c.cohort_id == bindparam("cohort"))
    .values(state="running")
    .returning(
        trials.c.number,
        trials.c.parameters,
        trials.c.seed,
        trials.c.order_seed,
        trials.c.optuna_trial,
    )
)
_HOLD_COHORT = update(cohorts).where(
    cohorts.c.id == bindparam("cohort"),
    cohorts.c.state == "claimed",
    cohorts.c.owner == bindparam("holder"),
    cohorts.c.attempt == bindparam("claimed_as"),
)

_ASKED = select(
    select(searches.c.stopped_at)
    .join(stages, stages.c.search_id == searches.c.id)
    .join(cohorts, cohorts.c.stage_id == stages.c.id)
    .where(cohorts.c.id == bindparam("cohort"))
    .scalar_subquery(),
    select(workers.c.stop_asked).where(workers.c.name == bindparam("holder")).scalar_subquery(),
)


class LostLeaseError(KlayerError):
    """The claim's lease ran out and somebody else works on it; what was done for it is void."""


@dataclass(frozen=True)
class Wait:
    """There is nothing to do now, but there will be."""


@dataclass(frozen=True)
class Finished:
    """Every stage of the search is finished, or the search was stopped, or cannot go on."""


@dataclass(frozen=True)
class Free:
    """Work that nobody holds: a cohort, or else the planning of a stage or of what follows in it.

    Attributes:
        step: Its stage.
        stage_id: The stage's key; None where nobody has begun to plan it yet.
        cohort_id: Which cohort; None for planning.
        attempt: How often it was claimed before.
        rung: Of planning, how many rungs lie before it.
        generation: Of planning, how many generations lie before it.
        lost: Of a cohort, with how many workers it was lost.
        start: Of a cohort, epochs that its trials have been trained already.
        stop: Of a cohort, epochs after which they rest; None if they do not.
        study: Of a cohort, its stage's Optuna study.
    """

    step: Step
    stage_id: int | None
    cohort_id: int | None
    attempt: int
    rung: int = 0
    generation: int = 0
    lost: int = 0
    start: int = 0
    stop: int | None = None
    study: str = ""


def find(
    connection: Connection, search: Search, owner: str, time: float, *, lock: bool
) -> Free | Wait | Finished:
    """What is to be done next, and is free for `owner` at `time`. Only reads.

    What `owner` itself holds is free for it: it would not ask if it worked on that.

    Args:
        connection: To the database.
        search: Which search.
        owner: Who asks.
        time: The database's.
        lock: Whether nobody else may claim what is found until this transaction ends.
    """
    rows: list[Any] = list(connection.execute(_STANDING, {"search": search.id}))
    if not rows or any(value is not None for value in rows[0][:3]):
        return Finished()
    standing = {row.number: row for row in rows}
    for step in steps(search.study):
        row = standing.get(step.number)
        if row is not None and row.state == "finished":
            continue
        if row is not None and row.state == "open":
            return _free_cohort(connection, step, row, owner, time, lock=lock) or Wait()
        if lock:
            return _free_planning(connection, search, step, owner, time)
        return _to_plan(connection, step, row, owner, time)
    return Finished()


def _free_planning(
    connection: Connection, search: Search, step: Step, owner: str, time: float
) -> Free | Wait:
    """The planning of a stage, while nobody else of this search can claim any."""
    connection.execute(
        select(searches.c.id).where(searches.c.id == search.id).with_for_update(key_share=True)
    )
    mine = (stages.c.search_id == search.id) & (stages.c.number == step.number)
    row = connection.execute(select(stages).where(mine).with_for_update(key_share=True)).first()
    if row is not None and row.state not in TO_BE_PLANNED:
        return Wait()  # somebody else has planned it since; what there is to do is asked again
    return _to_plan(connection, step, row, owner, time)


def _to_plan(
    connection: Connection, step: Step, row: Row[Any] | None, owner: str, time: float
) -> Free | Wait:
    if row is None:
        return Free(step, None, None, 0)
    if row.owner not in (None, owner) and row.lease_until >= time:
        return Wait()
    rung = _rungs(connection, row.id) if row.state == "ranking" else 0
    generation = row.generations if row.state == "learning" else 0
    return Free(step, row.id, None, row.attempt, rung, generation)


def _rungs(connection: Connection, stage_id: int) -> int:
    """How many rungs of a stage are planned."""
    last = select(func.max(cohorts.c.rung)).where(cohorts.c.stage_id == stage_id)
    highest = connection.scalar(last)
    return 0 if highest is None else highest + 1


def _free_cohort(
    connection: Connection, step: Step, stage: Row[Any], owner: str, time: float, *, lock: bool
) -> Free | None:
    """The first cohort whose lease has run out, or else the first that waits."""
    its_lapsed, its_waiting = (_LOCKED_LAPSED, _LOCKED_WAITING) if lock else (_LAPSED, _WAITING)
    given = {"stage": stage.id, "now": time, "asking": owner}
    lapsed = connection.execute(its_lapsed, given).first()
    if lapsed is not None:
        return _free(step, stage, lapsed, lapsed.lost + (lapsed.owner != owner))
    waiting = connection.execute(its_waiting, {"stage": stage.id}).first()
    return None if waiting is None else _free(step, stage, waiting, waiting.lost)


def _free(step: Step, stage: Row[Any], cohort: Any, lost: int) -> Free:
    return Free(
        step,
        stage.id,
        cohort.id,
        cohort.attempt,
        lost=lost,
        start=cohort.start,
        stop=cohort.stop,
        study=stage.optuna_study or "",
    )


def claim(
    connection: Connection,
    search: Search,
    free: Free,
    owner: str,
    time: float,
    lease_until: float,
) -> Claim | PlanningClaim:
    """Claim what `find` found and locked in the same transaction, until `lease_until`."""
    if free.cohort_id is None:
        return _claim_planning(connection, search, free, owner, lease_until)
    return _claim_cohort(connection, search, free, free.cohort_id, owner, time, lease_until)


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
                generations=0,
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
    return PlanningClaim(stage_id, attempt, owner, free.step, free.rung, free.generation)


def _claim_cohort(
    connection: Connection,
    search: Search,
    free: Free,
    cohort_id: int,
    owner: str,
    time: float,
    lease_until: float,
) -> Claim:
    attempt = free.attempt + 1
    connection.execute(
        _CLAIM_COHORT,
        {
            "cohort": cohort_id,
            "state": "claimed",
            "owner": owner,
            "attempt": attempt,
            "lost": free.lost,
            "lease_until": lease_until,
            "claimed_at": time,
        },
    )
    begun = connection.execute(_BEGIN_TRIALS, {"cohort": cohort_id})
    mine = sorted(begun.all(), key=lambda row: row.number)
    if attempt > 1:
        reports.forget(connection, cohort_id)  # of a lost attempt
    optuna_rows.begin(connection, free.study, [row.optuna_trial for row in mine], time)
    return Claim(
        cohort_id=cohort_id,
        attempt=attempt,
        owner=owner,
        step=free.step,
        numbers=tuple(row.number for row in mine),
        trials=tuple(Assignment(row.parameters, row.seed) for row in mine),
        order_seed=mine[0].order_seed,
        start=free.start,
        stop=free.stop,
        checkpoints=_checkpoints(connection, cohort_id) if free.start else (),
        metrics=search.metrics,
        score=search.study.objective.score.name,
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


def hold(connection: Connection, claim: Claim | PlanningClaim, lease_until: float | None) -> None:
    """Set the lease of a claim that still holds; nobody else can claim it in this transaction.

    Raises:
        LostLeaseError: Somebody else has claimed the work since.
    """
    if isinstance(claim, Claim):
        _write_held(connection, claim, {"lease_until": lease_until})
        return
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
    _check_held(claim, held)


def finish(connection: Connection, claim: Claim, time: float) -> None:
    """Let the work on a cohort be done whose claim still holds.

    Raises:
        LostLeaseError: Somebody else has claimed it since, or it is done already.
    """
    done = {"state": "finished", "finished_at": time, "lease_until": None}
    _write_held(connection, claim, done)


def _write_held(connection: Connection, claim: Claim, values: dict[str, Any]) -> None:
    which = {"cohort": claim.cohort_id, "holder": claim.owner, "claimed_as": claim.attempt}
    _check_held(claim, connection.execute(_HOLD_COHORT, which | values))


def _check_held(claim: Claim | PlanningClaim, held: CursorResult[Any]) -> None:
    if held.rowcount != 1:
        raise LostLeaseError(f"{claim.owner}: the lease on {claim.step.name} is lost")


def release(connection: Connection, owners: list[str], *, lost: bool) -> int:
    """Free what `owners` hold.

    Args:
        connection: In a transaction.
        owners: Whose claims.
        lost: Whether they were lost with it, rather than that they gave it up.

    Returns:
        How many cohorts are free now.
    """
    held = list(
        connection.execute(
            select(cohorts.c.id, stages.c.optuna_study)
            .join(stages, stages.c.id == cohorts.c.stage_id)
            .where(cohorts.c.owner.in_(owners), cohorts.c.state == "claimed")
            .order_by(cohorts.c.id)
            .with_for_update(of=cohorts, key_share=True)
        )
    )
    for row in held:
        connection.execute(
            update(cohorts)
            .where(cohorts.c.id == row.id)
            .values(state="waiting", owner=None, lease_until=None, lost=cohorts.c.lost + int(lost))
        )
        reports.forget(connection, row.id)
        mine = trials.c.cohort_id == row.id
        connection.execute(update(trials).where(mine).values(state="waiting"))
        ids = connection.scalars(select(trials.c.optuna_trial).where(mine))
        optuna_rows.wait(connection, row.optuna_study, list(ids))
    connection.execute(
        update(stages)
        .where(stages.c.owner.in_(owners), stages.c.state.in_(TO_BE_PLANNED))
        .values(owner=None, lease_until=None)
    )
    return len(held)


def asked_to_stop(connection: Connection, claim: Claim) -> bool:
    """Whether the claim's owner was asked to stop, or its search was."""
    row = connection.execute(_ASKED, {"cohort": claim.cohort_id, "holder": claim.owner}).one()
    return row[0] is not None or bool(row[1])


def inserted_id(result: CursorResult[Any]) -> int:
    """The id of the one row that was just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise KlayerError("the database gave no id to a new row")
    return int(key[0])
