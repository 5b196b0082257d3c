"""What a study would do: stages, boxes, samplers, trials, steps, and about how long it takes."""

import math
from dataclasses import dataclass
from typing import Any

import psutil
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from search.objective.metric import ABSENT, Metric
from search.plan.budget import SECONDS
from search.plan.plan import Step
from search.runtime.formatting import duration, in_bytes, plural, plural_of, share
from search.runtime.lines import say_table
from search.space.space import Box
from search.study.file import Study
from search.study.halving import Halving
from search.study.learning import LEARNING
from search.study.stopping import Stop
from search.study.zoom_rules import DecadesZoom, ZoomRule
from search.workers.forecast import forecast

PROCESS_BYTES = 150_000_000  # of Python and libraries, of which processes share a part


@dataclass(frozen=True)
class StageOutline:
    """One stage before it runs.

    Attributes:
        step: Which stage.
        sampler: How points are drawn; "" where they are not.
        box: What they are drawn from, in words.
        trials: How many.
        steps: Of each trial that is trained to its end; None where that is not known.
        steps_total: Of all its trials, if none diverges.
        seconds: About how long the whole stage takes.
        cohort_bytes: About how much memory its largest cohort needs; None where that is not known.
        repeated: How many of its trials have the point of another one before them.
        at_most: Whether it may end before all of them.
    """

    step: Step
    sampler: str
    box: str
    trials: int
    steps: float | None
    steps_total: float | None
    seconds: float | None
    cohort_bytes: int | None
    repeated: int
    at_most: bool


@dataclass(frozen=True)
class Outline:
    """A study before it runs, on a number of workers."""

    study: Study
    workers: int
    stages: tuple[StageOutline, ...]

    @property
    def seconds(self) -> float | None:
        """About how long the whole search takes; None where that is not known."""
        known = [stage.seconds for stage in self.stages if stage.seconds is not None]
        return sum(known) if len(known) == len(self.stages) else None

    @property
    def cohort_bytes(self) -> int | None:
        """About how much memory the largest cohort needs; None where that is not known."""
        known = [stage.cohort_bytes for stage in self.stages if stage.cohort_bytes is not None]
        return max(known, default=None)


def outline(study: Study, workers: int) -> Outline:
    """What the study would do; times come from a calibration of seconds on this machine."""
    listed, foreseen = [], forecast(study, workers)
    known = [one.seconds for one in foreseen if one.seconds is not None]
    whole = sum(known) if len(known) == len(foreseen) else math.inf
    cut = study.hours is not None and whole > study.hours * SECONDS
    for one in foreseen:
        each = None if one.step.known else study.objective.steps(one.step.training)
        sampler, box = _drawn(study, one.step)
        listed.append(
            StageOutline(
                one.step,
                sampler,
                box,
                one.trials,
                each,
                one.steps,
                one.seconds,
                one.cohort_bytes,
                one.repeated,
                one.step.kind == "search"
                and (cut or study.stages[one.step.number - 1].stop is not None),
            )
        )
    return Outline(study, workers, tuple(listed))


def show(planned: Outline, console: Console) -> None:
    """Print an outline for people."""
    study = planned.study
    about = f": {escape(study.description)}" if study.description else ""
    console.print(f"[bold]{study.name}[/]{about}", soft_wrap=True)
    searched = {name for stage in study.stages for box in stage.boxes for name in box.ranges}
    trained = "; ".join(f"{label}: {text}" for label, text in study.objective.about(searched))
    said = f"{trained}, seed {study.seed}" if trained else f"seed {study.seed}"
    console.print(f"{escape(said)}\n", soft_wrap=True)
    steps = plural_of(study.objective.step)
    table = Table("", "stage", "sampler", "trials", steps, "about", "box", box=None)
    for stage in planned.stages:
        table.add_row(
            str(stage.step.number),
            stage.step.name,
            stage.sampler,
            ("at most " if stage.at_most else "") + str(stage.trials),
            _steps_text(stage),
            ABSENT if stage.seconds is None else duration(stage.seconds),
            escape(stage.box),
        )
    say_table(console, table)
    for stage in planned.stages:
        if stage.repeated:
            said = (
                f"{stage.repeated:,} of {plural(stage.trials, 'trial')} of {stage.step.name} have"
            )
            said += " the same point as another one, with seeds of their own"
            console.print(escape(said), soft_wrap=True)
    total = sum(stage.trials for stage in planned.stages if not stage.step.known)
    workers = plural(planned.workers, "worker")
    most = "at most " if any(stage.at_most for stage in planned.stages) else ""
    if planned.seconds is None:
        said = f"{most}{plural(total, 'trial')} on {workers}; how long one takes is not known"
    else:
        said = f"{most}{plural(total, 'trial')}, about {duration(planned.seconds)} of training on "
        said += f"{workers}; starting and planning take some seconds more"
    console.print(f"\n{said}", soft_wrap=True)
    if study.hours is not None:
        said = f"[budget] hours = {study.hours:g}: trials that do not fit are never trained"
        console.print(escape(said), soft_wrap=True)
    if planned.cohort_bytes is not None:
        said = f"each worker needs about {in_bytes(PROCESS_BYTES + planned.cohort_bytes)} of memory"
        said += " for the largest cohort, beside the data"
        room = psutil.virtual_memory().total
        if PROCESS_BYTES + planned.cohort_bytes > room:
            said += f"; this machine has {in_bytes(room)}, on which it will not run"
        console.print(said, soft_wrap=True)


def to_json(planned: Outline) -> dict[str, Any]:
    """An outline as plain values, for scripts."""
    return {
        "name": planned.study.name,
        "study": planned.study.canonical(),
        "workers": planned.workers,
        "seconds": planned.seconds,
        "stages": [
            {
                "number": stage.step.number,
                "name": stage.step.name,
                "kind": stage.step.kind,
                "sampler": stage.sampler,
                "box": stage.box,
                "trials": stage.trials,
                "steps": stage.steps,
                "steps_total": stage.steps_total,
                "seconds": stage.seconds,
                "cohort_bytes": stage.cohort_bytes,
                "repeated": stage.repeated,
                "at_most": stage.at_most,
            }
            for stage in planned.stages
        ],
    }


def _drawn(study: Study, step: Step) -> tuple[str, str]:
    final = study.final
    if step.kind == "finalists":
        first, *others = final.rounds
        said = f"the best {first.candidates} configurations, "
        if not others:
            return "", f"{said}{final.seeds} fresh seeds each"
        left = "".join(f", the best {one.candidates} with {one.seeds.stop}" for one in others)
        return "", f"{said}{plural(first.seeds.stop, 'fresh seed')} each{left}"
    if step.kind == "final":
        who = "the winner"
        if study.objective.evaluates == "finalists" and final.finalists > 1:
            who += f" and {plural(final.finalists - 1, 'other finalist')}"
        evaluation = study.objective.evaluation
        last = "" if evaluation is None else f"; then the {evaluation.words}, once"
        return "", f"{who}, trained anew{last}"
    stage = study.stages[step.number - 1]
    lines = [_box_text(box) for box in stage.boxes]
    if step.known:
        lines.insert(0, f"trained before: {stage.source or 'listed in the study file'}")
    if stage.zoom is not None:
        lines.insert(0, _zoom_text(stage.zoom))
    if stage.generation is not None:
        learning = ", each time learning from those before" if stage.sampler in LEARNING else ""
        lines.append(f"{stage.generation} at a time{learning}")
    if stage.stop is not None:
        lines.append(_stop_text(stage.stop, study.objective.score))
    if stage.halving is not None:
        lines.append(_halving_text(stage.halving))
    return stage.sampler, "\n".join(lines)


def _steps_text(stage: StageOutline) -> str:
    each = ABSENT if stage.steps is None else f"{stage.steps:g}"
    if stage.step.halving is None:
        return each
    in_all = "" if stage.steps_total is None else f"; {stage.steps_total:,g} in all"
    return f"up to {each}{in_all}"


def _halving_text(halving: Halving) -> str:
    """Such as `after 1 and 2 cycles the best 50 % of the stage go on`."""
    *others, last = map(str, halving.at)
    at = f"{', '.join(others)} and {last}" if others else last
    unit = halving.unit if halving.at != (1,) else halving.unit.removesuffix("s")
    return f"after {at} {unit} the best {share(halving.keep)} of the {halving.among} go on"


def _stop_text(stop: Stop, score: Metric) -> str:
    """Such as `ends where 20 trials in a row bring nothing better`."""
    better = "nothing better"
    if stop.min_delta:
        better = f"nothing that is better by more than {score.text(stop.min_delta)}"
    return f"ends where {plural(stop.after, 'trial')} in a row bring {better}"


def _box_text(box: Box) -> str:
    return "\n".join(f"{name} {box.described(name)}" for name in box.ranges)


def _zoom_text(rule: ZoomRule) -> str:
    sources = " and ".join(rule.sources)
    if isinstance(rule, DecadesZoom):
        return f"± {rule.decades:g} decade round the best of {sources}"
    return f"what the best {share(rule.quantile)} of {sources} span, and a margin"
