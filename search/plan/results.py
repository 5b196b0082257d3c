"""One finished trial as a value, and the order of finished trials from best to worst."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from search.errors import KlayerError
from search.study.space import Box, Point


@dataclass(frozen=True)
class Result:
    """One finished trial.

    Attributes:
        stage: Name of its stage.
        number: Its place in the stage's plan, from 0.
        parameters: The point that was trained.
        value: What is maximised: an accuracy from 0 to 1. None where the training diverged.
        box: The box that the point was drawn from.

    Raises:
        KlayerError: The value is NaN or infinite.
    """

    stage: str
    number: int
    parameters: Point
    value: float | None
    box: Box

    def __post_init__(self) -> None:
        if self.value is not None and not math.isfinite(self.value):
            raise KlayerError(
                f"{self.stage} #{self.number}: the value must be a finite number, or None for a "
                f"training that diverged, not {self.value}"
            )


def ranked(results: Iterable[Result]) -> list[Result]:
    """The results that have a value, the largest first.

    Equal values stand in the order in which their stages first occur in `results`, and in one stage
    by number; so the order depends on the order of `results` only through that of the stages.
    """
    given = list(results)
    places = {stage: place for place, stage in enumerate(dict.fromkeys(r.stage for r in given))}
    scored = [(result.value, result) for result in given if result.value is not None]
    scored.sort(key=lambda pair: (-pair[0], places[pair[1].stage], pair[1].number))
    return [result for _, result in scored]
