"""A search deleted in SQL, with all that belongs to it, and its Optuna studies.

It is part of a transaction, and locks what might be claimed before it looks at what is held.
"""

from sqlalchemy import Connection, Select, delete, select

from search.errors import LedgerError
from search.ledger import optuna_rows, presence, sqlite
from search.ledger.claims import lock_all
from search.ledger.database import wake
from search.ledger.records import Search
from search.ledger.tables import (
    attachments,
    checkpoints,
    cohort_checkpoints,
    cohorts,
    earlier_claims,
    reports,
    searches,
    stages,
    trials,
    workers,
)
from search.runtime.formatting import plural


def delete_search(connection: Connection, search: Search, time: float) -> None:
    """Delete a search; nothing happens if it is gone.

    Raises:
        LedgerError: A worker holds work of it or serves it; nothing was deleted.
    """
    held = lock_all(connection, search, time)
    at_work = [one for one in presence.listed(connection, search.id) if not one.lost]
    if held or at_work:
        raise LedgerError(_refusal(search.study.name, max(held, len(at_work))))
    delete_trials(connection, select(stages.c.id).where(stages.c.search_id == search.id))
    for table in (stages, workers):
        connection.execute(delete(table).where(table.c.search_id == search.id))
    connection.execute(delete(searches).where(searches.c.id == search.id))
    if connection.dialect.name == "sqlite":
        sqlite.give_no_key_again(connection, search.id)
    wake(connection)


def delete_trials(connection: Connection, mine: Select[tuple[int]]) -> None:
    """Delete all that stages of a search consist of, whose keys a query gives."""
    studies = select(stages.c.optuna_study).where(
        stages.c.id.in_(mine), stages.c.optuna_study.is_not(None)
    )
    optuna_rows.delete_studies(connection, studies)
    of_mine = select(trials.c.id).where(trials.c.stage_id.in_(mine))
    for table in (attachments, checkpoints, reports):
        connection.execute(delete(table).where(table.c.trial_id.in_(of_mine)))
    its_cohorts = select(cohorts.c.id).where(cohorts.c.stage_id.in_(mine))
    for table in (cohort_checkpoints, earlier_claims):
        connection.execute(delete(table).where(table.c.cohort_id.in_(its_cohorts)))
    for table in (trials, cohorts):
        connection.execute(delete(table).where(table.c.stage_id.in_(mine)))


def _refusal(name: str, count: int) -> str:
    return (
        f"{name}: {plural(count, 'process')} at work on it, so nothing was deleted; stop it with "
        f"`klayer stop {name}`, and delete it when `klayer workers {name}` shows nobody. What a "
        "killed worker held is free once its lease has run out, within a minute"
    )
