"""One search as plots need it, kept up to date by reading what is new.

A search may have 10,000 trials of 100 steps, and many people may look at it. So it is read once
for all of them, at most once a second; trials that are finished are not read again, and the reports
of all are counted by the database, a trial once. What takes long to read is read when a plot
needs it, and keeps nobody waiting who only asks how the search stands.
"""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np

from search.errors import LedgerError
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import RecordedTrial, Search, StageState
from search.objective.report import Report
from search.plan.importance import importances
from search.plan.plan import FINAL
from search.space.joining import hull
from search.study.ranges import recorded_box
from search.views.plots import standing
from search.views.plots.data import EVERYTHING, Need, SearchData
from search.views.reading.bands import Bands

KEPT = 500  # trials whose curves stay in memory
TOP = 8  # trials whose curves are shown unasked, of the best
GREYED = 24  # and of those that halving dropped
LIVE = 8  # and of those that are trained now
FRESH_SECONDS = 1.0  # for so long nothing is read again
# Who commits later may have looked at the clock earlier: so far back what is known is read again.
OVERLAP_SECONDS = 60.0
GROWTH = 1.1  # importances are computed again when there are so many times as many trials


class Digest:
    """Reads one search for plots. May be used by several threads.

    Args:
        ledger: The search's database.
        name: Which search.

    Raises:
        LedgerError: There is no search of that name.

    Attributes:
        gone: Whether the search was found to be deleted; then there is nothing more to read.
    """

    def __init__(self, ledger: Ledger, name: str) -> None:
        self.gone = False
        self._ledger, self._search = ledger, ledger.read.search(name)
        self._reading = threading.Lock()
        self._looked = -FRESH_SECONDS
        self._trials: dict[int, RecordedTrial] = {}
        self._latest = 0.0
        self._outline: SearchData | None = None
        self._slow: dict[Need, threading.Lock] = {need: threading.Lock() for need in EVERYTHING}
        self._bands = Bands(ledger, self._search.study.objective.score)
        self._curves: OrderedDict[int, tuple[Report, ...]] = OrderedDict()
        self._attachments: dict[int, bytes | None] = {}
        self._importances: dict[str, tuple[int, dict[str, float]]] = {}
        self._parts: dict[Need, tuple[tuple[object, ...], Any]] = {}

    def outline(self) -> SearchData:
        """The search as it stands, a second ago at the earliest; without what takes long to read.

        Raises:
            DatabaseFaultError: The database failed.
        """
        with self._reading:
            if self._outline is None or time.monotonic() - self._looked >= FRESH_SECONDS:
                self._outline = self._read()
                self._looked = time.monotonic()
            return self._outline

    def data(
        self, chosen: Sequence[tuple[str, int]] = (), needs: frozenset[Need] = EVERYTHING
    ) -> SearchData:
        """The search as it stands, a second ago at the earliest, with what a plot needs of it.

        Args:
            chosen: Stages and numbers of trials whose curves are wanted besides.
            needs: What is wanted of what takes long to read.

        Raises:
            DatabaseFaultError: The database failed.
        """
        outline = self.outline()
        whole = replace(outline, **{need: self._part(need) for need in needs})
        asked = set(chosen)
        wanted = [t for t in outline.trials if asked and (t.stage, t.number) in asked]
        wanted += live(outline) if "curves" in needs else []
        if wanted:
            with self._slow["curves"]:
                whole = replace(whole, curves={**whole.curves, **self._curves_of(wanted)})
        return whole

    def version(self) -> str:
        """What changes when anything changes that pages show; stays the same when nothing does.

        Raises:
            DatabaseFaultError: The database failed.
        """
        return _hashed(_shown(self.outline()))

    def plotted(self) -> str:
        """As `version`, of what the plots of a search show: reports alone change none of them.

        Raises:
            DatabaseFaultError: The database failed.
        """
        return _hashed(_plotted(self.outline()))

    def _part(self, need: Need) -> Any:
        """What takes long to read, by the name that it has among the data.

        Who waits for one part waits for no other, and finds it read.
        """
        with self._slow[need]:
            outline = self.outline()
            told, part = self._parts.get(need, ((), None))
            if told != _plotted(outline):
                part = self._read_part(need, outline)
                self._parts[need] = _plotted(outline), part
            return part

    def _read_part(self, need: Need, outline: SearchData) -> Any:
        if need == "curves":
            return self._curves_of([*top(outline), *dropped(outline)])
        if need == "bands":
            return self._bands.of(outline.trials)
        if need == "importances":
            return self._weigh(outline)
        if need == "stints":
            return tuple(self._ledger.read.stints(outline.search))
        return self._attachments_of(outline.of_stage(FINAL))

    def _read(self) -> SearchData:
        read = self._ledger.read
        clock = read.clock()
        try:
            search = read.again(self._search)
        except DatabaseFaultError:
            raise
        except LedgerError:
            self.gone = True
            raise
        stages = tuple(read.stages(search))
        self._read_trials(search, stages, clock)
        return SearchData(search, stages, tuple(self._trials.values()), clock)

    def _read_trials(self, search: Search, stages: Sequence[StageState], clock: float) -> None:
        """What has changed of the trials; all of them where that does not add up."""
        since = self._latest - OVERLAP_SECONDS
        found = self._ledger.read.trials_changed(search, self._trials, since)
        self._trials.update((trial.id, trial) for trial in found)
        ended = Counter(t.stage for t in self._trials.values() if t.finished_at is not None)
        if any(stage.finished > ended[stage.step.name] for stage in stages):
            self._trials = {trial.id: trial for trial in self._ledger.read.trials(search)}
        self._trials = dict(sorted(self._trials.items(), key=_place(stages)))
        finished = (t.finished_at for t in self._trials.values() if t.finished_at is not None)
        latest = max(finished, default=self._latest)
        self._latest = min(latest, clock)  # times of a clock that was ahead may lie behind it

    def _weigh(self, outline: SearchData) -> dict[str, dict[str, float]]:
        """The importances of each stage, computed again where many more trials are in."""
        for stage in outline.stages:
            name, finished = stage.step.name, stage.finished
            before, _ = self._importances.get(name, (0, {}))
            last = stage.state == "finished" and before != finished
            if stage.step.kind != "search" or not (last or finished > GROWTH * before):
                continue
            box = hull(tuple(recorded_box(one) for one in stage.boxes))
            ended = [trial for trial in outline.of_stage(name) if trial.finished_at is not None]
            shares = importances(ended, box, outline.objective.score.direction)
            self._importances[name] = finished, dict(shares)
        return {name: shares for name, (_, shares) in self._importances.items() if shares}

    def _attachments_of(self, trials: Sequence[RecordedTrial]) -> dict[int, bytes]:
        """What was kept of the final's trials."""
        for trial in trials:
            if trial.state == "complete" and trial.id not in self._attachments:
                self._attachments[trial.id] = self._ledger.read.attachment(trial)
        return {key: one for key, one in self._attachments.items() if one is not None}

    def _curves_of(self, wanted: Sequence[RecordedTrial]) -> dict[int, tuple[Report, ...]]:
        """The curves of these, by the trial's id; those of finished trials are kept."""
        missing = [t for t in wanted if t.id not in self._curves]
        found = self._ledger.read.curves_of([t.id for t in missing]) if missing else {}
        shown = {t.id: self._curves.get(t.id) or found.get(t.id, ()) for t in wanted}
        for trial in wanted:
            if trial.finished_at is not None:
                self._curves[trial.id] = shown[trial.id]
                self._curves.move_to_end(trial.id)
        while len(self._curves) > KEPT:
            self._curves.popitem(last=False)
        return shown


def top(data: SearchData) -> list[RecordedTrial]:
    """The best trials of the stages that compare with the last one, best first."""
    return data.ranking.ranked(standing.comparable(data))[:TOP]


def dropped(data: SearchData) -> list[RecordedTrial]:
    """An even choice of the trials that halving dropped."""
    pruned = [trial for trial in data.trials if trial.state == "pruned"]
    places = np.linspace(0, len(pruned) - 1, min(len(pruned), GREYED)).round().astype(int)
    return [pruned[place] for place in places]


def live(data: SearchData) -> list[RecordedTrial]:
    """The first of those that are trained now, in the stages that search; their curves grow."""
    names = {stage.step.name for stage in data.searched()}
    return [t for t in data.trials if t.state == "running" and t.stage in names][:LIVE]


def _place(stages: Sequence[StageState]) -> Callable[[tuple[int, RecordedTrial]], tuple[int, int]]:
    """Where a trial stands among all: by stage and number."""
    numbers = {stage.step.name: stage.step.number for stage in stages}
    return lambda item: (numbers[item[1].stage], item[1].number)


def _shown(data: SearchData) -> tuple[object, ...]:
    """What changes whenever anything changes that pages show."""
    epochs = [(stage.running, stage.steps_done) for stage in data.stages]
    return epochs, *_plotted(data)


def _plotted(data: SearchData) -> tuple[object, ...]:
    """What changes whenever anything changes that the plots of a search show."""
    stages = [(s.state, s.trials, s.finished, s.explanation) for s in data.stages]
    search = data.search
    return stages, search.finished_at, search.stopped_at, search.failure


def _hashed(told: tuple[object, ...]) -> str:
    return sha256(repr(told).encode()).hexdigest()[:16]
