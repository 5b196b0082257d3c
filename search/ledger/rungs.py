"""Stages and their rungs in SQL: trials are put in cohorts, and rest until it is said who goes on.

Each function is part of a transaction. A trial that rests is waiting, in a finished cohort, and has
a checkpoint: the database alone is enough to go on, on any host. The checkpoint stays until the
trial rests again or ends, so a cohort whose worker died is trained from there once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from search.ledger.claims import inserted_id
from search.ledger.tables import checkpoints, cohorts, stages, trials
from search.plan.halving import RungPlan
from search.plan.plan import StagePlan
from search.study.ranges import write_box
from search.study.space import Point


@dataclass(frozen=True)
class Rest:
    """How one trial of a cohort stands at a rung.

    Attributes:
        number: Which trial.
        value: What it would be worth if it ended here.
        state: What its training goes on from.
    """

    number: int
    value: float
    state: bytes


@dataclass(frozen=True)
class Standing:
    """How one trial that was trained up to a rung stands there.

    Attributes:
        number: Which trial.
        parameters: Its point.
        value: What it would be worth if it ended there; None where it has diverged.
    """

    number: int
    parameters: Point
    value: float | None


def open_stage(
    connection: Connection,
    stage_id: int,
    plan: StagePlan,
    epochs_each: float,
    optuna_study: str,
    time: float,
) -> None:
    """Let all trials of a stage begin, in the cohorts that the plan says."""
    connection.execute(
        update(stages)
        .where(stages.c.id == stage_id)
        .values(
            state="open",
            owner=None,
            boxes=[write_box(box) for box in plan.boxes],
            explanation=plan.explanation,
            epochs=epochs_each,
            optuna_study=optuna_study,
            opened_at=time,
        )
    )
    for place, numbers in enumerate(plan.cohorts):
        cohort_id = add_cohort(connection, stage_id, 0, place, 0, plan.stop)
        connection.execute(
            insert(trials),
            [
                {
                    "stage_id": stage_id,
                    "cohort_id": cohort_id,
                    "number": number,
                    "box": plan.trials[number].box,
                    "parameters": dict(plan.trials[number].parameters),
                    "seed": plan.trials[number].seed,
                    "order_seed": plan.trials[number].order_seed,
                    "state": "waiting",
                    "told": "waiting",
                }
                for number in numbers
            ],
        )


def add_cohort(
    connection: Connection, stage_id: int, rung: int, number: int, start: int, stop: int | None
) -> int:
    """Insert a cohort that waits; its id."""
    created = connection.execute(
        insert(cohorts).values(
            stage_id=stage_id,
            rung=rung,
            number=number,
            start=start,
            stop=stop,
            state="waiting",
            attempt=0,
        )
    )
    return inserted_id(created)


def rest(
    connection: Connection, ids: dict[int, int], epoch: int | None, rests: Sequence[Rest]
) -> None:
    """Let trials rest after an epoch, by their `ids`; the last checkpoints of all are deleted."""
    mine = list(ids.values())
    connection.execute(delete(checkpoints).where(checkpoints.c.trial_id.in_(mine)))
    if not rests:
        return
    connection.execute(
        insert(checkpoints),
        [
            {"trial_id": ids[one.number], "epoch": epoch, "value": one.value, "state": one.state}
            for one in rests
        ],
    )
    resting = [ids[one.number] for one in rests]
    connection.execute(update(trials).where(trials.c.id.in_(resting)).values(state="waiting"))


def anybody_rests(connection: Connection, stage_id: int) -> bool:
    """Whether a stage whose cohorts are all finished has trials that are not."""
    query = select(trials.c.id).where(trials.c.stage_id == stage_id, trials.c.finished_at.is_(None))
    return connection.scalar(query.limit(1)) is not None


def standings(connection: Connection, stage_id: int, rung: int) -> list[Standing]:
    """How the trials stand that were trained up to the rung before `rung`, by number."""
    query = (
        select(trials.c.number, trials.c.parameters, checkpoints.c.value)
        .join(cohorts, cohorts.c.id == trials.c.cohort_id)
        .outerjoin(checkpoints, checkpoints.c.trial_id == trials.c.id)
        .where(trials.c.stage_id == stage_id, cohorts.c.rung == rung - 1)
        .order_by(trials.c.number)
    )
    return [Standing(row.number, row.parameters, row.value) for row in connection.execute(query)]


def open_rung(connection: Connection, stage_id: int, plan: RungPlan, time: float) -> None:
    """Let those go on that the plan says, in its cohorts, and end the others as pruned."""
    query = select(trials.c.number, trials.c.id).where(trials.c.stage_id == stage_id)
    ids = {row.number: row.id for row in connection.execute(query)}
    gone = [{"gone": ids[number]} for number in plan.dropped]
    if gone:
        value = select(checkpoints.c.value).where(checkpoints.c.trial_id == trials.c.id)
        pruned = update(trials).where(trials.c.id == bindparam("gone"))
        connection.execute(
            pruned.values(
                state="pruned",
                value=value.scalar_subquery(),
                pruned_after=plan.start,
                finished_at=time,
            ),
            gone,
        )
        connection.execute(
            delete(checkpoints).where(checkpoints.c.trial_id == bindparam("gone")), gone
        )
    for place, numbers in enumerate(plan.cohorts):
        cohort_id = add_cohort(connection, stage_id, plan.rung, place, plan.start, plan.stop)
        mine = [ids[number] for number in numbers]
        connection.execute(update(trials).where(trials.c.id.in_(mine)).values(cohort_id=cohort_id))
    connection.execute(
        update(stages).where(stages.c.id == stage_id).values(state="open", owner=None)
    )
