"""What a finished search has of a published row: the same measure, of the same trial."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from search.ledger.records import RecordedTrial, StageState
from search.plan.plan import FINAL
from search.reproduce.published_tables import ACCURACIES, TESTED, Published
from search.space.space import Point
from search.views.plots import standing
from search.views.plots.data import SearchData


@dataclass(frozen=True)
class Measured:
    """One search's figure for a published row.

    Attributes:
        value: In percent where it is an accuracy, else a hyperparameter's own value; None where
            the trial has none: it diverged, or is not there.
        epochs: That the trial was trained; None where that is not known.
        diverged: Whether the trial diverged.
        failed: Whether the search ended without a final.
    """

    value: float | None
    epochs: int | None
    diverged: bool = False
    failed: bool = False


def measured(row: Published, data: SearchData) -> Measured:
    """The figure of a search that belongs beside a published one.

    Args:
        row: What was published.
        data: The finished search, with the curves of its final.
    """
    trial = _trial(row, data)
    if trial is None:
        return Measured(None, None, failed=data.search.failure is not None)
    value = _value(row, trial, data)
    if value is None and trial.state == "diverged":
        return Measured(None, len(data.curves.get(trial.id, ())) or None, diverged=True)
    return Measured(value, trial.pruned_after or _stage(data, trial.stage).steps_each)


def is_accuracy(row: Published) -> bool:
    """Whether the row's figures are percentages, which differ by points."""
    return row.measure in ACCURACIES


def _trial(row: Published, data: SearchData) -> RecordedTrial | None:
    """The trial that the row speaks of, the best of those that it may mean."""
    if row.stage is not None:
        mine = [one for one in data.of_stage(row.stage) if _has(one, row.point)]
        valued = data.ranking.ranked(mine)
        # One that diverged has no value, and is behind all that have one.
        ranked = [*valued, *(one for one in mine if one.value is None)]
        return ranked[row.rank - 1] if len(ranked) >= row.rank else None
    # The final's are in the order in which validation ranks them, the winner first.
    there = next((one for one in data.of_stage(FINAL) if _has(one, row.point)), None)
    return there or _diverged(row, data)


def _diverged(row: Published, data: SearchData) -> RecordedTrial | None:
    """A trial of that point which diverged in its stage, so that it came to no final."""
    mine = (one for one in data.trials if one.state == "diverged" and _has(one, row.point))
    return next(mine, None) if row.point else None


def _has(trial: RecordedTrial, point: Point) -> bool:
    return all(_same(trial.parameters.get(name), value) for name, value in point.items())


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, float | int) and isinstance(other, float | int)
        return numbers and math.isclose(one, other, rel_tol=1e-9)  # type: ignore[arg-type]
    return one == other


def _value(row: Published, trial: RecordedTrial, data: SearchData) -> float | None:
    if row.measure in (*TESTED, "training_accuracy") and trial.stage != FINAL:
        return None
    if row.measure == "test_accuracy":
        return _percent(_at(data, "accuracies", trial.number))
    if row.measure == "snapshot_ensemble":
        return _percent(_snapshots(data, trial.number))
    if row.measure == "finalist_ensemble":
        return _percent((data.search.result or {}).get("finalist_ensemble"))
    if row.measure == "validation_accuracy":
        return _percent(_validation(trial, data))
    if row.measure == "training_accuracy":
        epochs = data.curves.get(trial.id, ())
        return _percent(epochs[-1].metrics["train_accuracy"]) if epochs else None
    found = trial.parameters.get(row.measure)
    return float(found) if isinstance(found, float | int) else None


def _validation(trial: RecordedTrial, data: SearchData) -> float | None:
    """A trial's value; of one of the final, whose value is another, that of the same point."""
    if trial.stage != FINAL:
        return trial.value
    same = [t for t in standing.comparable(data) if t.parameters == trial.parameters]
    return data.ranking.best_value(one.value for one in same)


def _snapshots(data: SearchData, place: int) -> float | None:
    """Of the snapshots of one network of the final; older searches have only the winner's."""
    result = data.search.result or {}
    if "snapshot_ensembles" in result:
        return _at(data, "snapshot_ensembles", place)
    found: float | None = result.get("snapshot_ensemble") if place == 0 else None
    return found


def _at(data: SearchData, key: str, place: int) -> float | None:
    """One of the figures that the test report has by place in the final."""
    figures: Sequence[float | None] = (data.search.result or {}).get(key) or ()
    return figures[place] if place < len(figures) else None


def _percent(share: float | None) -> float | None:
    return None if share is None or not math.isfinite(share) else 100 * share


def _stage(data: SearchData, name: str) -> StageState:
    return next(stage for stage in data.stages if stage.step.name == name)
