"""A search that goes on as another study, in SQL: what is planned stays, what follows is replaced.

It is part of a transaction. Finalists and final that were planned are planned anew, from the trials
of the new stages as well. Where there is more time than the budget left, the first stage that it
had cut goes on with what was skipped, and all behind it is planned anew. What the test data said
before is kept count of. The record keeps the study as it was, with who changed what, and when.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from search.errors import LedgerError
from search.ledger import deletion, optuna_repair, pace
from search.ledger.claims import lock_idle
from search.ledger.records import Search, StageState
from search.ledger.retrying import reopen
from search.ledger.states import NOT_PLANNED
from search.ledger.tables import cohorts, searches, stages, trials
from search.plan.plan import Step, steps
from search.study.changes import differences
from search.study.extension import fixed_differences
from search.study.file import Study
from search.study.hashing import fingerprint
from search.study.recorded import recorded_form


@dataclass(frozen=True)
class Extension:
    """What an extension comes to.

    Attributes:
        study: What the search goes on as.
        changes: What differs from what is recorded, a line each.
        planned: How many stages are planned.
        kept: How many of these stay as they are, or go on where the budget had cut them.
        dropped: How many finished trials are dropped, as their stages are planned anew.
        resumed: The number of the stage that goes on; None if none does.
    """

    study: Study
    changes: tuple[str, ...]
    planned: int
    kept: int
    dropped: int
    resumed: int | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The stages that are new, or that are planned anew."""
        return steps(self.study)[self.kept :]

    @property
    def anew(self) -> str:
        """Of what finished trials are dropped, for people."""
        if self.kept < self.planned:
            return f"{self.steps[0].name} and all that follows it"
        return "the finalists and the final"


def extension_of(search: Search, study: Study, found: Sequence[StageState]) -> Extension:
    """What it would come to if a search went on as another study.

    Args:
        search: The search.
        study: What it is to go on as.
        found: How its stages stand.

    Raises:
        LedgerError: Nothing differs, or something does that is planned already.
    """
    name = search.study.name
    planned = sum(_stays(stage) for stage in found)
    cut = _first_cut(found) if _has_more_time(search.study, study) else None
    kept = planned if cut is None else cut.step.number
    if cut is not None and _compared(cut):
        cut, kept = None, kept - 1
    changes = differences(search.study.in_full(), study.in_full())
    if not changes:
        raise LedgerError(
            f"{name}: the study is the recorded one, so there is nothing to extend; `klayer run` "
            "or `klayer submit` goes on with it"
        )
    fixed = fixed_differences(search.study, study, kept)
    if fixed:
        names = ", ".join(stage.step.name for stage in found[:kept]) or "none yet"
        raise LedgerError(
            f"{name}: only stages that are not planned yet, [final], [budget] and the description "
            f"may change; planned: {names}. What changed beside those:\n  " + "\n  ".join(fixed)
        )
    dropped = sum(stage.finished for stage in found if stage.step.number > kept)
    resumed = None if cut is None else cut.step.number
    return Extension(study, tuple(changes), planned, kept, dropped, resumed)


def _has_more_time(before: Study, after: Study) -> bool:
    return before.hours is not None and (after.hours is None or after.hours > before.hours)


def _first_cut(found: Sequence[StageState]) -> StageState | None:
    """The first stage of which the budget left out a part, if that is planned."""
    return next((stage for stage in found if stage.cut and stage.boxes), None)


def _compared(stage: StageState) -> bool:
    """Whether a stage's trials wait for each other, so that it went on without those left out."""
    return stage.step.halving is not None and stage.step.halving.among == "stage"


def _stays(stage: StageState) -> bool:
    """Whether a stage is planned; one that a budget cut before that may be planned yet."""
    return stage.step.kind == "search" and stage.state not in NOT_PLANNED and bool(stage.boxes)


def extend(
    connection: Connection, search: Search, extension: Extension, text: str, by: str, time: float
) -> None:
    """Put an extension into effect, but for the rows of its new stages.

    Raises:
        LedgerError: A worker holds work of the search, or it is no longer what it was when the
            extension was made; nothing was changed.
    """
    lock_idle(connection, search, time)
    its_row = searches.c.id == search.id
    before = connection.execute(select(searches).where(its_row)).one()
    behind = (stages.c.search_id == search.id) & (stages.c.number > extension.kept)
    planned = select(stages.c.id).where(stages.c.search_id == search.id)
    known = connection.scalars(
        planned.where(stages.c.optuna_study.is_not(None), stages.c.kind == "search")
    ).all()
    if before.study_hash != search.study_hash or len(known) != extension.planned:
        raise LedgerError(f"{search.study.name}: it was changed meanwhile; try again")
    if search.study.hours is None and extension.study.hours is not None:
        pace.take_stock(connection, search.id)
    if extension.resumed is not None:
        _resume(connection, search, extension.resumed)
    deletion.delete_trials(connection, select(stages.c.id).where(behind))
    connection.execute(delete(stages).where(behind))
    version = {
        "at": time,
        "by": by,
        "changes": list(extension.changes),
        "study_hash": before.study_hash,
        "study_text": before.study_text,
    }
    connection.execute(
        update(searches)
        .where(its_row)
        .values(
            study=recorded_form(extension.study),
            study_hash=fingerprint(extension.study.canonical()),
            study_text=text,
            extensions=[*before.extensions, version],
        )
    )
    reopen(connection, search)


def _resume(connection: Connection, search: Search, number: int) -> None:
    """Let a stage go on that the budget had cut: what was skipped waits, as do its generations."""
    its_row = (stages.c.search_id == search.id) & (stages.c.number == number)
    stage = connection.execute(select(stages).where(its_row)).one()
    skipped = (trials.c.stage_id == stage.id) & (trials.c.state == "skipped")
    waits = update(cohorts).where(cohorts.c.id.in_(select(trials.c.cohort_id).where(skipped)))
    connection.execute(waits.values(state="waiting", owner=None))
    connection.execute(update(trials).where(skipped).values(state="waiting"))
    unfinished = select(cohorts.c.id).where(
        cohorts.c.stage_id == stage.id, cohorts.c.state != "finished"
    )
    going_on = connection.scalar(unfinished.limit(1)) is not None
    connection.execute(
        update(stages)
        .where(stages.c.id == stage.id)
        .values(
            state="open" if going_on else "learning",
            trials=stage.trials + stage.ended["left_out"],
            explanation=stage.explanation.rpartition("\n")[0],
            ended=None,
            finished_at=None,
        )
    )
    optuna_repair.put_right(connection, stage.id)
