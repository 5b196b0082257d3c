"""Optuna's studies, written row by row in the ledger's own transactions: one study a stage.

So they say what the ledger says, whatever is killed in between, and many trials cost few
statements. Through Optuna's storage interface neither could be: each of its calls is a transaction
of its own.

Anybody may write into these studies through Optuna meanwhile. What is found otherwise than it was
left is not touched here, but reported to the caller, who lets `search.ledger.optuna_repair` see to
it.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import (
    Connection,
    DateTime,
    NullPool,
    Table,
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
from search.ledger.database import insert_new, insert_of
from search.ledger.faults import is_busy
from search.ledger.location import Location
from search.ledger.optuna_tables import (
    METRIC_NAMES,
    MINE,
    NOTE,
    OF_TRIALS,
    REVISION,
    SEARCH,
    SEED,
    STATES,
    datetime_of,
    directions,
    intermediate_values,
    parameters,
    revision,
    studies,
    study_attributes,
    system_attributes,
    trial_attributes,
    trials,
    values,
)
from search.objective.metric import Metric
from search.plan.plan import PlannedTrial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Distributions: TypeAlias = "Mapping[str, BaseDistribution]"
"""Optuna's distribution of each hyperparameter, the same for every trial of a study."""

# A study of that name which is klayer's: it has the attribute, which Optuna lets nobody remove.
_OUR_STUDY = (
    select(studies.c.study_id)
    .join(study_attributes, study_attributes.c.study_id == studies.c.study_id)
    .where(studies.c.study_name == bindparam("study"), study_attributes.c.key == SEARCH)
)
# Of every claim and every result, built once: to build one takes longer than the database does.
# Trials count if they are still that study's: SQLite gives the ids of deleted ones again.
_OURS = trials.c.trial_id.in_(bindparam("ids", expanding=True)) & (
    trials.c.study_id == _OUR_STUDY.scalar_subquery()
)
_BEGIN = (
    update(trials)
    .where(_OURS, trials.c.state == "WAITING", trials.c.datetime_start.is_(None))
    .values(state="RUNNING", datetime_start=bindparam("began", type_=DateTime))
)
_WAIT = update(trials).where(_OURS, trials.c.state == "RUNNING").values(state="WAITING")
_END = (
    update(trials)
    .where(_OURS, trials.c.state.in_(["RUNNING", "WAITING"]))
    .values(state=bindparam("ended_as"), datetime_complete=bindparam("ended"))
    .returning(trials.c.trial_id)
)


def our_study(connection: Connection, name: str) -> int | None:
    """Optuna's id of a study of klayer's; None where there is none of this name."""
    return connection.scalar(_OUR_STUDY, {"study": name})


def is_ours(connection: Connection, trial_id: int) -> bool:
    """Whether a trial, by Optuna's id, is one of a study of klayer's, whoever added it."""
    its_study = select(trials.c.study_id).where(trials.c.trial_id == trial_id)
    ours = select(study_attributes.c.study_id).where(
        study_attributes.c.study_id.in_(its_study), study_attributes.c.key == SEARCH
    )
    return connection.scalar(ours) is not None


def add_study(
    connection: Connection, name: str, score: Metric, attributes: Mapping[str, Any]
) -> int | None:
    """Add a study, or write again what is said of one that is there.

    Args:
        connection: In a transaction.
        name: `<search>/<number>-<stage name>`.
        score: What its values are.
        attributes: What readers of Optuna should see of the stage.

    Returns:
        Optuna's id of it; None where somebody else has a study of this name.
    """
    told: dict[str, Any] = {METRIC_NAMES: [score.name]}
    study_id = our_study(connection, name)
    if study_id is None:
        new = insert_new(connection, studies).values(study_name=name)
        study_id = connection.scalar(new.returning(studies.c.study_id))
        if study_id is None:  # somebody has it; another worker, who was quicker, or a stranger
            return our_study(connection, name)
        direction = score.direction.upper()
        connection.execute(
            insert(directions).values(study_id=study_id, direction=direction, objective=0)
        )
        told.update(_note(attributes))
    for table, said in (
        (system_attributes, told),
        (study_attributes, attributes),
    ):
        rows = [
            {"study_id": study_id, "key": key, "value_json": json.dumps(value)}
            for key, value in said.items()
        ]
        write(connection, table, ("study_id", "key"), rows)
    return study_id


def add_trials(
    connection: Connection,
    name: str,
    distributions: Distributions,
    planned: Sequence[PlannedTrial],
) -> list[int | None]:
    """Add trials that wait to a study.

    Args:
        connection: In a transaction.
        name: Of the study.
        distributions: Of each hyperparameter, the same for every trial of the study.
        planned: With the numbers that they have in the study.

    Returns:
        Optuna's id of each; None where there is no such study.
    """
    study_id = our_study(connection, name)
    if study_id is None:
        return [None] * len(planned)
    numbers = [one.number for one in planned]
    lock(connection, study_id)
    make_room(connection, study_id, numbers)
    added = connection.execute(
        insert(trials).returning(trials.c.trial_id, sort_by_parameter_order=True),
        [{"number": number, "study_id": study_id, "state": "WAITING"} for number in numbers],
    )
    by_id = dict(zip(added.scalars(), planned, strict=True))
    write_seeds(connection, {key: one.seed for key, one in by_id.items()})
    write_points(connection, distributions, {key: one.parameters for key, one in by_id.items()})
    return list(by_id)


def lock(connection: Connection, study_id: int) -> None:
    """Let nobody else add trials to a study meanwhile; Optuna takes the same lock for that."""
    its_row = select(studies.c.study_id).where(studies.c.study_id == study_id)
    connection.execute(its_row.with_for_update())


def make_room(
    connection: Connection, study_id: int, numbers: Sequence[int], ours: Collection[int] = ()
) -> None:
    """Let trials that others have added have other numbers than these, behind all.

    Args:
        connection: In a transaction.
        study_id: Optuna's id of the study, which is locked.
        numbers: Of trials that are to be added.
        ours: Optuna's ids of klayer's.
    """
    its_own = trials.c.study_id == study_id
    within = trials.c.number.between(min(numbers), max(numbers))
    query = select(trials.c.trial_id).where(its_own, within).order_by(trials.c.trial_id)
    others = [key for key in connection.scalars(query) if key not in ours]
    if others:
        last = connection.scalar(select(func.max(trials.c.number)).where(its_own)) or 0
        last = max(last, *numbers)
        for behind, key in enumerate(others, start=last + 1):
            connection.execute(update(trials).where(trials.c.trial_id == key).values(number=behind))


def write_seeds(connection: Connection, seeds: Mapping[int, int]) -> None:
    """Write the seeds of trials that have none, by Optuna's id."""
    connection.execute(
        insert(trial_attributes),
        [
            {"trial_id": key, "key": SEED, "value_json": json.dumps(seed)}
            for key, seed in seeds.items()
        ],
    )


def write_points(
    connection: Connection,
    distributions: Distributions,
    points: Mapping[int, Mapping[str, Any]],
) -> None:
    """Write parameters of trials that have none.

    Args:
        connection: In a transaction.
        distributions: Of each hyperparameter.
        points: Parameters by Optuna's id.
    """
    from optuna.distributions import distribution_to_json

    written = {name: distribution_to_json(one) for name, one in distributions.items()}
    rows = [
        {
            "trial_id": key,
            "param_name": name,
            "param_value": distributions[name].to_internal_repr(value),
            "distribution_json": written[name],
        }
        for key, point in points.items()
        for name, value in point.items()
    ]
    if rows:
        connection.execute(insert(parameters), rows)


def begin(connection: Connection, study: str, ids: Sequence[int | None], time: float) -> bool:
    """Mark trials as running since `time` that have not begun before.

    Returns:
        Whether all of them were waiting.
    """
    given = {"study": study, "ids": _there(ids), "began": datetime_of(time)}
    return connection.execute(_BEGIN, given).rowcount == len(ids)


def wait(connection: Connection, study: str, ids: Iterable[int | None]) -> None:
    """Mark trials as waiting again."""
    connection.execute(_WAIT, {"study": study, "ids": _there(ids)})


def wait_again(connection: Connection, study: str, ids: Sequence[int | None]) -> None:
    """Let failed trials wait as if they had never begun."""
    given = {"study": study, "ids": _there(ids)}
    again = update(trials).where(_OURS)
    again = again.values(state="WAITING", datetime_start=None, datetime_complete=None)
    connection.execute(again, given)
    there = select(trials.c.trial_id).where(_OURS)
    key = trial_attributes.c.key
    ended = key.startswith(MINE, autoescape=True) & (key != SEED)
    of_ours = trial_attributes.c.trial_id.in_(there)
    connection.execute(delete(trial_attributes).where(of_ours, ended), given)
    of_ours = intermediate_values.c.trial_id.in_(there)
    connection.execute(delete(intermediate_values).where(of_ours), given)


def end(
    connection: Connection,
    study: str,
    ended: Mapping[int | None, tuple[str, float | None, Mapping[str, Any]]],
    time: float,
) -> bool:
    """Mark trials as ended.

    Args:
        connection: In a transaction.
        study: Its name.
        ended: By Optuna's id the ledger's state, the value if there is one, and attributes.
        time: The database's.

    Returns:
        Whether all were there, and at no end; nothing is written of others.
    """
    states: dict[str, list[int]] = {}
    for key, (state, _, _) in ended.items():
        if key is not None:
            states.setdefault(STATES[state], []).append(key)
    there: set[int | None] = set()
    for state, ids in states.items():
        given = {"study": study, "ids": ids, "ended_as": state, "ended": datetime_of(time)}
        there.update(connection.scalars(_END, given))
    mine = {key: one for key, one in ended.items() if key is not None and key in there}
    write_ends(connection, {key: one[1:] for key, one in mine.items()})
    return len(there) == len(ended)


def write_ends(
    connection: Connection, ended: Mapping[int, tuple[float | None, Mapping[str, Any]]]
) -> None:
    """Write values and attributes of trials, by Optuna's id, over what is there."""
    found = [
        {"trial_id": key, "objective": 0, "value": value, "value_type": "FINITE"}
        for key, (value, _) in ended.items()
        if value is not None
    ]
    write(connection, values, ("trial_id", "objective"), found)
    said = [
        {"trial_id": key, "key": name, "value_json": json.dumps(attribute)}
        for key, (_, some) in ended.items()
        for name, attribute in some.items()
    ]
    write(connection, trial_attributes, ("trial_id", "key"), said)


def _note(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """A note that Optuna's dashboard shows, which somebody may write over."""
    lines = f"    {attributes['klayer:explanation']}".replace("\n", "\n    ")  # no Markdown
    text = f"A stage of a search of klayer's. Why its trials are what they are:\n\n{lines}"
    return {"dashboard:note_ver": 1, "dashboard:note_str:0": text, NOTE: text}


def said_of_stage(
    search: str, stage: str, explanation: str, boxes: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """User attributes of a stage's study.

    Args:
        search: The name of the search.
        stage: That of the stage.
        explanation: Why its boxes are what they are.
        boxes: As the study file would write them.
    """
    return {
        SEARCH: search,
        "klayer:stage": stage,
        "klayer:explanation": explanation,
        "klayer:boxes": list(boxes),
    }


def attributes(reason: str | None, pruned_after: int | None, work: Any) -> dict[str, Any]:
    """User attributes that say how a trial ended, besides state and value.

    Args:
        reason: Why it has no value; None where it has one.
        pruned_after: Steps after which it was pruned; None where it was not.
        work: With `cohort`, its number, and the `worker` that had it last.
    """
    said = {
        "klayer:reason": reason,
        "klayer:pruned_after": pruned_after,
        "klayer:cohort": work.cohort,
        "klayer:worker": work.worker,
    }
    return {key: value for key, value in said.items() if value is not None}


def delete_studies(connection: Connection, names: Any) -> None:
    """Delete studies of klayer's, with all that Optuna and its tools have kept with them.

    Args:
        connection: In a transaction.
        names: A query of the studies' names; others of the same names are not klayer's, and stay.
    """
    mine = connection.scalars(
        select(studies.c.study_id)
        .join(study_attributes, study_attributes.c.study_id == studies.c.study_id)
        .where(studies.c.study_name.in_(names), study_attributes.c.key == SEARCH)
    ).all()
    of_mine = select(trials.c.trial_id).where(trials.c.study_id.in_(mine))
    for table in OF_TRIALS:
        connection.execute(delete(table).where(table.c.trial_id.in_(of_mine)))
    for table in (trials, directions, study_attributes, system_attributes, studies):
        connection.execute(delete(table).where(table.c.study_id.in_(mine)))


def write(
    connection: Connection,
    table: Table,
    key: tuple[str, ...],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Insert rows, or write over those that have the same key."""
    if rows:
        statement = _write(connection.dialect.name, table, key, tuple(rows[0]))
        connection.execute(statement, list(rows))


@cache
def _write(dialect: str, table: Table, key: tuple[str, ...], columns: tuple[str, ...]) -> Any:
    made = insert_of(dialect, table)
    written = {name: made.excluded[name] for name in columns if name not in key}
    return made.on_conflict_do_update(index_elements=list(key), set_=written)


def _there(ids: Iterable[int | None]) -> list[int]:
    return [key for key in ids if key is not None]


def check(connection: Connection, shown: str) -> None:
    """Whether Optuna's tables are those that are written to here.

    Raises:
        LedgerError: They are not there, or of another revision.
    """
    there = connection.dialect.has_table(connection, revision.name)
    found = connection.scalar(select(revision.c.version_num)) if there else None
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
