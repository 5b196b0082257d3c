"""Trials trained as one cohort, each on every fold and with every seed that it is repeated with.

Folds of few rows are members of one stack; others are stacks of their own, trained in step. So
there is one report of a trial after each epoch, whatever it consists of: the mean over its
trainings, with the standard error of its value.
"""

import math
import statistics
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from search.objective.port import Reports, Saver
from search.objective.report import Assignment, Report
from search.objectives.network.checkpoints import joined, parted
from search.objectives.network.data import Dataset
from search.objectives.network.folds import folds_of, stacked
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.patience import Patience
from search.objectives.network.sections import TrainingSection
from search.objectives.network.settings import values_of
from search.objectives.network.stack import StackEpoch, epochs
from search.plan.seeds import derive

Run = tuple[int, int]
"""A training of a trial: on which fold, with which of its seeds; counted from 0."""


def train(
    objective: NetworkObjective,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    data: Dataset,
    start: Sequence[bytes] = (),
    until: int | None = None,
    saver: Saver | None = None,
) -> Reports:
    """Train trials as one cohort; after each epoch, how each that took part in it stands.

    The reports are by place in `trials`. A trial whose report has a reason has diverged and takes
    part no longer, nor does one that has not improved for as long as the patience is; `send` the
    places of those that go on to drop others as well. There is no
    further epoch when none is left. A trial's last value is its result.

    Args:
        objective: The network.
        section: How they are trained.
        trials: One or more.
        order_seed: Of the draws that they share.
        data: The images.
        start: What each goes on from, in their order, as earlier calls returned it, of other
            cohorts perhaps; empty to begin from the seeds.
        until: After how many epochs to stop before the end; None to train to the end.
        saver: Takes down how they stand after an epoch, now and then.

    Returns:
        What those go on from that have come to `until` in good health, by place; else nothing.

    Raises:
        KlayerError: The trials do not fit into one stack, or a value is out of its range.
    """
    folds, repeats = folds_of(section, data), objective.repeats(section)
    seeded = [
        replace(trial, seed=seed_of(trial.seed, repeat))
        for trial in trials
        for repeat in range(repeats)
    ]
    batch_size = int(values_of(objective, section, trials[0].parameters)["batch_size"])
    runs = [(fold, repeat) for fold in range(len(folds)) for repeat in range(repeats)]
    patience = Patience(section.patience, objective.score)
    begun = [
        dict(zip(runs, parted(one, len(runs)), strict=True)) for one in patience.unpacked(start)
    ]
    stacks = []
    for places in stacked(folds, batch_size):
        # As `epochs` orders its members.
        of = [(t, (f, r)) for f in places for t in range(len(trials)) for r in range(repeats)]
        own = [begun[trial][run] for trial, run in of] if begun else []
        some = [folds[fold] for fold in places]
        stacks.append(_Stack(epochs(objective, section, seeded, order_seed, some, own, until), of))
    going: list[int] | None = None
    while True:
        found: dict[int, dict[Run, Report]] = {}
        states: dict[int, dict[Run, bytes]] = {}
        for stack in stacks:
            stack.step(going, found, states)
        if not found:
            return _packed(states, runs, patience)
        reports = {trial: summed_up(objective, found[trial]) for trial in sorted(found)}
        ended = patience.ended(reports)
        sound = [
            trial
            for trial, report in reports.items()
            if report.reason is None and trial not in ended
        ]
        if saver is not None and max(one.step for one in reports.values()) != until:
            saver.offer(partial(_states, stacks, sound, runs, patience))
        sent = yield reports
        going = [trial for trial in sound if sent is None or trial in sent]


@dataclass
class _Stack:
    """A stack that is trained in step with others, and of each member its trial and its run."""

    epochs: Generator[StackEpoch, Sequence[int] | None, dict[int, bytes]]
    members: Sequence[tuple[int, Run]]
    last: StackEpoch | None = None

    def step(
        self,
        going: Sequence[int] | None,
        found: dict[int, dict[Run, Report]],
        states: dict[int, dict[Run, bytes]],
    ) -> None:
        """Train an epoch of the trials that are going, or all; or come to the end.

        All stacks come to it at once, since they have equally many epochs.

        Args:
            going: Trials.
            found: What is reported is put here, by trial and run.
            states: Likewise what members go on from, at the end.
        """
        try:
            if going is None:
                epoch = next(self.epochs)
            else:
                kept = [i for i, (trial, _) in enumerate(self.members) if trial in going]
                epoch = self.epochs.send(kept)
        except StopIteration as end:
            for place, state in end.value.items():
                trial, run = self.members[place]
                states.setdefault(trial, {})[run] = state
            return
        self.last = epoch
        for place, report in epoch.reports.items():
            trial, run = self.members[place]
            found.setdefault(trial, {})[run] = report

    def states(self, sound: Sequence[int]) -> Iterator[tuple[int, Run, bytes]]:
        """What members of sound trials go on from after the last epoch, by trial and run."""
        if self.last is not None:
            for place in self.last.places:
                trial, run = self.members[place]
                if trial in sound:
                    yield trial, run, self.last.state(place)


def _states(
    stacks: Sequence[_Stack], sound: Sequence[int], runs: Sequence[Run], patience: Patience
) -> dict[int, bytes]:
    """What sound trials go on from after the last epoch."""
    states: dict[int, dict[Run, bytes]] = {trial: {} for trial in sound}
    for stack in stacks:
        for trial, run, state in stack.states(sound):
            states[trial][run] = state
    return _packed(states, runs, patience)


def _packed(
    states: Mapping[int, Mapping[Run, bytes]], runs: Sequence[Run], patience: Patience
) -> dict[int, bytes]:
    """What each trial goes on from, of what its runs do."""
    return {
        trial: patience.packed(trial, joined([own[run] for run in runs]))
        for trial, own in states.items()
    }


def seed_of(seed: int, repeat: int) -> int:
    """The seed of a trial's training, counted from 0; the first is the trial's own."""
    return derive(seed, "repeat", repeat) if repeat else seed


def summed_up(objective: NetworkObjective, runs: Mapping[Run, Report]) -> Report:
    """The report of a trial from those of its trainings in one epoch.

    It has the means of their metrics and of their values. A trial one of whose trainings diverges
    has diverged. The standard error is that of the mean of the folds, each of which is a mean over
    seeds: the standard deviation over folds, or without folds over seeds, / √ of their number. As
    folds share training rows it is a rough one.
    """
    first = next(iter(runs.values()))
    if len(runs) == 1:
        return first
    metrics = {name: _mean([one.metrics[name] for one in runs.values()]) for name in first.metrics}
    for (fold, _), one in sorted(runs.items()):
        if one.reason is not None:
            reason = one.reason
            if objective.data.folds is not None:
                reason += f", in fold {fold + 1} of {objective.data.folds}"
            return Report(one.step, metrics, None, reason, diverged=one.diverged)
    by_fold: dict[int, list[float]] = {}
    values = [math.nan if one.value is None else one.value for one in runs.values()]
    for (fold, _), value in zip(runs, values, strict=True):
        by_fold.setdefault(fold, []).append(value)
    apart = [_mean(some) for some in by_fold.values()] if len(by_fold) > 1 else values
    error = _deviation(apart) / math.sqrt(len(apart))
    spread = {one.name: error for one in objective.metrics if one.spread_of}
    mean = _mean(values)
    return Report(first.step, {**metrics, **spread}, mean if math.isfinite(mean) else None)


def _mean(values: Sequence[float]) -> float:
    finite = all(map(math.isfinite, values))
    return statistics.fmean(values) if finite else math.nan


def _deviation(values: Sequence[float]) -> float:
    finite = all(map(math.isfinite, values))
    return statistics.stdev(values) if finite else math.nan
