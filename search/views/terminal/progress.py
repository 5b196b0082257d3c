"""A running search on the terminal: bars where there is one, plain lines where there is none."""

import time
from collections.abc import Sequence
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from search.ledger.ledger import Ledger
from search.ledger.records import RecordedTrial, Search, StageState, Stint
from search.plan.ranking import ranking_of
from search.runtime.formatting import brief, duration, parameters, plural
from search.runtime.lines import say
from search.study.file import Study

REFRESH_SECONDS = 0.25
PACE_SECONDS = 600.0  # the pace of a search is that of its last minutes
PACE_FRESH_SECONDS = 2.0  # for so long it is not asked for again
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
        self._objective = search.study.objective
        self._changes = ledger.changes()
        self._pace: float | None = None
        self._paced = -PACE_FRESH_SECONDS
        self._looked = -REFRESH_SECONDS
        self._stages: list[StageState] = ledger.read.stages(search)
        # How many lines were told of which stage.
        self._announced = {
            stage.step.number: len(stage.explanation.splitlines())
            for stage in self._stages
            if stage.state == "finished"
        }
        self._told: set[int] = set()
        self._latest = 0.0
        self._new_trials()  # of an earlier run
        self._counts = {stage.step.name: stage.finished for stage in self._stages}
        self._bars = Progress(
            TextColumn("{task.description:<12}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]:>9}", markup=False),
            TextColumn("{task.fields[note]}", markup=False),
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
        # Trials first: what is told of stages then counts every trial that has a line.
        news = [] if self._console.is_terminal else self._new_trials()
        self._stages = self._ledger.read.stages(self._search)
        for stage in self._stages:
            planned = stage.state in ("open", "finished")
            if planned and stage.step.number not in self._announced:
                self._announce(stage)
            for trial in news:
                if trial.stage == stage.step.name:
                    self._tell(stage, trial, is_last=trial is news[-1])
            if planned:
                self._announce(stage)
        if self._console.is_terminal:
            self._draw_bars()

    def _announce(self, stage: StageState) -> None:
        """Tell of a stage what was not told yet; why it ended early comes last."""
        step, lines = stage.step, stage.explanation.splitlines()
        if step.number not in self._announced:
            self.say(f"{step.number} {step.name}: {plural(stage.trials, 'trial')}")
        for line in lines[self._announced.get(step.number, 0) :]:
            self.say(line, indent=4)
        self._announced[step.number] = len(lines)

    def _new_trials(self) -> list[RecordedTrial]:
        """The trials that came in since the last look, by stage and number."""
        since = self._latest - CLOCK_SECONDS
        finished = self._ledger.read.trials(self._search, since=since)
        new = [trial for trial in finished if trial.id not in self._told]
        self._told.update(trial.id for trial in new)
        if new:  # at times that may lie ahead, of a clock that was
            latest = max(trial.finished_at or 0.0 for trial in new)
            self._latest = min(latest, self._ledger.read.clock())
        return new

    def _tell(self, stage: StageState, trial: RecordedTrial, *, is_last: bool) -> None:
        """A line for a trial; the last of a look says how the whole search stands."""
        name = stage.step.name
        self._counts[name] += 1
        what = self._value_text(stage, trial) if trial.reason is None else brief(trial.reason)
        if trial.pruned_after is not None:
            what += f", pruned after {plural(trial.pruned_after, self._objective.step)}"
        line = f"{name} #{trial.number}: {parameters(trial.parameters)}: {what}"
        place = f"{self._counts[name]}/{stage.trials}"
        rest = f"{self._best_text(stage)}{self._time_text()}" if is_last else ""
        self.say(f"{line}  ({place}{rest})", indent=2)

    def _draw_bars(self) -> None:
        current = next((s for s in self._stages if s.state != "finished"), None)
        for stage in self._stages:
            number = stage.step.number
            if number not in self._tasks:
                self._tasks[number] = self._bars.add_task(stage.step.name, count="", note="")
            note = "" if stage.best is None else self._best_note(stage, stage.best)
            if stage is current:
                note += self._time_text() or ("" if stage.steps_done else ", starting")
            done = stage.steps_total if stage.state == "finished" else stage.steps_done
            self._bars.update(
                self._tasks[number],
                total=max(stage.steps_total, 1),
                completed=done,
                count=f"{stage.finished}/{stage.trials}",
                note=note.removeprefix(", "),
            )
        self._bars.refresh()

    def _value_text(self, stage: StageState, trial: RecordedTrial) -> str:
        """A trial's value; where an evaluation gave it, with its name."""
        evaluation = self._objective.evaluation
        if stage.step.kind == "final" and evaluation is not None:
            return f"{evaluation.words} {evaluation.text(trial.value)}"
        text: str = self._objective.score.text(trial.value)
        return text

    def _best_note(self, stage: StageState, best: RecordedTrial) -> str:
        text = self._value_text(stage, best)
        if stage.step.kind == "finalists":  # the best of them is a lucky seed
            return ""
        return text if stage.step.kind == "final" else f"best single {text}"

    def _best_text(self, stage: StageState) -> str:
        study = self._search.study
        best = best_of(study, self._stages) if stage.step.kind == "search" else None
        return "" if best is None else f", best single {self._objective.score.text(best.value)}"

    def _time_text(self) -> str:
        if time.monotonic() - self._paced >= PACE_FRESH_SECONDS:
            read, self._paced = self._ledger.read, time.monotonic()
            self._pace = pace_of(read.stints(self._search, PACE_SECONDS), read.clock())
        left = seconds_left(self._stages, self._pace)
        # Below a second it is planning and testing that take time, which no pace foretells.
        return "" if left is None or left < 1 else f", about {duration(left)} left"


def best_of(study: Study, stages: Sequence[StageState]) -> RecordedTrial | None:
    """The best trial so far, of the stages that finalists come from, or else of all that search.

    The values of other stages need not compare with those, and the final's are of another kind.
    """
    found = [s.best for s in stages if s.best is not None and s.step.kind == "search"]
    contenders = study.contenders()
    compared = [trial for trial in found if trial.stage in contenders]
    return ranking_of(study).best(compared or found)


def seconds_left(stages: Sequence[StageState], pace: float | None) -> float | None:
    """How long the rest takes at a pace; None where there is none."""
    return steps_left(stages) / pace if pace else None


def pace_of(stints: Sequence[Stint], clock: float) -> float | None:
    """Steps a second, over the time in which at least one worker trained; None before a step.

    It follows from the record alone, so that a run's terminal and every page say the same.

    Args:
        stints: The cohorts that are held, and those that were handed in of late.
        clock: The database's time.
    """
    total, reached = 0.0, 0.0
    for one in stints:  # in the order in which they began
        end = clock if one.finished_at is None else one.finished_at
        total += max(0.0, end - max(one.claimed_at, reached))
        reached = max(reached, end)
    done = sum(one.steps for one in stints)
    return done / total if done and total > 0 else None


def steps_left(stages: Sequence[StageState]) -> int:
    """Steps of the stages that are not finished which are still to be trained."""
    return sum(s.steps_total - s.steps_done for s in stages if s.state != "finished")
