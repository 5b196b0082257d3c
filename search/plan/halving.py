"""Successive halving: who goes on at a rung, as a pure function of how the trials stand there."""

from collections.abc import Mapping

from search.plan.cohorts import Fit, cohorts
from search.plan.plan import LARGEST_COHORT, Step, expected_trials
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


def rungs(study: Study, step: Step) -> tuple[int, ...]:
    """The epochs at whose end trials of a stage are compared; () without halving."""
    if step.halving is None:
        return ()
    return step.halving.rungs(step.training, study.data.rows)


def expected_epochs(study: Study, step: Step, sizes: tuple[int, ...] | None = None) -> float:
    """Epochs that all trials of a stage are trained together, if none diverges.

    Args:
        study: The whole study.
        step: Which stage.
        sizes: How many trials its cohorts have; None to take what they are if all trials can be
            one stack.
    """
    rows, count = study.data.rows, expected_trials(study, step)
    if sizes is None:
        sizes = tuple(map(len, cohorts([Fit(None)] * count, LARGEST_COHORT)))
    if step.halving is None:
        each = step.training.schedule.total_epochs(rows, step.training.batch_size)
        return sum(sizes) * each
    groups = sizes if step.halving.among == "cohort" else (sum(sizes),)
    return sum(step.halving.epochs(size, step.training, rows) for size in groups)
