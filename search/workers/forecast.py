"""What each stage of a study trains, and about how long: its plan is rehearsed, its pace timed.

The stages are planned as they would be if the first trial of each did best, the second next, and so
on: so their cohorts are known, with their sizes and widths. Where a sampler would go on from
results, points that are spread evenly stand for those that it would ask for. An epoch of each kind
of cohort is timed, in as many processes at once as there will be, since they share memory and
cache. A stage takes as long as its cohorts do, each begun by the worker that is free first; no
generation begins before the last one is through.
"""

import heapq
import signal
import statistics
import time
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from joblib import cpu_count
from joblib.externals.loky import get_reusable_executor

from search.objective.port import Objective, Training
from search.objective.timing import Sample, seconds_of
from search.plan.generations import GenerationPlan, rehearsed_generations
from search.plan.halving import expected_steps
from search.plan.plan import PlannedTrial, StagePlan, Step, plan, steps
from search.plan.ranking import ranking_of
from search.plan.trial import Trial
from search.runtime.signals import stop_requests
from search.space.space import Point
from search.study.file import Study
from search.workers.engines.loky import ONE_THREAD

CALIBRATION_SECONDS = 0.5  # of training, in all; a longer time proved no more precise
SHORTEST_SECONDS = 0.05  # of one kind of cohort; one epoch at least
MOST_SECONDS = 60.0  # until it is given up; what takes longer than that for an epoch is not timed
MOST_KINDS = 10  # that are timed; the others are taken to be like those


@dataclass(frozen=True)
class StageForecast:
    """One stage as the rehearsal has it.

    Attributes:
        step: Which stage.
        trials: How many.
        steps: Of all its trials together, if all have values; None where that is not known.
        seconds: About how long it trains; None where that is not known.
        cohort_bytes: About how much memory its largest cohort needs; None where that is not known.
        repeated: How many trials of a searching stage have the point of another one before them.
    """

    step: Step
    trials: int
    steps: float | None
    seconds: float | None
    cohort_bytes: int | None
    repeated: int


@dataclass(frozen=True)
class _Rehearsal:
    """One stage as it may be planned.

    Attributes:
        step: Which stage.
        trials: By number.
        waves: Stacks of trial numbers; none of a wave begins before the last wave is through.
    """

    step: Step
    trials: tuple[PlannedTrial, ...]
    waves: tuple[tuple[tuple[int, ...], ...], ...]


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
    section: Training
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
    everyone = [cohort for _, waves in rehearsed for wave in waves for cohort in wave]
    samples: dict[_Kind, _Cohort] = {}
    for cohort in everyone:
        samples.setdefault(cohort.kind, cohort)
    paces = {}
    if study.objective.has_pace:
        paces = _paces(study, _most_work(samples, everyone))
    usual = statistics.median(paces.values()) if paces else None
    listed = []
    for made, waves in rehearsed:
        sizes = tuple(one.kind.members for wave in waves for one in wave)
        steps_in_all = expected_steps(study, made.step, sizes)
        seconds = None
        if steps_in_all is not None and usual is not None:
            each = steps_in_all / max(sum(sizes), 1)
            each *= study.objective.final_factor if made.step.kind == "final" else 1.0
            times = [[paces.get(c.kind, usual) * c.work * each for c in wave] for wave in waves]
            seconds = sum(makespan(wave, at_once) for wave in times)
        memory = _most_bytes(study, [cohort for wave in waves for cohort in wave])
        again = len(made.trials) - len({frozenset(t.parameters.items()) for t in made.trials})
        repeated = again if made.step.kind == "search" and not made.step.known else 0
        listed.append(
            StageForecast(made.step, len(made.trials), steps_in_all, seconds, memory, repeated)
        )
    return tuple(listed)


def _most_bytes(study: Study, cohorts: Sequence[_Cohort]) -> int | None:
    """Of the largest cohort."""
    largest: dict[_Kind, _Cohort] = {}
    for one in cohorts:
        before = largest.setdefault(one.kind, one)
        largest[one.kind] = one if one.work > before.work else before
    found = [study.objective.cohort_bytes(c.section, c.points) for c in largest.values()]
    known = [one for one in found if one is not None]
    return max(known, default=None)


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


def _rehearse(study: Study) -> list[_Rehearsal]:
    results, rehearsed = list[Trial](), list[_Rehearsal]()
    for step in steps(study):
        made = plan(study, step, results)
        parts: list[StagePlan | GenerationPlan] = [made]
        parts += rehearsed_generations(study, made)
        trials = tuple(trial for part in parts for trial in part.trials)
        waves = () if step.known else tuple(part.cohorts for part in parts)
        if step.kind == "final":  # its stacks, whatever they are made of, follow on each other
            waves = tuple((one,) for one in _alike(study, step, trials))
        rehearsed.append(_Rehearsal(step, trials, waves))
        results += [
            Trial(
                step.name,
                t.number,
                t.parameters,
                # The first is the best, where that is not known.
                made.values[t.number] if made.values else -ranking_of(study).sign / (2 + t.number),
                made.boxes[t.box],
            )
            for t in trials
        ]
    return rehearsed


def _cohorts_of(study: Study, made: _Rehearsal, at_once: int) -> list[list[_Cohort]]:
    """The stacks of each wave."""
    waves = []
    for wave in made.waves:
        beside = min(at_once, len(wave))
        waves.append([_cohort(study, made, numbers, beside) for numbers in wave])
    return waves


def _cohort(study: Study, made: _Rehearsal, numbers: tuple[int, ...], at_once: int) -> _Cohort:
    section = made.step.training
    points = tuple(made.trials[number].parameters for number in numbers)
    fits = [study.objective.fit(section, point) for point in points]
    kind = _Kind(fits[0].key, len(fits), at_once)
    return _Cohort(kind, len(fits) * max(fit.width for fit in fits), section, points)


def _alike(study: Study, step: Step, trials: Sequence[PlannedTrial]) -> list[tuple[int, ...]]:
    """The places of trials that can be one cohort, cohort by cohort."""
    groups: dict[Hashable, list[int]] = {}
    for place, trial in enumerate(trials):
        key = study.objective.fit(step.training, trial.parameters).key
        groups.setdefault(key, []).append(place)
    return [tuple(places) for places in groups.values()]


def _paces(study: Study, samples: Mapping[_Kind, _Cohort]) -> dict[_Kind, float]:
    """Seconds of an epoch of each kind that fits into memory, for each column of its first layer.

    Each is timed with as many processes beside it as there will be.
    """
    budget = max(SHORTEST_SECONDS, CALIBRATION_SECONDS / len(samples))
    by_processes: dict[int, list[_Kind]] = {}
    for kind in samples:
        by_processes.setdefault(kind.at_once, []).append(kind)
    most, found = max(by_processes), dict[_Kind, float]()
    for processes, kinds in by_processes.items():
        cohorts = [(samples[kind].section, samples[kind].points) for kind in kinds]
        timed = _timed_at_once(processes, most, study.objective, cohorts, budget)
        for place, kind in enumerate(kinds):
            seconds = [one for one in (each[place] for each in timed) if one is not None]
            if len(seconds) == processes:
                found[kind] = sum(seconds) / processes / samples[kind].work
    return found


def _timed_at_once(
    processes: int, most: int, objective: Objective, samples: Sequence[Sample], budget: float
) -> list[list[float | None]]:
    """What each of some processes finds, all at the same time, of the most that are ever asked.

    Nothing where one is killed, or an epoch takes too long to wait for: then none outlasts this.
    Others are left for what is timed next, since to start them takes longer than to time.
    """
    executor = get_reusable_executor(max_workers=most, env=ONE_THREAD)
    until = time.monotonic() + MOST_SECONDS
    finished = False
    try:
        with stop_requests(_interrupt, [signal.SIGTERM]):
            begun = [
                executor.submit(seconds_of, objective, samples, budget) for _ in range(processes)
            ]
            found = [one.result(max(0.0, until - time.monotonic())) for one in begun]
        finished = True
    except (BrokenProcessPool, TimeoutError):  # the system kills them where memory runs out
        return [[None] * len(samples)] * processes
    else:
        return found
    finally:
        if not finished:
            executor.shutdown(kill_workers=True)


def _interrupt(*_: int) -> None:
    """Let SIGTERM be as Ctrl-C, by which the processes that were started are ended."""
    raise KeyboardInterrupt
