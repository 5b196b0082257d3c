"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "klayer_searches",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("study", sa.JSON, nullable=False),
        sa.Column("study_hash", sa.String(64), nullable=False),
        sa.Column("study_text", sa.Text, nullable=False),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("environment", sa.JSON, nullable=False),
        sa.Column("klayer", sa.String(80), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float),
        sa.Column("stopped_at", sa.Float),
        sa.Column("failure", sa.Text),
        sa.Column("result", sa.JSON),
        sa.Column("worked", sa.Float, nullable=False),
        sa.Column("worked_at", sa.Float),
        sa.Column("trained_seconds", sa.Float, nullable=False),
        sa.Column("readings", sa.Integer, nullable=False),
        sa.Column("extensions", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "klayer_stages",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("search_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(160)),
        sa.Column("lease_until", sa.Float),
        sa.Column("boxes", sa.JSON),
        sa.Column("explanation", sa.Text),
        sa.Column("steps", sa.Float),
        sa.Column("trials", sa.Integer),
        sa.Column("generations", sa.Integer, nullable=False),
        sa.Column("optuna_study", sa.String(192)),
        sa.Column("opened_at", sa.Float),
        sa.Column("finished_at", sa.Float),
        sa.Column("ended", sa.JSON),
        sa.Column("trained_trials", sa.Integer, nullable=False),
        sa.Column("trained_steps", sa.Float, nullable=False),
        sa.Column("trained_seconds", sa.Float, nullable=False),
        sa.ForeignKeyConstraint(["search_id"], ["klayer_searches.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("search_id", "number"),
    )
    op.create_table(
        "klayer_workers",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("search_id", sa.Integer),
        sa.Column("launcher", sa.String(160)),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("machine", sa.String(128), nullable=False),
        sa.Column("process", sa.Integer, nullable=False),
        sa.Column("klayer", sa.String(80), nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("seen_at", sa.Float, nullable=False),
        sa.Column("lease_seconds", sa.Float, nullable=False),
        sa.Column("stop_asked", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["search_id"], ["klayer_searches.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index("ix_klayer_workers_launcher", "klayer_workers", ["launcher"])
    op.create_table(
        "klayer_cohorts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("stage_id", sa.Integer, nullable=False),
        sa.Column("rung", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("stop", sa.Integer),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lost", sa.Integer, nullable=False),
        sa.Column("lost_on", sa.String(128)),
        sa.Column("lost_at", sa.Float),
        sa.Column("owner", sa.String(160)),
        sa.Column("lease_until", sa.Float),
        sa.Column("claimed_at", sa.Float),
        sa.Column("finished_at", sa.Float),
        sa.ForeignKeyConstraint(["stage_id"], ["klayer_stages.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("stage_id", "rung", "number"),
    )
    op.create_index("klayer_cohorts_by_owner", "klayer_cohorts", ["owner"])
    op.create_index(
        "klayer_cohorts_next", "klayer_cohorts", ["stage_id", "state", "rung", "number"]
    )
    op.create_table(
        "klayer_earlier_claims",
        sa.Column("cohort_id", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(160), nullable=False),
        sa.Column("claimed_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float, nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["klayer_cohorts.id"]),
        sa.PrimaryKeyConstraint("cohort_id", "attempt"),
    )
    op.create_table(
        "klayer_trials",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("stage_id", sa.Integer, nullable=False),
        sa.Column("cohort_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("box", sa.Integer, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("order_seed", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("optuna_trial", sa.Integer),
        sa.Column("value", sa.Float),
        sa.Column("reason", sa.Text),
        sa.Column("pruned_after", sa.Integer),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
        sa.ForeignKeyConstraint(["cohort_id"], ["klayer_cohorts.id"]),
        sa.ForeignKeyConstraint(["stage_id"], ["klayer_stages.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("stage_id", "number"),
    )
    op.create_index("ix_klayer_trials_cohort_id", "klayer_trials", ["cohort_id"])
    op.create_table(
        "klayer_checkpoints",
        sa.Column("trial_id", sa.Integer, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["klayer_trials.id"]),
        sa.PrimaryKeyConstraint("trial_id"),
    )
    op.create_table(
        "klayer_cohort_checkpoints",
        sa.Column("cohort_id", sa.Integer, nullable=False),
        sa.Column("standing", sa.JSON, nullable=False),
        sa.Column("states", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["klayer_cohorts.id"]),
        sa.PrimaryKeyConstraint("cohort_id"),
    )
    op.create_table(
        "klayer_reports",
        sa.Column("trial_id", sa.Integer, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("metrics", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["klayer_trials.id"]),
        sa.PrimaryKeyConstraint("trial_id", "step"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "klayer_attachments",
        sa.Column("trial_id", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["klayer_trials.id"]),
        sa.PrimaryKeyConstraint("trial_id"),
    )
