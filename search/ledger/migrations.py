"""How tables of an older version become those of this one, a step a version, in one transaction.

Versions before 4 were kept in SQLite alone, so their steps are SQLite's statements.
"""

from collections.abc import Callable

from sqlalchemy import (
    Connection,
    Integer,
    String,
    column,
    delete,
    func,
    select,
    table,
    text,
    update,
)

from search.errors import LedgerError
from search.ledger import optuna_rows, postgresql
from search.ledger.claims import TO_BE_PLANNED
from search.ledger.tables import SCHEMA_VERSION, cohorts, schema, stages, trials

OLDEST = 2  # that there is a way from


def upgrade(connection: Connection, found: int, time: float, shown: str) -> None:
    """Take every step from the version that was found.

    Args:
        connection: In a transaction that keeps all others from writing.
        found: Of which version the tables are; this one's and no later one.
        time: The database's.
        shown: Its URL, without a password.

    Raises:
        LedgerError: There is no way from that version, or somebody works on a search.
    """
    if found < OLDEST:
        raise LedgerError(
            f"{shown}: its tables are of version {found}, from which there is no way to version "
            f"{SCHEMA_VERSION}; use the klayer that made them, or another database"
        )
    if found == SCHEMA_VERSION:
        return
    held = _held(connection, time)
    if held:
        raise LedgerError(
            f"{shown}: workers of version {found} hold leases ({held}); stop them first (or, if "
            "they were killed, wait a minute until their leases end), then upgrade"
        )
    for version in range(found, SCHEMA_VERSION):
        _STEPS[version](connection, time)
    connection.execute(update(schema).values(version=SCHEMA_VERSION))


def _held(connection: Connection, time: float) -> int:
    """How many leases hold, on cohorts and on planning."""
    training = (cohorts.c.state == "claimed") & (cohorts.c.lease_until >= time)
    planning = stages.c.state.in_(TO_BE_PLANNED) & stages.c.owner.is_not(None)
    counts = (
        select(func.count(cohorts.c.id)).where(training),
        select(func.count(stages.c.id)).where(planning, stages.c.lease_until >= time),
    )
    return sum(connection.scalar(one) or 0 for one in counts)


def _to_3(connection: Connection, _: float) -> None:
    """Rungs: cohorts begin and end at epochs, and are numbered within their rung."""
    _run(
        connection,
        # The constraint on numbers cannot be changed in place. References to the table go by its
        # name.
        """CREATE TABLE klayer_cohorts_3 (
            id INTEGER NOT NULL PRIMARY KEY,
            stage_id INTEGER NOT NULL REFERENCES klayer_stages (id),
            rung INTEGER NOT NULL,
            number INTEGER NOT NULL,
            start INTEGER NOT NULL,
            stop INTEGER,
            state VARCHAR(16) NOT NULL,
            attempt INTEGER NOT NULL,
            owner VARCHAR(128),
            lease_until FLOAT,
            claimed_at FLOAT,
            finished_at FLOAT,
            UNIQUE (stage_id, rung, number)
        )""",
        """INSERT INTO klayer_cohorts_3
            SELECT id, stage_id, 0, number, 0, NULL, state, attempt, owner, lease_until, claimed_at,
                finished_at
            FROM klayer_cohorts""",
        "DROP TABLE klayer_cohorts",
        "ALTER TABLE klayer_cohorts_3 RENAME TO klayer_cohorts",
        "CREATE INDEX klayer_cohorts_by_state ON klayer_cohorts (stage_id, state)",
        "ALTER TABLE klayer_trials ADD COLUMN pruned_after INTEGER",
        """CREATE TABLE klayer_checkpoints (
            trial_id INTEGER NOT NULL PRIMARY KEY REFERENCES klayer_trials (id),
            epoch INTEGER NOT NULL,
            value FLOAT NOT NULL,
            state BLOB NOT NULL
        )""",
    )


def _to_4(connection: Connection, time: float) -> None:
    """Workers, stops and failures; generations; Optuna's trials by their ids."""
    _run(
        connection,
        """CREATE TABLE klayer_workers (
            id INTEGER NOT NULL PRIMARY KEY,
            name VARCHAR(160) NOT NULL UNIQUE,
            kind VARCHAR(16) NOT NULL,
            search_id INTEGER REFERENCES klayer_searches (id),
            launcher VARCHAR(160),
            host VARCHAR(255) NOT NULL,
            machine VARCHAR(128) NOT NULL,
            process INTEGER NOT NULL,
            started_at FLOAT NOT NULL,
            seen_at FLOAT NOT NULL,
            lease_seconds FLOAT NOT NULL,
            stop_asked BOOLEAN NOT NULL
        )""",
        "CREATE INDEX ix_klayer_workers_launcher ON klayer_workers (launcher)",
        "ALTER TABLE klayer_searches ADD COLUMN stopped_at FLOAT",
        "ALTER TABLE klayer_searches ADD COLUMN failure TEXT",
        "ALTER TABLE klayer_stages ADD COLUMN trials INTEGER",
        "ALTER TABLE klayer_stages ADD COLUMN generations INTEGER NOT NULL DEFAULT 1",
        """UPDATE klayer_stages SET trials =
            (SELECT count(*) FROM klayer_trials WHERE stage_id = klayer_stages.id)
            WHERE state != 'planning'""",
        "ALTER TABLE klayer_cohorts ADD COLUMN lost INTEGER NOT NULL DEFAULT 0",
        "DROP INDEX klayer_cohorts_by_state",
        "CREATE INDEX klayer_cohorts_next ON klayer_cohorts (stage_id, state, rung, number)",
        "CREATE INDEX klayer_cohorts_by_owner ON klayer_cohorts (owner)",
        "ALTER TABLE klayer_trials ADD COLUMN optuna_trial INTEGER",
        """UPDATE klayer_trials SET optuna_trial =
            (SELECT trials.trial_id FROM trials
             JOIN studies ON studies.study_id = trials.study_id
             JOIN klayer_stages ON klayer_stages.optuna_study = studies.study_name
             WHERE klayer_stages.id = klayer_trials.stage_id
               AND trials.number = klayer_trials.number)""",
    )
    _tell_optuna(connection, time)
    _run(connection, "ALTER TABLE klayer_trials DROP COLUMN told")
    _forget_drafts(connection)


def _tell_optuna(connection: Connection, time: float) -> None:
    """Tell of trials what version 3 had not told yet, when its processes ended."""
    query = (
        select(trials, stages.c.optuna_study)
        .join(stages, stages.c.id == trials.c.stage_id)
        .where(text("klayer_trials.told != klayer_trials.state"))
    )
    for row in list(connection.execute(query)):
        optuna_rows.tell(connection, row.optuna_study, row, row.finished_at or time)


def _forget_drafts(connection: Connection) -> None:
    """Delete studies that a planner of version 3 had begun to make when it was killed."""
    study, trial = column("study_id", Integer), column("trial_id", Integer)
    name = column("study_name", String)
    drafts = select(study).select_from(table("studies"))
    drafts = drafts.where(name.like("% (in the making, attempt %)"))
    drafted = select(trial).select_from(table("trials")).where(study.in_(drafts))
    for part in ("user_attributes", "system_attributes", "params", "values"):
        connection.execute(delete(table(f"trial_{part}")).where(trial.in_(drafted)))
    for part in ("trials", "study_user_attributes", "study_directions", "studies"):
        connection.execute(delete(table(part)).where(study.in_(drafts)))


def _to_5(connection: Connection, _: float) -> None:
    """Portraits. Who may write to trials, or read them, may do the same with those."""
    on_server = connection.dialect.name == "postgresql"
    _run(
        connection,
        f"""CREATE TABLE klayer_portraits (
            trial_id INTEGER NOT NULL PRIMARY KEY REFERENCES klayer_trials (id),
            content {"BYTEA" if on_server else "BLOB"} NOT NULL
        )""",
    )
    if on_server:
        postgresql.copy_rights(connection, "klayer_trials", "klayer_portraits")


def _run(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(text(statement))


_STEPS: dict[int, Callable[[Connection, float], None]] = {2: _to_3, 3: _to_4, 4: _to_5}
