"""What a trial is worth in the Optuna study of its stage: the best one there is klayer's own best.

In a stage that searches that is its score. A finalist's trials are worth the mean over its seeds,
which is what the winner is chosen by, and so is its trial of the final: what the test rows say is
an attribute there, since nothing is ever chosen by it. The mean is known when the last seed is in;
until then the trials seem to run. Finalists that rank behind others whatever their mean, since a
race dropped them or more of their seeds have no value, are pruned there: Optuna's best trial is a
complete one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from search.ledger.optuna_tables import STATES
from search.ledger.tables import stages, trials
from search.ledger.trial_rows import TRIALS
from search.plan.ranking import Spread, over_seeds, ranking_of
from search.study.file import Study


class Worth(NamedTuple):
    """What Optuna is told of a finished trial: its state there, and its value."""

    state: str
    value: float | None


def worths(connection: Connection, stage: Any, study: Study) -> Mapping[int, Worth]:
    """The finished trials of a stage, by number.

    Args:
        connection: In a transaction.
        stage: A row of the stages.
        study: What was asked for.
    """
    finished = TRIALS.where(trials.c.stage_id == stage.id, trials.c.finished_at.is_not(None))
    mine = connection.execute(finished.order_by(trials.c.number)).all()
    if stage.kind == "search":
        return {one.number: Worth(STATES[one.state], one.value) for one in mine}
    if stage.state != "finished":
        return {one.number: Worth("RUNNING", None) for one in mine}
    spreads = (
        over_seeds(mine) if stage.kind == "finalists" else _chosen_by(connection, stage, study)
    )
    return {one.number: _worth(one, mine, spreads) for one in mine}


def _worth(trial: Any, mine: Sequence[Any], spreads: Sequence[tuple[Any, Spread]]) -> Worth:
    own = next((spread for point, spread in spreads if point == trial.parameters), None)
    if trial.value is None or own is None or own.mean is None:
        return Worth(STATES[trial.state], trial.value)
    shown = [spread for point, spread in spreads if any(point == one.parameters for one in mine)]
    least = min(spread.gaps for spread in shown)
    return Worth("COMPLETE" if own.gaps == least else "PRUNED", own.mean)


def _chosen_by(connection: Connection, stage: Any, study: Study) -> list[tuple[Any, Spread]]:
    """By which values each configuration of the final was chosen: over seeds, or its best."""
    of_search = TRIALS.where(stages.c.search_id == stage.search_id)
    reruns = of_search.where(stages.c.kind == "finalists", trials.c.finished_at.is_not(None))
    found = over_seeds(connection.execute(reruns))
    if found:
        return found
    its_own = select(trials.c.parameters).where(trials.c.stage_id == stage.id)
    points = list(connection.scalars(its_own))
    contenders = of_search.where(
        stages.c.name.in_(study.contenders()), trials.c.state == "complete"
    )
    ranked = ranking_of(study).ranked(connection.execute(contenders.order_by(stages.c.number)))
    best = [next((one for one in ranked if one.parameters == point), None) for point in points]
    return [(one.parameters, Spread.of([one.value])) for one in best if one is not None]
