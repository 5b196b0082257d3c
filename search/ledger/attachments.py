"""Attachments in SQL: bytes that an objective keeps with some trials of the final.

What they hold only the objective knows. Each function is part of a transaction.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from search.ledger.database import insert_new
from search.ledger.tables import attachments


def keep(connection: Connection, given: Mapping[int, bytes]) -> None:
    """Store attachments by the trials' ids; one that is there already stays."""
    if given:
        rows = [{"trial_id": trial, "content": content} for trial, content in given.items()]
        connection.execute(insert_new(connection, attachments), rows)


def kept(connection: Connection, trial_id: int) -> bytes | None:
    """The attachment of a trial; None where there is none."""
    query = select(attachments.c.content).where(attachments.c.trial_id == trial_id)
    return connection.scalar(query)
