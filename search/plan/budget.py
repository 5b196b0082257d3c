"""When a stage is cut since `[budget] hours` run out.

It is asked where trials of a stage that searches are to be handed out or planned. While all that is
planned fits, at the pace so far, nothing is cut. Where it does not, each stage ends once it has
used its share of the time: a share in proportion to its work, of what finalists and final leave.

Unlike every other decision this one depends on a clock, so it is made once for a stage, by whoever
comes first, and kept in the ledger.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from search.plan import learned
from search.plan.halving import cohort_sizes, expected_steps, rungs
from search.plan.plan import Step, expected_trials, steps
from search.runtime.formatting import duration, plural
from search.study.file import Study

RESERVE = 1.25  # times what finalists and final take at the pace so far, since that may change
SECONDS = 3600.0  # of an hour


@dataclass(frozen=True)
class Standing:
    """How far a search is.

    Attributes:
        seconds: For how long it was worked on.
        done: The work of the cohorts that are in, by the stages' numbers, as `work` counts it.
        ended: How many trials of those are at their ends, by the stages' numbers.
        worker_seconds: How long those were trained, all together.
        workers: How many cohorts were trained at a time, on average, those in training included.
    """

    seconds: float
    done: Mapping[int, float]
    ended: Mapping[int, int]
    worker_seconds: float
    workers: float


@dataclass(frozen=True)
class Shortage:
    """That the time does not reach for a stage.

    Attributes:
        hours: What the search may take.
        seconds: For how long it was worked on.
        reserve: Seconds that are kept for the finalists and the final; 0 where that is not known.
    """

    hours: float
    seconds: float
    reserve: float

    def text(self, trained: int, of: int) -> str:
        """Why a stage was cut, for people.

        Args:
            trained: How many of its trials are or will be trained.
            of: How many it would have had.
        """
        said = (
            f"cut after {trained:,} of {plural(of, 'trial')} by [budget] hours = {self.hours:g}: "
        )
        said += f"{duration(self.seconds)} were spent"
        if self.reserve:
            said += f", and about {duration(self.reserve)} are kept for what follows the stages"
        said += f"; {of - trained:,} were never trained, and the search is no longer reproducible "
        return f"{said}by its file alone"

    def failure(self, name: str) -> str:
        """What a search of that name says that has no value by then."""
        return (
            f"[budget] hours = {self.hours:g} ended before any trial had a value; give more hours "
            f"with `klayer extend {name} --stages FILE`, or search with shorter trainings"
        )


def in_steps(study: Study) -> bool:
    """Whether work is counted in steps; else in trials, as some stage's have no known length."""
    return all(study.objective.steps(step.training) is not None for step in steps(study))


def work(study: Study) -> dict[int, float]:
    """The work of each step of a search, by number, if all its trials have values."""
    counted = in_steps(study)
    return {step.number: _work(study, step, counted=counted) for step in steps(study)}


def _work(study: Study, step: Step, *, counted: bool) -> float:
    if step.known:
        return 0.0
    units = expected_steps(study, step) if counted else expected_trials(study, step)
    factor: float = study.objective.final_factor if step.kind == "final" else 1.0
    return (units or 0.0) * factor


def first_cohort(study: Study, step: Step, generation: int) -> float:
    """The work of the largest cohort of a generation, if all its trials can be one cohort.

    Of a stage whose trials wait for each other at rungs it is what they do up to the first.

    Args:
        study: The whole study.
        step: A stage that searches.
        generation: Which part of it, from 0; the stage as a whole where it has no others.
    """
    count = len(learned.numbers(study.stages[step.number - 1], generation))
    first = _first_rung(study, step) if in_steps(study) else None
    return max(cohort_sizes(count), default=0) * (first or _of_a_trial(study, step))


def _first_rung(study: Study, step: Step) -> int | None:
    """The step after which all trials of a stage first wait for each other, if they do."""
    return next(iter(rungs(study, step, "stage")), None)


def _of_a_trial(study: Study, step: Step) -> float:
    """The work of a trial that is trained to its end."""
    return (study.objective.steps(step.training) or 0.0) if in_steps(study) else 1.0


def later_rungs(study: Study, step: Step) -> float:
    """The part of a stage's work that follows on its first rung, if its trials wait there."""
    first = _first_rung(study, step)
    if first is None or study.objective.steps(step.training) is None:
        return 0.0
    return (expected_steps(study, step) or 0.0) - expected_trials(study, step) * first


def _left(study: Study, step: Step, planned: Mapping[int, float], standing: Standing) -> float:
    """The work of a stage that is still to come; of one that does not search, none.

    Trials that diverge or fail end before all their steps: no more is left than what the others can
    take at most.
    """
    if step.kind != "search" or step.known:
        return 0.0
    left = max(planned[step.number] - standing.done.get(step.number, 0.0), 0.0)
    others = expected_trials(study, step) - standing.ended.get(step.number, 0)
    return min(left, max(others, 0) * _of_a_trial(study, step))


def shortage(
    study: Study, number: int, standing: Standing, asked: float, *, begun: bool
) -> Shortage | None:
    """Whether a stage ends here, rather than that more of it is handed out.

    A stage that has not begun may have its first trials as long as there is any time for searching.

    Args:
        study: The study; it has a budget by the clock.
        number: Which stage; one that searches.
        standing: How far the search is.
        asked: The work that would be handed out.
        begun: Whether trials of the stage were handed out before.
    """
    hours = study.hours or 0.0
    whole, spent = hours * SECONDS, standing.seconds
    planned = work(study)
    done = sum(amount for one, amount in standing.done.items() if planned[one])
    if not done or standing.worker_seconds <= 0:  # nothing tells the pace yet
        return Shortage(hours, spent, 0.0) if spent >= whole else None
    alone = done / standing.worker_seconds
    pace = alone * max(standing.workers, 1.0)
    kinds = {step.number: step.kind for step in steps(study)}
    searching = [one for one, kind in kinds.items() if kind == "search"]
    after = sum(
        planned[one] / (alone if kinds[one] == "final" else pace)  # one worker trains that
        for one in kinds
        if one not in searching
    )
    reserve = RESERVE * after
    left = [_left(study, step, planned, standing) for step in steps(study)[number - 1 :]]
    if spent + sum(left) / pace + reserve <= whole:
        return None
    for_search = whole - reserve
    share = sum(planned[n] for n in searching if n <= number) / sum(planned[n] for n in searching)
    ends = spent + asked / alone + later_rungs(study, steps(study)[number - 1]) / pace
    if ends <= for_search * (share if begun else 1.0):
        return None
    return Shortage(hours, spent, reserve)
