"""A search that goes on as another study, in SQL: what is planned stays, what follows is replaced.

It is part of a transaction. Finalists and final that were planned are planned anew, from the trials
of the new stages as well. What the test data said before is kept count of. The record keeps the
study as it was, with who changed what, and when.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from search.errors import LedgerError
from search.ledger import deletion
from search.ledger.claims import lock_idle
from search.ledger.records import Search, StageState
from search.ledger.retrying import reopen
from search.ledger.states import NOT_PLANNED
from search.ledger.tables import searches, stages
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
        kept: How many stages stay as they are.
        dropped: How many finished trials are dropped, as finalists are chosen anew.
    """

    study: Study
    changes: tuple[str, ...]
    kept: int
    dropped: int

    @property
    def steps(self) -> tuple[Step, ...]:
        """The stages that are new, or that are planned anew."""
        return steps(self.study)[self.kept :]


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
    kept = sum(_stays(stage) for stage in found)
    changes = differences(search.study.in_full(), study.in_full())
    if not changes:
        raise LedgerError(
            f"{name}: the study is the recorded one, so there is nothing to extend; `klayer run` "
            "or `klayer submit` goes on with it"
        )
    fixed = fixed_differences(search.study, study, kept)
    if fixed:
        planned = ", ".join(stage.step.name for stage in found[:kept]) or "none yet"
        raise LedgerError(
            f"{name}: only stages that are not planned yet, [final], [budget] and the description "
            f"may change; planned: {planned}. What changed beside those:\n  " + "\n  ".join(fixed)
        )
    dropped = sum(stage.finished for stage in found if stage.step.number > kept)
    return Extension(study, tuple(changes), kept, dropped)


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
    if before.study_hash != search.study_hash or len(known) != extension.kept:
        raise LedgerError(f"{search.study.name}: it was changed meanwhile; try again")
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
