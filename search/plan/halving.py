"""Successive halving: who goes on at a rung, as a pure function of how the trials stand there."""

from collections.abc import Mapping
from dataclasses import dataclass

from search.plan.cohorts import DIVISIBLE, Fit, cohorts
from search.plan.plan import LARGEST_COHORT, Grouping, Step, expected_trials
from search.space.space import Point
from search.study.file import Study
from search.study.halving import Halving


def survivors(halving: Halving, standings: Mapping[int, float | None]) -> tuple[int, ...]:
    """The numbers of the trials that go on at a rung, in rising order.

    They are the best `halving.kept(n)` of the n trials that were trained up to the rung. Of equal
    values the lower number is the better. A trial that diverged never goes on, so there may be
    fewer, or none.

    Args:
        halving: What the study file says.
        standings: By trial number its value at the rung, of every trial that went on at the rung
            before; None where it has diverged since.
    """
    sound = [(-value, number) for number, value in standings.items() if value is not None]
    return tuple(sorted(number for _, number in sorted(sound)[: halving.kept(len(standings))]))


@dataclass(frozen=True)
class RungPlan:
    """What follows on a rung that all trials of a stage have come to.

    Attributes:
        rung: How many rungs lie before what is planned; 1 or more.
        start: Epochs that the trials have been trained.
        stop: Epochs after which the next rung is; None if they go on to the end.
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
    group: Grouping,
) -> RungPlan:
    """The plan of what follows on a rung.

    Args:
        study: The whole study.
        step: Which stage; its halving is among the stage.
        rung: How many rungs lie before what is planned; 1 or more.
        standings: By number the point and the value of every trial that was trained up to here;
            the value is None where it has diverged since the rung before.
        group: How a trial fits into a stack with others; the objective knows.
    """
    ends = step.rungs("stage", study.data.rows)
    values = {number: value for number, (_, value) in standings.items()}
    chosen = survivors(step.halving, values) if step.halving is not None else ()
    fits = [group(step.training, standings[number][0]) for number in chosen]
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


def expected_epochs(study: Study, step: Step, sizes: tuple[int, ...] | None = None) -> float:
    """Epochs that all trials of a stage are trained together, if none diverges.

    Args:
        study: The whole study.
        step: Which stage.
        sizes: How many trials its cohorts have, which counts where those are compared; None as
            long as that is not known, to take what they are if all trials can be one stack.
    """
    rows, count = study.data.rows, expected_trials(study, step)
    if sizes is None:
        sizes = tuple(map(len, cohorts([Fit(None)] * count, LARGEST_COHORT)))
    if step.halving is None:
        each = step.training.schedule.total_epochs(rows, step.training.batch_size)
        return sum(sizes) * each
    groups = sizes if step.halving.among == "cohort" else (sum(sizes),)
    return sum(step.halving.epochs(size, step.training, rows) for size in groups)
