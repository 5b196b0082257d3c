"""A whole search, planned to its end with values that are made up."""

from collections.abc import Callable

from search.plan.generations import plan_generation
from search.plan.plan import PlannedTrial, StagePlan, plan, steps
from search.plan.trial import Trial
from search.space.space import Point
from search.study.file import Study


def planned(study: Study, worth: Callable[[Point], float]) -> list[tuple[StagePlan, list[Trial]]]:
    """Every stage as planned, and its trials with the values that their points are worth."""

    def finished(made: StagePlan, trials: tuple[PlannedTrial, ...]) -> list[Trial]:
        return [
            Trial(made.step.name, t.number, t.parameters, worth(t.parameters), made.boxes[t.box])
            for t in trials
        ]

    told: list[Trial] = []
    found = []
    for step in steps(study):
        made = plan(study, step, told)
        results = finished(made, made.trials)
        for generation in range(1, step.generations):
            more = plan_generation(study, step, generation, made.boxes, results)
            results += finished(made, more.trials)
        told += results
        found.append((made, results))
    return found
