"""One finished trial as a value, and the order of finished trials from best to worst."""

import math
from collections.abc import Iterable
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
        value: What is maximised: an accuracy from 0 to 1. None where the training diverged.
        box: The box that the point was drawn from.
        pruned_after: Epochs after which halving dropped it; None where it was trained to its end,
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


def ranked(results: Iterable[Result]) -> list[Result]:
    """The results that have a value: those trained to their end first, the largest value first.

    Pruned ones follow, those that were trained for longer before those that were dropped earlier,
    whatever their values: values of shorter trainings do not compare with those of longer ones.
    Equal values stand in the order in which their stages first occur in `results`, and in one stage
    by number; so the order depends on the order of `results` only through that of the stages.
    """
    given = list(results)
    places = {stage: place for place, stage in enumerate(dict.fromkeys(r.stage for r in given))}
    scored = [(result.value, result) for result in given if result.value is not None]
    scored.sort(key=lambda pair: (_early(pair[1]), -pair[0], places[pair[1].stage], pair[1].number))
    return [result for _, result in scored]


def _early(result: Result) -> float:
    """How early it was dropped, as a number to sort by; -∞ where it was not."""
    return -math.inf if result.pruned_after is None else -result.pruned_after
