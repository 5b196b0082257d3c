"""klayer's ledger at work on trainings that take no time, asked as a worker asks it."""

import time
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import func, select, text, update

from benchmarks.ledger_pool import Piece
from search.errors import KlayerError
from search.ledger.ledger import PATIENCE_SECONDS, Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from search.ledger.tables import cohorts, stages, trials
from search.objective.data_card import DataCard
from search.objective.report import Report
from search.plan.plan import StagePlan, plan, steps
from search.plan.samplers import distributions
from search.study.file import Study
from search.study.reading import load

EPOCHS = 10  # that the study asks for
METRICS = (0.1, 1.1, 1.0, 0.5, 1.3, 1.2, 0.4)  # of each report
FINISHED_SHARE = 0.25  # of the trials of a large search, when it begins
LARGE = 1_000
# How many trials a second there should be enough of, and no more, for each trial of a cohort.
MOST_A_SECOND = 250

_LIKEWISE_IN_OPTUNA = (
    """
    UPDATE trials SET state = 'COMPLETE' WHERE trial_id IN
        (SELECT optuna_trial FROM klayer_trials WHERE stage_id = :id AND state = 'complete')
    """,
    """
    INSERT INTO trial_values (trial_id, objective, value, value_type)
    SELECT optuna_trial, 0, value, 'FINITE' FROM klayer_trials
    WHERE stage_id = :id AND state = 'complete'
    """,
)


class Klayer:
    """Searches of so many trials each, in cohorts of so many, in one database.

    Workers go on to the next search where all of one is claimed.
    """

    def __init__(self, url: str, trials: int, cohort: int) -> None:
        self._url, self._trials, self._cohort = url, trials, cohort
        self._searches: list[Search] = []
        self._made = 0
        self._plan: StagePlan | None = None

    def prepare(self) -> dict[str, float]:
        """Make the database and the first search."""
        self._ledger = Ledger(self._url, create=True, patience_seconds=PATIENCE_SECONDS)
        began = time.perf_counter()
        self._plan = self._planned()
        planned = time.perf_counter() - began
        opened = self._add_search()
        return {"plan": planned, "open": opened}

    def take_up(self) -> None:
        """Open the database, and all its searches."""
        self._ledger = Ledger(self._url, create=True, patience_seconds=PATIENCE_SECONDS)
        self._searches = [self._ledger.read.search(name) for name in self._ledger.read.names()]
        self._made = len(self._searches)

    def make_ready(self, seconds: float, workers: int) -> None:
        """Add searches, unless there is work enough; forget those of which all is claimed."""
        waiting = {search.id: self._waiting(search) for search in self._searches}
        self._searches = [search for search in self._searches if waiting[search.id]]
        wanted = seconds * MOST_A_SECOND * self._cohort * min(workers, 2)
        left = sum(waiting.values()) * self._cohort
        while left < (min(wanted, self._trials / 2) if self._trials >= LARGE else wanted):
            self._add_search()
            left += self._trials
        self._ledger.database.close()

    def pieces(self, worker: str, epochs: int) -> Iterator[Piece]:
        """Look which searches are open, claim, hand in, as `search.workers.loop` does."""
        for search in self._searches:
            while self._ledger.read.open_searches(search.study.name):
                began = time.perf_counter()
                claim = self._ledger.next_work(search, worker, only="cohorts")
                seconds = time.perf_counter() - began
                if not isinstance(claim, CohortClaim):
                    break
                for epoch in range(1, epochs + 1):
                    said = Report(epoch, dict(zip(claim.metrics, METRICS, strict=True)))
                    reports = dict.fromkeys(claim.numbers, said)
                    self._ledger.record_reports(claim, reports)
                self._ledger.hand_in(
                    claim, [TrialResult(number, 1 / (number + 3)) for number in claim.numbers]
                )
                yield Piece(seconds, len(claim.numbers))

    def _study(self) -> Study:
        """The study of the next search: two hyperparameters in its first stage."""
        changes = [
            f"stages.coarse.trials={self._trials}",
            "stages.coarse.sampler='random'",
            f"training.schedule.epochs={EPOCHS}",
        ]
        return load("digits", changes, f"search-{self._made}")

    def _planned(self) -> StagePlan:
        study = self._study()
        made = plan(study, steps(study)[0], [])
        numbers, size = range(self._trials), self._cohort
        cut = tuple(tuple(numbers[first : first + size]) for first in numbers[::size])
        return replace(made, cohorts=cut)

    def _add_search(self) -> float:
        """Record a search and open its first stage; seconds of the latter."""
        self._plan = self._plan or self._planned()
        ledger, study = self._ledger, self._study()
        self._made += 1
        search = ledger.record(study, "", DataCard("digits", "0" * 64), {})
        claim = ledger.next_work(search, "planner", only="planning")
        if not isinstance(claim, PlanningClaim):
            raise KlayerError(f"a new search is to be planned, not {claim}")
        space = distributions(self._plan.boxes)
        began = time.perf_counter()
        ledger.open_stage(search, claim, self._plan, space, EPOCHS)
        seconds = time.perf_counter() - began
        if self._trials >= LARGE:
            self._finish_some(claim.stage.id)
        self._searches.append(search)
        return seconds

    def _finish_some(self, stage_id: int) -> None:
        """Let the first of a stage's trials be finished, in a few statements."""
        some = int(FINISHED_SHARE * self._trials) // self._cohort
        done = (cohorts.c.stage_id == stage_id) & (cohorts.c.number < some)
        with self._ledger.database.writing() as connection:
            connection.execute(update(cohorts).where(done).values(state="finished", finished_at=0))
            mine = trials.c.cohort_id.in_(select(cohorts.c.id).where(done))
            connection.execute(
                update(trials).where(mine).values(state="complete", value=0.5, finished_at=0)
            )
            for statement in _LIKEWISE_IN_OPTUNA:
                connection.execute(text(statement), {"id": stage_id})

    def _waiting(self, search: Search) -> int:
        query = (
            select(func.count())
            .select_from(cohorts.join(stages, stages.c.id == cohorts.c.stage_id))
            .where(stages.c.search_id == search.id, cohorts.c.state == "waiting")
        )
        with self._ledger.database.reading() as connection:
            return connection.scalar(query) or 0
