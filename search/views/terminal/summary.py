"""What a search has come to: its best configuration, the path of its box, its evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

from search.ledger.records import (
    Extended,
    RecordedTrial,
    Search,
    SetAside,
    StageState,
    Strays,
    Training,
)
from search.ledger.states import NOT_PLANNED
from search.objective.data_card import DataCard
from search.objective.port import Objective
from search.objective.report import Finding
from search.plan.plan import FINAL, FINALISTS
from search.plan.ranking import Ranking, Spread, over_seeds, ranking_of
from search.plan.verdicts import comparable
from search.runtime.formatting import capital, instant, parameters, plural
from search.runtime.lines import say, say_labelled
from search.space.space import Point
from search.views.terminal.card_rows import card_line
from search.views.terminal.failures import failures
from search.views.terminal.strays import stray_lines

MOST_AT_ONCE = 12  # trials that are trained now, of which there may be thousands


@dataclass(frozen=True)
class Summary:
    """A search as its reader wants it first.

    Attributes:
        name: Of the search.
        objective: What its trials train.
        finished: Whether its last stage is finished.
        stopped: Whether it was asked to stop, and stands still since.
        failure: Why it cannot go on, or has no evaluation though it is finished; None otherwise.
        stages: How every stage stands.
        best: The chosen trial: the winner once the finalists are run, else the best so far.
        spread: The winner's score over fresh seeds; None before, or without re-runs.
        result: The evaluation as recorded; None before.
        failures: Of each stage that has any, which trials failed and why, a line for each reason.
        data: What is known of the data.
        verdict: Three questions on it, such as whether it improves, with their answers.
        training: The trials that workers hold, with how far each is.
        error: The standard error of the chosen trial's value, where that is a mean.
        extensions: How the study was changed since it was recorded.
        strays: What others have done to its Optuna studies.
        set_aside: The cohorts that are left to other hosts for now.
        workers: How many work on it, or wait for work of it; 0 once it is finished.
    """

    name: str
    objective: Objective
    finished: bool
    stopped: bool
    failure: str | None
    stages: tuple[StageState, ...]
    best: RecordedTrial | None
    spread: Spread | None
    result: dict[str, Any] | None
    failures: Mapping[str, Sequence[str]]
    data: DataCard
    verdict: Sequence[tuple[str, str]] = ()
    training: Sequence[Training] = ()
    error: float | None = None
    extensions: tuple[Extended, ...] = ()
    strays: Sequence[Strays] = ()
    set_aside: tuple[SetAside, ...] = ()
    workers: int = 0

    @property
    def findings(self) -> Sequence[Finding]:
        """What the evaluation says; nothing before."""
        return () if self.result is None else self.objective.findings(self.result)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for scripts."""
        best = None
        if self.best is not None:
            best = {
                "stage": self.best.stage,
                "number": self.best.number,
                "value": self.best.value,
                "parameters": dict(self.best.parameters),
                "seed": self.best.seed,
                **({} if self.error is None else {"standard_error": self.error}),
            }
        return {
            "name": self.name,
            "finished": self.finished,
            "stopped": self.stopped,
            "failure": self.failure,
            "workers": self.workers,
            "best": best,
            "validation": None if self.spread is None else asdict(self.spread),
            "test": self.result,
            "data": self.data.plain(),
            "extensions": [asdict(one) for one in self.extensions],
            "verdict": dict(self.verdict),
            "stages": [_stage_json(stage) for stage in self.stages],
            "set_aside": [asdict(one) for one in self.set_aside],
            "strays": [asdict(one) for one in self.strays],
        }


def summarise(
    search: Search,
    stages: Sequence[StageState],
    trials: Sequence[RecordedTrial],
) -> Summary:
    """The summary of a search, from what the ledger says of it; without a verdict."""
    searched = comparable(search.study, trials)
    ranking = ranking_of(search.study)
    best = ranking.best(searched)
    chosen = _chosen(ranking, stages, trials)
    if chosen is not None:
        same = [trial for trial in searched if trial.parameters == chosen]
        best = ranking.best(same) or best
    return Summary(
        name=search.study.name,
        objective=search.study.objective,
        finished=search.finished_at is not None,
        stopped=search.stopped_at is not None,
        failure=search.failure,
        stages=tuple(stages),
        best=best,
        spread=None if chosen is None else _spread_of(chosen, trials),
        result=search.result,
        failures=failures(trials),
        data=search.data,
        extensions=search.extensions,
    )


def show(summary: Summary, console: Console) -> None:
    """Print a summary for people."""
    say(console, f"\n{summary.name}: the path of the box", style="bold")
    if summary.data.rows is not None:
        say(console, card_line(summary.data), indent=1, style="dim")
    for one in summary.extensions:
        say(console, f"extended {instant(one.at)} by {one.by}: {'; '.join(one.changes)}", indent=1)
    for stage in summary.stages:
        _show_stage(summary, stage, console)
    for aside in summary.set_aside:
        say(console, aside.text, indent=1)
    for held in summary.training[:MOST_AT_ONCE]:
        say(console, _trained_now(summary.objective, held), indent=1, hanging=4)
    if summary.failure is not None:
        say(console, f"\n{_failed(summary)}: {summary.failure}", style="bold")
    elif summary.stopped:
        say(console, "\nIt was stopped; `klayer run` or `klayer submit` goes on with it.")
    elif not (summary.finished or summary.workers):
        say(console, "\nNobody works on it; `klayer run` goes on with it, and so does any worker.")
    if summary.best is None:
        none = f"None of its trials has a value; {summary.objective.advice}."
        say(console, f"\n{none if summary.finished else 'No trial is trained to its end yet.'}")
    console.print()
    found = [] if summary.best is None else _validation_rows(summary, summary.best)
    say_labelled(console, [*found, *_findings_rows(summary), *summary.verdict])


def _trained_now(objective: Objective, one: Training) -> str:
    """A trial that a worker holds: how far it is, and its value so far."""
    of = f" of {one.steps:g}" if one.steps else ""
    value = "" if one.score is None else f", {objective.score.text(one.score)}"
    return f"now: {one.stage} #{one.number}, {objective.step} {one.step}{of}{value}, {one.worker}"


def _failed(summary: Summary) -> str:
    """What the failure of a search means."""
    if not summary.finished:
        return "It cannot go on"
    if summary.best is None:
        return "It has no result"
    evaluated = summary.objective.evaluation is not None
    return "It has no test report" if evaluated else "Its last stage has no value"


def _show_stage(summary: Summary, stage: StageState, console: Console) -> None:
    step = stage.step
    count = plural(stage.trials, "trial")
    if stage.state in NOT_PLANNED:
        head = f"{count}, not planned yet"
    else:
        done = count if stage.finished == stage.trials else f"{stage.finished} of {count}"
        head = done + (f", {stage.pruned} pruned" if stage.pruned else "")
        head += f", {stage.diverged} diverged" if stage.diverged else ""
        head += f", {stage.failed} failed" if stage.failed else ""
        head += f", {stage.skipped} never trained" if stage.skipped else ""
        head += _best_of_stage(summary, stage)
    say(console, f"{step.number} {step.name:<12} {head}", indent=1, hanging=4)
    for line in stage.explanation.splitlines():
        say(console, line, indent=5, style="dim")
    notes = (*summary.failures.get(step.name, ()), *stray_lines(summary.strays, stage))
    for line in notes:
        say(console, line, indent=5)


def _best_of_stage(summary: Summary, stage: StageState) -> str:
    """What its best is worth, and where; of finalists the mean, as one seed may be a lucky one."""
    objective, best, spread = summary.objective, stage.best, summary.spread
    if stage.step.kind == FINALISTS:
        if summary.best is None or spread is None or spread.mean is None:
            return ""
        mean = objective.score.around(spread.mean, spread.standard_deviation)
        return f", mean {mean} at {parameters(summary.best.parameters)}"
    if best is None:
        return ""
    value = f"best single {objective.score.text(best.value)}"
    if stage.step.kind == FINAL and objective.evaluation is not None:
        value = f"winner's {objective.evaluation.words} {objective.evaluation.text(best.value)}"
    return f", {value} at {parameters(best.parameters)}"


def _validation_rows(summary: Summary, best: RecordedTrial) -> list[tuple[str, str]]:
    score = summary.objective.score
    stages = {stage.step.name: stage for stage in summary.stages}

    def measured(name: str) -> str:
        """What a value of a stage is, since stages may train for longer or score otherwise."""
        stage = stages[name]
        if stage.step.known:
            return "a result from before"
        return summary.objective.measured(stage.step.training, stage.steps_each)

    rows = [
        (
            "Best configuration" if summary.finished else "Best so far",
            f"{parameters(best.parameters)}  ({best.stage} #{best.number})",
        ),
        (
            capital(score.words),
            f"{score.around(best.value, summary.error)}  (single, {measured(best.stage)})",
        ),
    ]
    spread = summary.spread
    if spread is not None and spread.mean is not None:
        seeds = f"  over {plural(len(spread.values), 'fresh seed')}"
        around = score.around(spread.mean, spread.standard_deviation)
        rows.append((seeds, f"{around}  (mean, {measured(FINALISTS)})"))
    return rows


def _chosen(
    ranking: Ranking,
    stages: Sequence[StageState],
    trials: Sequence[RecordedTrial],
) -> Point | None:
    """The configuration that the final or, where there is none, the finalists say is the best."""
    first = next((t for t in trials if t.stage == FINAL and t.number == 0), None)
    if first is not None:
        return first.parameters
    last = stages[-1]
    if last.step.kind != FINALISTS or last.state != "finished":
        return None
    return ranking.chosen(one for one in trials if one.stage == FINALISTS)


def _spread_of(chosen: Point, trials: Sequence[RecordedTrial]) -> Spread | None:
    found = over_seeds(
        one for one in trials if one.stage == FINALISTS and one.finished_at is not None
    )
    return next((spread for point, spread in found if point == chosen), None)


def _findings_rows(summary: Summary) -> list[tuple[str, str]]:
    """What the evaluation says; how it was trained stands with the first line."""
    if not summary.findings:
        return []
    steps = plural(summary.stages[-1].steps_each, summary.objective.step)
    first, *others = summary.findings
    notes = [first.note, f"the winner trained anew, after {steps}"]
    how = "; ".join(note for note in notes if note)
    rows = [(first.label, f"{first.metric_text}  ({how})")]
    for one in others:
        note = f"  ({one.note})" if one.note else ""
        rows.append((f"{'  ' if one.within else ''}{one.label}", f"{one.metric_text}{note}"))
    return rows


def _stage_json(stage: StageState) -> dict[str, Any]:
    best = stage.best
    return {
        "number": stage.step.number,
        "name": stage.step.name,
        "kind": stage.step.kind,
        "state": stage.state,
        "trials": stage.trials,
        "finished": stage.finished,
        "pruned": stage.pruned,
        "diverged": stage.diverged,
        "failed": stage.failed,
        "skipped": stage.skipped,
        "running": stage.running,
        "steps_done": stage.steps_done,
        "steps_total": stage.steps_total,
        "explanation": stage.explanation,
        "boxes": list(stage.boxes),
        "best": None
        if best is None
        else {"number": best.number, "value": best.value, "parameters": dict(best.parameters)},
    }
