"""A running search on the terminal: bars where there is one, plain lines where there is none."""

import time
from collections.abc import Sequence
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from search.ledger.ledger import Ledger
from search.ledger.records import Search, StageState, Trial
from search.runtime.lines import say
from search.runtime.words import duration, parameters, percent, plural

REFRESH_SECONDS = 0.25
CLOCK_SECONDS = 60.0  # how far a clock may be set back without a trial being overlooked


class RunView:
    """Shows what the ledger says of a search while others work on it.

    Args:
        console: Where to.
        ledger: The search's database.
        search: Which search.
    """

    def __init__(self, console: Console, ledger: Ledger, search: Search) -> None:
        self._console, self._ledger, self._search = console, ledger, search
        self._changes = ledger.changes()
        self._began: float | None = None  # when the first epoch of this run came in
        self._looked = -REFRESH_SECONDS
        self._stages: list[StageState] = ledger.read.stages(search)
        self._done_before = sum(stage.epochs_done for stage in self._stages)
        self._announced = {s.step.number for s in self._stages if s.state == "finished"}
        self._told: set[int] = set()
        self._latest = 0.0
        self._new_trials()  # of an earlier run
        self._counts = {stage.step.name: stage.finished for stage in self._stages}
        self._bars = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]:>9}"),
            TextColumn("{task.fields[note]}"),
            console=console,
            auto_refresh=False,
        )
        self._tasks: dict[int, TaskID] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._changes.close()
        if self._console.is_terminal:
            self._draw_bars()
            self._bars.stop()

    def say(self, text: str, indent: int = 0) -> None:
        """Print a line beside the bars."""
        say(self._console, text, indent=indent)

    def update(self, *, now: bool = False) -> None:
        """Show what is new in the ledger, unless it was looked at only just now.

        Looking takes time from the workers; where nothing was written, it is left out.
        """
        if not now and time.monotonic() - self._looked < REFRESH_SECONDS:
            return
        if not (self._changes.any() or now):
            return
        self._looked = time.monotonic()
        self._stages = self._ledger.read.stages(self._search)
        done = sum(stage.epochs_done for stage in self._stages)
        if self._began is None and done > self._done_before:
            self._began, self._done_before = time.monotonic(), done
        news = [] if self._console.is_terminal else self._new_trials()
        for stage in self._stages:
            if stage.state in ("open", "finished") and stage.step.number not in self._announced:
                self._announced.add(stage.step.number)
                self._announce(stage)
            self._tell_trials(stage, [trial for trial in news if trial.stage == stage.step.name])
        if self._console.is_terminal:
            self._draw_bars()

    def _announce(self, stage: StageState) -> None:
        step = stage.step
        self.say(f"{step.number} {step.name}: {plural(stage.trials, 'trial')}")
        for line in stage.explanation.splitlines():
            self.say(line, indent=4)

    def _new_trials(self) -> list[Trial]:
        """The trials that came in since the last look, by stage and number."""
        since = self._latest - CLOCK_SECONDS
        finished = self._ledger.read.trials(self._search, since=since)
        new = [trial for trial in finished if trial.id not in self._told]
        self._told.update(trial.id for trial in new)
        self._latest = max((t.finished_at or 0.0 for t in new), default=self._latest)
        return new

    def _tell_trials(self, stage: StageState, trials: Sequence[Trial]) -> None:
        """A line for each trial; the last one says how the whole search stands."""
        for trial in trials:
            name = stage.step.name
            self._counts[name] += 1
            what = percent(trial.value) if trial.reason is None else trial.reason
            if trial.pruned_after is not None:
                what += f", pruned after {plural(trial.pruned_after, 'epoch')}"
            if stage.step.kind == "final" and trial.reason is None:
                what += " of the test images"
            line = f"{name} #{trial.number}: {parameters(trial.parameters)}: {what}"
            place = f"{self._counts[name]}/{stage.trials}"
            rest = f"{self._best_text(stage)}{self._time_text()}" if trial is trials[-1] else ""
            self.say(f"{line}  ({place}{rest})", indent=2)

    def _draw_bars(self) -> None:
        current = next((s for s in self._stages if s.state != "finished"), None)
        for stage in self._stages:
            number = stage.step.number
            if number not in self._tasks:
                self._tasks[number] = self._bars.add_task(stage.step.name, count="", note="")
            what = "test accuracy" if stage.step.kind == "final" else "best"
            note = "" if stage.best is None else f"{what} {percent(stage.best.value)}"
            if stage is current:
                note += self._time_text() or ("" if stage.epochs_done else ", starting")
            done = stage.epochs_total if stage.state == "finished" else stage.epochs_done
            self._bars.update(
                self._tasks[number],
                total=max(stage.epochs_total, 1),
                completed=done,
                count=f"{stage.finished}/{stage.trials}",
                note=note.removeprefix(", "),
            )
        self._bars.refresh()

    def _best_text(self, stage: StageState) -> str:
        named = self._search.study.contenders()
        best = best_of(self._stages, named) if stage.step.kind == "search" else None
        return "" if best is None else f", best {percent(best.value)}"

    def _time_text(self) -> str:
        if self._began is None:
            return ""
        left = seconds_left(self._stages, self._done_before, time.monotonic() - self._began)
        # Below a second it is planning and testing that take time, which no pace foretells.
        return "" if left is None or left < 1 else f", about {duration(left)} left"


def best_of(stages: Sequence[StageState], contenders: Sequence[str]) -> Trial | None:
    """The best trial so far, of the stages that finalists come from, or else of all that search.

    The values of other stages need not compare with those, and the final's are of another kind.
    """
    found = [s.best for s in stages if s.best is not None and s.step.kind == "search"]
    compared = [trial for trial in found if trial.stage in contenders]
    return max(compared or found, key=lambda trial: trial.value or 0.0, default=None)


def seconds_left(
    stages: Sequence[StageState], done_before: int, elapsed_seconds: float
) -> float | None:
    """How long the rest takes at the pace so far; None as long as there is no pace.

    Args:
        stages: As they stand.
        done_before: Epochs that were recorded when the pace began to be taken.
        elapsed_seconds: Since then.
    """
    pace = (sum(stage.epochs_done for stage in stages) - done_before) / max(elapsed_seconds, 1e-9)
    return epochs_left(stages) / pace if pace > 0 else None


def epochs_left(stages: Sequence[StageState]) -> int:
    """Epochs of the stages that are not finished which are still to be trained."""
    return sum(s.epochs_total - s.epochs_done for s in stages if s.state != "finished")
