"""PostgreSQL as a ledger's database: a server, for workers of any number of hosts.

Transactions lock the rows that they change and no more, so that many workers claim and hand in at
once; rows are locked in one order, cohorts before their stage. Who waits is woken by NOTIFY.
"""

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
# Any number, as long as nobody else in this database locks with the same.
_SCHEMA_LOCK = 0x6B6C61796572

_CONNECTING = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "klayer",
    # A server, or the way to it, that is gone without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}


def engine(location: Location) -> Engine:
    """An engine that keeps one connection, and takes two more for as long as it needs them.

    Connections are tried before they are used: servers and firewalls cut idle ones.
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

    @event.listens_for(made, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = '{SILENCE_SECONDS}s'")
        connection.commit()

    return made


def lock_schema(connection: Connection) -> None:
    """Keep others from creating or changing tables until this transaction ends.

    It may be silent for as long as it wants: Optuna makes its tables over another connection.
    """
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
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
