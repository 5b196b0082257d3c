"""Optuna's studies put right: they say what the ledger says, whatever others wrote into them.

Anybody may ask, tell, add, change and delete through Optuna's API and its dashboard. The ledger's
own tables are the truth, and nothing is read back from Optuna's: so a trial that somebody else has
added counts nowhere, and one of klayer's that was told something is written over. A trial that was
waiting, and that somebody has taken by `ask`, is left to them under another number, and klayer's is
added anew; so nobody's work is lost.

Each function is part of a transaction.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from search.ledger import optuna_boxes, optuna_curves, optuna_rows
from search.ledger.database import portions, update_each
from search.ledger.optuna_tables import (
    ENDS,
    MINE,
    STATES,
    datetime_of,
    intermediate_values,
    parameters,
    trial_attributes,
    values,
)
from search.ledger.optuna_tables import trials as theirs
from search.ledger.optuna_values import Worth, worths
from search.ledger.records import Strays
from search.ledger.studies import Studies
from search.ledger.tables import cohorts, searches, stages, trials
from search.plan.samplers import distributions
from search.study.file import Study
from search.study.ranges import recorded_box

_STAGE = select(
    stages,
    searches.c.name.label("search"),
    searches.c.study_hash,
    searches.c.study,
    searches.c.result,
).join(searches, searches.c.id == stages.c.search_id)
_studies = Studies()


def put_search_right(connection: Connection, search_id: int, lock: Callable[[], object]) -> None:
    """Put the studies of all stages of a search right.

    Args:
        connection: In a transaction.
        search_id: Which search.
        lock: Lets nobody claim or hand in until the transaction ends; called where trials are to
            be written, and before anything is.
    """
    query = _STAGE.where(stages.c.search_id == search_id, stages.c.optuna_study.is_not(None))
    for stage in connection.execute(query.order_by(stages.c.number)).all():
        study_id = optuna_rows.our_study(connection, stage.optuna_study)
        if study_id is None or not all(
            one.right for one in _seen(connection, stage, study_id, None)
        ):
            lock()
            put_right(connection, stage.id)
        else:
            _say(connection, stage)
            optuna_curves.clear(connection, stage.id)


def put_right(
    connection: Connection, stage_id: int, numbers: Collection[int] | None = None
) -> None:
    """Let the study of a stage say what the ledger says; nothing happens before it is planned.

    A study that is gone is added anew, with the trials that are looked at: others may be in the
    hands of other workers.

    Args:
        connection: In a transaction that holds what the trials are locked by.
        stage_id: Which stage.
        numbers: Of the trials that are looked at; None for all.
    """
    stage = connection.execute(_STAGE.where(stages.c.id == stage_id)).one()
    if stage.optuna_study is None:
        return
    study_id = optuna_rows.our_study(connection, stage.optuna_study)
    if study_id is None and connection.dialect.name == "sqlite":
        # It gives the ids of deleted trials again: others of the stage would be taken for new ones.
        its_own = (trials.c.stage_id == stage_id) & trials.c.optuna_trial.is_not(None)
        connection.execute(update(trials).where(its_own).values(optuna_trial=None))
    if study_id is None or numbers is None:
        study_id = _say(connection, stage)
    if study_id is None:
        return
    seen = _seen(connection, stage, study_id, numbers)
    astray = [one for one in seen if not one.right]
    for some in portions(astray):
        _rewrite(connection, stage, study_id, some)
    if numbers is None:
        optuna_curves.clear(connection, stage_id)


def _say(connection: Connection, stage: Row[Any]) -> int | None:
    """Write what is said of a stage, and add its study if it is gone; Optuna's id of that."""
    said = optuna_rows.said_of_stage(stage.search, stage.name, stage.explanation, stage.boxes)
    if stage.kind == "final" and stage.result is not None:
        said["klayer:result"] = stage.result
    objective = _study(stage).objective
    study_id = optuna_rows.add_study(connection, stage.optuna_study, objective.score, said)
    optuna_boxes.write(connection, stage.id, objective.usual_order)
    return study_id


def put_right_unless_ended(connection: Connection, stage_id: int) -> None:
    """Put the study of a finished stage right, unless it has all trials, all at their ends."""
    name = select(stages.c.optuna_study).where(stages.c.id == stage_id)
    study_id = optuna_rows.our_study(connection, connection.scalar(name) or "")
    mine = trials.c.stage_id == stage_id
    same = (theirs.c.trial_id == trials.c.optuna_trial) & (theirs.c.number == trials.c.number)
    ended = (
        select(func.count())
        .select_from(trials.join(theirs, same))
        .where(mine, theirs.c.study_id == study_id, theirs.c.state.in_(ENDS))
    )
    planned = select(func.count()).select_from(trials).where(mine)
    if connection.scalar(ended) != connection.scalar(planned):
        put_right(connection, stage_id)
    else:
        optuna_curves.clear(connection, stage_id)


def strays(connection: Connection, search_id: int) -> list[Strays]:
    """What others have done to the studies of a search, by stage; those left alone are left out."""
    found = []
    query = _STAGE.where(stages.c.search_id == search_id, stages.c.optuna_study.is_not(None))
    for stage in connection.execute(query.order_by(stages.c.number)).all():
        study_id = optuna_rows.our_study(connection, stage.optuna_study)
        if study_id is None:
            found.append(Strays(stage.name, stage.optuna_study, missing=True))
            continue
        seen = [one for one in _seen(connection, stage, study_id, None) if not one.taken]
        mine = {one.row.there for one in seen}
        others = select(theirs.c.trial_id, theirs.c.number).where(theirs.c.study_id == study_id)
        foreign = sorted(
            row.number for row in connection.execute(others) if row.trial_id not in mine
        )
        changed = [one.row.number for one in seen if one.row.there is not None and not one.right]
        if foreign or changed:
            name = stage.optuna_study
            found.append(Strays(stage.name, name, False, tuple(foreign), tuple(changed)))
    return found


@dataclass(frozen=True)
class _Seen:
    """A trial as the ledger has it, and as Optuna has it.

    Attributes:
        row: The ledger's, and beside it `there`, its id in Optuna, and what is found by that id.
        worth: What Optuna should have.
        own: By which name its own value is told where its worth is another's.
    """

    row: Row[Any]
    worth: Worth
    own: str | None

    @property
    def right(self) -> bool:
        """Whether Optuna has what it should have."""
        row, standing = self.row, self.standing
        found = row.numbered, row.shown, row.began, row.ended
        return (
            self.has_its_point
            and found == tuple(standing.values())
            and row.told == self.worth.value
            and row.objectives == int(self.worth.value is not None)
        )

    @property
    def has_its_point(self) -> bool:
        """Whether it is there with as many parameters as it has."""
        return self.row.there is not None and self.row.points == len(self.row.parameters)

    @property
    def taken(self) -> bool:
        """Whether somebody has taken it by `ask`, which writes when that was."""
        began: datetime | None = self.row.began
        return began is not None and began != self.standing["datetime_start"]

    @property
    def standing(self) -> dict[str, Any]:
        """It as a row of Optuna's trials."""
        began, ended = self.row.started_at, self.row.finished_at
        if self.worth.state not in ENDS:
            ended = None
        return {
            "number": self.row.number,
            "state": self.worth.state,
            "datetime_start": None if began is None else datetime_of(began),
            "datetime_complete": None if ended is None else datetime_of(ended),
        }

    @property
    def end(self) -> tuple[float | None, dict[str, Any]]:
        """Its value in Optuna, and the attributes that say how it ended."""
        said = optuna_rows.attributes(self.row.reason, self.row.pruned_after, self.row)
        if self.own is not None and self.row.value is not None:
            said[self.own] = self.row.value
        return self.worth.value, said


def _study(stage: Row[Any]) -> Study:
    return _studies.read(stage.search_id, stage.study_hash, stage.study)


def _seen(
    connection: Connection, stage: Row[Any], study_id: int, numbers: Collection[int] | None
) -> list[_Seen]:
    """The trials of a stage."""
    rows = _rows(connection, stage, study_id, numbers)
    if stage.kind == "search":
        return [_Seen(row, Worth(STATES[row.state], row.value), None) for row in rows]
    study = _study(stage)
    known = worths(connection, stage, study)
    metric = study.objective.evaluation if stage.kind == "final" else None
    own = f"{MINE}{(metric or study.objective.score).name}"
    return [
        _Seen(row, known.get(row.number) or Worth(STATES[row.state], None), own) for row in rows
    ]


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
            cohorts.c.number.label("cohort"),
            cohorts.c.owner.label("worker"),
            objectives.correlate(theirs).scalar_subquery().label("objectives"),
        )
        .join(cohorts, cohorts.c.id == trials.c.cohort_id)
        .outerjoin(theirs, same)
        .outerjoin(values, value)
        .where(trials.c.stage_id == stage.id)
        .order_by(trials.c.number)
    )
    if numbers is not None:
        query = query.where(trials.c.number.in_(list(numbers)))
    return connection.execute(query).all()


def _rewrite(connection: Connection, stage: Row[Any], study_id: int, seen: Sequence[_Seen]) -> None:
    """Write trials of a study as the ledger has them.

    Parameters are left that are there: to write them takes Optuna, which a worker that only trains
    does not load, and which to load takes longer than others should wait.
    """
    taken = [one.row.there for one in seen if one.taken]
    ids = {
        one.row.number: one.row.there for one in seen if one.row.there is not None and not one.taken
    }
    for one in seen:
        if one.taken:
            optuna_curves.take_back(connection, one.row.there, one.row.id)
        if one.row.number in ids:
            its_row = update(theirs).where(theirs.c.trial_id == ids[one.row.number])
            connection.execute(its_row.values(one.standing))
    missing = [one for one in seen if one.row.number not in ids]
    if missing:
        ids |= _add(connection, stage.id, study_id, taken, missing)
    _clear(connection, [*ids.values(), *taken], (trial_attributes,))
    _clear(connection, ids.values(), (values, intermediate_values))
    optuna_rows.write_seeds(connection, {ids[one.row.number]: one.row.seed for one in seen})
    points = {
        ids[one.row.number]: one.row.parameters
        for one in seen
        if one.taken or not one.has_its_point
    }
    if points:
        boxes = tuple(recorded_box(box) for box in stage.boxes)
        space = distributions(boxes, listed=stage.kind != "search")
        _clear(connection, points, (parameters,))
        optuna_rows.write_points(connection, space, points)
    ended = {ids[one.row.number]: one.end for one in seen if one.worth.state in ENDS}
    optuna_rows.write_ends(connection, ended)
    optuna_curves.write_of(connection, [one.row.id for one in seen])


def _add(
    connection: Connection,
    stage_id: int,
    study_id: int,
    taken: Collection[int],
    seen: Sequence[_Seen],
) -> dict[int, int]:
    """Add trials that a study lacks; Optuna's ids by number."""
    optuna_rows.lock(connection, study_id)  # first: others may add some of klayer's as well
    known = connection.scalars(
        select(trials.c.optuna_trial).where(
            trials.c.stage_id == stage_id, trials.c.optuna_trial.is_not(None)
        )
    )
    numbers = [one.row.number for one in seen]
    optuna_rows.make_room(connection, study_id, numbers, set(known) - set(taken))
    added = connection.scalars(
        insert(theirs).returning(theirs.c.trial_id, sort_by_parameter_order=True),
        [{"study_id": study_id, **one.standing} for one in seen],
    ).all()
    update_each(
        connection,
        trials,
        {one.row.id: {"optuna_trial": key} for one, key in zip(seen, added, strict=True)},
    )
    return dict(zip(numbers, added, strict=True))


def _clear(connection: Connection, ids: Iterable[int], tables: Iterable[Any]) -> None:
    """Delete what klayer writes of trials; attributes that others have given them stay."""
    for table in tables:
        gone = delete(table).where(table.c.trial_id.in_(list(ids)))
        if table is trial_attributes:
            gone = gone.where(table.c.key.startswith(MINE, autoescape=True))
        connection.execute(gone)
