"""A named number that trainings report: its direction, its unit, and how it is written."""

from dataclasses import dataclass
from typing import Literal

from search.runtime.formatting import quantity

Direction = Literal["minimize", "maximize"]

ABSENT = "–"
"""Stands where there is no value."""


@dataclass(frozen=True)
class Metric:
    """One metric of an objective.

    Attributes:
        name: As in reports, exports and study files, such as "validation_loss".
        direction: Which of two values is the better one.
        unit: Stands behind the number where people read it, such as "%" or "s"; may be empty.
        factor: What a value is multiplied by before people read it: 100 for a share in per cent.
        decimals: Digits behind the point; None for four significant digits, large values whole.
        title: Its name for people; the name with spaces unless given.
        log: Whether plots draw it on a log scale.
        group: Metrics of one group share a plot, such as a loss in training and in validation; the
            name unless given.
        part: Which part of its group it is, such as "training"; drawn dashed where it is not the
            last part.
        spread_of: The metric that it is the standard error of; empty for all others.
    """

    name: str
    direction: Direction = "minimize"
    unit: str = ""
    factor: float = 1.0
    decimals: int | None = None
    title: str = ""
    log: bool = False
    group: str = ""
    part: str = ""
    spread_of: str = ""

    @property
    def shared(self) -> str:
        """The name of its group."""
        return self.group or self.name

    @property
    def words(self) -> str:
        """Its name for people, such as "validation loss"."""
        return self.title or self.name.replace("_", " ")

    @property
    def is_share(self) -> bool:
        """Whether it is a share of a whole, at most 1, of which more is better."""
        return (self.direction, self.unit, self.factor) == ("maximize", "%", 100.0)

    @property
    def heading(self) -> str:
        """Its name for people with the unit, as titles of axes and columns have it."""
        return f"{self.words} ({self.unit})" if self.unit else self.words

    def shown(self, value: float) -> float:
        """A value in the unit that people read."""
        return self.factor * value

    def number(self, value: float) -> str:
        """A value as people read it, without the unit."""
        scaled = self.shown(value)
        return quantity(scaled) if self.decimals is None else f"{scaled:.{self.decimals}f}"

    def text(self, value: float | None) -> str:
        """A value as people read it: `98.00 %`, `0.4132`, and a dash for None."""
        if value is None:
            return ABSENT
        return f"{self.number(value)} {self.unit}" if self.unit else self.number(value)

    def around(self, mean: float | None, deviation: float | None) -> str:
        """A mean with its standard deviation: `97.17 % ± 0.24`."""
        if mean is None or deviation is None:
            return self.text(mean)
        return f"{self.text(mean)} ± {self.number(deviation)}"
