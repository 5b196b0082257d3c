"""Plans in SQL: trials in cohorts, generation by generation, and resting at rungs.

Each function is part of a transaction. A trial that rests is waiting, in a finished cohort, and has
a checkpoint: the database alone is enough to go on, on any host. The checkpoint stays until the
trial rests again or ends, so a cohort whose worker died is trained from there once more.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from search.ledger import optuna_boxes, optuna_repair, optuna_rows
from search.ledger.database import portions, update_each, wake
from search.ledger.optuna_rows import Distributions
from search.ledger.records import Search, TrialResult
from search.ledger.tables import checkpoints, cohorts, stages, trials
from search.plan.generations import GenerationPlan
from search.plan.halving import RungPlan
from search.plan.plan import PlannedTrial, StagePlan
from search.space.space import Point
from search.study.ranges import write_box


def open_stage(
    connection: Connection,
    stage_id: int,
    plan: StagePlan,
    trials_in_all: int,
    steps_each: float | None,
    distributions: Distributions,
    optuna_study: str,
    search: Search,
    time: float,
) -> None:
    """Insert the trials of a stage's plan, in its cohorts, and its Optuna study.

    Args:
        connection: To the database.
        stage_id: Which stage.
        plan: All its trials, or its first generation.
        trials_in_all: How many it will have.
        steps_each: Steps of a trial that is trained to its end; None if that is not known.
        distributions: Optuna's, of each hyperparameter.
        optuna_study: The name of the study.
        search: Whose stage it is.
        time: The database's.
    """
    boxes = [write_box(box) for box in plan.boxes]
    said = optuna_rows.said_of_stage(search.study.name, plan.step.name, plan.explanation, boxes)
    optuna_rows.add_study(connection, optuna_study, search.study.objective.score, said)
    connection.execute(
        update(stages)
        .where(stages.c.id == stage_id)
        .values(
            state="open",
            owner=None,
            boxes=boxes,
            explanation=plan.explanation,
            steps=steps_each,
            trials=trials_in_all,
            generations=1,
            optuna_study=optuna_study,
            opened_at=time,
        )
    )
    optuna_boxes.write(connection, stage_id, search.study.objective.usual_order)
    _add(connection, stage_id, optuna_study, distributions, plan.trials, plan.cohorts, plan.stop)
    wake(connection)


def open_generation(
    connection: Connection,
    stage_id: int,
    plan: GenerationPlan,
    distributions: Distributions,
) -> None:
    """Insert the next trials of a stage whose sampler has learned from those before them."""
    stage = connection.execute(select(stages).where(stages.c.id == stage_id)).one()
    connection.execute(
        update(stages)
        .where(stages.c.id == stage_id)
        .values(state="open", owner=None, generations=plan.generation + 1)
    )
    study = stage.optuna_study
    _add(connection, stage_id, study, distributions, plan.trials, plan.cohorts, None)
    wake(connection)


def _add(
    connection: Connection,
    stage_id: int,
    optuna_study: str,
    distributions: Distributions,
    planned: Sequence[PlannedTrial],
    grouped: Sequence[Sequence[int]],
    stop: int | None,
) -> None:
    """Insert waiting trials and their cohorts behind those that a stage has."""
    optuna_ids = optuna_rows.add_trials(connection, optuna_study, distributions, planned)
    cohort_ids = add_cohorts(connection, stage_id, 0, len(grouped), 0, stop)
    homes = {
        number: cohort_id
        for cohort_id, numbers in zip(cohort_ids, grouped, strict=True)
        for number in numbers
    }
    connection.execute(
        insert(trials),
        [
            {
                "stage_id": stage_id,
                "cohort_id": homes[one.number],
                "number": one.number,
                "box": one.box,
                "parameters": dict(one.parameters),
                "seed": one.seed,
                "order_seed": one.order_seed,
                "state": "waiting",
                "optuna_trial": optuna_id,
            }
            for one, optuna_id in zip(planned, optuna_ids, strict=True)
        ],
    )


def add_cohorts(
    connection: Connection, stage_id: int, rung: int, count: int, start: int, stop: int | None
) -> list[int]:
    """Insert cohorts that wait, numbered behind those of their rung; their ids in that order."""
    if not count:
        return []
    of_rung = cohorts.c.stage_id == stage_id, cohorts.c.rung == rung
    last = connection.scalar(select(func.max(cohorts.c.number)).where(*of_rung))
    first = 0 if last is None else last + 1
    added = connection.execute(
        insert(cohorts).returning(cohorts.c.id, sort_by_parameter_order=True),
        [
            {
                "stage_id": stage_id,
                "rung": rung,
                "number": first + place,
                "start": start,
                "stop": stop,
                "state": "waiting",
                "attempt": 0,
                "lost": 0,
            }
            for place in range(count)
        ],
    )
    return list(added.scalars())


def rest(
    connection: Connection, ids: dict[int, int], step: int | None, rests: Sequence[TrialResult]
) -> None:
    """Store the checkpoints of trials that rest after a step; older ones of all are deleted."""
    mine = list(ids.values())
    connection.execute(delete(checkpoints).where(checkpoints.c.trial_id.in_(mine)))
    if not rests:
        return
    connection.execute(
        insert(checkpoints),
        [
            {"trial_id": ids[one.number], "step": step, "value": one.value, "state": one.checkpoint}
            for one in rests
        ],
    )
    resting = [ids[one.number] for one in rests]
    connection.execute(update(trials).where(trials.c.id.in_(resting)).values(state="waiting"))


def anybody_rests(connection: Connection, stage_id: int) -> bool:
    """Whether a stage whose cohorts are all finished has trials that are not."""
    its_own = (trials.c.stage_id == stage_id) & (trials.c.state != "skipped")
    query = select(trials.c.id).where(its_own, trials.c.finished_at.is_(None))
    return connection.scalar(query.limit(1)) is not None


def standings(
    connection: Connection, stage_id: int, rung: int
) -> dict[int, tuple[Point, float | None]]:
    """Point and value of the trials that were trained up to the rung before `rung`, by number.

    The value is None where a trial has none since.
    """
    query = (
        select(trials.c.number, trials.c.parameters, checkpoints.c.value)
        .join(cohorts, cohorts.c.id == trials.c.cohort_id)
        .outerjoin(checkpoints, checkpoints.c.trial_id == trials.c.id)
        .where(trials.c.stage_id == stage_id, cohorts.c.rung == rung - 1)
        .where(trials.c.state != "skipped")
        .order_by(trials.c.number)
    )
    return {row.number: (row.parameters, row.value) for row in connection.execute(query)}


def open_rung(connection: Connection, stage_id: int, plan: RungPlan, time: float) -> None:
    """Insert the cohorts of the trials that go on, and end the others as pruned."""
    stage = connection.execute(select(stages).where(stages.c.id == stage_id)).one()
    query = (
        select(
            trials.c.number,
            trials.c.id,
            trials.c.optuna_trial,
            checkpoints.c.value,
            cohorts.c.number.label("cohort"),
            cohorts.c.owner.label("worker"),
        )
        .join(cohorts, cohorts.c.id == trials.c.cohort_id)
        .outerjoin(checkpoints, checkpoints.c.trial_id == trials.c.id)
        .where(trials.c.stage_id == stage_id)
    )
    mine = {row.number: row for row in connection.execute(query)}
    for dropped in portions(plan.dropped):
        gone = [mine[number] for number in dropped]
        ids = [row.id for row in gone]
        same = {"state": "pruned", "pruned_after": plan.start, "finished_at": time}
        update_each(connection, trials, {row.id: {"value": row.value, **same} for row in gone})
        connection.execute(delete(checkpoints).where(checkpoints.c.trial_id.in_(ids)))
        ended = {
            row.optuna_trial: ("pruned", row.value, optuna_rows.attributes(None, plan.start, row))
            for row in gone
        }
        if not optuna_rows.end(connection, stage.optuna_study, ended, time):
            optuna_repair.put_right(connection, stage_id, dropped)
    cohort_ids = add_cohorts(
        connection, stage_id, plan.rung, len(plan.cohorts), plan.start, plan.stop
    )
    for cohort_id, numbers in zip(cohort_ids, plan.cohorts, strict=True):
        going_on = trials.c.id.in_([mine[number].id for number in numbers])
        connection.execute(update(trials).where(going_on).values(cohort_id=cohort_id))
    connection.execute(
        update(stages).where(stages.c.id == stage_id).values(state="open", owner=None)
    )
    wake(connection)
