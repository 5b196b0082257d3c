"""Worker processes in SQL: they register, send heartbeats, are asked to stop, and leave.

Each function is part of a transaction. Claims do not depend on this: they have leases of their own.
It shows which worker works on what, lets a launcher stop its workers on any host, and keeps two
machines from using a SQLite file at once.
"""

import math
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from search.errors import LedgerError
from search.ledger.database import now, wake
from search.ledger.location import POSTGRESQL_EXAMPLE
from search.ledger.records import Presence, WorkerState, named
from search.ledger.states import TO_BE_PLANNED
from search.ledger.tables import cohorts, searches, stages, trials, workers

FORGOTTEN_SECONDS = 600.0  # for so long a lost worker is shown


def join(connection: Connection, who: Presence, time: float) -> None:
    """Register a process.

    Raises:
        LedgerError: The database is SQLite, and in use on another machine.
    """
    if connection.dialect.name == "sqlite":
        _check_machine(connection, who, time)
    connection.execute(delete(workers).where(workers.c.seen_at < time - FORGOTTEN_SECONDS))
    connection.execute(delete(workers).where(workers.c.name == who.name))
    asked = who.launcher is not None and _stopping(connection, who, time)
    connection.execute(
        insert(workers).values(
            name=who.name,
            kind=who.kind,
            search_id=who.search_id,
            launcher=who.launcher,
            host=who.host,
            machine=who.machine,
            process=who.process,
            klayer=who.klayer,
            started_at=time,
            seen_at=time,
            lease_seconds=who.lease_seconds,
            stop_asked=asked,
        )
    )


def _check_machine(connection: Connection, who: Presence, time: float) -> None:
    until = workers.c.seen_at + workers.c.lease_seconds
    query = select(workers.c.host, until.label("until")).order_by(until.desc()).limit(1)
    elsewhere = workers.c.machine != who.machine, until >= time
    other = connection.execute(query.where(*elsewhere)).first()
    if other is not None:
        raise LedgerError(
            f"this SQLite file is in use on another machine, {other.host}: its locks and its log "
            "hold on one machine alone. Keep searches of several hosts in PostgreSQL: "
            f"--storage {POSTGRESQL_EXAMPLE}. If that machine was switched off, or this one was "
            f"started anew, try again in {math.ceil(other.until - time)} s"
        )


def see(connection: Connection, who: Presence, time: float) -> bool:
    """Record a heartbeat; whether the process should stop."""
    mine = workers.c.name == who.name
    seen = connection.execute(update(workers).where(mine).values(seen_at=time))
    if seen.rowcount == 0:  # it was taken for lost, and removed
        join(connection, who, time)
    return asked_to_stop(connection, who, time)


def _stopping(connection: Connection, who: Presence, time: float) -> bool:
    """Whether the launcher of a process stops its workers, or is gone.

    After a machine slept, all heartbeats are old: a worker that can see its launcher by itself does
    not rely on them.
    """
    query = select(workers.c.stop_asked, workers.c.seen_at + workers.c.lease_seconds)
    found = connection.execute(query.where(workers.c.name == who.launcher)).first()
    if found is None:
        return not who.sees_launcher
    return found[0] or (found[1] < time and not who.sees_launcher)


def asked_to_stop(connection: Connection, who: Presence, time: float) -> bool:
    """Whether a process was asked to stop, or its launcher is gone."""
    if who.launcher is not None and _stopping(connection, who, time):
        return True
    asked = select(workers.c.stop_asked).where(workers.c.name == who.name)
    return bool(connection.scalar(asked))


def ask_to_stop(connection: Connection, launcher: str) -> None:
    """Ask all workers that a launcher started to stop, and those that are about to join."""
    its_own = (workers.c.launcher == launcher) | (workers.c.name == launcher)
    connection.execute(update(workers).where(its_own).values(stop_asked=True))
    wake(connection)


def leave(connection: Connection, names: list[str]) -> None:
    """Remove processes."""
    connection.execute(delete(workers).where(workers.c.name.in_(names)))


def workers_of(connection: Connection, launcher: str) -> list[str]:
    """The names of the workers that a launcher started, and that have not left."""
    mine = select(workers.c.name).where(workers.c.launcher == launcher)
    return list(connection.scalars(mine.order_by(workers.c.id)))


def listed(connection: Connection, search_id: int | None) -> list[WorkerState]:
    """The registered processes, oldest first; of one search, those that serve it or hold work."""
    time = now(connection)
    work: dict[str, Any] = {row.owner: row for row in _planning(connection)}
    work |= {row.owner: row for row in _training(connection)}
    its_name = select(searches.c.name).where(searches.c.id == workers.c.search_id)
    query = select(workers, its_name.scalar_subquery().label("search")).order_by(workers.c.id)
    return [
        _state(row, work.get(row.name), time)
        for row in connection.execute(query)
        if search_id is None
        or row.search_id == search_id
        or (row.name in work and work[row.name].search_id == search_id)
    ]


def _training(connection: Connection) -> list[Any]:
    """Claimed cohorts: owner, stage, search, since when, first and last trial."""
    query = (
        select(
            cohorts.c.owner,
            cohorts.c.claimed_at.label("since"),
            stages.c.name.label("stage"),
            stages.c.search_id,
            searches.c.name.label("search"),
            func.min(trials.c.number).label("lowest"),
            func.max(trials.c.number).label("highest"),
            func.count(trials.c.id).label("members"),
        )
        .join(stages, stages.c.id == cohorts.c.stage_id)
        .join(searches, searches.c.id == stages.c.search_id)
        .join(trials, trials.c.cohort_id == cohorts.c.id)
        .where(stages.c.state == "open", cohorts.c.state == "claimed")
        .group_by(cohorts.c.id, stages.c.name, stages.c.search_id, searches.c.name)
    )
    return list(connection.execute(query))


def _planning(connection: Connection) -> list[Any]:
    query = (
        select(
            stages.c.owner,
            stages.c.name.label("stage"),
            stages.c.search_id,
            searches.c.name.label("search"),
        )
        .join(searches, searches.c.id == stages.c.search_id)
        .where(stages.c.state.in_(TO_BE_PLANNED), stages.c.owner.is_not(None))
    )
    return list(connection.execute(query))


def _state(row: Row[Any], work: Any, time: float) -> WorkerState:
    return WorkerState(
        name=row.name,
        kind=row.kind,
        host=row.host,
        process=row.process,
        search=row.search,
        started_at=row.started_at,
        seen_at=row.seen_at,
        lost=row.seen_at + row.lease_seconds < time,
        work=None if work is None else _in_words(work),
        working_on=None if work is None else work.search,
        since=getattr(work, "since", None),
        klayer=row.klayer,
    )


def _in_words(work: Any) -> str:
    """What a worker holds, such as "coarse #0 to #3"."""
    if not hasattr(work, "members"):
        return f"planning {work.stage}"
    return named(work.stage, work.lowest, work.highest, work.members)
