"""Which of two trials is the better one: decided here, and nowhere else.

It knows the direction of the score, ties, trials that halving dropped, trials without a value, and
configurations that were trained over several seeds. All code that sorts, picks or compares trials
asks here; the ledger, which sorts in SQL, takes the sign of the order from here.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from search.objective.metric import Direction
from search.space.space import Point
from search.study.file import Study


class Ranked(Protocol):
    """What can be ranked: a trial, as the plan or as the ledger has it."""

    @property
    def stage(self) -> str:
        """Name of its stage."""

    @property
    def number(self) -> int:
        """Its place in the stage's plan."""

    @property
    def value(self) -> float | None:
        """Its score; None where it has none."""

    @property
    def pruned_after(self) -> int | None:
        """Steps after which halving dropped it; None where it was trained to its end."""

    @property
    def parameters(self) -> Point:
        """The point that was trained."""


T = TypeVar("T", bound=Ranked)


@dataclass(frozen=True)
class Spread:
    """How one configuration did over several seeds.

    Attributes:
        mean: Mean of the values of the seeds that have one; None if none has.
        standard_deviation: Of the same values, with n - 1 in the denominator; None for fewer
            than two.
        values: One value a seed, in the order of the seeds; None where the training has none.
    """

    mean: float | None
    standard_deviation: float | None
    values: tuple[float | None, ...]

    @property
    def gaps(self) -> tuple[int, float]:
        """What counts before the mean, less being better.

        Minus the number of its seeds, since a race drops those that are behind, and the share of
        seeds without a value.
        """
        return -len(self.values), self.values.count(None) / max(len(self.values), 1)

    @classmethod
    def of(cls, values: Sequence[float | None]) -> "Spread":
        """The spread of `values`, one a seed, None where the training has none."""
        finite = [value for value in values if value is not None]
        return cls(
            mean=statistics.fmean(finite) if finite else None,
            standard_deviation=statistics.stdev(finite) if len(finite) > 1 else None,
            values=tuple(values),
        )


@dataclass(frozen=True)
class Ranking:
    """The order of trials by their score.

    Attributes:
        direction: Whether smaller or larger values are the better ones.
    """

    direction: Direction

    @property
    def sign(self) -> int:
        """What values are multiplied by so that the smallest product is the best."""
        return 1 if self.direction == "minimize" else -1

    def cost(self, value: float | None) -> float:
        """A value as a number of which less is better; infinite where there is none."""
        return math.inf if value is None else self.sign * value

    def better(self, one: float | None, other: float | None) -> bool:
        """Whether `one` is better than `other`; a value is better than none."""
        return self.cost(one) < self.cost(other)

    def best_value(self, values: Iterable[float | None]) -> float | None:
        """The best of some values; None where there is none."""
        return min((value for value in values if value is not None), key=self.cost, default=None)

    def ranked(self, trials: Iterable[T]) -> list[T]:
        """The trials that have a value: those trained to their end first, the best value first.

        Pruned ones follow, those that were trained for longer before those that were dropped
        earlier, whatever their values: values of shorter trainings do not compare with those of
        longer ones. Equal values stand in the order in which their stages first occur in `trials`,
        and in one stage by number; so the order depends on the order of `trials` only through that
        of the stages.
        """
        given = list(trials)
        places = {stage: place for place, stage in enumerate(dict.fromkeys(t.stage for t in given))}
        valued = [trial for trial in given if trial.value is not None]
        return sorted(
            valued,
            key=lambda one: (*self._standing(one), places[one.stage], one.number),
        )

    def ranks(self, trials: Sequence[Ranked]) -> list[float]:
        """The place of each trial in the order of `ranked`, from 0; equal ones share their mean.

        Those without a value share the last places.
        """
        standings = [
            (one.value is None, *((0.0, 0.0) if one.value is None else self._standing(one)))
            for one in trials
        ]
        first = {standing: place for place, standing in reversed([*enumerate(sorted(standings))])}
        counts = Counter(standings)
        return [first[one] + (counts[one] - 1) / 2 for one in standings]

    def _standing(self, trial: Ranked) -> tuple[float, float]:
        return _early(trial), self.cost(trial.value)

    def best(self, trials: Iterable[T]) -> T | None:
        """The first of `ranked`; None where no trial has a value."""
        return next(iter(self.ranked(trials)), None)

    def survivors(self, values: Mapping[int, float | None], keep: int) -> tuple[int, ...]:
        """The numbers of the `keep` best of some trials, in rising order.

        Of equal values the lower number is the better. A trial without a value never survives, so
        there may be fewer, or none.

        Args:
            values: By trial number its value; None where it has none.
            keep: How many.
        """
        sound = [(self.cost(value), n) for n, value in values.items() if value is not None]
        return tuple(sorted(number for _, number in sorted(sound)[:keep]))

    def winner(self, seeds: Mapping[int, Sequence[float | None]]) -> int | None:
        """The configuration with the best mean over its seeds; None where none has a value.

        The first of `by_seeds` that has one.
        """
        ordered = self.by_seeds(seeds)
        return next((one for one in ordered if any(v is not None for v in seeds[one])), None)

    def by_seeds(self, seeds: Mapping[int, Sequence[float | None]]) -> list[int]:
        """Configurations that were trained over seeds, the best first.

        One that a race has dropped, and so has fewer seeds, ranks below all that have more. One
        with a seed without a value ranks below all that have every value; of two such, the one of
        which a smaller share of seeds has none is the better, then the one with the better mean
        over the rest. Ties go to the lower index.

        Args:
            seeds: For each configuration's index one value a seed, None where it has none.
        """

        def rank(index: int) -> tuple[tuple[int, float], float, int]:
            spread = Spread.of(seeds[index])
            return spread.gaps, self.cost(spread.mean), index

        return sorted(seeds, key=rank)

    def chosen(self, reruns: Iterable[Ranked]) -> Point | None:
        """The configuration that wins over its seeds, of the trials of all finalists.

        None where none has a value.
        """
        found = over_seeds(reruns)
        best = self.winner({place: spread.values for place, (_, spread) in enumerate(found)})
        return None if best is None else found[best][0]


def over_seeds(reruns: Iterable[Ranked]) -> list[tuple[Point, Spread]]:
    """Each configuration of the finalists' trials, and how it did over its seeds, by number."""
    found: dict[tuple[tuple[str, object], ...], tuple[Point, list[float | None]]] = {}
    for one in sorted(reruns, key=lambda trial: trial.number):
        key = tuple(one.parameters.items())
        found.setdefault(key, (one.parameters, []))[1].append(one.value)
    return [(point, Spread.of(values)) for point, values in found.values()]


def ranking_of(study: Study) -> Ranking:
    """How the trials of a study rank."""
    return Ranking(study.objective.score.direction)


def _early(trial: Ranked) -> float:
    """How early it was dropped, as a number to sort by; -∞ where it was not."""
    return -math.inf if trial.pruned_after is None else -trial.pruned_after
