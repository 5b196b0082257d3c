"""Samplers that learn, and the generations in which they ask for the trials of a stage.

A generation has the size that the study file fixes, whatever the number of workers: so the points
that a sampler asks for next do not depend on who trains, and how fast.
"""

from collections.abc import Iterator

from search.study.faults import Fault
from search.study.halving import Halving

LEARNING = ("tpe", "cmaes", "gp")
"""The samplers that look at the results of earlier trials of their stage."""

START_POINTS = 8
"""Trials of a box that TPE and a Gaussian process have at least before they learn."""

SMALLEST_POPULATION = 4
"""Trials of a box in a generation of CMA-ES: with fewer its formulas divide by nothing."""


def start_points(sampler: str, trials: int, generation: int, boxes: int) -> int:
    """How many trials of a stage are asked for before the sampler learns: whole generations.

    Of a Gaussian process that is half of all: docs/search-quality.md shows what fewer cost.

    Args:
        sampler: One that learns.
        trials: How many the stage has.
        generation: Trials that are asked for at once.
        boxes: How many boxes share them.
    """
    least = START_POINTS * boxes if sampler != "cmaes" else generation
    if sampler == "gp":
        least = max(least, -(-trials // 2))
    return -(-least // generation) * generation


def generation_faults(
    sampler: str,
    trials: int | None,
    generation: int | None,
    boxes: int,
    halving: Halving | None,
    *,
    stops: bool = False,
) -> Iterator[Fault]:
    """What of a stage does not fit a sampler that learns, or one that does not.

    Args:
        sampler: How the stage's trials are drawn.
        trials: How many; None where the file does not say.
        generation: How many at once; None where the file does not say.
        boxes: How many boxes share them, 1 or more.
        halving: When trials that fall behind are dropped.
        stops: Whether the stage may end between generations.
    """
    if sampler not in LEARNING:
        if generation is not None and not stops:
            right = f'leave it out: only "tpe", "cmaes" and "gp" learn, "{sampler}" does not'
            yield Fault(("generation",), f"found {generation}; {right}")
        return
    if generation is None:
        what = f'how many trials sampler = "{sampler}" asks for before it looks at their results'
        yield Fault(("generation",), f"missing; give {what}, such as generation = 8")
    elif sampler == "cmaes" and (generation % boxes or generation < SMALLEST_POPULATION * boxes):
        yield Fault(("generation",), _uneven(generation, boxes))
    elif trials is not None and trials <= (
        start := start_points(sampler, trials, generation, boxes)
    ):
        found = f"found {trials}, but the first {start} are start points, which learn from nothing"
        right = f"give {start + 1} or more"
        if trials > (START_POINTS if sampler != "cmaes" else SMALLEST_POPULATION) * boxes:
            right += ", or a smaller generation"
        yield Fault(("trials",), f"{found}; {right}")
    if halving is not None and halving.among == "stage":
        found = f'found "stage" beside sampler = "{sampler}", which looks at results before all '
        found += "trials of the stage have begun"
        yield Fault(("halving", "among"), f'{found}; give "cohort"')


def _uneven(generation: int, boxes: int) -> str:
    if boxes == 1:
        return f'found {generation}; give {SMALLEST_POPULATION} or more, which "cmaes" needs'
    even = max(SMALLEST_POPULATION * boxes, -(-generation // boxes) * boxes)
    right = f"give a multiple of {boxes}, {SMALLEST_POPULATION} or more for each box"
    return f'found {generation}, which {boxes} boxes of "cmaes" share; {right}, such as {even}'
