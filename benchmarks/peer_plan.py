"""The plan by which the peer of experiment C4 searches: that of the study, written again.

Twenty trials of λ in [1e-6, 1e-1], ten within a decade of the best, ten within 0.3 decades of the
new best. Without Optuna and PyTorch, so that it is held against the study wherever tests run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.problem import HALF_CYCLE_EPOCHS

CYCLES = 2
EPOCHS = CYCLES * 2 * HALF_CYCLE_EPOCHS  # of each trial
FIRST_BOX = (1e-6, 1e-1)
EDGE = 0.05  # of a range's length: so near to an end the best counts as on it


@dataclass(frozen=True)
class Stage:
    """A step of the search: its trials, and the decades round the best of the stages before."""

    name: str
    trials: int
    decades: float | None


STAGES = (Stage("coarse", 20, None), Stage("fine", 10, 1.0), Stage("finest", 10, 0.3))


@dataclass(frozen=True)
class Best:
    """The best trial of a stage: its value, and its λ."""

    value: float
    weight_decay: float


def box(place: int, best: Sequence[Best]) -> tuple[float, float]:
    """Where a stage searches: round the best so far, past an edge only where the best is on it.

    Args:
        place: Of the stage in `STAGES`.
        best: Of each stage before it, in order.
    """
    stage = STAGES[place]
    if stage.decades is None:
        return FIRST_BOX
    earlier = max(range(place), key=lambda one: best[one].value)
    old_low, old_high = box(earlier, best[:earlier])
    center, factor = best[earlier].weight_decay, 10**stage.decades
    near = (old_high / old_low) ** EDGE
    low, high = center / factor, center * factor
    return (
        low if center <= old_low * near else max(low, old_low),
        high if center >= old_high / near else min(high, old_high),
    )
