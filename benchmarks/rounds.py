"""Several rounds in which contenders take turns, and what their figures come to.

A machine's speed drifts; contenders that are measured in turn, in the same minutes, drift together.
So a ratio is taken within each round, and the ratios' median is shown.
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from benchmarks.timing import NotMeasuredError

Figure = TypeVar("Figure")


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest of some figures."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """Of at least one figure."""
        return cls(statistics.median(figures), min(figures), max(figures))

    def text(self, digits: int = 3) -> str:
        """As tables show it: the median, and the range where there is one."""
        middle = f"{self.median:.{digits}f}"
        if self.low == self.high:
            return middle
        return f"{middle} ({self.low:.{digits}f} … {self.high:.{digits}f})"


@dataclass(frozen=True)
class Measured(Generic[Figure]):
    """What all rounds gave for each contender, in order; or why one could not be measured."""

    figures: dict[str, list[Figure]]
    reasons: dict[str, str]
    rounds: int

    def of(self, name: str) -> list[Figure]:
        """The figures of a contender without which the others mean nothing.

        Raises:
            NotMeasuredError: It could not be measured; the message is its name and the reason.
        """
        if name in self.reasons:
            raise NotMeasuredError(f"{name}: {self.reasons[name]}")
        return self.figures[name]

    def rows(
        self, names: Iterable[str], cells: Callable[[str, list[Figure]], list[str]], columns: int
    ) -> list[list[str]]:
        """A table's rows: each contender's name and its cells, or why it has none."""
        made = []
        for name in names:
            if name in self.reasons:
                found = [f"does not run here: {self.reasons[name]}"]
            else:
                found = cells(name, self.figures[name])
            made.append([name, *found, *[""] * (columns - 1 - len(found))])
        return made


def counted(rounds: int) -> str:
    """How many rounds there were, in words."""
    return f"{rounds} round{'' if rounds == 1 else 's'}"


def turn(contenders: Sequence[str], number: int) -> tuple[str, ...]:
    """The order of a round, counted from 0: each begins with another contender."""
    start = number % len(contenders)
    return (*contenders[start:], *contenders[:start])


def take_turns(
    contenders: Sequence[str],
    rounds: int,
    measure: Callable[[str], Figure],
    say: Callable[[str], None],
) -> Measured[Figure]:
    """Measure every contender once a round, each round beginning with another one.

    A contender that fails is left out of the rounds that follow.
    """
    figures: dict[str, list[Figure]] = {}
    reasons: dict[str, str] = {}
    for number in range(rounds):
        for name in turn(contenders, number):
            if name in reasons:
                continue
            say(f"round {number + 1}/{rounds}: {name}")
            try:
                figures.setdefault(name, []).append(measure(name))
            except NotMeasuredError as error:
                reasons[name] = str(error)
                figures.pop(name, None)
    return Measured(figures, reasons, rounds)


def ratio(above: Sequence[float], below: Sequence[float]) -> Spread:
    """How many times `above` is `below`, round by round."""
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])
