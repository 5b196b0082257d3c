"""One finished trial as a value; `search.plan.ranking` says which of two is better."""

import math
from dataclasses import dataclass

from search.errors import KlayerError
from search.space.space import Box, Point


@dataclass(frozen=True)
class Result:
    """One finished trial.

    Attributes:
        stage: Name of its stage.
        number: Its place in the stage's plan, from 0.
        parameters: The point that was trained.
        value: Its score. None where it has none: it diverged or failed.
        box: The box that the point was drawn from.
        pruned_after: Steps after which halving dropped it; None where it was trained to its end,
            or diverged.

    Raises:
        KlayerError: The value is NaN or infinite.
    """

    stage: str
    number: int
    parameters: Point
    value: float | None
    box: Box
    pruned_after: int | None = None

    def __post_init__(self) -> None:
        if self.value is not None and not math.isfinite(self.value):
            raise KlayerError(
                f"{self.stage} #{self.number}: the value must be a finite number, or None for a "
                f"training that diverged, not {self.value}"
            )
