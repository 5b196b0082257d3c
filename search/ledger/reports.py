"""Reports in SQL: the metrics of each trial at each step, and how scores are spread over steps.

A report is one row: its score, by which the database counts, and all metrics packed as float64 in
the order in which the search declares them (`klayer_searches.metrics`). So any metric fits, each
finite value comes back bit for bit, and a million reports take 100 MB. Values that are no finite
numbers are NULL as a score, NaN among the metrics.

Each function is part of a transaction. What is shown of thousands of trials is counted by the
database.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from struct import Struct
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    bindparam,
    case,
    cast,
    delete,
    func,
    select,
)

from search.errors import LedgerError
from search.ledger.database import insert_new, portions
from search.ledger.tables import cohorts, reports, searches, stages, trials
from search.objective.report import Report

if TYPE_CHECKING:
    import numpy as np

AT_ONCE = 10_000  # ids in one statement

Curves = dict[int, tuple[Report, ...]]
"""Reports in the order of their steps, by the trial's id. Their `value` is not kept, and None."""

# Of every claim that is not the first of its cohort, built once.
_START = select(cohorts.c.start).where(cohorts.c.id == bindparam("cohort")).scalar_subquery()
_OF_COHORT = select(trials.c.id).where(trials.c.cohort_id == bindparam("cohort"))
_FORGET = delete(reports).where(reports.c.trial_id.in_(_OF_COHORT), reports.c.step > _START)
_FORGET_BEHIND = delete(reports).where(
    reports.c.trial_id.in_(_OF_COHORT.where(trials.c.number == bindparam("number"))),
    reports.c.step > bindparam("behind"),
)
_IN_ORDER = select(reports).order_by(reports.c.trial_id, reports.c.step)
_OF_SEARCH = (
    _IN_ORDER.join(trials, trials.c.id == reports.c.trial_id)
    .join(stages, stages.c.id == trials.c.stage_id)
    .where(stages.c.search_id == bindparam("search"))
)


def record(
    connection: Connection,
    names: Sequence[str],
    score: str,
    given: Mapping[int, Report | Sequence[Report]],
) -> None:
    """Store reports; one of a step that is there already changes nothing.

    Args:
        connection: To the database.
        names: The metrics that the search declares; others are not kept, missing ones are NaN.
        score: The one that trials are ranked by.
        given: One or several, by the trials' ids.
    """
    if not given:
        return
    rows = [
        row(trial, names, score, one)
        for trial, some in given.items()
        for one in ([some] if isinstance(some, Report) else some)
    ]
    connection.execute(insert_new(connection, reports), rows)


def row(trial_id: int, names: Sequence[str], score: str, given: Report) -> dict[str, Any]:
    """A report as a row of the table."""
    return {
        "trial_id": trial_id,
        "step": given.step,
        "score": finite(given.metrics.get(score)),
        "metrics": packed(names, given.metrics),
    }


def forget(connection: Connection, cohort_id: int, kept: Mapping[int, int]) -> None:
    """Delete what a cohort's trials reported behind where the cohort is to go on.

    Args:
        connection: To the database.
        cohort_id: Which cohort.
        kept: The last step of each trial that stays, by number, as its checkpoint says; empty where
            the cohort goes on from the step that it starts from.
    """
    if not kept:
        connection.execute(_FORGET, {"cohort": cohort_id})
    for number, step in kept.items():
        given = {"cohort": cohort_id, "number": number, "behind": step}
        connection.execute(_FORGET_BEHIND, given)


def of_search(connection: Connection, search_id: int) -> Curves:
    """The reports of all trials of a search."""
    declared = select(searches.c.metrics).where(searches.c.id == search_id)
    names: Sequence[str] = connection.scalar(declared) or ()
    rows = connection.execute(_OF_SEARCH, {"search": search_id})
    return _curves(rows, lambda _: names)


def of_trials(connection: Connection, trial_ids: Sequence[int]) -> Curves:
    """The reports of these trials."""
    found: Curves = {}
    for some in portions(sorted(trial_ids), AT_ONCE):
        names = _declared(connection, some)
        rows = connection.execute(_IN_ORDER.where(reports.c.trial_id.in_(some)))
        found |= _curves(rows, names.__getitem__)
    return found


@dataclass(frozen=True)
class Counted:
    """How the values of a metric are spread over some trials.

    Attributes:
        counts: How many trials have which value after which step, (steps, bins); what lies below or
            above all bins is counted in the first or the last.
        lowest: The smallest value; None where there is none.
        highest: The largest.
    """

    counts: "np.ndarray"
    lowest: float | None
    highest: float | None


def score_counts(
    connection: Connection,
    trial_ids: Sequence[int],
    low: float,
    high: float,
    bins: int,
    *,
    log: bool = False,
) -> Counted:
    """How many of these trials have which score at which step.

    Args:
        connection: To the database.
        trial_ids: Which trials.
        low: Where the first bin begins; lower scores are counted in it.
        high: Where the last bin ends; scores from here on are counted in it.
        bins: How many, 1 or more; they divide `low` … `high` evenly, and hold their lower bounds.
        log: Whether they do so on a log scale, and not on a linear one; then `low` is above 0.

    Raises:
        LedgerError: There is no bin, `low` is not below `high`, or not above 0 for `log`.
    """
    if log and low <= 0:
        raise LedgerError(f"bins on a log scale begin above 0, not at {low}")
    if bins < 1 or not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise LedgerError(
            f"scores are counted in 1 bin or more between two numbers of which the first is the "
            f"smaller, not in {bins} between {low} and {high}"
        )
    score = reports.c.score
    scaled = func.ln(case((score > 0, score), else_=low)) if log else score
    first, last = (math.log(low), math.log(high)) if log else (low, high)
    share = (scaled - first) * (bins / (last - first))
    # SQLite's cast cuts off, where PostgreSQL's rounds.
    whole = share if connection.dialect.name == "sqlite" else func.floor(share)
    place = case((score < low, 0), (score >= high, bins - 1), else_=cast(whole, Integer))
    found: list[Row[Any]] = []
    for some in portions(sorted(trial_ids), AT_ONCE):
        query = (
            select(
                reports.c.step,
                place.label("bin"),
                func.count().label("trials"),
                func.min(score).label("lowest"),
                func.max(score).label("highest"),
            )
            .where(reports.c.trial_id.in_(some), score.is_not(None))
            .group_by(reports.c.step, "bin")
        )
        found.extend(connection.execute(query))
    import numpy as np  # for curves of thousands: most commands do without it

    counts = np.zeros((max((row.step for row in found), default=0), bins), np.int64)
    for row in found:  # just below `high` a quotient may be rounded up
        counts[row.step - 1, min(row.bin, bins - 1)] += row.trials
    lowest = min((row.lowest for row in found), default=None)
    return Counted(counts, lowest, max((row.highest for row in found), default=None))


def finite(value: float | None) -> float | None:
    """A value as a column holds it: NULL where it is no finite number."""
    return value if value is not None and math.isfinite(value) else None


def packed(names: Sequence[str], metrics: Mapping[str, float]) -> bytes:
    """Metrics as float64 in the order of `names`; NaN where one is missing or not finite."""
    given = (metrics.get(name, math.nan) for name in names)
    values = [value if math.isfinite(value) else math.nan for value in given]
    return _form(len(names)).pack(*values)


def unpacked(names: Sequence[str], content: bytes) -> dict[str, float]:
    """What `packed` wrote."""
    return dict(zip(names, _form(len(names)).unpack(content), strict=True))


@cache
def _form(count: int) -> Struct:
    return Struct(f"<{count}d")


def _curves(rows: Iterable[Any], names_of: Callable[[int], Sequence[str]]) -> Curves:
    found: dict[int, list[Report]] = {}
    for trial, step, _, content in rows:
        found.setdefault(trial, []).append(Report(step, unpacked(names_of(trial), content)))
    return {trial: tuple(some) for trial, some in found.items()}


def _declared(connection: Connection, trial_ids: Sequence[int]) -> dict[int, Sequence[str]]:
    """The metrics that the searches of these trials declare, by the trial's id."""
    query = (
        select(trials.c.id, stages.c.search_id)
        .join(stages, stages.c.id == trials.c.stage_id)
        .where(trials.c.id.in_(trial_ids))
    )
    of_search = {row.id: row.search_id for row in connection.execute(query)}
    declared = select(searches.c.id, searches.c.metrics)
    found = connection.execute(declared.where(searches.c.id.in_(set(of_search.values()))))
    names = {row.id: row.metrics for row in found}
    return {trial: names[search] for trial, search in of_search.items()}
