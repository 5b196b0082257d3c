"""What may hold searches up in a database, each in words that say what to do. Only reads."""

import time as clocks

from sqlalchemy import Connection, func, select, text

from search.errors import LedgerError
from search.ledger import postgresql
from search.ledger.claims import LONGEST_LEASE_SECONDS
from search.ledger.database import Database, now
from search.ledger.tables import cohorts, stages, workers
from search.runtime.formatting import duration, plural

CLOCK_SECONDS = 5.0  # clocks that differ by less do no harm
MOST_CONNECTIONS = 4  # of a process that is well: two, and others for moments
FEW_CONNECTIONS = 10

_SILENT = text(
    "SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), 0), "
    "min(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND state LIKE 'idle in transaction%' "
    "AND state_change < clock_timestamp() - make_interval(secs => :seconds)"
)
_SESSIONS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename = current_user AND application_name = :name"
)


def findings(database: Database) -> list[str]:
    """What is found; nothing where all is well.

    Raises:
        DatabaseFaultError: The database fails.
    """
    with database.reading() as connection:
        found = [*_clocks(connection), *_versions(connection)]
        if database.location.kind == "postgresql":
            found += [*_silent(connection), *_connections(connection), *_rights(connection)]
    return found


def _clocks(connection: Connection) -> list[str]:
    time, found = now(connection), []
    apart = time - clocks.time()
    if abs(apart) > CLOCK_SECONDS:
        which = "ahead of" if apart > 0 else "behind"
        found.append(
            f"The database's clock is {duration(abs(apart))} {which} this machine's. Leases go by "
            "the database's, so that this does no harm; times that are shown are its own."
        )
    far = time + LONGEST_LEASE_SECONDS
    held = sum(
        connection.scalar(select(func.count(table.c.id)).where(table.c.lease_until > far)) or 0
        for table in (cohorts, stages)
    )
    held += connection.scalar(select(func.count(workers.c.id)).where(workers.c.seen_at > far)) or 0
    if held:
        found.append(
            f"Leases and heartbeats that lie far ahead, since the clock was set back: {held}. The "
            "next heartbeat of any worker mends that; start one."
        )
    return found


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


def _silent(connection: Connection) -> list[str]:
    count, seconds, pid = connection.execute(_SILENT, {"seconds": postgresql.SILENCE_SECONDS}).one()
    if not count:
        return []
    return [
        f"{plural(count, 'session')} silent amid a transaction, for up to "
        f"{duration(float(seconds))}: what it has locked is held up. Workers end those of their "
        f"own role; others the server's administrator ends: SELECT pg_terminate_backend({pid})"
    ]


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
