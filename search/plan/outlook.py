"""What a stage will train, and how far it is: from its study alone, or from what is counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from search.plan.halving import expected_steps
from search.plan.plan import Step, expected_trials
from search.study.file import Study


@dataclass(frozen=True)
class Counts:
    """What is counted of a stage that was planned.

    Attributes:
        trials: How many it has, or will have with the generations to come.
        states: How many of its trials are in which state.
        cohorts: How many trials each of its cohorts has.
        steps_each: Steps of a trial that is trained to its end; None where that is not known.
        pruned_steps: Steps of all trials that were pruned, together.
        other_reports: Reports of all trials whose steps do not follow from their state: those that
            are neither pruned, nor complete in a number of steps that is known.
    """

    trials: int
    states: Mapping[str, int]
    cohorts: tuple[int, ...]
    steps_each: float | None
    pruned_steps: int
    other_reports: int


@dataclass(frozen=True)
class Outlook:
    """What a stage will train.

    Attributes:
        trials: How many it has, or will have as far as is known.
        steps_each: Steps of a trial that is trained to its end; None where that is not known.
        steps_total: Steps of all its trials together; None where that is not known.
        steps_done: How many of those are done.
    """

    trials: int
    steps_each: float | None
    steps_total: float | None
    steps_done: int


def unplanned(study: Study, step: Step) -> Outlook:
    """The outlook for a stage of which only the study file speaks."""
    each: float | None = 0.0 if step.known else study.objective.steps(step.training)
    return Outlook(expected_trials(study, step), each, expected_steps(study, step), 0)


def planned(study: Study, step: Step, counts: Counts) -> Outlook:
    """The outlook for a stage that was planned, all or its first generations."""
    complete = counts.states.get("complete", 0) * round(counts.steps_each or 0)
    to_come = counts.trials - sum(counts.states.values())  # of generations not planned yet
    sizes = (*counts.cohorts, to_come) if to_come > 0 else counts.cohorts
    return Outlook(
        trials=counts.trials,
        steps_each=counts.steps_each,
        steps_total=expected_steps(study, step, sizes),
        steps_done=complete + counts.pruned_steps + counts.other_reports,
    )
