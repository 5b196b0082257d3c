"""What is to be said of a search: how sure its best is, whether it improves, and what comes next.

Pure functions of the study and its trials: pages, `klayer status`, the end of a run and reports say
the same.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from search.errors import KlayerError
from search.objective.metric import Metric
from search.plan.plan import FINAL, FINALISTS, Step, preview
from search.plan.ranking import Ranked, Spread, over_seeds, ranking_of
from search.plan.trial import Trial
from search.space.space import Box, Interval
from search.study.file import Study

ERRORS = 2.0  # standard errors within which two configurations are one group
EDGE = 0.05  # of a range's length on its own scale
PATIENCE, FEWEST = 0.25, 8  # trials without a better one, as a share of all and at least
_ENDS = ("complete", "pruned", "diverged", "failed")


class Ended(Ranked, Protocol):
    """A trial with its end."""

    @property
    def state(self) -> str:
        """How it ended, if it did."""

    @property
    def finished_at(self) -> float | None:
        """When; None before."""


T = TypeVar("T", bound=Ended)


@dataclass(frozen=True)
class Certainty:
    """How sure the best configuration is.

    Attributes:
        single: The value of its best single trial.
        seeds: How it did over fresh seeds; None before, or without re-runs.
        noise: The standard error of a single trial's value; None where nothing tells.
        rows: How many validation rows that follows from; None where it follows from seeds.
        group: Configurations whose single value lies within `ERRORS` of it, itself included.
        among: Configurations in all.
    """

    single: float
    seeds: Spread | None
    noise: float | None
    rows: int | None
    group: int
    among: int

    @property
    def gap(self) -> float | None:
        """The mean over fresh seeds minus the single value; None without re-runs."""
        mean = None if self.seeds is None else self.seeds.mean
        return None if mean is None else mean - self.single


@dataclass(frozen=True)
class Improvement(Generic[T]):
    """Since when nothing was better.

    Attributes:
        holder: The trial that has the best value.
        place: Its place among those that have ended, from 1, in the order of the plan, which is the
            same for any number of workers.
        ended: How many have ended in all.
        since: How many of them come after it.
        no_better: The stages that come after it.
        goes_on: Whether that is so short a time ago that it may well improve.
    """

    holder: T
    place: int
    ended: int
    since: int
    no_better: tuple[str, ...]
    goes_on: bool


def certainty(study: Study, trials: Sequence[T], best: T, rows: int | None) -> Certainty | None:
    """How sure the best is; None where it has no value.

    The noise is that of a share of so many rows, √(p (1 - p) / n), where the score is a share; it
    is at least the standard deviation over seeds of the finalists' configurations.

    Args:
        study: The study.
        trials: All trials.
        best: The winner, or the best so far.
        rows: How many rows validate; None where that is not known.
    """
    if best.value is None:
        return None
    spreads = over_seeds(one for one in trials if one.stage == FINALISTS and one.state in _ENDS)
    seeds = next((spread for point, spread in spreads if point == best.parameters), None)
    noise, counted = _noise(study.objective.score, best.value, rows, [one for _, one in spreads])
    ranking, singles = ranking_of(study), _singles(study, trials)
    limit = math.inf if noise is None else ranking.cost(best.value) + ERRORS * noise
    group = sum(ranking.cost(value) <= limit for value in singles)
    return Certainty(best.value, seeds, noise, counted, max(group, 1), len(singles))


def comparable(study: Study, trials: Iterable[T]) -> list[T]:
    """The complete trials of the stages that finalists come from, whose values compare.

    Where these have none yet, all complete trials of stages that search.
    """
    named, others = study.contenders(), (FINALISTS, FINAL)
    valued = [
        one
        for one in trials
        if one.stage not in others and one.state == "complete" and one.value is not None
    ]
    return [one for one in valued if one.stage in named] or valued


def improvement(study: Study, trials: Iterable[T]) -> Improvement[T] | None:
    """Since when nothing was better among the trials that compare; None before one has a value."""
    stages = [stage.name for stage in study.stages]
    ended = [one for one in trials if one.stage in stages and one.finished_at is not None]
    ended.sort(key=lambda one: (stages.index(one.stage), one.number))
    holder = ranking_of(study).best(comparable(study, ended))
    if holder is None:
        return None
    place = ended.index(holder)
    before = {one.stage for one in ended[: place + 1]}
    after = ended[place + 1 :]
    later = tuple(
        name for name in stages if name not in before and name in {o.stage for o in after}
    )
    patience = max(FEWEST, math.ceil(PATIENCE * len(ended)))
    return Improvement(
        holder, place + 1, len(ended), len(after), tuple(later), len(after) < patience
    )


def ahead(study: Study, step: Step, ended: Sequence[Trial]) -> tuple[tuple[Box, ...], str]:
    """The boxes that a stage would have, and why, were it planned from the trials that have ended.

    By the rule that will be used. Nothing where the stage has no boxes of its own, or the trials
    give nothing to go on from.
    """
    if step.kind != "search":
        return (), ""
    try:
        return preview(study, step, ended)
    except KlayerError:  # of which the search itself will speak, if it stays so
        return (), ""


def edges(best: Trial, boxes: Iterable[Box]) -> tuple[str, ...]:
    """The ranges at whose edge the best lies, as in "weight_decay at its low edge 1e-06".

    Args:
        best: The best trial.
        boxes: All boxes that were searched: an edge of one within another is none.
    """
    every = [best.box, *boxes]
    found = []
    for name, value in best.parameters.items():
        ranges = [extent for box in every if isinstance(extent := box.ranges.get(name), Interval)]
        if not ranges or isinstance(value, str | bool):
            continue
        scaled = ranges[0].scaled
        low, high = min(one.low for one in ranges), max(one.high for one in ranges)
        length = scaled(high) - scaled(low)
        if length > 0 and scaled(float(value)) - scaled(low) <= EDGE * length:
            found.append(f"{name} at its low edge {low:.4g}")
        elif length > 0 and scaled(high) - scaled(float(value)) <= EDGE * length:
            found.append(f"{name} at its high edge {high:.4g}")
    return tuple(found)


def _singles(study: Study, trials: Sequence[T]) -> list[float]:
    """The best single value of each configuration of the stages that compare."""
    ranking, best = ranking_of(study), dict[frozenset[tuple[str, object]], float]()
    for one in comparable(study, trials):
        key = frozenset(one.parameters.items())
        value = ranking.best_value((best.get(key), one.value))
        if value is not None:
            best[key] = value
    return list(best.values())


def _noise(
    score: Metric, value: float, rows: int | None, spreads: Sequence[Spread]
) -> tuple[float | None, int | None]:
    """The standard error of a value, and the rows that it follows from."""
    of_rows = None
    if rows and score.unit == "%" and score.factor == 100 and 0 <= value <= 1:
        # A share of none or all is known no better than that of half a row more.
        share = min(max(value, 0.5 / rows), 1 - 0.5 / rows)
        of_rows = math.sqrt(share * (1 - share) / rows)
    deviations = [one.standard_deviation for one in spreads if one.standard_deviation is not None]
    of_seeds = math.sqrt(statistics.fmean(d * d for d in deviations)) if deviations else None
    if of_rows is not None and of_rows >= (of_seeds or 0.0):
        return of_rows, rows
    return of_seeds, None
