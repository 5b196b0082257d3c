"""The value of a trial with its standard error, where it is a mean over several trainings."""

from collections.abc import Sequence

from search.objective.port import Objective
from search.objective.report import Report


def error_of(objective: Objective, reports: Sequence[Report]) -> float | None:
    """The standard error of a trial's value, from what it reported; None where there is none."""
    last = reports[-1].finite() if reports else {}
    score = objective.score.name
    return next((last.get(one.name) for one in objective.metrics if one.spread_of == score), None)


def value_text(objective: Objective, value: float | None, reports: Sequence[Report]) -> str:
    """A trial's value as people read it, such as `97.17 % ± 1.14`."""
    return objective.score.around(value, error_of(objective, reports))
