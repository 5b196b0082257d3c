"""How a search stands in one line: its state, how far it is, its best, who works, how long yet."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from search.ledger.ledger import Ledger
from search.ledger.records import RecordedTrial, Search, StageState, WorkerState
from search.objective.metric import ABSENT
from search.objective.port import Objective
from search.objective.report import Finding
from search.runtime.formatting import capital, parameters, plural_of, share
from search.views.plots import standing
from search.views.plots.data import SearchData
from search.views.terminal.progress import (
    PACE_FRESH_SECONDS,
    PACE_SECONDS,
    best_of,
    pace_of,
    seconds_left,
)

State = Literal["finished", "failed", "stopped", "running", "waiting"]
FRESH_SECONDS = 1.0  # for so long nothing is read again


@dataclass(frozen=True)
class Overview:
    """One search, as a list of searches shows it. Times are seconds.

    Attributes:
        name: Of the search.
        objective: What its trials train.
        description: What its study file says that it is.
        state: Running where somebody works on it; waiting where nobody does; failed where it cannot
            go on, or ended without an evaluation.
        failure: Why; None unless failed.
        cut: Why the first stage ended that a budget by the clock has cut; empty where none was.
        stage: Name of the first stage that is not finished; None once all are.
        trials: How many it has, as far as is known.
        finished: How many of those are at their end.
        progress: The share of its steps that is trained, 0 … 1.
        best: The winner, or before there is one the best trial of the stages that search; None
            before there is one of those.
        evaluation: What the evaluation says first, or will say; None where there is none.
        workers: How many work on it, or wait for work of it.
        created_at: When it was recorded; since 1970, UTC.
        age: How long ago that is; where it is finished, how long it took.
        left: How long it may take yet, at the pace of its last minutes; None where nothing tells.
    """

    name: str
    objective: Objective
    description: str
    state: State
    failure: str | None
    cut: str
    stage: str | None
    trials: int
    finished: int
    progress: float
    best: RecordedTrial | None
    evaluation: Finding | None
    workers: int
    created_at: float
    age: float
    left: float | None


class Overviews:
    """Reads how searches stand, for all who look, at most once a second. For many threads.

    Args:
        ledger: The database.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._looked = -FRESH_SECONDS
        self._all: list[Overview] = []
        self._winners: dict[int, RecordedTrial | None] = {}  # of finished searches, by their key
        self._paces: dict[int, tuple[float, float | None]] = {}  # and when it was asked for

    def all(self) -> list[Overview]:
        """All searches of the database, the newest first.

        Raises:
            DatabaseFaultError: The database failed.
        """
        with self._lock:
            if time.monotonic() - self._looked >= FRESH_SECONDS:
                self._all = self._read()
                self._looked = time.monotonic()
            return self._all

    def of(self, data: SearchData) -> Overview:
        """One search, as it was read.

        Raises:
            DatabaseFaultError: The database failed.
        """
        workers = self._ledger.read.workers(data.search)
        pace = self._pace(data.search, data.time)
        best = standing.best(data)
        return overview(data.search, data.stages, best, workers, data.time, pace)

    def _read(self) -> list[Overview]:
        read = self._ledger.read
        clock, at_work = read.clock(), read.workers()
        found = []
        for search in reversed([read.search(name) for name in read.names()]):
            stages = read.stages(search)
            best = self._winner(search) or best_of(search.study, stages)
            pace = self._pace(search, clock)
            found.append(overview(search, stages, best, at_work, clock, pace))
        return found

    def _winner(self, search: Search) -> RecordedTrial | None:
        if search.id in self._winners:
            return self._winners[search.id]
        winner = self._ledger.read.winner(search)
        if search.finished_at is not None:
            self._winners[search.id] = winner
        return winner

    def _pace(self, search: Search, clock: float) -> float | None:
        if search.finished_at is not None:
            return None
        asked, pace = self._paces.get(search.id, (-PACE_FRESH_SECONDS, None))
        if time.monotonic() - asked >= PACE_FRESH_SECONDS:  # it counts all reports of the time
            pace = pace_of(self._ledger.read.stints(search, PACE_SECONDS), clock)
            self._paces[search.id] = time.monotonic(), pace
        return pace


def overview(
    search: Search,
    stages: Sequence[StageState],
    best: RecordedTrial | None,
    workers: Sequence[WorkerState],
    clock: float,
    pace: float | None = None,
) -> Overview:
    """How one search stands.

    Args:
        search: Which one.
        stages: How its stages stand.
        best: The winner, or before there is one the best trial so far.
        workers: Who works on this one or any other.
        clock: The database's time.
        pace: Steps a second; None where that is not known.
    """
    at_work = [one for one in workers if one.works_for(search.study.name)]
    done = sum(stage.steps_done for stage in stages)
    total = max(sum(stage.steps_total for stage in stages), 1)
    unfinished = next((s.step.name for s in stages if s.state != "finished"), None)
    state = _state(search, at_work)
    ended = search.finished_at if state == "finished" else None
    objective = search.study.objective
    return Overview(
        name=search.study.name,
        objective=objective,
        description=search.study.description,
        state=state,
        failure=search.failure,
        cut=next((s.explanation.splitlines()[-1] for s in stages if s.cut), ""),
        stage=unfinished,
        trials=sum(stage.trials for stage in stages),
        finished=sum(stage.finished for stage in stages),
        progress=1.0 if search.finished_at is not None else min(done / total, 1.0),
        best=best,
        evaluation=next(iter(objective.findings(search.result or {})), None),
        workers=len(at_work),
        created_at=search.created_at,
        age=(clock if ended is None else ended) - search.created_at,
        left=seconds_left(stages, pace) if state == "running" else None,
    )


def tiles(one: Overview) -> list[tuple[str, str, str]]:
    """What stands at the top of a page: what it is, its number or text, and a note about it."""
    best, objective = one.best, one.objective
    found = [
        ("State", one.state, one.failure or one.stage or "every stage is finished"),
        (
            "Trials",
            f"{one.finished:,}",
            f"of {one.trials:,}, {share(round(one.progress, 2))} of {plural_of(objective.step)}",
        ),
        (
            f"Best single {objective.score.words}",
            value_text(one),
            _no_best(one) if best is None else parameters(best.parameters),
        ),
    ]
    if one.evaluation is not None:
        said = one.evaluation
        found.append((capital(said.label), said.metric_text, said.note))
    return found


def value_text(one: Overview) -> str:
    """The value of the best trial."""
    return one.objective.score.text(None if one.best is None else one.best.value)


def evaluation_text(one: Overview) -> str:
    """What the evaluation says first."""
    return ABSENT if one.evaluation is None else one.evaluation.metric_text


def _no_best(one: Overview) -> str:
    return "none of them has a value" if one.finished else "no trial is at its end yet"


def _state(search: Search, at_work: Sequence[WorkerState]) -> State:
    if search.failure is not None:
        return "failed"
    if search.finished_at is not None:
        return "finished"
    if search.stopped_at is not None:
        return "stopped"
    return "running" if at_work else "waiting"
