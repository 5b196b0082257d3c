"""How tables of an older revision become those of this one: Alembic's scripts, in `versions/`.

A script is named after its revision, which is its place in a row: `0001_baseline.py`. So the names
alone tell which revisions there are, and a database that is up to date is opened without Alembic.
Optuna keeps its own revision in `alembic_version`; ours has another table.

A fresh database is made from `tables.metadata`. Every change of that needs a script which makes the
same change in older databases; a test compares the two, and shows the operations that are missing.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from search.errors import LedgerError
from search.ledger.states import LONGEST_LEASE_SECONDS, TO_BE_PLANNED
from search.ledger.tables import cohorts, revision, stages, workers

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

VERSIONS = Path(__file__).with_name("versions")


def revisions() -> list[str]:
    """All that this klayer knows, the oldest first; the last is that of its own tables."""
    return list(_revisions(VERSIONS))


@cache
def _revisions(folder: Path) -> tuple[str, ...]:
    """As this process found them: an upgrade of klayer beside it does not change its code."""
    return tuple(sorted(path.stem.partition("_")[0] for path in folder.glob("[0-9]*.py")))


def unusable(shown: str, found: str | None) -> str:
    """The message for tables of another revision than the last."""
    *older, last = revisions()
    if found in older:
        return (
            f"{shown}: its tables are of revision {found}, this klayer uses revision {last}; stop "
            "its workers, keep a copy, and bring it up to date with `klayer storage upgrade`"
        )
    return (
        f"{shown}: its tables are of revision {found or 'unknown'}, this klayer knows up to "
        f"revision {last}; use the klayer that made them, or another database"
    )


def stamp(connection: Connection) -> None:
    """Write down that tables which were just made are of the last revision."""
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"version_table": revision.name})
    context.stamp(_scripts(), "head")


def upgrade(connection: Connection, found: str | None, time: float, shown: str) -> None:
    """Run every script behind the revision that was found.

    Args:
        connection: In a transaction that keeps all others from writing.
        found: A revision that this klayer knows; None where there are no tables.
        time: The database's.
        shown: Its URL, without a password.

    Raises:
        LedgerError: Somebody works on it, or waits for work: an idle worker would go on with its
            old code.
    """
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    if found == revisions()[-1]:
        return
    held = _held(connection, time) if found else 0
    if held:
        raise LedgerError(
            f"{shown}: processes of revision {found} are at work ({held}); stop them first (or, if "
            "they were killed, wait some minutes until their leases end), then upgrade"
        )
    missing = list(_scripts().iterate_revisions("head", found or "base"))
    with Operations.context(MigrationContext.configure(connection)):
        for script in reversed(missing):
            script.module.upgrade()
    stamp(connection)


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(VERSIONS), version_locations=[str(VERSIONS)])


def _held(connection: Connection, time: float) -> int:
    """How many leases hold, or else processes are there, by columns that every revision has.

    What lies further ahead than a lease can be was written by a clock that was ahead.
    """
    far = time + LONGEST_LEASE_SECONDS
    training = (cohorts.c.state == "claimed") & cohorts.c.lease_until.between(time, far)
    planning = stages.c.state.in_(TO_BE_PLANNED) & stages.c.owner.is_not(None)
    counts = (
        select(func.count(cohorts.c.id)).where(training),
        select(func.count(stages.c.id)).where(planning, stages.c.lease_until.between(time, far)),
    )
    alive = select(func.count(workers.c.id)).where(
        workers.c.seen_at + workers.c.lease_seconds >= time, workers.c.seen_at <= far
    )
    leases = sum(connection.scalar(one) or 0 for one in counts)
    return max(leases, connection.scalar(alive) or 0)
