"""How long a step takes, asked of an objective in a process that has nothing else to do.

Such a process is started for a moment: it loads this and the objective, and no more.
"""

from collections.abc import Sequence

from search.objective.port import Objective, Training
from search.space.space import Point

Sample = tuple[Training, Sequence[Point]]
"""A cohort: how it is trained, and the points of its trials."""


def seconds_of(
    objective: Objective, samples: Sequence[Sample], budget_seconds: float
) -> list[float | None]:
    """Seconds of a step of each cohort; None for one that does not fit into memory.

    Args:
        objective: What they train; one that has a pace.
        samples: The cohorts.
        budget_seconds: For how long steps of each are begun.
    """
    found: list[float | None] = []
    for training, points in samples:
        try:
            found.append(objective.seconds_per_step(training, points, budget_seconds))
        except MemoryError:
            found.append(None)
    return found
