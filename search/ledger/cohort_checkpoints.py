"""Checkpoints of cohorts in training, in SQL: where another worker goes on if this one is lost.

Each function is part of a transaction. A cohort has one at most, which the next replaces and its
hand-in removes. Those of `search.ledger.rungs` are of trials that rest, and are kept beside it.
"""

from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from search.ledger.database import insert_of
from search.ledger.records import CohortCheckpoint
from search.ledger.tables import cohort_checkpoints as kept
from search.ledger.tables import cohorts, stages

MOST_BYTES = 256 * 2**20
"""Of one; cohorts whose states are larger are trained from where they were claimed once more."""


_FORGET = delete(kept).where(kept.c.cohort_id == bindparam("cohort"))  # of every hand-in


def keep(connection: Connection, cohort_id: int, given: CohortCheckpoint) -> bool:
    """Store how a cohort stands, in place of what is stored of it.

    Nothing is changed where its states are larger than `MOST_BYTES`.

    Returns:
        Whether it is stored.
    """
    sizes = {str(number): len(state) for number, state in given.states.items()}
    if sum(sizes.values()) > MOST_BYTES:
        return False
    reached = {str(number): step for number, step in given.steps.items()}
    values = {
        "standing": {"steps": reached, "sizes": sizes, "notes": dict(given.notes)},
        "states": b"".join(given.states.values()),
    }
    connection.execute(_replace(connection.dialect.name), {"cohort_id": cohort_id, **values})
    return True


@cache
def _replace(dialect: str) -> Any:
    new = insert_of(dialect, kept)
    values = {"standing": new.excluded.standing, "states": new.excluded.states}
    return new.on_conflict_do_update(index_elements=["cohort_id"], set_=values)


def find(connection: Connection, cohort_id: int) -> CohortCheckpoint | None:
    """What is stored of a cohort."""
    row = connection.execute(select(kept).where(kept.c.cohort_id == cohort_id)).first()
    if row is None:
        return None
    states, at = {}, 0
    for number, size in row.standing["sizes"].items():
        states[int(number)] = row.states[at : at + size]
        at += size
    return CohortCheckpoint(_steps(row.standing), row.standing["notes"], states)


def steps(connection: Connection, cohort_id: int) -> dict[int, int]:
    """Up to which step each trial's reports count, by number; {} where nothing is stored."""
    standing = connection.scalar(select(kept.c.standing).where(kept.c.cohort_id == cohort_id))
    return {} if standing is None else _steps(standing)


def steps_of(connection: Connection, search_id: int) -> int:
    """The steps of all trials of a search up to which they are stored."""
    mine = (
        select(kept.c.standing)
        .join(cohorts, cohorts.c.id == kept.c.cohort_id)
        .join(stages, stages.c.id == cohorts.c.stage_id)
        .where(stages.c.search_id == search_id)
    )
    return sum(sum(_steps(standing).values()) for standing in connection.scalars(mine))


def forget(connection: Connection, cohort_id: int) -> None:
    """Remove what is stored of a cohort."""
    connection.execute(_FORGET, {"cohort": cohort_id})


def _steps(standing: dict[str, Any]) -> dict[int, int]:
    return {int(number): step for number, step in standing["steps"].items()}
