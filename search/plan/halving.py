"""Successive halving: who goes on at a rung, as a pure function of how the trials stand there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from search.objective.fit import Fit
from search.plan.cohorts import DIVISIBLE, cohorts
from search.plan.plan import LARGEST_COHORT, Step, expected_trials
from search.plan.ranking import Ranking, ranking_of
from search.space.space import Point
from search.study.file import Study
from search.study.halving import Among, Halving


def rungs(study: Study, step: Step, among: Among) -> tuple[int, ...]:
    """The steps at whose end the trials of a stage are compared, if that is `among` which they are.

    Args:
        study: The whole study.
        step: Which stage.
        among: "stage" for rungs at which all trials wait for each other, "cohort" for those at
            which a cohort drops trials by itself.
    """
    halving = step.halving
    if halving is None or halving.among != among:
        return ()
    return tuple(study.objective.rung(step.training, halving.unit, at) for at in halving.at)


def survivors(
    halving: Halving, values: Mapping[int, float | None], ranking: Ranking
) -> tuple[int, ...]:
    """The numbers of the trials that go on at a rung, in rising order, as `Ranking.survivors`.

    They are the best `halving.kept(n)` of the n trials that were trained up to the rung.

    Args:
        halving: What the study file says.
        values: By trial number its value at the rung, of every trial that went on at the rung
            before; None where it has none any more.
        ranking: By which one is better than another.
    """
    return ranking.survivors(values, halving.kept(len(values)))


@dataclass(frozen=True)
class RungPlan:
    """What follows on a rung that all trials of a stage have come to.

    Attributes:
        rung: How many rungs lie before what is planned; 1 or more.
        start: Steps that the trials have been trained.
        stop: Steps after which the next rung is; None if they go on to the end.
        dropped: Numbers of the trials that end here as pruned.
        cohorts: Numbers of those that go on, as they are trained together from here on.
    """

    rung: int
    start: int
    stop: int | None
    dropped: tuple[int, ...]
    cohorts: tuple[tuple[int, ...], ...]


def plan_rung(
    study: Study,
    step: Step,
    rung: int,
    standings: Mapping[int, tuple[Point, float | None]],
) -> RungPlan:
    """The plan of what follows on a rung.

    Args:
        study: The whole study.
        step: Which stage; its halving is among the stage.
        rung: How many rungs lie before what is planned; 1 or more.
        standings: By number the point and the value of every trial that was trained up to here;
            the value is None where it has diverged since the rung before.
    """
    ends = rungs(study, step, "stage")
    values = {number: value for number, (_, value) in standings.items()}
    chosen = survivors(step.halving, values, ranking_of(study)) if step.halving is not None else ()
    fits = [study.objective.fit(step.training, standings[number][0]) for number in chosen]
    # The last few have nobody behind them: if they are of one kind, two workers share them.
    divisible = 2 if len({fit.key for fit in fits}) == 1 else DIVISIBLE
    return RungPlan(
        rung=rung,
        start=ends[rung - 1],
        stop=ends[rung] if rung < len(ends) else None,
        dropped=tuple(
            number
            for number in sorted(values)
            if values[number] is not None and number not in chosen
        ),
        cohorts=tuple(
            tuple(chosen[place] for place in cohort)
            for cohort in cohorts(fits, LARGEST_COHORT, divisible=divisible)
        ),
    )


@cache
def cohort_sizes(count: int) -> tuple[int, ...]:
    """Of the cohorts of so many trials that all can be one; it is asked for with each claim."""
    return tuple(map(len, cohorts([Fit(None)] * count, LARGEST_COHORT)))


def expected_steps(study: Study, step: Step, sizes: tuple[int, ...] | None = None) -> float | None:
    """Steps that all trials of a stage are trained together, if all have values.

    Args:
        study: The whole study.
        step: Which stage.
        sizes: How many trials its cohorts have, which counts where those are compared; None as
            long as that is not known, to take what they are if all trials can be one cohort.

    Returns:
        None where the objective does not know how long a trial is.
    """
    if step.known:
        return 0.0
    each, count = study.objective.steps(step.training), expected_trials(study, step)
    if each is None:
        return None
    if sizes is None:
        sizes = cohort_sizes(count)
    if step.halving is None:
        return float(sum(sizes) * each)
    among = step.halving.among
    groups = sizes if among == "cohort" else (sum(sizes),)
    ends = rungs(study, step, among)
    return float(sum(step.halving.steps(size, ends, each) for size in groups))
