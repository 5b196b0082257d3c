"""A trial as plans are made from it; `search.plan.ranking` says which of two is better."""

import math
from dataclasses import dataclass

from search.errors import KlayerError
from search.space.space import Box, Point


@dataclass(frozen=True)
class Trial:
    """A trial, of which those that are finished decide what is planned next.

    Attributes:
        stage: Name of its stage.
        number: Its place in the stage's plan, from 0.
        parameters: Its point.
        value: Its score, or that of the rung where it was pruned. None where it has none: it is not
            finished, diverged or failed.
        box: The box that the point was drawn from.
        pruned_after: Steps after which halving dropped it; None otherwise.

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
