"""Optuna's studies put right: they say what the ledger says, whatever others wrote into them.

Anybody may ask, tell, add, change and delete through Optuna's API and its dashboard. The ledger's
own tables are the truth, and nothing is read back from Optuna's: so a trial that somebody else has
added counts nowhere, and one of klayer's that was told something is written over. A trial that was
waiting, and that somebody has taken by `ask`, is left to them under another number, and klayer's is
added anew; so nobody's work is lost.

Each function is part of a transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from search.ledger import optuna_rows
from search.ledger.database import update_each
from search.ledger.optuna_rows import Distributions
from search.ledger.optuna_tables import (
    MINE,
    STATES,
    datetime_of,
    intermediate_values,
    parameters,
    trial_attributes,
    values,
)
from search.ledger.optuna_tables import trials as theirs
from search.ledger.records import Strays
from search.ledger.studies import Studies
from search.ledger.tables import searches, stages, trials
from search.plan.samplers import distributions
from search.study.ranges import recorded_box

AT_ONCE = 500  # trials: databases bound how many values a statement may have

_STAGE = select(
    stages, searches.c.name.label("search"), searches.c.study_hash, searches.c.study
).join(searches, searches.c.id == stages.c.search_id)
_ENDS = ("COMPLETE", "PRUNED", "FAIL")
_studies = Studies()


def put_search_right(connection: Connection, search_id: int) -> None:
    """Put the studies of all stages of a search right."""
    query = select(stages.c.id).where(stages.c.search_id == search_id).order_by(stages.c.number)
    for stage_id in connection.scalars(query).all():
        put_right(connection, stage_id)


def put_right(
    connection: Connection, stage_id: int, numbers: Collection[int] | None = None
) -> None:
    """Let the study of a stage say what the ledger says; nothing happens before it is planned.

    Args:
        connection: In a transaction.
        stage_id: Which stage.
        numbers: Of the trials that are looked at; None for all. All are if the study is gone.
    """
    stage = connection.execute(_STAGE.where(stages.c.id == stage_id)).one()
    if stage.optuna_study is None:
        return
    study_id = optuna_rows.our_study(connection, stage.optuna_study)
    if study_id is None or numbers is None:
        study = _studies.read(stage.search_id, stage.study_hash, stage.study)
        said = optuna_rows.said_of_stage(stage.search, stage.name, stage.explanation, stage.boxes)
        score, name = study.objective.score, stage.optuna_study
        numbers = None
        study_id = optuna_rows.add_study(connection, name, score, said)
    if study_id is None:
        return
    astray = [row for row in _rows(connection, stage, study_id, numbers) if not _is_right(row)]
    space = distributions(tuple(recorded_box(box) for box in stage.boxes)) if astray else {}
    for start in range(0, len(astray), AT_ONCE):
        _rewrite(connection, stage_id, study_id, space, astray[start : start + AT_ONCE])


def put_right_unless_ended(connection: Connection, stage_id: int) -> None:
    """Put the study of a finished stage right, unless it has all trials, all at their ends."""
    name = select(stages.c.optuna_study).where(stages.c.id == stage_id)
    study_id = optuna_rows.our_study(connection, connection.scalar(name) or "")
    mine = trials.c.stage_id == stage_id
    same = (theirs.c.trial_id == trials.c.optuna_trial) & (theirs.c.number == trials.c.number)
    ended = (
        select(func.count())
        .select_from(trials.join(theirs, same))
        .where(mine, theirs.c.study_id == study_id, theirs.c.state.in_(_ENDS))
    )
    planned = select(func.count()).select_from(trials).where(mine)
    if connection.scalar(ended) != connection.scalar(planned):
        put_right(connection, stage_id)


def strays(connection: Connection, search_id: int) -> list[Strays]:
    """What others have done to the studies of a search, by stage; those left alone are left out."""
    found = []
    query = _STAGE.where(stages.c.search_id == search_id, stages.c.optuna_study.is_not(None))
    for stage in connection.execute(query.order_by(stages.c.number)).all():
        study_id = optuna_rows.our_study(connection, stage.optuna_study)
        if study_id is None:
            found.append(Strays(stage.name, stage.optuna_study, missing=True))
            continue
        rows = _rows(connection, stage, study_id, None)
        mine = {row.there for row in rows if not _is_taken(row)}
        others = select(theirs.c.trial_id, theirs.c.number).where(theirs.c.study_id == study_id)
        foreign = sorted(
            row.number for row in connection.execute(others) if row.trial_id not in mine
        )
        changed = [
            row.number
            for row in rows
            if row.there is not None and not _is_right(row) and not _is_taken(row)
        ]
        if foreign or changed:
            name = stage.optuna_study
            found.append(Strays(stage.name, name, False, tuple(foreign), tuple(changed)))
    return found


def _rows(
    connection: Connection, stage: Row[Any], study_id: int, numbers: Collection[int] | None
) -> Sequence[Row[Any]]:
    """The ledger's trials of a stage, beside what Optuna's study has of them."""
    points = select(func.count()).where(parameters.c.trial_id == theirs.c.trial_id)
    objectives = select(func.count()).where(values.c.trial_id == theirs.c.trial_id)
    same = (theirs.c.trial_id == trials.c.optuna_trial) & (theirs.c.study_id == study_id)
    value = (values.c.trial_id == theirs.c.trial_id) & (values.c.objective == 0)
    query = (
        select(
            trials,
            theirs.c.trial_id.label("there"),
            theirs.c.number.label("numbered"),
            theirs.c.state.label("shown"),
            theirs.c.datetime_start.label("began"),
            theirs.c.datetime_complete.label("ended"),
            values.c.value.label("told"),
            points.correlate(theirs).scalar_subquery().label("points"),
            objectives.correlate(theirs).scalar_subquery().label("objectives"),
        )
        .outerjoin(theirs, same)
        .outerjoin(values, value)
        .where(trials.c.stage_id == stage.id)
        .order_by(trials.c.number)
    )
    if numbers is not None:
        query = query.where(trials.c.number.in_(list(numbers)))
    return connection.execute(query).all()


def _is_right(row: Row[Any]) -> bool:
    """Whether Optuna has of a trial what the ledger has."""
    found = row.there, row.numbered, row.shown, row.began, row.ended, row.told
    value = row.value
    wanted = row.optuna_trial, row.number, STATES[row.state], _began(row), _ended(row), value
    counts = row.points, row.objectives
    return found == wanted and counts == (len(row.parameters), int(value is not None))


def _is_taken(row: Row[Any]) -> bool:
    """Whether somebody has taken it by `ask`, which writes when that was."""
    return row.began is not None and row.began != _began(row)


def _began(row: Row[Any]) -> Any:
    return None if row.started_at is None else datetime_of(row.started_at)


def _ended(row: Row[Any]) -> Any:
    return None if row.finished_at is None else datetime_of(row.finished_at)


def _rewrite(
    connection: Connection,
    stage_id: int,
    study_id: int,
    space: Distributions,
    rows: Sequence[Row[Any]],
) -> None:
    """Write trials of a study as the ledger has them."""
    taken = [row.there for row in rows if _is_taken(row)]
    ids = {
        row.number: row.there for row in rows if row.there is not None and row.there not in taken
    }
    for row in rows:
        if row.number in ids:
            its_row = update(theirs).where(theirs.c.trial_id == ids[row.number])
            connection.execute(its_row.values(_standing(row)))
    missing = [row for row in rows if row.number not in ids]
    if missing:
        ids |= _add(connection, stage_id, study_id, taken, missing)
    _clear(connection, [*ids.values(), *taken], (trial_attributes,))
    _clear(connection, ids.values(), (parameters, values, intermediate_values))
    points = {ids[row.number]: (row.parameters, row.seed) for row in rows}
    optuna_rows.write_points(connection, space, points)
    ended = [row for row in rows if row.finished_at is not None]
    optuna_rows.write_ends(
        connection, {ids[row.number]: (row.value, optuna_rows.attributes(row)) for row in ended}
    )


def _add(
    connection: Connection,
    stage_id: int,
    study_id: int,
    taken: Collection[int],
    rows: Sequence[Row[Any]],
) -> dict[int, int]:
    """Add trials that a study lacks; Optuna's ids by number."""
    known = connection.scalars(
        select(trials.c.optuna_trial).where(
            trials.c.stage_id == stage_id, trials.c.optuna_trial.is_not(None)
        )
    )
    numbers = [row.number for row in rows]
    optuna_rows.make_room(connection, study_id, numbers, set(known) - set(taken))
    added = connection.scalars(
        insert(theirs).returning(theirs.c.trial_id, sort_by_parameter_order=True),
        [{"study_id": study_id, **_standing(row)} for row in rows],
    ).all()
    update_each(
        connection,
        trials,
        {row.id: {"optuna_trial": key} for row, key in zip(rows, added, strict=True)},
    )
    return dict(zip(numbers, added, strict=True))


def _standing(row: Row[Any]) -> dict[str, Any]:
    """A trial as a row of Optuna's."""
    return {
        "number": row.number,
        "state": STATES[row.state],
        "datetime_start": _began(row),
        "datetime_complete": _ended(row),
    }


def _clear(connection: Connection, ids: Iterable[int], tables: Iterable[Any]) -> None:
    """Delete what klayer writes of trials; attributes that others have given them stay."""
    for table in tables:
        gone = delete(table).where(table.c.trial_id.in_(list(ids)))
        if table is trial_attributes:
            gone = gone.where(table.c.key.startswith(MINE, autoescape=True))
        connection.execute(gone)
