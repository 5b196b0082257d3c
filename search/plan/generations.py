"""What follows on a finished generation of a stage whose sampler learns, or on a round of a race.

As every plan it is a pure function: of the study, the stage's boxes and the results of the stage's
earlier generations. Every worker that makes it makes the same one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from search.errors import KlayerError
from search.plan import learned
from search.plan.learned import generations
from search.plan.plan import (
    PlannedTrial,
    StagePlan,
    Step,
    race,
    round_of,
    search_cohorts,
    search_trials,
)
from search.plan.ranking import over_seeds, ranking_of
from search.plan.samplers import draw
from search.plan.trial import Trial
from search.space.space import Box
from search.study.file import Study

__all__ = ["GenerationPlan", "generations", "plan_generation", "rehearsed_generations"]


@dataclass(frozen=True)
class GenerationPlan:
    """What one generation trains.

    Attributes:
        generation: Which one, 1 or more; generation 0 is a part of the stage's plan.
        trials: By number; numbers go on where earlier generations ended.
        cohorts: Numbers of the trials that are trained together.
    """

    generation: int
    trials: tuple[PlannedTrial, ...]
    cohorts: tuple[tuple[int, ...], ...]


def plan_generation(
    study: Study,
    step: Step,
    generation: int,
    boxes: tuple[Box, ...],
    results: Sequence[Trial],
) -> GenerationPlan:
    """The plan of a generation.

    Args:
        study: The whole study.
        step: Which stage.
        generation: Which one, from 1 to `step.generations - 1`.
        boxes: The stage's boxes, as its plan has them.
        results: The finished trials of all earlier generations of the stage, in any order.

    Raises:
        KlayerError: The results are not those of all earlier generations; or the sampler's library
            is missing.
    """
    if step.kind == "finalists":
        return _next_round(study, step, generation, len(boxes), results)
    stage = study.stages[step.number - 1]
    drawn = learned.ask(study, stage, boxes, generation, results)
    first = learned.numbers(stage, generation).start
    trials = search_trials(study, stage, drawn, first)
    return GenerationPlan(generation, trials, search_cohorts(study, stage, trials))


def _next_round(
    study: Study, step: Step, generation: int, candidates: int, results: Sequence[Trial]
) -> GenerationPlan:
    """The next round of a race: those that did best over the seeds so far, with further seeds."""
    rounds = race(study, candidates)
    told = sorted(results, key=lambda result: result.number)
    before = sum(one.trials for one in rounds[:generation])
    if [result.number for result in told] != list(range(before)):
        raise KlayerError(
            f"{step.name}: round {generation + 1} needs the results of trials 0 to {before - 1}, "
            f"each once, and got {len(told)} results"
        )
    found = over_seeds(told)
    values = {place: spread.values for place, (_, spread) in enumerate(found)}
    ranked = ranking_of(study).by_seeds(values)[: rounds[generation].candidates]
    points = {place: found[place][0] for place in sorted(ranked)}
    return GenerationPlan(
        generation, *round_of(study, step, points, rounds[generation].seeds, before)
    )


def _rehearsed_rounds(study: Study, made: StagePlan) -> tuple[GenerationPlan, ...]:
    """The rounds of a race in which those that begin ahead stay ahead."""
    points = {trial.box: trial.parameters for trial in made.trials}
    rounds, first = race(study, len(points)), len(made.trials)
    planned = []
    for number, one in enumerate(rounds[1:], start=1):
        left = {box: points[box] for box in range(one.candidates)}
        planned.append(GenerationPlan(number, *round_of(study, made.step, left, one.seeds, first)))
        first += one.trials
    return tuple(planned)


def rehearsed_generations(study: Study, made: StagePlan) -> tuple[GenerationPlan, ...]:
    """Generations as they may follow on a stage's plan, were its points spread evenly.

    Where the sampler will look follows from values that nobody has yet.
    """
    if made.step.kind == "finalists":
        return _rehearsed_rounds(study, made)
    if made.step.generations == 1:
        return ()
    stage = study.stages[made.step.number - 1]
    even = draw("sobol", made.boxes, stage.trials, learned.start_seed(study, stage))
    trials = search_trials(study, stage, even)
    parts = [learned.numbers(stage, one) for one in range(1, made.step.generations)]
    cut = [trials[part.start : part.stop] for part in parts]
    return tuple(
        GenerationPlan(number, part, search_cohorts(study, stage, part))
        for number, part in enumerate(cut, start=1)
    )
