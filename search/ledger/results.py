"""Results in SQL: epochs and outcomes of a cohort's trials, and what is finished with them.

Each function is part of a transaction. Nothing is taken but from the claim that holds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from search.errors import LedgerError
from search.ledger import claims, rungs
from search.ledger.queries import trial_ids
from search.ledger.records import Claim, TrialState
from search.ledger.rungs import Rest
from search.ledger.tables import cohorts, epochs, searches, stages, trials
from search.outcome import EpochFigures, TestReport


@dataclass(frozen=True)
class TrialOutcome:
    """How one trial of a cohort ended: its value, or the reason why it has none.

    Attributes:
        number: Which trial.
        value: What it is worth, or was when it was pruned.
        reason: Why it has no value.
        pruned_after: Epochs after which it was pruned; None where it was trained to its end.

    Raises:
        LedgerError: It has both or neither, or the value is no finite number.
    """

    number: int
    value: float | None
    reason: str | None = None
    pruned_after: int | None = None

    def __post_init__(self) -> None:
        one_of_both = (self.value is None) == (self.reason is not None)
        if not one_of_both or (self.value is not None and not math.isfinite(self.value)):
            raise LedgerError(
                f"trial {self.number} ends with a finite value or with a reason why it has none, "
                f"not with value {self.value} and reason {self.reason}"
            )

    @property
    def state(self) -> TrialState:
        """What the trial is from now on."""
        if self.reason is not None:
            return "diverged"
        return "complete" if self.pruned_after is None else "pruned"


def record_epochs(
    connection: Connection, claim: Claim, figures: Mapping[int, EpochFigures]
) -> None:
    """Store one epoch of some of the claim's trials, by trial number."""
    ids = trial_ids(connection, claim.cohort_id)
    connection.execute(
        insert(epochs),
        [{"trial_id": ids[number], **one.finite()} for number, one in figures.items()],
    )


def hand_in(
    connection: Connection,
    claim: Claim,
    outcomes: Sequence[TrialOutcome],
    result: TestReport | None,
    rests: Sequence[Rest],
    time: float,
) -> None:
    """Take the results of a cohort, and close its stage and its search if they end with it.

    Args:
        connection: To the database.
        claim: The cohort.
        outcomes: Of its trials that are at their end.
        result: The test report, with the final's.
        rests: Its trials that rest at a rung.
        time: The database's.

    Raises:
        LostLeaseError: Somebody else has the claim.
        LedgerError: The outcomes are not those of the claim's trials.
    """
    handed_in = [one.number for one in outcomes] + [one.number for one in rests]
    if sorted(handed_in) != sorted(claim.numbers):
        raise LedgerError("a cohort is handed in with one outcome for each of its trials")
    claims.hold(connection, claim, None)
    ids = trial_ids(connection, claim.cohort_id)
    rungs.rest(connection, ids, claim.stop, rests)
    for outcome in outcomes:
        connection.execute(
            update(trials)
            .where(trials.c.id == ids[outcome.number])
            .values(
                state=outcome.state,
                value=outcome.value,
                reason=outcome.reason,
                pruned_after=outcome.pruned_after,
                finished_at=time,
            )
        )
    connection.execute(
        update(cohorts)
        .where(cohorts.c.id == claim.cohort_id)
        .values(state="finished", finished_at=time, lease_until=None)
    )
    _finish_stage(connection, claim, time, result)


def _finish_stage(
    connection: Connection, claim: Claim, time: float, result: TestReport | None
) -> None:
    """Close the stage if the claim's cohort was its last, and the search with its last stage.

    Where trials rest it is not closed, but decided who goes on.
    """
    stage_id = connection.scalar(select(cohorts.c.stage_id).where(cohorts.c.id == claim.cohort_id))
    unfinished = connection.scalar(
        select(cohorts.c.id)
        .where(cohorts.c.stage_id == stage_id, cohorts.c.state != "finished")
        .limit(1)
    )
    if unfinished is not None:
        return
    if stage_id is not None and rungs.anybody_rests(connection, stage_id):
        connection.execute(update(stages).where(stages.c.id == stage_id).values(state="ranking"))
        return
    connection.execute(
        update(stages).where(stages.c.id == stage_id).values(state="finished", finished_at=time)
    )
    if result is not None:
        connection.execute(
            update(searches)
            .where(
                searches.c.id
                == select(stages.c.search_id).where(stages.c.id == stage_id).scalar_subquery()
            )
            .values(result=asdict(result), finished_at=time)
        )
