"""Results in SQL: reports and results of a cohort's trials, and the end of stages and searches.

Each function is part of a transaction. Results are taken from the claim that holds, and no other.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, ScalarSelect, bindparam, func, select, update

from search.errors import LedgerError
from search.ledger import (
    attachments,
    claims,
    cohort_checkpoints,
    every_claim,
    optuna_curves,
    optuna_repair,
    optuna_rows,
    pace,
    reports,
    rungs,
)
from search.ledger.claims import FreeCohort
from search.ledger.database import update_each, wake
from search.ledger.records import CohortClaim, StageRef, TrialResult
from search.ledger.tables import cohort_checkpoints as stored
from search.ledger.tables import cohorts, searches, stages, trials
from search.objective.report import Evaluation, Report
from search.plan.stopping import Ending

# Statements of every report and every result, built once.
_OF_COHORT = (
    select(
        trials.c.number,
        trials.c.id,
        trials.c.optuna_trial,
        trials.c.stage_id,
        trials.c.finished_at,
        stages.c.optuna_study,
        stages.c.steps,
        stored.c.cohort_id.label("checkpoint"),  # NULL where there is none
        cohorts.c.number.label("cohort"),
        cohorts.c.owner.label("worker"),
        cohorts.c.claimed_at,
    )
    .join(stages, stages.c.id == trials.c.stage_id)
    .join(cohorts, cohorts.c.id == trials.c.cohort_id)
    .outerjoin(stored, stored.c.cohort_id == trials.c.cohort_id)
    .where(trials.c.cohort_id == bindparam("cohort"))
)
_LOCKED_STAGE = (
    select(
        stages.c.id,
        stages.c.number,
        stages.c.search_id,
        stages.c.trials,
        stages.c.explanation,
        stages.c.boxes,
    )
    .where(stages.c.id == bindparam("stage"))
    .with_for_update(key_share=True)
)


def _first(state: str) -> ScalarSelect[int]:
    """The first cohort of a stage that is in a state.

    In the order of an index, without which PostgreSQL reads all that are finished to find one.
    """
    mine = cohorts.c.stage_id == bindparam("stage")
    query = select(cohorts.c.id).where(mine, cohorts.c.state == state)
    return query.order_by(cohorts.c.rung, cohorts.c.number).limit(1).scalar_subquery()


# In one statement, which sees one state: between two, a cohort may go from the one that is looked
# for second to the one that was looked for first.
_UNFINISHED = select(_first("waiting"), _first("claimed"))


OWNER = 160  # characters that an owner's name may have

Given = Mapping[int, Report | Sequence[Report]]
"""Reports by trial number, one or several."""


def record_reports(connection: Connection, claim: CohortClaim, given: Given) -> None:
    """Store what some of the claim's trials report; again does no harm.

    Raises:
        KeyError: A trial is not of the claim.
    """
    ids = dict(zip(claim.numbers, claim.ids, strict=True))
    mine = {ids[number]: one for number, one in given.items()}
    reports.record(connection, claim.metrics, claim.score, mine)


def hand_in(
    connection: Connection,
    claim: CohortClaim,
    given: Sequence[TrialResult],
    evaluation: Evaluation | None,
    reported: Given,
    time: float,
) -> None:
    """Take the results of a cohort, and close its stage and its search if they end with it.

    Args:
        connection: To the database.
        claim: The cohort.
        given: One result for each of its trials.
        evaluation: What was said of the final's trials.
        reported: What they report that is not stored yet.
        time: The database's.

    Raises:
        LostLeaseError: Another worker has the claim.
        LedgerError: The results or the attachments are not those of the claim's trials.
    """
    handed_in = [one.number for one in given]
    kept = {} if evaluation is None else evaluation.attachments
    if sorted(handed_in) != sorted(claim.numbers) or not set(kept) <= set(range(len(handed_in))):
        raise LedgerError(
            "a cohort is handed in with one result for each of its trials, and attachments of no "
            "others"
        )
    claims.finish(connection, claim, time)
    mine = _trials_of(connection, claim.cohort_id)
    stage = mine[claim.numbers[0]]
    if stage.checkpoint is not None:
        cohort_checkpoints.forget(connection, claim.cohort_id)
    record_reports(connection, claim, reported)
    rests = [one for one in given if one.checkpoint is not None]
    if claim.start or rests:
        rungs.rest(connection, {n: row.id for n, row in mine.items()}, claim.stop, rests)
        resting = [mine[one.number].optuna_trial for one in rests]
        optuna_rows.wait(connection, stage.optuna_study, resting)
    ended = [one for one in given if one.checkpoint is None]
    _end(connection, claim.stage, stage.optuna_study, mine, ended, time)
    optuna_curves.write_of_cohort(connection, claim.cohort_id)
    attachments.keep(
        connection, {mine[claim.numbers[place]].id: content for place, content in kept.items()}
    )
    pace.count_results(connection, claim, given, stage.steps, time - stage.claimed_at)
    result = None if evaluation is None else dict(evaluation.result)
    _finish_stage(connection, stage.stage_id, time, result)


def give_up(connection: Connection, budget_of: int | None, free: FreeCohort, time: float) -> None:
    """End the trials of a cohort as failed, with which too many workers were lost.

    Args:
        connection: To the database.
        budget_of: The search, if it has a budget.
        free: The cohort, locked in this transaction.
        time: The database's.
    """
    reason = (
        f"given up: {free.lost} workers, one after another, were killed or failed while they "
        "trained its cohort, and none of them brought it further (out of memory?)"
    )
    found = _trials_of(connection, free.id)
    mine = {number: row for number, row in found.items() if row.finished_at is None}
    failed = [TrialResult(number, None, reason, failed=True) for number in mine]
    rungs.rest(connection, {n: row.id for n, row in mine.items()}, None, ())
    cohort_checkpoints.forget(connection, free.id)
    _end(connection, free.stage, free.study, mine, failed, time)
    optuna_curves.write_of_cohort(connection, free.id)
    every_claim.keep(connection, free.id, time)
    connection.execute(
        update(cohorts)
        .where(cohorts.c.id == free.id)
        .values(state="finished", claimed_at=None, finished_at=time, lease_until=None)
    )
    if budget_of is not None:
        pace.count_failed(connection, budget_of, free, [row.id for row in mine.values()])
    _finish_stage(connection, free.stage.id, time, None, reason)


def _end(
    connection: Connection,
    stage: StageRef,
    study: str,
    mine: Mapping[int, Any],
    results: Sequence[TrialResult],
    time: float,
) -> None:
    """End trials, by the rows of their numbers."""
    if not results:
        return
    rows = {
        mine[one.number].id: {
            "state": one.state,
            "value": one.value,
            "reason": one.reason,
            "pruned_after": one.pruned_after,
            "finished_at": time,
        }
        for one in results
    }
    update_each(connection, trials, rows)
    if stage.kind != "search":
        return  # what they are worth in Optuna is known at the end of the stage
    ended = {
        mine[one.number].optuna_trial: (
            one.state,
            one.value,
            optuna_rows.attributes(one.reason, one.pruned_after, mine[one.number]),
        )
        for one in results
    }
    if not optuna_rows.end(connection, study, ended, time):
        optuna_repair.put_right(connection, stage.id, list(mine))


def _trials_of(connection: Connection, cohort_id: int) -> dict[int, Any]:
    """A cohort's trials by their numbers: the ledger's and Optuna's ids, and their stage."""
    found = connection.execute(_OF_COHORT, {"cohort": cohort_id})
    return {row.number: row for row in found}


def _finish_stage(
    connection: Connection,
    stage_id: int,
    time: float,
    result: dict[str, Any] | None,
    failure: str | None = None,
) -> None:
    """Close a stage if its last cohort is in, and the search with its last stage.

    Where trials rest, the next rung is to be planned instead; where another generation is to come,
    that is. The stage is locked: of two workers that hand in its last cohorts at once, the second
    sees what the first has written.
    """
    stage = connection.execute(_LOCKED_STAGE, {"stage": stage_id}).one()
    unfinished = connection.execute(_UNFINISHED, {"stage": stage_id}).one()
    if any(cohort is not None for cohort in unfinished):
        return
    this = update(stages).where(stages.c.id == stage.id)
    wake(connection)
    if rungs.anybody_rests(connection, stage.id):
        connection.execute(this.values(state="ranking"))
        return
    planned = select(func.count()).where(trials.c.stage_id == stage.id)
    if (connection.scalar(planned) or 0) < (stage.trials or 0):
        connection.execute(this.values(state="learning"))
        return
    connection.execute(this.values(state="finished", finished_at=time))
    numbers = select(func.max(stages.c.number)).where(stages.c.search_id == stage.search_id)
    if stage.number == connection.scalar(numbers):
        _finish_search(connection, stage, time, result, failure)
    optuna_repair.put_right_unless_ended(connection, stage.id)


def take_over(
    connection: Connection, stage_id: int, values: Sequence[float], source: str, time: float
) -> None:
    """Finish the trials of a stage whose values are known from before, and with them the stage.

    Args:
        connection: To the database.
        stage_id: Which stage; its trials wait.
        values: By their numbers.
        source: Where they come from; stands in the place of their worker.
        time: The database's.
    """
    its_own = cohorts.c.stage_id == stage_id
    done = update(cohorts).where(its_own)
    connection.execute(done.values(state="finished", owner=f"results of {source}"[:OWNER]))
    found = select(trials.c.id, trials.c.number).where(trials.c.stage_id == stage_id)
    ended = {"state": "complete", "finished_at": time}
    rows = {
        row.id: {"value": values[row.number], **ended} for row in connection.execute(found).all()
    }
    update_each(connection, trials, rows)
    _finish_stage(connection, stage_id, time, None)


def end_stage(connection: Connection, stage_id: int, ending: Ending, time: float) -> None:
    """Let a stage end before all its trials: with those that are trained now, or at once.

    Args:
        connection: To the database.
        stage_id: The stage; it may not be planned yet.
        ending: Why.
        time: The database's.
    """
    stage = connection.execute(_LOCKED_STAGE, {"stage": stage_id}).one()
    trained = select(func.count()).where(trials.c.stage_id == stage_id, trials.c.state != "skipped")
    before = [] if stage.explanation is None else [stage.explanation]
    connection.execute(
        update(stages)
        .where(stages.c.id == stage.id)
        .values(
            state="open",  # until the last of them is in
            owner=None,
            boxes=stage.boxes or [],
            trials=connection.scalar(trained),
            explanation="\n".join([*before, ending.text]),
            ended={"rule": ending.rule, "left_out": ending.left_out, "at": time},
            opened_at=func.coalesce(stages.c.opened_at, time),
        )
    )
    _finish_stage(connection, stage.id, time, None)
    optuna_repair.put_right(connection, stage.id)


def _finish_search(
    connection: Connection,
    last: Any,
    time: float,
    result: dict[str, Any] | None,
    failure: str | None,
) -> None:
    """Close a search whose last stage was closed."""
    valued = select(trials.c.id).where(trials.c.stage_id == last.id, trials.c.value.is_not(None))
    if failure is not None and connection.scalar(valued.limit(1)) is not None:
        failure = None  # others of the stage say what was asked
    if failure is None and not _has_a_value(connection, last.search_id):
        failure = "no trial of it has a value, all diverged or failed"
    its_search = update(searches).where(searches.c.id == last.search_id)
    if result is not None:
        before = select(searches.c.readings).where(searches.c.id == last.search_id)
        readings = connection.scalar(before)
        result = {**result, "readings": 1 + readings} if readings else result
    connection.execute(its_search.values(result=result, failure=failure, finished_at=time))


def _has_a_value(connection: Connection, search_id: int) -> bool:
    """Whether any trial of a search was trained to its end, and has a value."""
    found = (
        select(trials.c.id)
        .join(stages, stages.c.id == trials.c.stage_id)
        .where(stages.c.search_id == search_id, trials.c.state == "complete")
    )
    return connection.scalar(found.limit(1)) is not None
