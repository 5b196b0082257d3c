"""What comes out of training, whatever is trained."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from search.space.space import Point


@dataclass(frozen=True)
class Assignment:
    """One training to be done: a point of the search space, and the seed of its own draws."""

    parameters: Point
    seed: int


@dataclass(frozen=True)
class Report:
    """How one trial stands at a step.

    Attributes:
        step: Counted from 1.
        metrics: Values by the metrics' names; NaN where one could not be had. Empty where a trial
            is at its end without a step that is new.
        value: The score that the trial would have if it ended now; None where it has none.
        reason: Why the trial is at its end without a value; None while it goes on.
        diverged: Whether that is since its numbers diverged, rather than that it failed.
    """

    step: int
    metrics: Mapping[str, float]
    value: float | None = None
    reason: str | None = None
    diverged: bool = False

    def finite(self) -> dict[str, float | None]:
        """The metrics by name; None for what is NaN or infinite, which JSON and SQL cannot hold."""
        return {name: v if math.isfinite(v) else None for name, v in self.metrics.items()}


@dataclass(frozen=True)
class Evaluation:
    """What is said of the chosen configurations at the very end.

    Attributes:
        result: Plain values for the record, which `Objective.findings` puts in words.
        values: What each trial of the final is worth by it, the winner first; None where it has
            no value.
        attachments: Bytes to keep with some of these trials, by their places.
    """

    result: Mapping[str, Any]
    values: tuple[float | None, ...]
    attachments: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One line of an evaluation, for people.

    Attributes:
        key: For scripts.
        label: What it is.
        metric_text: Its value as people read it.
        note: What else is to be said of it.
        within: Whether it goes with the finding before it.
    """

    key: str
    label: str
    metric_text: str
    note: str = ""
    within: bool = False
