"""What is kept of the trials of a final, in SQL: bytes that only their objective reads.

`keep` and `kept` are parts of a transaction.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from search.ledger.database import insert_new
from search.ledger.tables import portraits


def keep(connection: Connection, attachments: Mapping[int, bytes]) -> None:
    """Store attachments by the trials' ids; again does no harm."""
    if attachments:
        rows = [{"trial_id": trial, "content": one} for trial, one in attachments.items()]
        connection.execute(insert_new(connection, portraits), rows)


def kept(connection: Connection, trial_id: int) -> bytes | None:
    """The attachment of a trial, None where there is none."""
    query = select(portraits.c.content).where(portraits.c.trial_id == trial_id)
    content = connection.scalar(query)
    return None if content is None else bytes(content)
