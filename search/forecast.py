"""What each stage of a study trains, and about how long: its plan is rehearsed, its pace timed.

The stages are planned as they would be if the first trial of each did best, the second next, and so
on: so their cohorts are known, with their sizes and widths. An epoch of each kind of cohort is
timed, in as many processes at once as there will be, since they share memory and cache. A stage
takes as long as its cohorts do, each begun by the worker that is free first.
"""

import heapq
import statistics
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from joblib import Parallel, cpu_count, delayed, parallel_config

from search import objective
from search.plan.halving import expected_epochs
from search.plan.plan import StagePlan, Step, plan, steps
from search.plan.results import Result
from search.study.file import Study
from search.study.sections import TrainingSection
from search.study.space import Point

CALIBRATION_SECONDS = 1.5  # of training, in all
SHORTEST_SECONDS = 0.15  # of one kind of cohort
MOST_KINDS = 10  # that are timed; the others are taken to be like those


@dataclass(frozen=True)
class StageForecast:
    """One stage as the rehearsal has it.

    Attributes:
        step: Which stage.
        trials: How many.
        epochs: Of all its trials together, if none diverges.
        seconds: About how long it trains.
    """

    step: Step
    trials: int
    epochs: float
    seconds: float


@dataclass(frozen=True)
class _Kind:
    """Cohorts of one kind take a time in proportion to their work.

    Attributes:
        key: What their trials must agree in.
        members: How many trials each has.
        at_once: How many of them are trained at once.
    """

    key: Hashable
    members: int
    at_once: int


@dataclass(frozen=True)
class _Cohort:
    """One cohort of the rehearsal.

    Attributes:
        kind: Which kind.
        work: Columns of the first layer, those of padding included.
        section: How it is trained.
        points: Of its trials.
    """

    kind: _Kind
    work: int
    section: TrainingSection
    points: tuple[Point, ...]


def forecast(study: Study, workers: int) -> tuple[StageForecast, ...]:
    """What each stage trains, and about how long, in the order of `steps(study)`.

    Planning, and the start of the processes, are not in it.

    Args:
        study: Any.
        workers: How many processes would run it.
    """
    at_once = max(1, min(workers, cpu_count()))
    rehearsed = [(made, _cohorts_of(study, made, at_once)) for made in _rehearse(study)]
    samples: dict[_Kind, _Cohort] = {}
    for _, some in rehearsed:
        for cohort in some:
            samples.setdefault(cohort.kind, cohort)
    everyone = [cohort for _, some in rehearsed for cohort in some]
    paces = _paces(study, _most_work(samples, everyone))
    usual = statistics.median(paces.values())
    listed = []
    for made, some in rehearsed:
        sizes = tuple(map(len, made.cohorts))
        epochs = expected_epochs(study, made.step, sizes)
        each = epochs / sum(sizes) * _images(study, made.step)
        times = [paces.get(one.kind, usual) * one.work * each for one in some]
        # The final's stacks are trained one after another.
        seconds = sum(times) if made.step.kind == "final" else makespan(times, at_once)
        listed.append(StageForecast(made.step, sum(sizes), epochs, seconds))
    return tuple(listed)


def _most_work(
    samples: Mapping[_Kind, _Cohort], cohorts: Sequence[_Cohort]
) -> dict[_Kind, _Cohort]:
    """The samples of the kinds that have the most work, `MOST_KINDS` at most."""
    work = dict.fromkeys(samples, 0)
    for cohort in cohorts:
        work[cohort.kind] += cohort.work
    return {kind: samples[kind] for kind in sorted(work, key=lambda k: -work[k])[:MOST_KINDS]}


def makespan(seconds: Sequence[float], workers: int) -> float:
    """When the last piece of work is done, each taken in order by the worker that is free first."""
    free = [0.0] * workers
    for one in seconds:
        heapq.heapreplace(free, free[0] + one)
    return max(free)


def _rehearse(study: Study) -> list[StagePlan]:
    group, results, made = objective.grouping(study), list[Result](), list[StagePlan]()
    for step in steps(study):
        one = plan(study, step, results, group)
        made.append(one)
        results += [
            Result(step.name, t.number, t.parameters, 1 / (2 + t.number), one.boxes[t.box])
            for t in one.trials
        ]
    return made


def _cohorts_of(study: Study, made: StagePlan, at_once: int) -> list[_Cohort]:
    group, section, found = objective.grouping(study), made.step.training, []
    for numbers in _stacks(study, made):
        points = tuple(made.trials[number].parameters for number in numbers)
        fits = [group(section, point) for point in points]
        work = len(fits) * max(fit.width for fit in fits)
        kind = _Kind(fits[0].key, len(fits), min(at_once, len(made.cohorts)))
        found.append(_Cohort(kind, work, section, points))
    return found


def _stacks(study: Study, made: StagePlan) -> list[tuple[int, ...]]:
    """The trials that are one stack: a cohort, but for the final's, whatever it is made of."""
    if made.step.kind != "final":
        return list(made.cohorts)
    points = [trial.parameters for trial in made.trials]
    return objective.stacks_of(study, made.step.training, points)


def _images(study: Study, step: Step) -> float:
    """How many images an epoch of the stage has, as a share of the training images."""
    if step.kind == "final" and "+" in study.final.train_on:
        return 1 + study.data.validation / study.data.rows
    return 1.0


def _paces(study: Study, samples: Mapping[_Kind, _Cohort]) -> dict[_Kind, float]:
    """Seconds of an epoch of each kind, for each column of its first layer.

    Each is timed with as many processes beside it as there will be.
    """
    budget = max(SHORTEST_SECONDS, CALIBRATION_SECONDS / len(samples))
    by_processes: dict[int, list[_Kind]] = {}
    for kind in samples:
        by_processes.setdefault(kind.at_once, []).append(kind)
    found: dict[_Kind, float] = {}
    for processes, kinds in by_processes.items():
        some = [samples[kind] for kind in kinds]
        with parallel_config(backend="loky", inner_max_num_threads=1):
            timed = Parallel(n_jobs=processes, batch_size=1, pre_dispatch="all")(
                delayed(_time)(study, some, budget) for _ in range(processes)
            )
        for place, kind in enumerate(kinds):
            found[kind] = sum(one[place] for one in timed) / processes / samples[kind].work
    return found


def _time(study: Study, samples: Sequence[_Cohort], budget: float) -> list[float]:
    return [objective.seconds_per_epoch(study, one.section, one.points, budget) for one in samples]
