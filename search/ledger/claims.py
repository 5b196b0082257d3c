"""Claims in SQL: which worker holds which work, and until when.

Each function is part of a transaction.

A lease that has run out still holds until another worker claims the work: being late alone loses
nothing.

On PostgreSQL many such transactions run at once. A cohort that another worker is claiming just now
is skipped (SKIP LOCKED); a claim of a stage's planning locks the stage. All locks are FOR NO KEY
UPDATE (`key_share`): PostgreSQL locks the key of the row that a written row refers to, so that with
stronger locks two workers that hand in cohorts of one stage would wait for each other. SQLite has
one writer at a time, and no such clauses.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Row,
    bindparam,
    case,
    exists,
    func,
    select,
    update,
)

from search.errors import KlayerError, LedgerError
from search.ledger import (
    cohort_checkpoints,
    every_claim,
    one_version,
    optuna_repair,
    optuna_rows,
    reports,
)
from search.ledger.database import now
from search.ledger.records import (
    Claim,
    CohortClaim,
    PlanningClaim,
    Search,
    SetAside,
    StageRef,
    named,
)
from search.ledger.states import LONGEST_LEASE_SECONDS, TO_BE_PLANNED
from search.ledger.tables import (
    checkpoints,
    cohorts,
    revision,
    searches,
    stages,
    trials,
    workers,
)
from search.objective.report import Assignment
from search.runtime.formatting import plural

# A cohort is given up when so many workers, one after another, were lost with it, and none of them
# brought it further: more than workers that are killed now and then come to.
MOST_LOST = 8
# From so many on it is for workers of other machines than the one that lost it last, if there are
# any, for some time; who is busy does not take it meanwhile, or has not what it needs.
LOST_HERE = 2
ELSEWHERE_SECONDS = 60.0

# Statements of every claim, built once: to build one takes longer than the database needs for it.
# The search, with the first of its stages that is not finished.
_NEXT = (
    select(
        searches.c.finished_at,
        searches.c.stopped_at,
        searches.c.failure,
        stages.c.id,
        stages.c.number,
        stages.c.name,
        stages.c.kind,
        stages.c.state,
        stages.c.attempt,
        stages.c.owner,
        stages.c.lease_until,
        stages.c.generations,
        stages.c.optuna_study,
        searches.c.klayer,
        select(revision.c.version_num).limit(1).scalar_subquery().label("revision"),
    )
    .outerjoin_from(
        searches, stages, (stages.c.search_id == searches.c.id) & (stages.c.state != "finished")
    )
    # Whoever knows it as it was before it was extended finds nothing to do.
    .where(searches.c.id == bindparam("search"), searches.c.study_hash == bindparam("study_hash"))
    .order_by(stages.c.number)
    .limit(1)
)


def _for_this_machine() -> ColumnElement[bool]:
    """Whether who asks may claim a cohort: not if others are to try it, on other machines."""
    alive = workers.c.seen_at + workers.c.lease_seconds >= bindparam("now")
    its_search = select(stages.c.search_id).where(stages.c.id == bindparam("stage"))
    serves = workers.c.search_id.is_(None) | (workers.c.search_id == its_search.scalar_subquery())
    others = exists().where(
        workers.c.kind == "worker", alive, serves, workers.c.machine != cohorts.c.lost_on
    )
    age = func.abs(bindparam("now") - func.coalesce(cohorts.c.lost_at, 0.0))
    lately = age < ELSEWHERE_SECONDS
    its_own = select(workers.c.machine).where(workers.c.name == bindparam("asking"))
    lost_here = cohorts.c.lost_on == its_own.scalar_subquery()
    elsewhere = func.coalesce(lost_here, False) & lately & others
    return (cohorts.c.lost < LOST_HERE) | ~elsewhere


_LOCKED_STAGE = (
    select(stages).where(stages.c.id == bindparam("stage")).with_for_update(key_share=True)
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
    .where(cohorts.c.stage_id == bindparam("stage"), _for_this_machine())
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
    .values(state="running", started_at=func.coalesce(trials.c.started_at, bindparam("began")))
    .returning(
        trials.c.id,
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
    """The claim's lease ran out and another worker holds the work; what was done for it is void."""


@dataclass(frozen=True)
class Wait:
    """There is nothing to do now, but there will be."""


@dataclass(frozen=True)
class Finished:
    """Every stage of the search is finished, or the search was stopped, or cannot go on."""


@dataclass(frozen=True)
class FreeCohort:
    """A cohort that nobody holds.

    Attributes:
        id: Its key.
        stage: Its stage.
        attempt: How often it was claimed before.
        lost: With how many workers it was lost since it last came further.
        lost_with: The worker with which it was lost just now; None where it waited.
        start: Steps that its trials have been trained already.
        stop: Steps after which they rest; None if they do not.
        study: The Optuna study of its stage.
    """

    id: int
    stage: StageRef
    attempt: int
    lost: int
    lost_with: str | None
    start: int
    stop: int | None
    study: str


def lock_all(connection: Connection, search: Search, time: float) -> int:
    """Lock a search so that nothing of it can be claimed; how many claims hold at `time`."""
    its_own = stages.c.search_id == search.id
    claimed = connection.execute(
        select(cohorts.c.state, cohorts.c.lease_until)
        .where(cohorts.c.stage_id.in_(select(stages.c.id).where(its_own)))
        .order_by(cohorts.c.id)
        .with_for_update()
    ).all()
    planned = connection.execute(
        select(stages.c.state, stages.c.owner, stages.c.lease_until)
        .where(its_own)
        .order_by(stages.c.id)
        .with_for_update()
    ).all()
    leases = [row.lease_until for row in claimed if row.state == "claimed"]
    leases += [row.lease_until for row in planned if row.state in TO_BE_PLANNED and row.owner]
    return sum(1 for until in leases if until is not None and until >= time)


def lock_idle(connection: Connection, search: Search, time: float) -> None:
    """Lock a search so that nothing of it can be claimed.

    Raises:
        LedgerError: A worker holds work of it.
    """
    if held := lock_all(connection, search, time):
        raise LedgerError(
            f"{search.study.name}: {plural(held, 'process')} at work on it, so nothing was "
            f"changed; stop it with `klayer stop {search.study.name}` first"
        )


def find(
    connection: Connection, search: Search, owner: str, time: float, *, lock: bool
) -> FreeCohort | PlanningClaim | Wait | Finished:
    """What is to be done next, and is free for `owner` at `time`. Only reads.

    That is a cohort of the first stage that is not finished, or else the planning of that stage or
    of what follows in it. What `owner` holds already counts as free for it, since it asks only when
    it is idle.

    Args:
        connection: To the database.
        search: Which search.
        owner: The worker that asks.
        time: The database's.
        lock: Whether nobody else may claim what is found until this transaction ends.

    Raises:
        OtherVersionError: Another version of klayer works on the search.
    """
    known = {"search": search.id, "study_hash": search.study_hash}
    row: Any = connection.execute(_NEXT, known).first()
    if row is None or row.id is None or any(value is not None for value in row[:3]):
        return Finished()
    one_version.check(search, row.klayer, row.revision)
    if row.state == "open":
        return _free_cohort(connection, row, owner, time, lock=lock) or Wait()
    if lock:
        row = connection.execute(_LOCKED_STAGE, {"stage": row.id}).first()
        if row is None or row.state not in TO_BE_PLANNED:
            return Wait()  # another process was quicker; the worker asks again
    return _to_plan(connection, search, row, owner, time)


def _to_plan(
    connection: Connection, search: Search, row: Row[Any], owner: str, time: float
) -> PlanningClaim | Wait:
    if row.owner not in (None, owner) and row.lease_until >= time:
        return Wait()
    return PlanningClaim(
        attempt=row.attempt + 1,
        owner=owner,
        budget_of=budget_of(search),
        stage=_stage(row),
        rung=_rungs(connection, row.id) if row.state == "ranking" else 0,
        generation=row.generations if row.state == "learning" else 0,
    )


def budget_of(search: Search) -> int | None:
    """The search, if it has a budget by the clock."""
    return None if search.study.hours is None else search.id


def _stage(row: Any) -> StageRef:
    return StageRef(row.id, row.number, row.name, row.kind)


def _rungs(connection: Connection, stage_id: int) -> int:
    """How many rungs of a stage are planned."""
    last = select(func.max(cohorts.c.rung)).where(cohorts.c.stage_id == stage_id)
    highest = connection.scalar(last)
    return 0 if highest is None else highest + 1


def _free_cohort(
    connection: Connection, stage: Row[Any], owner: str, time: float, *, lock: bool
) -> FreeCohort | None:
    """The first cohort whose lease has run out, or else the first that waits."""
    its_lapsed, its_waiting = (_LOCKED_LAPSED, _LOCKED_WAITING) if lock else (_LAPSED, _WAITING)
    given = {"stage": stage.id, "now": time, "asking": owner}
    lapsed = connection.execute(its_lapsed, given).first()
    if lapsed is not None:
        return _free(stage, lapsed, int(lapsed.owner != owner))
    waiting = connection.execute(its_waiting, given).first()
    return None if waiting is None else _free(stage, waiting, 0)


def _free(stage: Row[Any], cohort: Any, lost: int) -> FreeCohort:
    return FreeCohort(
        id=cohort.id,
        stage=_stage(stage),
        attempt=cohort.attempt,
        lost=cohort.lost + lost,
        lost_with=cohort.owner if lost else None,
        start=cohort.start,
        stop=cohort.stop,
        study=stage.optuna_study or "",
    )


def claim(
    connection: Connection,
    search: Search,
    found: FreeCohort | PlanningClaim,
    owner: str,
    time: float,
    lease_until: float,
) -> Claim:
    """Claim what `find` found and locked in the same transaction, until `lease_until`."""
    if isinstance(found, FreeCohort):
        return _claim_cohort(connection, search, found, owner, time, lease_until)
    connection.execute(
        update(stages)
        .where(stages.c.id == found.stage.id)
        .values(
            state=case((stages.c.state == "unplanned", "planning"), else_=stages.c.state),
            owner=owner,
            attempt=found.attempt,
            lease_until=lease_until,
        )
    )
    return found


def _claim_cohort(
    connection: Connection,
    search: Search,
    free: FreeCohort,
    owner: str,
    time: float,
    lease_until: float,
) -> CohortClaim:
    cohort_id, attempt = free.id, free.attempt + 1
    lost_on = {}
    if free.lost_with is not None:
        lost_on = {"lost_on": machine_of(connection, free.lost_with), "lost_at": time}
    if attempt > 1:
        every_claim.keep(connection, cohort_id, time)
    connection.execute(
        _CLAIM_COHORT,
        {
            **lost_on,
            "cohort": cohort_id,
            "state": "claimed",
            "owner": owner,
            "attempt": attempt,
            "lost": free.lost,
            "lease_until": lease_until,
            "claimed_at": time,
        },
    )
    begun = connection.execute(_BEGIN_TRIALS, {"cohort": cohort_id, "began": time})
    mine = sorted(begun.all(), key=lambda row: row.number)
    checkpoint = None
    if attempt > 1:
        checkpoint = cohort_checkpoints.find(connection, cohort_id)
        reports.forget(connection, cohort_id, {} if checkpoint is None else checkpoint.steps)
    numbers = tuple(row.number for row in mine)
    new = attempt == 1 and not free.start
    ids = [row.optuna_trial for row in mine]
    if not (new and optuna_rows.begin(connection, free.study, ids, time)):
        optuna_repair.put_right(connection, free.stage.id, numbers)
    return CohortClaim(
        cohort_id=cohort_id,
        attempt=attempt,
        owner=owner,
        budget_of=budget_of(search),
        stage=free.stage,
        lost=free.lost,
        numbers=numbers,
        ids=tuple(row.id for row in mine),
        trials=tuple(Assignment(row.parameters, row.seed) for row in mine),
        order_seed=mine[0].order_seed,
        start=free.start,
        stop=free.stop,
        start_states=_start_states(connection, cohort_id) if free.start else (),
        checkpoint=checkpoint,
        metrics=search.metrics,
        score=search.study.objective.score.name,
    )


def _start_states(connection: Connection, cohort_id: int) -> tuple[bytes, ...]:
    """What the trials of a cohort go on from, by their numbers."""
    query = (
        select(checkpoints.c.state)
        .join(trials, trials.c.id == checkpoints.c.trial_id)
        .where(trials.c.cohort_id == cohort_id)
        .order_by(trials.c.number)
    )
    return tuple(connection.scalars(query))


def machine_of(connection: Connection, owner: str) -> str | None:
    """On which machine a worker is; None where it is not known any more."""
    query = select(workers.c.machine).where(workers.c.name == owner)
    return connection.scalar(query)


def forget_losses(connection: Connection, cohort_id: int) -> None:
    """Count the workers no more that were lost with a cohort before it came further."""
    lost = update(cohorts).where(cohorts.c.id == cohort_id, cohorts.c.lost > 0)
    connection.execute(lost.values(lost=0, lost_on=None, lost_at=None))


def hold(connection: Connection, claim: Claim, lease_until: float | None) -> None:
    """Set the lease of a claim that still holds, and lock it until the transaction ends.

    Raises:
        LostLeaseError: Another worker has claimed the work since.
    """
    if isinstance(claim, CohortClaim):
        _write_held(connection, claim, {"lease_until": lease_until})
        return
    held = connection.execute(
        update(stages)
        .where(
            stages.c.id == claim.stage.id,
            stages.c.state.in_(TO_BE_PLANNED),
            stages.c.owner == claim.owner,
            stages.c.attempt == claim.attempt,
        )
        .values(lease_until=lease_until)
    )
    _check_held(claim, held)


def finish(connection: Connection, claim: CohortClaim, time: float) -> None:
    """Mark a cohort as finished whose claim still holds.

    Raises:
        LostLeaseError: Another worker has claimed it since, or it is finished already.
    """
    done = {"state": "finished", "finished_at": time, "lease_until": None}
    _write_held(connection, claim, done)


def _write_held(connection: Connection, claim: CohortClaim, values: dict[str, Any]) -> None:
    which = {"cohort": claim.cohort_id, "holder": claim.owner, "claimed_as": claim.attempt}
    _check_held(claim, connection.execute(_HOLD_COHORT, which | values))


def _check_held(claim: Claim, held: CursorResult[Any]) -> None:
    if held.rowcount != 1:
        raise LostLeaseError(f"{claim.owner}: the lease on {claim.stage.name} is lost")


def release(connection: Connection, owners: list[str], *, lost: bool) -> int:
    """Release what `owners` hold.

    Args:
        connection: In a transaction.
        owners: Whose claims.
        lost: Whether that counts as a loss of a worker.

    Returns:
        How many cohorts are free now.
    """
    held = list(
        connection.execute(
            select(cohorts.c.id, stages.c.optuna_study, workers.c.machine)
            .join(stages, stages.c.id == cohorts.c.stage_id)
            .outerjoin(workers, workers.c.name == cohorts.c.owner)
            .where(cohorts.c.owner.in_(owners), cohorts.c.state == "claimed")
            .order_by(cohorts.c.id)
            .with_for_update(of=cohorts, key_share=True)
        )
    )
    time = now(connection)
    for row in held:
        every_claim.keep(connection, row.id, time)
        connection.execute(
            update(cohorts)
            .where(cohorts.c.id == row.id)
            .values(
                state="waiting",
                owner=None,
                lease_until=None,
                **_loss(row.machine, time, lost=lost),
            )
        )
        reports.forget(connection, row.id, cohort_checkpoints.steps(connection, row.id))
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


def _loss(machine: str | None, time: float, *, lost: bool) -> dict[str, Any]:
    return {"lost": cohorts.c.lost + 1, "lost_on": machine, "lost_at": time} if lost else {}


def bring_to(connection: Connection, time: float, lease_seconds: float) -> None:
    """Let leases begin now that were given before the clock was set back, or by one that is ahead.

    Those who are alive renew them; the others' run out as if they had been renewed now.
    """
    far = time + LONGEST_LEASE_SECONDS
    for table in (cohorts, stages):
        held = table.c.owner.is_not(None) & (table.c.lease_until > far)
        odd = select(table.c.id).where(held).order_by(table.c.id)
        ids = list(connection.scalars(odd.with_for_update(skip_locked=True, key_share=True)))
        if ids:
            until = update(table).where(table.c.id.in_(ids))
            connection.execute(until.values(lease_until=time + lease_seconds))
    seen = update(workers).where(workers.c.seen_at > far)
    connection.execute(seen.values(seen_at=time))


def set_aside(connection: Connection, search: Search, time: float) -> list[SetAside]:
    """The cohorts of a search that are left to other hosts than the one that lost them."""
    host = select(workers.c.host).where(workers.c.machine == cohorts.c.lost_on).limit(1)
    query = (
        select(
            stages.c.name,
            cohorts.c.lost,
            cohorts.c.lost_at,
            host.scalar_subquery().label("host"),
            func.min(trials.c.number).label("lowest"),
            func.max(trials.c.number).label("highest"),
            func.count(trials.c.id).label("members"),
        )
        .join(stages, stages.c.id == cohorts.c.stage_id)
        .join(trials, trials.c.cohort_id == cohorts.c.id)
        .where(stages.c.search_id == search.id, stages.c.state == "open")
        .where(cohorts.c.state == "waiting", cohorts.c.lost >= LOST_HERE)
        .where(cohorts.c.lost_at.between(time - ELSEWHERE_SECONDS, time + ELSEWHERE_SECONDS))
        .group_by(cohorts.c.id, stages.c.name)
        .order_by(cohorts.c.id)
    )
    return [
        SetAside(
            named(row.name, row.lowest, row.highest, row.members),
            row.lost,
            row.host,
            row.lost_at + ELSEWHERE_SECONDS - time,
        )
        for row in connection.execute(query)
    ]


def asked_to_stop(connection: Connection, claim: CohortClaim) -> bool:
    """Whether the claim's owner was asked to stop, or its search was."""
    row = connection.execute(_ASKED, {"cohort": claim.cohort_id, "holder": claim.owner}).one()
    return row[0] is not None or bool(row[1])
