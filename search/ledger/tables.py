"""The tables of the ledger, which lie beside Optuna's own in the same database.

The ledger's tables are the truth. Optuna's are written with them, in the same transactions, so
that anything that reads Optuna can show a search (`search.ledger.optuna_rows`). What the states of
stages, cohorts and trials mean is said in `search.ledger.states`.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    column,
    table,
)

metadata = MetaData()  # whose changes `search.ledger.migrations` brings to older databases

# Alembic makes this one, and keeps in it the revision that the others are of.
revision = table("klayer_alembic_version", column("version_num", String))

searches = Table(
    "klayer_searches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("study", JSON, nullable=False),  # the canonical form of the study file
    Column("study_hash", String(64), nullable=False),
    Column("study_text", Text, nullable=False),  # as it was read, comments and all
    Column("metrics", JSON, nullable=False),  # their names, in the order in which reports have them
    Column("data", JSON, nullable=False),  # the data card
    Column("environment", JSON, nullable=False),
    Column("klayer", String(80), nullable=False),  # the version that works on it
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC, as all times here
    Column("finished_at", Float),
    Column("stopped_at", Float),  # when it was asked to stop; NULL again once it is taken up
    Column("failure", Text),  # why it cannot go on; NULL again once it is taken up
    Column("result", JSON),  # of the evaluation, once it is there
    Column("worked", Float, nullable=False),  # for how many seconds it was worked on
    Column("worked_at", Float),  # when that was last looked at
    Column("trained_seconds", Float, nullable=False),  # of its cohorts, together
    Column("readings", Integer, nullable=False),  # of the test data, before it was taken up again
    Column("extensions", JSON, nullable=False),  # who changed what when, and the study before that
)

workers = Table(
    "klayer_workers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(160), nullable=False, unique=True),  # what owners of claims are called
    Column("kind", String(16), nullable=False),  # worker or launcher
    Column("search_id", ForeignKey("klayer_searches.id")),  # NULL: it serves all searches
    Column("launcher", String(160), index=True),  # the worker of kind launcher that started it
    Column("host", String(255), nullable=False),
    Column("machine", String(128), nullable=False),  # the running kernel, as containers share one
    Column("process", Integer, nullable=False),
    Column("klayer", String(80), nullable=False),  # its version
    Column("started_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("lease_seconds", Float, nullable=False),  # when not seen for so long, it is lost
    Column("stop_asked", Boolean, nullable=False),
)

stages = Table(
    "klayer_stages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("search_id", ForeignKey("klayer_searches.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", String(64), nullable=False),
    Column("kind", String(16), nullable=False),  # search, finalists or final
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),  # how often its planning was claimed
    Column("owner", String(160)),  # who plans it, its next rung or its next generation
    Column("lease_until", Float),
    Column("boxes", JSON),
    Column("explanation", Text),
    Column("steps", Float),  # of each trial, in full; NULL where that is not known
    Column("trials", Integer),  # in all, those of generations to come included
    Column("generations", Integer, nullable=False),  # that are planned
    Column("optuna_study", String(192)),  # its name, in which trials have the same numbers as here
    Column("opened_at", Float),
    Column("finished_at", Float),
    # Why it ended before all its trials (`search.plan.stopping`); NULL where it did not.
    Column("ended", JSON),
    # What came in of it, where the search has a budget by the clock (`search.ledger.pace`).
    Column("trained_trials", Integer, nullable=False),
    Column("trained_steps", Float, nullable=False),
    Column("trained_seconds", Float, nullable=False),
    UniqueConstraint("search_id", "number"),
)

cohorts = Table(
    "klayer_cohorts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("stage_id", ForeignKey("klayer_stages.id"), nullable=False),
    Column("rung", Integer, nullable=False),  # how many rungs of the stage lie before it
    Column("number", Integer, nullable=False),  # its place in the rung's plan
    Column("start", Integer, nullable=False),  # steps that its trials were trained before
    Column("stop", Integer),  # steps after which they rest; NULL: they are trained to the end
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),  # how often it was claimed
    # How many who claimed it were lost with it since it last came further.
    Column("lost", Integer, nullable=False),
    Column("lost_on", String(128)),  # the machine of the last of them
    Column("lost_at", Float),
    Column("owner", String(160)),
    Column("lease_until", Float),
    Column("claimed_at", Float),  # NULL once it is given up: all its claims are earlier ones
    Column("finished_at", Float),
    UniqueConstraint("stage_id", "rung", "number"),
    # Finds the next one that waits without reading those that do not, however many there are.
    Index("klayer_cohorts_next", "stage_id", "state", "rung", "number"),
    Index("klayer_cohorts_by_owner", "owner"),
)

# Claims of cohorts that ended before their cohort was handed in: released, or lost.
earlier_claims = Table(
    "klayer_earlier_claims",
    metadata,
    Column("cohort_id", ForeignKey("klayer_cohorts.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("owner", String(160), nullable=False),
    Column("claimed_at", Float, nullable=False),
    Column("ended_at", Float, nullable=False),  # of one that was lost: when its lease ran out
)

trials = Table(
    "klayer_trials",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("stage_id", ForeignKey("klayer_stages.id"), nullable=False),
    Column("cohort_id", ForeignKey("klayer_cohorts.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),  # its place in the stage's plan
    Column("box", Integer, nullable=False),  # the place of its box in the stage's boxes
    Column("parameters", JSON, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("order_seed", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("optuna_trial", Integer),  # the id of Optuna's
    Column("value", Float),
    Column("reason", Text),
    Column("pruned_after", Integer),  # steps
    Column("started_at", Float),  # when it was first claimed
    Column("finished_at", Float),
    UniqueConstraint("stage_id", "number"),
)

# What trials report at each step (`search.ledger.reports`).
reports = Table(
    "klayer_reports",
    metadata,
    Column("trial_id", ForeignKey("klayer_trials.id"), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("score", Float),  # the metric that ranks; NULL where it is no finite number
    Column("metrics", LargeBinary, nullable=False),  # float64 each, in the order of the search's
    sqlite_with_rowid=False,  # rows lie in the order of the key, so that a curve is read in one go
)

# How trials stand that rest at a rung until it is decided whether they go on.
checkpoints = Table(
    "klayer_checkpoints",
    metadata,
    Column("trial_id", ForeignKey("klayer_trials.id"), primary_key=True),
    Column("step", Integer, nullable=False),  # after which it rests
    Column("value", Float, nullable=False),  # that it is compared by
    Column("state", LargeBinary, nullable=False),  # what its training goes on from
)

# How the cohorts stand that are in training, as their workers last wrote it down; one whose worker
# is lost goes on from there (`search.ledger.cohort_checkpoints`).
cohort_checkpoints = Table(
    "klayer_cohort_checkpoints",
    metadata,
    Column("cohort_id", ForeignKey("klayer_cohorts.id"), primary_key=True),
    Column("standing", JSON, nullable=False),  # steps, sizes and notes, by the trials' numbers
    Column("states", LargeBinary, nullable=False),  # of those that go on, one behind the other
)

# What an objective keeps with trials of the final, such as what pictures of them are drawn from.
attachments = Table(
    "klayer_attachments",
    metadata,
    Column("trial_id", ForeignKey("klayer_trials.id"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
