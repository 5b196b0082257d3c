"""How long a search with a budget was worked on, and what came of it: sums that grow.

A claim reads these few numbers, however many cohorts there are. They are kept for searches with a
budget by the clock alone, each function as part of a transaction. All times are the database's.
"""

import math
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, case, func, select, update

from search.ledger.claims import FreeCohort
from search.ledger.every_claim import earlier_seconds, every_claim
from search.ledger.records import CohortClaim, Search, TrialResult
from search.ledger.states import ENDS
from search.ledger.tables import cohorts, reports, searches, stages, trials
from search.plan import budget
from search.plan.budget import Standing

# Between two signs of life; where more time passes, nobody was at work.
LONGEST_GAP_SECONDS = 60.0
# The sums of a stage of which nothing is in.
NOTHING = {"trained_trials": 0, "trained_steps": 0.0, "trained_seconds": 0.0}


def tick(connection: Connection, search_id: int, time: float) -> None:
    """Count the time since somebody was last at work on a search, if that is short, as worked."""
    since = time - searches.c.worked_at
    gap = case((since.between(0.0, LONGEST_GAP_SECONDS), since), else_=0.0)
    connection.execute(
        update(searches)
        .where(searches.c.id == search_id, searches.c.finished_at.is_(None))
        .values(worked=searches.c.worked + gap, worked_at=time)
    )


def count(
    connection: Connection, search_id: int, stage_id: int, ended: int, steps: float, seconds: float
) -> None:
    """Add a cohort that is in: its trials that are at their ends, its steps, and its time."""
    mine = update(stages).where(stages.c.id == stage_id)
    connection.execute(
        mine.values(
            trained_trials=stages.c.trained_trials + ended,
            trained_steps=stages.c.trained_steps + steps,
            trained_seconds=stages.c.trained_seconds + seconds,
        )
    )
    its_search = update(searches).where(searches.c.id == search_id)
    connection.execute(its_search.values(trained_seconds=searches.c.trained_seconds + seconds))


def count_results(
    connection: Connection,
    claim: CohortClaim,
    given: Iterable[TrialResult],
    steps: float | None,
    seconds: float,
) -> None:
    """Add a cohort that is handed in, if its search has a budget.

    The time of earlier claims of it counts, since its steps are the work of all of them.

    Args:
        connection: To the database.
        claim: The cohort.
        given: Its results; what they report is stored.
        steps: Of a trial that is trained to its end.
        seconds: Since it was claimed.
    """
    if claim.budget_of is None:
        return
    ids = dict(zip(claim.numbers, claim.ids, strict=True))
    done, ended = 0.0, 0
    last: float
    for one in given:
        if one.reason is not None:
            mine = select(func.count()).where(reports.c.trial_id == ids[one.number])
            last = connection.scalar(mine) or 0
        elif one.checkpoint is not None:
            last = claim.stop or 0
        else:
            last = (steps or 0.0) if one.pruned_after is None else one.pruned_after
        done += max(last - claim.start, 0)
        ended += one.checkpoint is None
    took = max(seconds, 0.0)
    if claim.attempt > 1:
        took += earlier_seconds(connection, claim.cohort_id)
    count(connection, claim.budget_of, claim.stage.id, ended, done, took)


def count_failed(
    connection: Connection, search_id: int, given_up: FreeCohort, trial_ids: Sequence[int]
) -> None:
    """Add a cohort that is given up, of a search with a budget, by its trials' ids."""
    its_own = reports.c.trial_id.in_(trial_ids), reports.c.step > given_up.start
    done = connection.scalar(select(func.count()).select_from(reports).where(*its_own)) or 0
    took = earlier_seconds(connection, given_up.id)
    count(connection, search_id, given_up.stage.id, len(trial_ids), done, took)


def standing(connection: Connection, search: Search, time: float) -> Standing:
    """How far a search is, of which `tick` has just counted the time."""
    sums = select(searches.c.worked, searches.c.trained_seconds).where(searches.c.id == search.id)
    worked, trained = connection.execute(sums).one()
    mine = stages.c.search_id == search.id
    of_stages = connection.execute(
        select(
            stages.c.id,
            stages.c.number,
            stages.c.trained_trials,
            stages.c.trained_steps,
            stages.c.trained_seconds,
        ).where(mine)
    ).all()
    # Who is lost holds a cohort until it is claimed anew, be it the next morning.
    until = case((cohorts.c.lease_until < time, cohorts.c.lease_until), else_=time)
    held = select(func.sum(until - cohorts.c.claimed_at)).where(
        cohorts.c.stage_id.in_([row.id for row in of_stages]), cohorts.c.state == "claimed"
    )
    together = trained + max(connection.scalar(held) or 0.0, 0.0)
    in_steps = budget.in_steps(search.study)
    return Standing(
        seconds=worked,
        done={
            row.number: row.trained_steps if in_steps else row.trained_trials for row in of_stages
        },
        ended={row.number: row.trained_trials for row in of_stages},
        worker_seconds=sum(row.trained_seconds for row in of_stages),
        workers=together / worked if worked else 1.0,
    )


def take_stock(connection: Connection, search_id: int) -> None:
    """Sum up, once, what a search has done that gets a budget only now."""
    mine = list(connection.scalars(select(stages.c.id).where(stages.c.search_id == search_id)))
    spans = (
        select(every_claim.c.claimed_at, every_claim.c.ended_at)
        .where(every_claim.c.stage_id.in_(mine), every_claim.c.ended_at.is_not(None))
        .order_by(every_claim.c.claimed_at)
    )
    worked, latest, trained = 0.0, -math.inf, 0.0
    for began, ended in connection.execute(spans):
        trained += max(ended - began, 0.0)
        worked += max(ended - max(began, latest), 0.0)
        latest = max(latest, ended)
    its_row = update(searches).where(searches.c.id == search_id)
    connection.execute(its_row.values(worked=worked, worked_at=None, trained_seconds=trained))
    for stage_id in mine:
        recount(connection, stage_id)


def recount(connection: Connection, stage_id: int) -> None:
    """Sum up a stage from its rows, of which there may be others than were counted."""
    took = every_claim.c.ended_at - every_claim.c.claimed_at
    spans = (
        select(func.sum(case((took > 0.0, took), else_=0.0)))
        .join_from(every_claim, cohorts, cohorts.c.id == every_claim.c.cohort_id)
        .where(cohorts.c.stage_id == stage_id, cohorts.c.finished_at.is_not(None))
    )
    steps = case(
        (trials.c.state == "complete", stages.c.steps),
        (trials.c.state == "pruned", trials.c.pruned_after),
        else_=select(func.count()).where(reports.c.trial_id == trials.c.id).scalar_subquery(),
    )
    done = (
        select(func.count(), func.sum(steps))
        .join_from(trials, stages, stages.c.id == trials.c.stage_id)
        .join(cohorts, cohorts.c.id == trials.c.cohort_id)
        .where(stages.c.id == stage_id, trials.c.state.in_(ENDS))
        .where(cohorts.c.finished_at.is_not(None))
    )
    ended, trained = connection.execute(done).one()
    seconds = connection.scalar(spans)
    connection.execute(
        update(stages)
        .where(stages.c.id == stage_id)
        .values(
            trained_trials=ended,
            trained_steps=float(trained or 0.0),
            trained_seconds=seconds or 0.0,
        )
    )
