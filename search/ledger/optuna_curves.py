"""What trials report, as Optuna's intermediate values, in SQL: the score of each step.

They are copied from the ledger's reports by the database itself, when a cohort is handed in, and as
far as is stored of one that is in training; a statement a report would cost twice as much. A score
that is no finite number is NaN. Optuna reads all of a study whenever it reads any of it, 10,000 a
second: so of a large stage only every so many steps are copied, and each trial's last one.

Each function is part of a transaction.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    select,
)

from search.ledger.database import insert_of
from search.ledger.optuna_tables import SEARCH, intermediate_values, studies, study_attributes
from search.ledger.optuna_tables import trials as theirs
from search.ledger.tables import reports, stages, trials

MOST = 100_000
"""Values in a study, but for the last one of each trial."""

_ours = exists().where(
    study_attributes.c.study_id == studies.c.study_id, study_attributes.c.key == SEARCH
)
_place = (
    trials.join(stages, stages.c.id == trials.c.stage_id)
    .join(studies, studies.c.study_name == stages.c.optuna_study)
    .join(
        theirs,
        (theirs.c.trial_id == trials.c.optuna_trial) & (theirs.c.study_id == studies.c.study_id),
    )
)
_values = intermediate_values.c
_stored = (
    select(func.coalesce(func.max(_values.step), -1))
    .where(_values.trial_id == theirs.c.trial_id)
    .correlate(theirs)
    .scalar_subquery()
)
_in_all = func.coalesce(stages.c.trials * cast(stages.c.steps, Integer), 0)
_ones = reports.alias()
_last = (
    select(func.max(_ones.c.step))
    .where(_ones.c.trial_id == trials.c.id)
    .correlate(trials)
    .scalar_subquery()
)
_CHOSEN = reports.c.step % (1 + _in_all // (MOST + 1)) == 0
_OF_COHORT = trials.c.cohort_id == bindparam("cohort")
_OF_IDS = trials.c.id.in_(bindparam("ids", expanding=True))


def write_of_cohort(connection: Connection, cohort_id: int) -> None:
    """Write the curves of a cohort's trials, over what is there."""
    connection.execute(_add(connection.dialect.name, _OF_COHORT, more=False), {"cohort": cohort_id})


def write_of(connection: Connection, trial_ids: Sequence[int]) -> None:
    """Write the curves of trials, by the ledger's ids, over what is there."""
    connection.execute(_add(connection.dialect.name, _OF_IDS, more=False), {"ids": trial_ids})


def go_on_with(connection: Connection, cohort_id: int) -> None:
    """Add to the curves of a cohort's trials what they have reported since they were written."""
    connection.execute(_add(connection.dialect.name, _OF_COHORT, more=True), {"cohort": cohort_id})


def take_back(connection: Connection, optuna_trial: int, trial_id: int) -> None:
    """Delete from a trial of somebody else's what is a copy of reports of a ledger's trial."""
    copied = exists().where(
        reports.c.trial_id == trial_id,
        reports.c.step == _values.step,
        reports.c.score == _values.intermediate_value,
    )
    connection.execute(delete(intermediate_values).where(_values.trial_id == optuna_trial, copied))


def clear(connection: Connection, stage_id: int) -> None:
    """Delete steps of a stage's trials that they have not reported: others wrote them."""
    reported = exists().where(reports.c.trial_id == trials.c.id, reports.c.step == _values.step)
    found = (
        select(_values.trial_intermediate_value_id)
        .select_from(_place.join(intermediate_values, _values.trial_id == theirs.c.trial_id))
        .where(trials.c.stage_id == stage_id, _ours, ~reported)
    )
    gone = connection.scalars(found).all()
    for key in gone:
        one = _values.trial_intermediate_value_id == key
        connection.execute(delete(intermediate_values).where(one))


@cache
def _add(dialect: str, which: Any, *, more: bool) -> Any:
    score = reports.c.score
    kind = cast(
        case((score.is_(None), "NAN"), else_="FINITE"), _values.intermediate_value_type.type
    )
    copied: Select[Any] = (
        select(theirs.c.trial_id, reports.c.step, score, kind)
        .select_from(_place.join(reports, reports.c.trial_id == trials.c.id))
        .where(which, _ours)
        .order_by(theirs.c.trial_id, reports.c.step)
    )
    if more:
        copied = copied.where(_CHOSEN, reports.c.step > _stored)
    else:
        copied = copied.where(_CHOSEN | (reports.c.step == _last))
    names = ["trial_id", "step", "intermediate_value", "intermediate_value_type"]
    copying = insert_of(dialect, intermediate_values).from_select(names, copied)
    return copying.on_conflict_do_update(
        index_elements=["trial_id", "step"],
        set_={name: copying.excluded[name] for name in names[2:]},
    )
