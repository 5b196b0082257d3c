"""PostgreSQL as a ledger's database: a server, for workers of any number of hosts.

Transactions lock the rows that they change and no more, so that many workers claim and hand in at
once; rows are locked in one order, cohorts before their stage. Who waits is woken by NOTIFY.
"""

from selectors import EVENT_READ, DefaultSelector
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text

from search.errors import LedgerError
from search.ledger.location import Location

CHANNEL = "klayer"
CONNECT_SECONDS = 10
# A client silent for so long within a transaction was paused or cut off, and the server would keep
# its locks: on a cohort that nobody else could claim then, or on a stage that nobody else
# could hand in to. Less than a lease.
SILENCE_SECONDS = 30
# For so long a statement waits for a lock, as on a row of Optuna's studies that a stranger's
# transaction holds. Then its transaction is rolled back, so that what it holds itself is free
# meanwhile, and tried again. Far less than a lease.
LOCK_SECONDS = 5
NAME = "klayer"  # of the sessions
# A worker keeps one for transactions and one by which it is woken, and for moments takes another.
EACH_WORKERS = 2
# Any number, as long as nobody else in this database locks with the same.
_SCHEMA_LOCK = 0x6B6C61796572

_CONNECTING = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": NAME,
    # A server, or the way to it, that is gone without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# The same for the server, whose client may be gone.
_SESSION = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
# Sessions of this role's in this database whose clients have long been silent in a transaction.
_END_SILENT = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user AND application_name = :name "
    "AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid() "
    "AND state_change < clock_timestamp() - make_interval(secs => :seconds)"
)

_BACKEND = text("SELECT pg_backend_pid()")
# Sessions of others are listed for everybody, with their database and role.
_FREE = text("""
    WITH seen AS (SELECT usesysid, datid FROM pg_stat_activity WHERE datid IS NOT NULL)
    SELECT least(
        current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true), '0')::int
            - (SELECT count(*) FROM seen),
        (SELECT CASE WHEN rolconnlimit >= 0
            THEN rolconnlimit - (SELECT count(*) FROM seen WHERE usesysid = pg_roles.oid) END
            FROM pg_roles WHERE rolname = current_user),
        (SELECT CASE WHEN datconnlimit >= 0
            THEN datconnlimit - (SELECT count(*) FROM seen WHERE datid = pg_database.oid) END
            FROM pg_database WHERE datname = current_database())
    )
""")


def engine(location: Location) -> Engine:
    """An engine that keeps one connection, and takes two more for as long as it needs them.

    Connections are tried before they are used, where the server has closed them or said something:
    servers and firewalls cut idle ones.
    """
    asked = {key: value for key, value in _CONNECTING.items() if key not in location.url.query}
    made = create_engine(
        location.url,
        connect_args=asked,
        # Whatever a role's default is: of two who wait for one lock, the second must see what the
        # first has written.
        isolation_level="READ COMMITTED",
        pool_size=1,
        max_overflow=2,
        pool_pre_ping=True,
    )
    # Many rows in one INSERT. psycopg sends `executemany` as a pipeline, and behind one the server
    # forgets idle_in_transaction_session_timeout: of 48 sessions that fell silent then 16 stayed.
    made.dialect.use_insertmanyvalues_wo_returning = True

    asks = made.dialect.do_ping

    def is_there(dbapi_connection: Any) -> bool:
        """Whether the server is there; one that has left or said something makes this readable."""
        with DefaultSelector() as readable:
            readable.register(dbapi_connection.fileno(), EVENT_READ)
            return asks(dbapi_connection) if readable.select(0) else True

    made.dialect.do_ping = is_there  # type: ignore[method-assign]

    @event.listens_for(made, "connect")
    def _connected(connection: Any, _: Any) -> None:
        settings = {
            **_SESSION,
            "idle_in_transaction_session_timeout": f"{SILENCE_SECONDS}s",
            "lock_timeout": f"{LOCK_SECONDS * 1000:.0f}",
        }
        connection.execute("; ".join(f"SET {key} = '{value}'" for key, value in settings.items()))
        connection.commit()

    return made


def end_silent(connection: Connection) -> None:
    """End sessions that hold locks though their clients have been silent for too long.

    The server does so itself (`idle_in_transaction_session_timeout`), unless it has forgotten to,
    or somebody has switched that off: then what they hold would be held for ever.
    """
    connection.execute(_END_SILENT, {"name": NAME, "seconds": SILENCE_SECONDS})


def check_sessions(engine: Engine, shown: str) -> None:
    """Whether connections are sessions of the server, as notifications and settings need them.

    A pooler gives away another number of the session than the server does; one that shares sessions
    lets a second connection have the first one's.

    Raises:
        LedgerError: A pooler gives each transaction any session.
    """
    with engine.connect() as first:
        own, found = first.connection.driver_connection, first.scalar(_BACKEND)
        if own is None or own.info.backend_pid == found:
            return
        first.rollback()
        with engine.connect() as second:
            shared = second.scalar(_BACKEND) == found
    if shared:
        raise LedgerError(
            f"{shown}: a connection pooler stands before PostgreSQL that gives each transaction "
            "another session (pgbouncer's pool_mode = transaction). Workers are woken by "
            "notifications, and sessions that fall silent are ended: both need sessions of their "
            "own. Name PostgreSQL itself, or let the pooler keep sessions (pool_mode = session)"
        )


def free_connections(connection: Connection) -> int:
    """How many more connections the server lets this role have to this database."""
    return int(connection.scalar(_FREE) or 0)


def lock_schema(connection: Connection) -> None:
    """Keep others from creating or changing tables until this transaction ends.

    It may wait and be silent for as long as it wants: Optuna makes its tables over another
    connection.
    """
    for setting in ("idle_in_transaction_session_timeout", "lock_timeout"):
        connection.execute(text(f"SET LOCAL {setting} = 0"))
    connection.execute(text(f"SET LOCAL application_name = '{NAME}: making tables'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})


def check_rights(connection: Connection, table: str, shown: str) -> None:
    """Whether this role may write.

    Raises:
        LedgerError: It may not.
    """
    granted = text(
        "SELECT has_table_privilege(:name, 'INSERT') AND has_table_privilege(:name, 'UPDATE') "
        "AND has_table_privilege(:name, 'DELETE') "
        "AND has_sequence_privilege(pg_get_serial_sequence(:name, 'id'), 'USAGE')"
    )
    if not connection.scalar(granted, {"name": table}):
        role = connection.scalar(text("SELECT current_user"))
        raise LedgerError(
            f"{shown}: the role {role} may not write to the ledger's tables; let their owner "
            f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}, and likewise ON ALL SEQUENCES, "
            "or connect as the owner"
        )
