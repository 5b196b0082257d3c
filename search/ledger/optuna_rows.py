"""Optuna's studies, written row by row in the ledger's own transactions: one study a stage.

So they always say what the ledger says, whatever is killed in between, and many trials cost few
statements. Through Optuna's storage interface neither could be: each of its calls is a transaction
of its own. Its tables are named here; they are Optuna's to change, so `check` holds the database to
the revision of them that these statements were written for.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Enum,
    Float,
    Integer,
    MetaData,
    NullPool,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random_exponential

from search.errors import LedgerError
from search.ledger import sqlite
from search.ledger.faults import is_busy
from search.ledger.location import Location
from search.objective.metric import Metric
from search.plan.plan import PlannedTrial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Distributions: TypeAlias = "Mapping[str, BaseDistribution]"
"""Optuna's distribution of each hyperparameter, the same for every trial of a study."""

SEARCH = "klayer:search"  # user attribute of every study: the name of its search
SEED = "klayer:seed"  # user attribute of every trial: the seed of its own draws
METRIC_NAMES = "study:metric_names"  # system attribute, as `Study.set_metric_names` writes it
REVISION = "v3.2.0.a"  # of Optuna's tables

STATES = {
    "waiting": "WAITING",
    "running": "RUNNING",
    "complete": "COMPLETE",
    "pruned": "PRUNED",
    "diverged": "FAIL",
    "failed": "FAIL",
}

_optuna = MetaData()


def _key(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True)


_revision = Table("alembic_version", _optuna, Column("version_num", String(32)))
_studies = Table("studies", _optuna, _key("study_id"), Column("study_name", String(512)))
_directions = Table(
    "study_directions",
    _optuna,
    _key("study_direction_id"),
    Column("direction", Enum("NOT_SET", "MINIMIZE", "MAXIMIZE", name="studydirection")),
    Column("study_id", Integer),
    Column("objective", Integer),
)
_study_attributes = Table(
    "study_user_attributes",
    _optuna,
    _key("study_user_attribute_id"),
    Column("study_id", Integer),
    Column("key", String(512)),
    Column("value_json", Text),
)
_system_attributes = Table(
    "study_system_attributes",
    _optuna,
    _key("study_system_attribute_id"),
    Column("study_id", Integer),
    Column("key", String(512)),
    Column("value_json", Text),
)
_trials = Table(
    "trials",
    _optuna,
    _key("trial_id"),
    Column("number", Integer),
    Column("study_id", Integer),
    Column("state", Enum("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING", name="trialstate")),
    Column("datetime_start", DateTime),
    Column("datetime_complete", DateTime),
)
_trial_attributes = Table(
    "trial_user_attributes",
    _optuna,
    _key("trial_user_attribute_id"),
    Column("trial_id", Integer),
    Column("key", String(512)),
    Column("value_json", Text),
)
_parameters = Table(
    "trial_params",
    _optuna,
    _key("param_id"),
    Column("trial_id", Integer),
    Column("param_name", String(512)),
    Column("param_value", Float(53)),
    Column("distribution_json", Text),
)
_values = Table(
    "trial_values",
    _optuna,
    _key("trial_value_id"),
    Column("trial_id", Integer),
    Column("objective", Integer),
    Column("value", Float(53)),
    Column("value_type", Enum("FINITE", "INF_POS", "INF_NEG", name="trialvaluetype")),
)

# Of these only the rows of deleted trials matter here.
_KEPT_BY_OPTUNA = [
    Table(name, _optuna, Column("trial_id", Integer))
    for name in ("trial_system_attributes", "trial_intermediate_values", "trial_heartbeats")
]
_OF_TRIALS = (_trial_attributes, _parameters, _values, *_KEPT_BY_OPTUNA)

# Of every claim and every result, built once: to build one takes longer than the database does.
# Trials count if they are still that study's: SQLite gives the ids of deleted ones again.
_MINE = _trials.c.trial_id.in_(bindparam("ids", expanding=True)) & (
    _trials.c.study_id
    == select(_studies.c.study_id)
    .where(_studies.c.study_name == bindparam("study"))
    .scalar_subquery()
)
_BEGIN = (
    update(_trials)
    .where(_MINE)
    .values(
        state="RUNNING",
        datetime_start=func.coalesce(_trials.c.datetime_start, bindparam("began", type_=DateTime)),
    )
)

_END = (
    update(_trials)
    .where(_MINE)
    .values(state=bindparam("ended_as"), datetime_complete=bindparam("ended"))
    .returning(_trials.c.trial_id)
)
_ADD_VALUES = insert(_values)


def add_study(
    connection: Connection, name: str, score: Metric, attributes: Mapping[str, Any]
) -> None:
    """Add a study.

    Args:
        connection: In a transaction.
        name: `<search>/<number>-<stage name>`.
        score: What its values are.
        attributes: What readers of Optuna should see of the stage.

    Raises:
        LedgerError: There is a study of this name.
    """
    if connection.scalar(select(_studies.c.study_id).where(_studies.c.study_name == name)):
        raise LedgerError(
            f"{name}: this database holds an Optuna study of that name which is not klayer's; "
            "keep the search in another database: --storage URL, or give it another name: "
            "--name NAME"
        )
    added = insert(_studies).values(study_name=name).returning(_studies.c.study_id)
    study_id = connection.scalar(added)
    direction = score.direction.upper()
    connection.execute(
        insert(_directions).values(study_id=study_id, direction=direction, objective=0)
    )
    connection.execute(
        insert(_system_attributes).values(
            study_id=study_id, key=METRIC_NAMES, value_json=json.dumps([score.name])
        )
    )
    rows = [
        {"study_id": study_id, "key": key, "value_json": json.dumps(value)}
        for key, value in attributes.items()
    ]
    if rows:
        connection.execute(insert(_study_attributes), rows)


def add_trials(
    connection: Connection,
    name: str,
    distributions: Distributions,
    trials: Sequence[PlannedTrial],
) -> list[int | None]:
    """Add trials that wait to a study.

    Args:
        connection: In a transaction.
        name: Of the study.
        distributions: Of each hyperparameter, the same for every trial of the study.
        trials: With the numbers that they have in the study.

    Returns:
        Optuna's id of each; None where somebody deleted the study.
    """
    from optuna.distributions import distribution_to_json

    study_id = connection.scalar(_study_id(name))
    if study_id is None:
        return [None] * len(trials)
    added = connection.execute(
        insert(_trials).returning(_trials.c.trial_id, sort_by_parameter_order=True),
        [{"number": one.number, "study_id": study_id, "state": "WAITING"} for one in trials],
    )
    ids = list(added.scalars())
    written = {key: distribution_to_json(one) for key, one in distributions.items()}
    connection.execute(
        insert(_trial_attributes),
        [
            {"trial_id": place, "key": SEED, "value_json": json.dumps(one.seed)}
            for place, one in zip(ids, trials, strict=True)
        ],
    )
    parameters = [
        {
            "trial_id": place,
            "param_name": key,
            "param_value": distributions[key].to_internal_repr(value),
            "distribution_json": written[key],
        }
        for place, one in zip(ids, trials, strict=True)
        for key, value in one.parameters.items()
    ]
    if parameters:
        connection.execute(insert(_parameters), parameters)
    return ids


def begin(connection: Connection, study: str, ids: Iterable[int | None], time: float) -> None:
    """Mark trials as running since `time`; those that go on after a rung keep their start."""
    keys = [key for key in ids if key is not None]
    connection.execute(_BEGIN, {"study": study, "ids": keys, "began": _datetime(time)})


def wait(connection: Connection, study: str, ids: Iterable[int | None]) -> None:
    """Mark trials as waiting again."""
    connection.execute(update(_trials).where(_of(study, ids)).values(state="WAITING"))


def wait_again(connection: Connection, study: str, ids: Sequence[int | None]) -> None:
    """Let failed trials wait as if they had never begun."""
    again = update(_trials).where(_of(study, ids))
    connection.execute(again.values(state="WAITING", datetime_start=None, datetime_complete=None))
    reasons = _trial_attributes.c.key == "reason"
    there = select(_trials.c.trial_id).where(_of(study, ids))
    connection.execute(
        delete(_trial_attributes).where(_trial_attributes.c.trial_id.in_(there), reasons)
    )


def end(
    connection: Connection,
    study: str,
    ended: Mapping[int | None, tuple[str, float | None, Mapping[str, Any]]],
    time: float,
) -> None:
    """Mark trials as ended.

    Args:
        connection: In a transaction.
        study: Its name; nothing is done where somebody deleted it.
        ended: By Optuna's id the ledger's state, the value if there is one, and attributes.
        time: The database's.
    """
    states: dict[str, list[int]] = {}
    for key, (state, _, _) in ended.items():
        if key is not None:
            states.setdefault(STATES[state], []).append(key)
    there: set[int | None] = set()
    for state, ids in states.items():
        given = {"study": study, "ids": ids, "ended_as": state, "ended": _datetime(time)}
        there.update(connection.scalars(_END, given))
    values = [
        {"trial_id": key, "objective": 0, "value": value, "value_type": "FINITE"}
        for key, (_, value, _) in ended.items()
        if key in there and value is not None
    ]
    if values:
        connection.execute(_ADD_VALUES, values)
    said = [
        {"trial_id": key, "key": name, "value_json": json.dumps(attribute)}
        for key, (_, _, some) in ended.items()
        for name, attribute in some.items()
        if key in there
    ]
    if said:
        connection.execute(insert(_trial_attributes), said)


def attributes(trial: Any) -> dict[str, Any]:
    """User attributes that say how a trial ended, besides state and value.

    Args:
        trial: With `reason` and `pruned_after`.
    """
    said = {"reason": trial.reason, "pruned_after": trial.pruned_after}
    return {key: value for key, value in said.items() if value is not None}


def delete_studies(connection: Connection, search: str, names: Any) -> None:
    """Delete studies of a search, with all that Optuna and its tools have kept with them.

    Args:
        connection: In a transaction.
        search: The name of the search, which each of its studies has as an attribute; others of the
            same names are not klayer's, and stay.
        names: A query of the studies' names.
    """
    mine = connection.scalars(
        select(_studies.c.study_id)
        .join(_study_attributes, _study_attributes.c.study_id == _studies.c.study_id)
        .where(
            _studies.c.study_name.in_(names),
            _study_attributes.c.key == SEARCH,
            _study_attributes.c.value_json == json.dumps(search),
        )
    ).all()
    of_mine = select(_trials.c.trial_id).where(_trials.c.study_id.in_(mine))
    for table in _OF_TRIALS:
        connection.execute(delete(table).where(table.c.trial_id.in_(of_mine)))
    for table in (_trials, _directions, _study_attributes, _system_attributes, _studies):
        connection.execute(delete(table).where(table.c.study_id.in_(mine)))


def _study_id(name: str) -> Any:
    return select(_studies.c.study_id).where(_studies.c.study_name == name)


def _of(study: str, ids: Iterable[int | None]) -> Any:
    """Trials by id, if they are still that study's: SQLite gives the ids of deleted ones again."""
    keys = [key for key in ids if key is not None]
    return _trials.c.trial_id.in_(keys) & (_trials.c.study_id == _study_id(study).scalar_subquery())


def _datetime(seconds: float) -> datetime:
    """A time as Optuna stores it: in UTC, without saying so."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def check(connection: Connection, shown: str) -> None:
    """Whether Optuna's tables are those that are written to here.

    Raises:
        LedgerError: They are not there, or of another revision.
    """
    there = connection.dialect.has_table(connection, _revision.name)
    found = connection.scalar(select(_revision.c.version_num)) if there else None
    if found != REVISION:
        raise LedgerError(
            f"{shown}: its Optuna tables are of revision {found or 'unknown'}, this klayer writes "
            f"revision {REVISION}; `optuna storage upgrade` brings older ones up to date, or use "
            "another database"
        )


def create_tables(location: Location) -> None:
    """Make Optuna's tables where they are not there.

    Raises:
        LedgerError: There are some of another version of Optuna.
        SQLAlchemyError: The database failed.
    """
    import optuna
    from optuna.exceptions import StorageInternalError

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        _open_storage(location)
    except RuntimeError as error:  # so Optuna says that its tables are of another version
        raise LedgerError(f"{location.shown}: {error}") from None
    except StorageInternalError as error:
        raise error.__cause__ or error from None


def _lost_a_race(error: BaseException) -> bool:
    """Whether another process was creating Optuna's tables at the same time."""
    from optuna.exceptions import StorageInternalError

    # Optuna wraps some errors of SQLAlchemy, and passes on others, which wrap those of a driver.
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    if isinstance(cause, IntegrityError):  # it has written what must stand there once
        return True
    made_meanwhile = isinstance(cause, OperationalError | ProgrammingError) and (
        "already exists" in str(cause.orig)
    )
    return made_meanwhile or (cause is not None and is_busy(cause))


@retry(
    retry=retry_if_exception(_lost_a_race),
    stop=stop_after_delay(30),
    wait=wait_random_exponential(multiplier=0.05, max=1),
    reraise=True,
)
def _open_storage(location: Location) -> None:
    from optuna.storages import RDBStorage

    settings: dict[str, Any] = {"poolclass": NullPool}  # it keeps no connection, where it fails too
    if location.kind == "sqlite":
        settings["connect_args"] = {"timeout": sqlite.BUSY_SECONDS}
    RDBStorage(location.url.render_as_string(hide_password=False), engine_kwargs=settings)
