"""What a search has come to: its best configuration, the path of its box, the test set's word."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

from search.ledger.records import Search, StageState, Trial
from search.plan.plan import FINAL, FINALISTS, seed_spreads
from search.plan.ranking import Spread
from search.plan.results import Result
from search.runtime.lines import say, say_labelled
from search.runtime.words import parameters, percent, plural


@dataclass(frozen=True)
class Summary:
    """A search as its reader wants it first.

    Attributes:
        name: Of the search.
        finished: Whether its last stage is finished.
        stopped: Whether it was asked to stop, and stands still since.
        failure: Why it cannot go on, or has no test report though it is finished; None otherwise.
        stages: How every stage stands.
        best: The chosen trial: the winner once the finalists are run, else the best so far.
        spread: The winner's validation accuracy over fresh seeds; None before, or without re-runs.
        test: The test report as recorded; None before.
    """

    name: str
    finished: bool
    stopped: bool
    failure: str | None
    stages: tuple[StageState, ...]
    best: Trial | None
    spread: Spread | None
    test: dict[str, Any] | None

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
            }
        return {
            "name": self.name,
            "finished": self.finished,
            "stopped": self.stopped,
            "failure": self.failure,
            "best": best,
            "validation": None if self.spread is None else asdict(self.spread),
            "test": self.test,
            "stages": [_stage_json(stage) for stage in self.stages],
        }


def summarise(
    search: Search,
    stages: Sequence[StageState],
    trials: Sequence[Trial],
    results: Sequence[Result],
) -> Summary:
    """The summary of a search, from what the ledger says of it."""
    valued = [t for t in trials if t.stage not in (FINALISTS, FINAL) and t.state == "complete"]
    contenders = search.study.contenders()
    searched = [trial for trial in valued if trial.stage in contenders] or valued
    best = max(searched, key=lambda trial: trial.value or 0.0, default=None)
    spread: Spread | None = None
    winner = next((t for t in trials if t.stage == FINAL and t.number == 0), None)
    if winner is not None:
        same = [trial for trial in searched if trial.parameters == winner.parameters]
        best = max(same, key=lambda trial: trial.value or 0.0, default=best)
        spread = _spread_of(winner, results)
    return Summary(
        name=search.study.name,
        finished=search.finished_at is not None,
        stopped=search.stopped_at is not None,
        failure=search.failure,
        stages=tuple(stages),
        best=best,
        spread=spread,
        test=search.result,
    )


def show(summary: Summary, console: Console) -> None:
    """Print a summary for people."""
    say(console, f"\n{summary.name}: the path of the box", style="bold")
    for stage in summary.stages:
        _show_stage(stage, console)
    if summary.failure is not None:
        said = "It has no test report" if summary.finished else "It cannot go on"
        say(console, f"\n{said}: {summary.failure}", style="bold")
    elif summary.stopped:
        say(console, "\nIt was stopped; `klayer run` or `klayer submit` goes on with it.")
    if summary.best is None:
        say(console, "\nNo trial is trained to its end yet.")
        return
    console.print()
    say_labelled(console, [*_validation_rows(summary, summary.best), *_test_rows(summary)])


def _show_stage(stage: StageState, console: Console) -> None:
    step = stage.step
    count = plural(stage.trials, "trial")
    if stage.state in ("unplanned", "planning"):
        head = f"{count}, not planned yet"
    else:
        done = count if stage.finished == stage.trials else f"{stage.finished} of {count}"
        head = done + (f", {stage.pruned} pruned" if stage.pruned else "")
        head += f", {stage.diverged} diverged" if stage.diverged else ""
        head += f", {stage.failed} failed" if stage.failed else ""
        if stage.best is not None:
            what = "winner's test accuracy" if step.kind == "final" else "best"
            head += f", {what} {percent(stage.best.value)} at {parameters(stage.best.parameters)}"
    say(console, f"{step.number} {step.name:<12} {head}", indent=1)
    for line in stage.explanation.splitlines():
        say(console, line, indent=5, style="dim")


def _validation_rows(summary: Summary, best: Trial) -> list[tuple[str, str]]:
    stages = {stage.step.name: stage for stage in summary.stages}
    rows = [
        (
            "Best configuration" if summary.finished else "Best so far",
            f"{parameters(best.parameters)}  ({best.stage} #{best.number})",
        ),
        ("Validation accuracy", f"{percent(best.value)}  ({_measured(stages[best.stage])})"),
    ]
    spread = summary.spread
    if spread is not None and spread.mean is not None:
        seeds = f"  over {plural(len(spread.values), 'fresh seed')}"
        rows.append((seeds, f"{_spread_text(spread)}  ({_measured(stages[FINALISTS])})"))
    return rows


def _measured(stage: StageState) -> str:
    """What a value of the stage is, since stages may train for longer or score otherwise."""
    epochs = plural(stage.epochs_each, "epoch")
    return {
        "last_epoch": f"after {epochs}",
        "best_epoch": f"the best of {epochs}",
        "snapshot_ensemble": f"snapshots of {epochs} voting",
    }[stage.step.training.score]


def _spread_of(winner: Trial, results: Sequence[Result]) -> Spread | None:
    spreads = seed_spreads(results)
    for place, spread in spreads.items():
        first = next(r for r in results if r.stage == FINALISTS and r.number == place)
        if first.parameters == winner.parameters:
            return spread
    return None


def _spread_text(spread: Spread) -> str:
    deviation = spread.standard_deviation
    return percent(spread.mean) + ("" if deviation is None else f" ± {100 * deviation:.2f}")


def _test_rows(summary: Summary) -> list[tuple[str, str]]:
    test = summary.test
    if test is None:
        return []
    final = summary.stages[-1]
    epochs = plural(final.epochs_each, "epoch")
    how = f"{test['images']:,} images, read once; the winner trained anew, after {epochs}"
    rows = [("Test accuracy", f"{percent(test['accuracies'][0])}  ({how})")]
    if test["snapshot_ensemble"] is not None:
        rows.append(("  of its snapshots voting", percent(test["snapshot_ensemble"])))
    if test["finalist_ensemble"] is not None:
        count = len(test["accuracies"])
        rows.append((f"  of {count} finalists voting", percent(test["finalist_ensemble"])))
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
        "running": stage.running,
        "epochs_done": stage.epochs_done,
        "epochs_total": stage.epochs_total,
        "explanation": stage.explanation,
        "boxes": list(stage.boxes),
        "best": None
        if best is None
        else {"number": best.number, "value": best.value, "parameters": dict(best.parameters)},
    }
