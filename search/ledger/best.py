"""Which trial is the best, in SQL: in the order of `search.plan.ranking`, which alone decides.

Each function is part of a transaction.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, select

from search.ledger import trial_rows
from search.ledger.records import RecordedTrial, Search
from search.ledger.tables import stages, trials
from search.ledger.trial_rows import TRIALS
from search.plan.plan import Kind
from search.plan.ranking import ranking_of
from search.space.space import Point
from search.study.file import Study

MOST_LOOKED_AT = 1_000  # trials, to find one of a certain point

_LAST_STAGE = (
    select(stages.c.id, stages.c.kind, stages.c.state)
    .where(stages.c.search_id == bindparam("search"))
    .order_by(stages.c.number.desc())
    .limit(1)
)


def winner(connection: Connection, search: Search) -> RecordedTrial | None:
    """The best complete trial of the configuration that the search has chosen.

    None before it is chosen (`search.ledger.queries.Queries.winner`).
    """
    best = (
        TRIALS.where(
            stages.c.search_id == search.id,
            stages.c.name.in_(search.study.contenders()),
            trials.c.state == "complete",
        )
        .order_by(_best_first(search.study), stages.c.number, trials.c.number)
        .limit(MOST_LOOKED_AT)
    )
    last = connection.execute(_LAST_STAGE, {"search": search.id}).first()
    if last is None or (last.kind != "final" and last.state != "finished"):
        return None
    found: Iterable[Any] = connection.execute(best)
    if last.kind != "search":
        best_of_all = _chosen(connection, search.study, last)
        found = (row for row in found if row.parameters == best_of_all)
    first = list(islice(found, 1))
    return next(iter(trial_rows.of_rows(connection, first)), None)


def _chosen(connection: Connection, study: Study, last: Any) -> Point | None:
    """The configuration that the finalists or the final of a search say is the best."""
    query = TRIALS.where(trials.c.stage_id == last.id).order_by(trials.c.number)
    if last.kind == "final":
        first = connection.execute(query.limit(1)).first()
        return None if first is None else first.parameters
    return ranking_of(study).chosen(connection.execute(query))


def _best_first(study: Study) -> ColumnElement[float]:
    """The order in which the best of complete trials comes first, but for ties."""
    sign = ranking_of(study).sign
    return trials.c.value.asc() if sign > 0 else trials.c.value.desc()


def best_of_stage(
    connection: Connection, study: Study, kind: Kind, stage_id: int
) -> RecordedTrial | None:
    """The best complete trial of a stage; of the final the winner, which comes first there.

    Nothing is ever chosen by the evaluation, which the values of the final's trials come from.
    """
    order = [] if kind == "final" else [_best_first(study)]
    query = (
        TRIALS.where(trials.c.stage_id == stage_id, trials.c.state == "complete")
        .order_by(*order, trials.c.number)
        .limit(1)
    )
    return next(iter(trial_rows.read(connection, query)), None)
