"""Which trials may be trained together."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fit:
    """How a trial fits into a cohort.

    Attributes:
        key: What must be equal for trials to share a cohort.
        widths: What is padded to the largest in the cohort, what costs the most first. Empty where
            nothing is padded.
        most: The largest number of trials of a cohort; None for the planner's own limit.
    """

    key: Hashable
    widths: tuple[int, ...] = ()
    most: int | None = None

    @property
    def width(self) -> int:
        """What the padding of the most costly dimension is measured by, 1 or more."""
        return max(self.widths[0], 1) if self.widths else 1
