"""Optuna's tables, and the words that are written into them.

They are Optuna's to change, so `search.ledger.optuna_rows.check` holds a database to the revision
of them that is named here.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Column, DateTime, Enum, Float, Integer, MetaData, String, Table, Text

REVISION: Final = "v3.2.0.a"

MINE: Final = "klayer:"  # what the keys of attributes begin with that are written here
SEARCH: Final = "klayer:search"  # user attribute of every study: the name of its search
SEED: Final = "klayer:seed"  # user attribute of every trial: the seed of its own draws
NOTE: Final = "klayer:note"  # system attribute: the note that stood there at the beginning
METRIC_NAMES: Final = "study:metric_names"  # system attribute: see `Study.set_metric_names`

STATES: Final = {
    "waiting": "WAITING",
    "running": "RUNNING",
    "complete": "COMPLETE",
    "pruned": "PRUNED",
    "diverged": "FAIL",
    "failed": "FAIL",
    "skipped": "WAITING",
}
"""Optuna's state of a trial by the ledger's."""

ENDS: Final = ("COMPLETE", "PRUNED", "FAIL")
"""States of Optuna's of a trial at its end."""

_optuna = MetaData()


def _key(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True)


def _attributes(name: str, owner: str) -> Table:
    """A table of attributes, by keys, as JSON."""
    return Table(
        name,
        _optuna,
        _key(f"{name.removesuffix('s')}_id"),
        Column(f"{owner}_id", Integer),
        Column("key", String(512)),
        Column("value_json", Text),
    )


revision = Table("alembic_version", _optuna, Column("version_num", String(32)))
studies = Table("studies", _optuna, _key("study_id"), Column("study_name", String(512)))
directions = Table(
    "study_directions",
    _optuna,
    _key("study_direction_id"),
    Column("direction", Enum("NOT_SET", "MINIMIZE", "MAXIMIZE", name="studydirection")),
    Column("study_id", Integer),
    Column("objective", Integer),
)
study_attributes = _attributes("study_user_attributes", "study")
system_attributes = _attributes("study_system_attributes", "study")
trials = Table(
    "trials",
    _optuna,
    _key("trial_id"),
    Column("number", Integer),
    Column("study_id", Integer),
    Column("state", Enum("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING", name="trialstate")),
    Column("datetime_start", DateTime),
    Column("datetime_complete", DateTime),
)
trial_attributes = _attributes("trial_user_attributes", "trial")
parameters = Table(
    "trial_params",
    _optuna,
    _key("param_id"),
    Column("trial_id", Integer),
    Column("param_name", String(512)),
    Column("param_value", Float(53)),
    Column("distribution_json", Text),
)
values = Table(
    "trial_values",
    _optuna,
    _key("trial_value_id"),
    Column("trial_id", Integer),
    Column("objective", Integer),
    Column("value", Float(53)),
    Column("value_type", Enum("FINITE", "INF_POS", "INF_NEG", name="trialvaluetype")),
)
intermediate_values = Table(
    "trial_intermediate_values",
    _optuna,
    _key("trial_intermediate_value_id"),
    Column("trial_id", Integer),
    Column("step", Integer),
    Column("intermediate_value", Float(53)),
    Column(
        "intermediate_value_type",
        Enum("FINITE", "INF_POS", "INF_NEG", "NAN", name="trialintermediatevaluetype"),
    ),
)

# Of these only the rows of deleted trials matter here.
_KEPT_BY_OPTUNA = [
    Table(name, _optuna, Column("trial_id", Integer))
    for name in ("trial_system_attributes", "trial_heartbeats")
]
OF_TRIALS = (trial_attributes, parameters, values, intermediate_values, *_KEPT_BY_OPTUNA)
"""Tables whose rows belong to a trial."""

EVERY_TABLE = tuple(_optuna.sorted_tables)
"""All that are named here."""


def datetime_of(seconds: float) -> datetime:
    """A time as Optuna stores it: in UTC, without saying so."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
