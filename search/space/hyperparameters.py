"""Hyperparameters: their kinds, their limits, and what may be said of them.

Which there are is for an objective to say; see `search.objective.port`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from search.space.space import Condition, Range, Value


@dataclass(frozen=True)
class Number:
    """A hyperparameter that is a number.

    Attributes:
        name: Its key in a box and in a point.
        meaning: What it is, with its unit, for the reference page.
        low: The smallest value; None for no limit.
        high: The largest value; None for no limit.
        low_included: Whether `low` itself is a value.
        high_included: Whether `high` itself is a value.
        whole: Whether it is a whole number. Whole ranges are linear and stepped, others log-uniform
            unless said.
        title: Its name for people; the name with spaces unless given.
    """

    name: str
    meaning: str = ""
    low: float | None = None
    high: float | None = None
    low_included: bool = True
    high_included: bool = True
    whole: bool = False
    title: str = ""

    @property
    def words(self) -> str:
        """Its name for people."""
        return self.title or self.name.replace("_", " ")

    def values(self) -> str:
        """The values it may take, in words."""
        kind = "a whole number" if self.whole else "a number"
        bounds = []
        if self.low is not None:
            bounds.append(f"{self.low:g} or more" if self.low_included else f"above {self.low:g}")
        if self.high is not None:
            high = f"{self.high:,.0f}" if self.whole else f"{self.high:g}"
            bounds.append(f"at most {high}" if self.high_included else f"below {high}")
        return f"{kind}, {' and '.join(bounds)}" if bounds else kind

    def check(self, value: object) -> float | int:
        """`value` as this hyperparameter's own type.

        Raises:
            ValueError: It is not a number of the kind, or not within the limits. The message says
                what was found and what would be right.
        """
        fits = isinstance(value, int) if self.whole else isinstance(value, int | float)
        if isinstance(value, bool) or not fits or not self._within(value):  # type: ignore[arg-type]
            raise ValueError(f"found {shown(value)}; give {self.values()}")
        return value if self.whole else float(value)  # type: ignore[arg-type, return-value]

    def _within(self, value: float) -> bool:
        if isinstance(value, float) and not math.isfinite(value):
            return False
        if abs(value) >= 1e300:
            return False
        above = self.low is None or (value >= self.low if self.low_included else value > self.low)
        if self.high is None:
            return above
        return above and (value <= self.high if self.high_included else value < self.high)


@dataclass(frozen=True)
class Choice:
    """A hyperparameter that is one of a few values.

    Attributes:
        name: Its key in a box and in a point.
        meaning: What it is, for the reference page.
        options: What it may be.
        title: Its name for people; the name with spaces unless given.
    """

    name: str
    meaning: str = ""
    options: tuple[Value, ...] = ()
    title: str = ""

    @property
    def words(self) -> str:
        """Its name for people."""
        return self.title or self.name.replace("_", " ")

    def values(self) -> str:
        """The values it may take, in words."""
        return "one of " + ", ".join(shown(option) for option in self.options)

    def check(self, value: object) -> Value:
        """`value`, if it is one of the options.

        Raises:
            ValueError: It is not. The message says what was found and what would be right.
        """
        for option in self.options:
            if option == value and isinstance(option, bool) == isinstance(value, bool):
                return option
        raise ValueError(f"found {shown(value)}; give {self.values()}")


Hyperparameter = Number | Choice


class Registry(Protocol):
    """The hyperparameters that an objective has."""

    def find(self, name: str) -> Hyperparameter | None:
        """The hyperparameter of this name; None if there is none."""

    def names(self) -> Sequence[str]:
        """The names of all, to hint at."""

    def conditions(self, ranges: Mapping[str, Range]) -> Mapping[str, Condition]:
        """The conditions that follow from what is searched, whatever a file says, by name."""


def shown(value: object) -> str:
    """`value` as a study file would write it, cut where it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = "".join(letter if letter.isprintable() else _escaped(letter) for letter in value)
        text = f'"{text}"'
    elif isinstance(value, dict):
        text = "a table" if value else "an empty table"
    elif isinstance(value, list | tuple):
        text = "a list" if value else "an empty list"
    elif isinstance(value, int) and abs(value) >= 10**30:
        text = "a whole number of more than 30 digits"
    else:
        text = str(value)
    return text if len(text) <= 80 else f"{text[:76]}...{text[-1]}"


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
