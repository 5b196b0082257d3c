"""The points of a generation: what a sampler asks for, given all earlier generations.

A pure function of the study, the boxes and the results. Trial i belongs to box i modulo the number
of boxes, and each box learns from its own trials alone. Samplers that do not learn have
generations where their stage may end between two of them.
"""

from collections.abc import Sequence
from functools import partial

from search.errors import KlayerError
from search.objective.metric import Direction
from search.plan.ranking import ranking_of
from search.plan.samplers import Drawn, distributions, draw, inside
from search.plan.seeds import derive
from search.plan.trial import Trial
from search.space.space import Box, Point
from search.study.file import Stage, Study
from search.study.learning import start_points
from search.study.results import parted


def generations(stage: Stage) -> int:
    """In how many parts the trials of a stage are planned."""
    return 1 if stage.generation is None else -(-stage.trials // stage.generation)


def numbers(stage: Stage, generation: int) -> range:
    """The numbers of the trials of a generation, which counts from 0; the last may be smaller."""
    size = stage.trials if stage.generation is None else stage.generation
    return range(min(generation * size, stage.trials), min((generation + 1) * size, stage.trials))


def ask(
    study: Study,
    stage: Stage,
    boxes: tuple[Box, ...],
    generation: int,
    results: Sequence[Trial],
) -> tuple[Drawn, ...]:
    """The points of one generation, in the order of its trials.

    TPE and the Gaussian process begin with start points from a scrambled Sobol sequence. TPE goes
    on as Optuna's multivariate one; the process where its surface is likely to be good, or little
    known. CMA-ES draws each generation of a box from the normal distribution that the
    earlier ones have shaped.

    Args:
        study: The whole study.
        stage: One of its stages.
        boxes: The stage's boxes.
        generation: Which one, from 0.
        results: The finished trials of all earlier generations, in any order.

    Raises:
        KlayerError: The results are not those of all earlier generations; or the sampler's library
            is missing.
    """
    asked = numbers(stage, generation)
    told = sorted(results, key=lambda result: result.number)
    if [result.number for result in told] != list(range(asked.start)):
        raise KlayerError(
            f"{stage.name}: generation {generation} needs the results of trials 0 to "
            f"{asked.start - 1}, each once, and got {len(told)} results"
        )
    sampler = stage.sampler
    if sampler == "results":
        return tuple(Drawn(parted(one)[0], 0) for one in stage.results)
    if sampler != "tpe" and sampler != "cmaes" and sampler != "gp":
        own_seed = derive(study.seed, "stage", stage.name)
        every = draw(sampler, boxes, stage.trials, own_seed, stage.points)
        return every if stage.generation is None else every[asked.start : asked.stop]
    start = start_points(stage.sampler, stage.trials, _size(stage), len(boxes))
    if stage.sampler != "cmaes" and asked.start < start:
        return draw("sobol", boxes, asked.stop, start_seed(study, stage))[asked.start :]
    seed, ranking = _seed(study, stage, generation), ranking_of(study)
    points: dict[int, Point] = {}
    for index, box in enumerate(boxes):
        mine = [number for number in asked if number % len(boxes) == index]
        own, own_seed = told[index :: len(boxes)], derive(seed, "box", index)
        if stage.sampler == "tpe":
            drawn = _tpe(box, own, len(mine), own_seed, ranking.direction)
        elif stage.sampler == "gp":
            from search.plan.surface import surface

            drawn = surface(box, own, ranking).ask(len(mine), own_seed)
        else:
            from search.plan import cma_es

            population = _size(stage) // len(boxes)
            drawn = cma_es.ask(box, own, len(mine), population, own_seed, ranking)
        points.update(zip(mine, drawn, strict=True))
    return tuple(Drawn(points[number], number % len(boxes)) for number in asked)


def start_seed(study: Study, stage: Stage) -> int:
    """The seed of the points that a stage starts from."""
    return _seed(study, stage, 0)


def _seed(study: Study, stage: Stage, generation: int) -> int:
    return derive(study.seed, "stage", stage.name, "generation", generation)


def _size(stage: Stage) -> int:
    return len(numbers(stage, 0))


def _tpe(
    box: Box, told: Sequence[Trial], count: int, seed: int, direction: Direction
) -> list[Point]:
    from search.plan import optuna_samplers

    trained = partial(inside, box) if box.conditions or box.at_most else None
    space = distributions((box,))
    points = optuna_samplers.ask_tpe(space, told, count, seed, direction, trained)
    return [inside(box, point) for point in points]
