"""What may hold searches up in a database, each in words that say what to do. Only reads."""

import time as clocks
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, text

from search.errors import LedgerError
from search.ledger import postgresql
from search.ledger.database import Database, now
from search.ledger.optuna_tables import EVERY_TABLE
from search.ledger.states import LONGEST_LEASE_SECONDS
from search.ledger.tables import cohorts, metadata, stages, workers
from search.runtime.formatting import duration, plural

CLOCK_SECONDS = 5.0  # clocks that differ by less do no harm
MOST_CONNECTIONS = 4  # of a process that is well: two, and others for moments
FEW_CONNECTIONS = 10

MOMENT_SECONDS = 1.0  # whoever holds rows for longer does not only write them
# Sessions with locks on rows, or on a whole table, that others who write may have to wait for. Of
# those of other roles the server says neither since when nor from where, unless to its
# administrators.
_HOLDING = text("""
    SELECT pid, virtualtransaction, usename, application_name, host(client_addr) AS host,
        extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds,
        CASE WHEN state LIKE 'idle in transaction%'
            THEN extract(epoch FROM clock_timestamp() - state_change)::float8 END AS silent
    FROM pg_stat_activity JOIN pg_locks USING (pid) JOIN pg_class ON pg_class.oid = relation
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND granted AND relname = ANY(:tables)
        AND mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock')
    ORDER BY pid
""")
_SESSIONS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename = current_user AND application_name = :name"
)


@dataclass(frozen=True)
class Checkup:
    """What is found.

    Attributes:
        faults: What holds searches up, or may, and what to do about it.
        remarks: What is worth knowing, and does no harm.
    """

    faults: list[str]
    remarks: list[str]


def checkup(database: Database) -> Checkup:
    """What is found; nothing where all is well.

    Raises:
        DatabaseFaultError: The database fails.
    """
    with database.reading() as connection:
        faults = [*_leases(connection), *_versions(connection)]
        remarks = _clocks(connection)
        if database.location.kind == "postgresql":
            faults += [*_connections(connection), *_rights(connection)]
    if database.location.kind == "postgresql":
        faults += _holding(database)
    return Checkup(faults, remarks)


def _clocks(connection: Connection) -> list[str]:
    apart = now(connection) - clocks.time()
    if abs(apart) <= CLOCK_SECONDS:
        return []
    which = "ahead of" if apart > 0 else "behind"
    return [
        f"The database's clock is {duration(abs(apart))} {which} this machine's. Leases go by "
        "the database's, so that this does no harm; times that are shown are its own."
    ]


def _leases(connection: Connection) -> list[str]:
    time = now(connection)
    far = time + LONGEST_LEASE_SECONDS
    held = sum(
        connection.scalar(select(func.count(table.c.id)).where(table.c.lease_until > far)) or 0
        for table in (cohorts, stages)
    )
    held += connection.scalar(select(func.count(workers.c.id)).where(workers.c.seen_at > far)) or 0
    if not held:
        return []
    return [
        f"Leases and heartbeats that lie far ahead, since the clock was set back: {held}. The "
        "next heartbeat of any worker mends that; start one."
    ]


def _versions(connection: Connection) -> list[str]:
    alive = workers.c.seen_at + workers.c.lease_seconds >= now(connection)
    query = select(workers.c.klayer, func.count(workers.c.id)).where(alive)
    found = connection.execute(query.group_by(workers.c.klayer).order_by(workers.c.klayer)).all()
    if len(found) < 2:
        return []
    each = ", ".join(f"{version}: {plural(count, 'process')}" for version, count in found)
    return [
        f"Processes of several versions of klayer are at work ({each}). Each search takes those of "
        "one version; `klayer workers` shows which they are. Stop the others and install that one."
    ]


def _holding(database: Database) -> list[str]:
    """Sessions that hold rows for longer than a moment.

    Of klayer's own, those whose clients are silent: others may write for longer.
    """
    before = {(row.pid, row.virtualtransaction) for row in _holders(database)}
    if not before:
        return []
    clocks.sleep(MOMENT_SECONDS)
    there = {row.pid: row for row in _holders(database)}
    return [
        _held_by(row)
        for row in there.values()
        if (row.pid, row.virtualtransaction) in before
        and (row.application_name != postgresql.NAME or _is_silent(row))
    ]


def _holders(database: Database) -> Sequence[Any]:
    tables = [table.name for table in (*metadata.sorted_tables, *EVERY_TABLE)]
    with database.reading() as connection:
        return connection.execute(_HOLDING, {"tables": tables}).all()


def _is_silent(row: Any) -> bool:
    return row.silent is not None and row.silent > postgresql.SILENCE_SECONDS


def _held_by(row: Any) -> str:
    """Such as `Session 4711 (optuna-dashboard, role ann, from 10.0.0.5) has …`."""
    who = [row.application_name, f"role {row.usename}"]
    who += [f"from {row.host}"] if row.host else []
    long = "for some time" if row.seconds is None else f"for {duration(row.seconds)}"
    silent = "" if row.silent is None else f", and has said nothing for {duration(row.silent)}"
    return (
        f"Session {row.pid} ({', '.join(filter(None, who))}) has held rows of searches {long}, "
        f"amid a transaction{silent}: what it holds is written when it ends. Workers end those of "
        "their own that are silent. End the program, or let the server's administrator end the "
        f"session: SELECT pg_terminate_backend({row.pid})"
    )


def _connections(connection: Connection) -> list[str]:
    found = []
    alive = select(func.count(workers.c.id)).where(
        workers.c.seen_at + workers.c.lease_seconds >= now(connection)
    )
    sessions = connection.scalar(_SESSIONS, {"name": postgresql.NAME}) or 0
    processes = 1 + (connection.scalar(alive) or 0)  # this one is not listed
    if sessions > MOST_CONNECTIONS * processes:
        found.append(
            f"klayer has {sessions} connections, and {plural(processes, 'process')}: some are of "
            "hosts that are gone. The server closes those after half a minute; where they stay, a "
            "proxy on the way keeps them."
        )
    free = postgresql.free_connections(connection)
    if free < FEW_CONNECTIONS:
        found.append(
            f"The server has {plural(free, 'connection')} left, and each worker needs "
            f"{postgresql.EACH_WORKERS}: raise max_connections, or the limit of the role or of the "
            "database, or stop some workers."
        )
    return found


def _rights(connection: Connection) -> list[str]:
    try:
        postgresql.check_rights(connection, cohorts.name, "Reading is all that can be done here")
    except LedgerError as error:
        return [f"{error}."]
    return []
