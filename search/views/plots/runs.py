"""Valued trials in an order, with the best so far: over the plan or over time, across the stages.

Values of stages whose trainings do not compare each have a best line of their own. The values of
finalists and of the final are left out: the final's are of another kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.ledger.records import RecordedTrial
from search.objective.metric import Metric
from search.views.plots import standing
from search.views.plots.data import SearchData
from search.views.plots.pauses import pauses, without
from search.views.plots.values import ValueScale

PLAIN, LOG, ERROR = "as they are", "on a log scale", "as error, on a log scale"
VIEWS = (LOG, ERROR)  # that a reader may choose instead of the values as they are


@dataclass(frozen=True)
class Run:
    """Valued trials in an order, with the best so far.

    Attributes:
        trials: In that order.
        x: Where each stands, (trials,).
        values: In the unit that people read, (trials,).
        best: The best so far among those that compare, (trials,).
        borders: Each stage's name, and the x at which it begins.
        scale: That of the values.
        paused: Seconds in which no worker trained, which its times leave out.
    """

    trials: Sequence[RecordedTrial]
    x: np.ndarray
    values: np.ndarray
    best: np.ndarray
    borders: Sequence[tuple[str, float]]
    scale: ValueScale
    paused: float = 0.0


def over_trials(data: SearchData) -> Run:
    """The run of a search over its plan."""
    planned = standing.searched(data)
    places = {trial.id: place for place, trial in enumerate(planned, start=1)}
    trials = standing.complete(planned)
    starts: dict[str, float] = {}
    for trial in planned:
        starts.setdefault(trial.stage, float(places[trial.id]))
    return _run(data, trials, [float(places[trial.id]) for trial in trials], starts)


def over_time(data: SearchData) -> Run:
    """The run of a search over the seconds since it was recorded, without pauses.

    It takes the data's stints.
    """
    found = [t for t in standing.complete(standing.searched(data)) if t.finished_at is not None]
    trials = sorted(found, key=lambda trial: (trial.finished_at or 0.0, trial.id))
    began = data.search.created_at
    left_out = pauses(data.stints, began, data.time)
    opened = {s.step.name: s.opened_at for s in data.searched() if s.opened_at is not None}
    times = np.array([*(trial.finished_at or 0.0 for trial in trials), *opened.values()], float)
    x = (without(left_out, times) - began).tolist()
    starts = dict(zip(opened, x[len(trials) :], strict=True))
    run = _run(data, trials, x[: len(trials)], starts)
    before = left_out[left_out[:, 1] <= times.max(initial=began)]
    return replace(run, paused=float((before[:, 1] - before[:, 0]).sum()))


def time_unit(seconds: np.ndarray) -> tuple[str, float]:
    """The unit in which times of that length read well, and its length in seconds."""
    longest = float(seconds.max(initial=0.0))
    if longest < 120:
        return "s", 1.0
    return ("min", 60.0) if longest < 7200 else ("h", 3600.0)


def in_unit(run: Run, seconds: float) -> Run:
    """A run over seconds as one over a unit of that length."""
    starts = [(name, x / seconds) for name, x in run.borders]
    return replace(run, x=run.x / seconds, borders=starts)


def views(metric: Metric) -> list[str]:
    """How a reader may have the values of a metric; as they are first."""
    if metric.is_share:
        return [PLAIN, ERROR]
    return [PLAIN, LOG] if metric.direction == "minimize" and not metric.log else [PLAIN]


def viewed(run: Run, view: str | None) -> Run:
    """A run with its values as a reader wants them."""
    metric = run.scale.metric
    if view not in VIEWS or view not in views(metric):
        return run
    if view == LOG:
        return replace(run, scale=ValueScale.of(replace(metric, log=True), run.values))
    title = f"100 % − {metric.words}"
    error = replace(metric, direction="minimize", title=title, log=True)
    values, best = 100.0 - run.values, 100.0 - run.best
    return replace(run, values=values, best=best, scale=ValueScale.of(error, values))


def mixed(data: SearchData, run: Run) -> bool:
    """Whether there are stages in it whose values do not compare with the last one's."""
    return bool({name for name, _ in run.borders} - set(data.search.study.contenders()))


def _run(
    data: SearchData,
    trials: Sequence[RecordedTrial],
    x: Sequence[float],
    opened: Mapping[str, float],
) -> Run:
    contenders = data.search.study.contenders()
    best: dict[str, float | None] = {}
    line: list[float | None] = []
    starts: dict[str, float] = {}
    for trial, place in zip(trials, x, strict=True):
        group = "" if trial.stage in contenders else trial.stage
        best[group] = data.ranking.best_value((best.get(group), trial.value))
        line.append(best[group])
        starts.setdefault(trial.stage, opened.get(trial.stage, place))
    values = [trial.value for trial in trials]
    scale = ValueScale.of(data.score, values)
    borders = list(starts.items())
    return Run(trials, np.array(x), scale.shown(values), scale.shown(line), borders, scale)
