"""What the ledger can be asked. Nothing here writes, and nothing here keeps a writer waiting."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from search.errors import LedgerError
from search.ledger import claims, curves, portraits, presence, rungs
from search.ledger.curves import Counted
from search.ledger.database import Database, now, patient
from search.ledger.records import (
    PlanningClaim,
    Presence,
    Search,
    StageState,
    Trial,
    TrialWork,
    WorkerState,
)
from search.ledger.tables import cohorts, epochs, searches, stages, trials
from search.objective.outcome import Portrait
from search.objective.report import Report
from search.plan.halving import expected_epochs
from search.plan.plan import Step, expected_trials, steps
from search.plan.results import Result
from search.space.space import Box
from search.study.file import Study
from search.study.ranges import read_box

MOST_LOOKED_AT = 1_000  # trials, to find one of a certain point
# Trials with the name of their stage.
_TRIALS = select(trials, stages.c.name.label("stage")).join(
    stages, stages.c.id == trials.c.stage_id
)
# Asked before each claim, so built once.
_OPEN = (
    select(searches.c.id)
    .where(
        searches.c.finished_at.is_(None),
        searches.c.stopped_at.is_(None),
        searches.c.failure.is_(None),
    )
    .order_by(searches.c.id)
)
_OPEN_OF_THAT_NAME = _OPEN.where(searches.c.name == bindparam("called"))


@dataclass(frozen=True)
class Curve:
    """The reports of one trial, in order."""

    trial_id: int
    reports: tuple[Report, ...]


class Queries:
    """Questions to one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @patient
    def names(self) -> list[str]:
        """The names of all searches, oldest first."""
        with self.database.reading() as connection:
            return list(connection.scalars(select(searches.c.name).order_by(searches.c.id)))

    @patient
    def search(self, name: str) -> Search:
        """The search of that name.

        Raises:
            LedgerError: There is none; the message lists those that there are.
        """
        with self.database.reading() as connection:
            found = find_search(connection, name)
        if found is None:
            known = ", ".join(self.names()) or "none yet"
            raise LedgerError(f"{name}: no search of this name is recorded here; there is {known}")
        return found

    @patient
    def text(self, search: Search) -> str:
        """The study file as it was read."""
        with self.database.reading() as connection:
            query = select(searches.c.study_text).where(searches.c.id == search.id)
            return str(connection.scalar(query))

    @patient
    def open_searches(self, name: str | None = None) -> list[int]:
        """The keys of the searches on which there is work to do, now or later, oldest first.

        Args:
            name: Only that of this name.
        """
        with self.database.reading() as connection:
            if name is None:
                return list(connection.scalars(_OPEN))
            return list(connection.scalars(_OPEN_OF_THAT_NAME, {"called": name}))

    @patient
    def search_by_id(self, key: int) -> Search:
        """The search of that key.

        Raises:
            LedgerError: There is none.
        """
        with self.database.reading() as connection:
            row = connection.execute(select(searches).where(searches.c.id == key)).first()
        if row is None:
            raise LedgerError(f"the search that had the key {key} is gone")
        return _search(row)

    def again(self, search: Search) -> Search:
        """The search as it is recorded now."""
        return self.search_by_id(search.id)

    @patient
    def has_work(self, search: Search, owner: str) -> bool:
        """Whether something of a search is to be done now, and is free for `owner`."""
        with self.database.reading() as connection:
            found = claims.find(connection, search, owner, now(connection), lock=False)
        return isinstance(found, claims.Free)

    @patient
    def cohorts_done(self, search: Search) -> int:
        """How many cohorts have been handed in, those that only came to a rung included."""
        query = (
            select(func.count())
            .select_from(cohorts.join(stages, stages.c.id == cohorts.c.stage_id))
            .where(stages.c.search_id == search.id, cohorts.c.state == "finished")
        )
        with self.database.reading() as connection:
            return connection.scalar(query) or 0

    @patient
    def workers(self, search: Search | None = None) -> list[WorkerState]:
        """The processes that work, or wait for work, oldest first; with those that were lost.

        Args:
            search: Only those that serve this one, or hold work of it.
        """
        with self.database.reading() as connection:
            return presence.listed(connection, None if search is None else search.id)

    @patient
    def asked_to_stop(self, who: Presence) -> bool:
        """Whether a process was asked to stop, or its launcher is gone."""
        with self.database.reading() as connection:
            return presence.asked_to_stop(connection, who, now(connection))

    @patient
    def clock(self) -> float:
        """The database's time: seconds since 1970, UTC."""
        with self.database.reading() as connection:
            return now(connection)

    @patient
    def stages(self, search: Search) -> list[StageState]:
        """How every stage stands, those that are not planned yet included."""
        with self.database.reading() as connection:
            query = select(stages).where(stages.c.search_id == search.id)
            rows = {row.number: row for row in connection.execute(query)}
            states = []
            for step in steps(search.study):
                row = rows.get(step.number)
                if row is None or row.state == "planning":
                    states.append(_unplanned(search.study, step, begun=row is not None))
                else:
                    states.append(_planned(connection, search.study, step, row))
            return states

    @patient
    def results(self, search: Search, stage_id: int | None = None) -> list[Result]:
        """All finished trials, by stage and number; what plans are made from.

        Args:
            search: Of which search.
            stage_id: Only those of this stage.
        """
        query = _TRIALS.where(
            stages.c.search_id == search.id, trials.c.finished_at.is_not(None)
        ).order_by(stages.c.number, trials.c.number)
        if stage_id is not None:
            query = query.where(trials.c.stage_id == stage_id)
        its_stages = select(stages.c.id, stages.c.boxes).where(stages.c.search_id == search.id)
        with self.database.reading() as connection:
            boxes = {
                row.id: tuple(read_box(box) for box in row.boxes or ())
                for row in connection.execute(its_stages)
            }
            return [
                Result(
                    row.stage,
                    row.number,
                    row.parameters,
                    row.value,
                    boxes[row.stage_id][row.box],
                    row.pruned_after,
                )
                for row in connection.execute(query)
            ]

    @patient
    def boxes(self, claim: PlanningClaim) -> tuple[Box, ...]:
        """The boxes of an opened stage."""
        query = select(stages.c.boxes).where(stages.c.id == claim.stage_id)
        with self.database.reading() as connection:
            return tuple(read_box(box) for box in connection.scalar(query) or ())

    @patient
    def trials(self, search: Search, *, since: float | None = None) -> list[Trial]:
        """All planned trials, by stage and number.

        Args:
            search: Of which search.
            since: Only those that finished at this time of the database's clock, or later. Who
                asks again and again gives the latest `finished_at` that was seen, and gets the
                trials of that instant once more.
        """
        query = _TRIALS.where(stages.c.search_id == search.id).order_by(
            stages.c.number, trials.c.number
        )
        if since is not None:
            query = query.where(trials.c.finished_at >= since)
        with self.database.reading() as connection:
            return [_trial(row) for row in connection.execute(query)]

    @patient
    def trials_changed(
        self, search: Search, known: Mapping[int, Trial], since: float
    ) -> list[Trial]:
        """Those of a search's trials that may stand otherwise than they are known to.

        Args:
            search: Of which search.
            known: Its trials by id, as they were read before.
            since: A time of the database's clock before which all that was finished is known.
        """
        running = [key for key, trial in known.items() if trial.state == "running"]
        its_own = trials.c.stage_id.in_(
            select(stages.c.id).where(stages.c.search_id == search.id).scalar_subquery()
        )
        newest = max(known, default=0)
        late = select(trials.c.id).where(
            its_own, trials.c.finished_at >= since, trials.c.id <= newest
        )
        with self.database.reading() as connection:
            # A trial that is finished changes no more, so of those only the unknown are read.
            ended = {
                key
                for key in connection.scalars(late)
                if key not in known or known[key].finished_at is None
            }
            query = _TRIALS.where(
                stages.c.search_id == search.id,
                or_(
                    trials.c.id > newest,
                    trials.c.state == "running",
                    trials.c.id.in_([*running, *ended]),
                ),
            ).order_by(stages.c.number, trials.c.number)
            return [_trial(row) for row in connection.execute(query)]

    @patient
    def standings(self, claim: PlanningClaim) -> list[rungs.Standing]:
        """How the trials stand that were trained up to the rung that is to be planned."""
        with self.database.reading() as connection:
            return rungs.standings(connection, claim.stage_id, claim.rung)

    @patient
    def curves(self, search: Search) -> dict[int, Curve]:
        """The recorded reports of all trials, by the trial's id."""
        with self.database.reading() as connection:
            return _curves(curves.of_search(connection, search.id))

    @patient
    def curves_of(self, trial_ids: Sequence[int]) -> dict[int, Curve]:
        """The recorded reports of some trials, by the trial's id; few, not thousands."""
        with self.database.reading() as connection:
            return _curves(curves.of_trials(connection, trial_ids))

    @patient
    def score_counts(
        self,
        trial_ids: Sequence[int],
        metric: str,
        low: float,
        high: float,
        bins: int,
        *,
        log: bool = False,
    ) -> Counted:
        """How many of these trials have which value of a metric after which step.

        Args:
            trial_ids: Those trials.
            metric: Its name.
            low: Where the first bin begins; above 0 for `log`.
            high: Where the last bin ends; larger than `low`.
            bins: How many there are, of equal width; values beyond them count in the outer ones.
            log: Whether their width is equal on a log scale, and not on a linear one.
        """
        with self.database.reading() as connection:
            return curves.score_counts(connection, trial_ids, metric, low, high, bins, log=log)

    @patient
    def winner(self, search: Search) -> Trial | None:
        """The best complete trial of the configuration that the final trains first.

        It is looked for among the best of all, where it is. None before the final is planned.
        """
        first = _TRIALS.where(
            stages.c.search_id == search.id, stages.c.kind == "final", trials.c.number == 0
        )
        best = (
            _TRIALS.where(
                stages.c.search_id == search.id,
                stages.c.name.in_(search.study.contenders()),
                trials.c.state == "complete",
            )
            .order_by(trials.c.value.desc(), stages.c.number, trials.c.number)
            .limit(MOST_LOOKED_AT)
        )
        with self.database.reading() as connection:
            trained = connection.execute(first).first()
            if trained is None:
                return None
            same = (r for r in connection.execute(best) if r.parameters == trained.parameters)
            found = next(same, None)
            return None if found is None else _trial(found)

    @patient
    def worked_on(self, trial: Trial) -> TrialWork:
        """Who trained a trial, or trains it, and how often that was begun."""
        with self.database.reading() as connection:
            return _work(connection, trial.id)

    @patient
    def spans(self, search: Search) -> list[tuple[float, float]]:
        """When each finished cohort was claimed, for the last time, and when it was handed in.

        Seconds since 1970, UTC, by the database's clock; in the order in which they were claimed.
        """
        times = (
            select(cohorts.c.claimed_at, cohorts.c.finished_at)
            .join(stages, stages.c.id == cohorts.c.stage_id)
            .where(stages.c.search_id == search.id, cohorts.c.finished_at.is_not(None))
            .order_by(cohorts.c.claimed_at, cohorts.c.id)
        )
        with self.database.reading() as connection:
            return [(row.claimed_at, row.finished_at) for row in connection.execute(times)]

    @patient
    def portrait(self, trial: Trial) -> Portrait | None:
        """What pictures of a trial's network are drawn from; None where nothing was kept.

        Raises:
            LedgerError: What was kept is damaged.
        """
        with self.database.reading() as connection:
            return portraits.kept(connection, trial.id)

    @patient
    def attachment(self, trial: Trial) -> bytes | None:
        """What the objective kept of a trial of the final; None where it kept nothing."""
        with self.database.reading() as connection:
            return portraits.content(connection, trial.id)


def _curves(rows: Iterable[Row[Any]]) -> dict[int, Curve]:
    found: dict[int, list[Report]] = {}
    for row in rows:
        found.setdefault(row.trial_id, []).append(_report(row))
    return {trial_id: Curve(trial_id, tuple(some)) for trial_id, some in found.items()}


def _work(connection: Connection, trial_id: int) -> TrialWork:
    query = (
        select(cohorts, trials.c.id.label("trial_id"))
        .join(cohorts, cohorts.c.id == trials.c.cohort_id)
        .where(trials.c.id == trial_id)
    )
    row = connection.execute(query).one()
    mates = select(trials.c.number).where(trials.c.cohort_id == row.id).order_by(trials.c.number)
    return TrialWork(
        cohort=row.number,
        mates=tuple(connection.scalars(mates)),
        attempts=row.attempt,
        lost=row.lost,
        worker=row.owner,
        claimed_at=row.claimed_at,
        finished_at=row.finished_at,
    )


def find_search(connection: Connection, name: str) -> Search | None:
    """The search of that name, None if there is none."""
    row = connection.execute(select(searches).where(searches.c.name == name)).first()
    return None if row is None else _search(row)


def _search(row: Row[Any]) -> Search:
    return Search(
        id=row.id,
        study=Study.from_canonical(row.study),
        study_hash=row.study_hash,
        data_fingerprint=row.data_fingerprint,
        environment=row.environment,
        created_at=row.created_at,
        finished_at=row.finished_at,
        result=row.result,
        stopped_at=row.stopped_at,
        failure=row.failure,
    )


def _report(row: Row[Any]) -> Report:
    metrics = {
        name: math.nan if value is None else value
        for name, value in row._mapping.items()
        if name not in ("trial_id", "epoch")
    }
    return Report(row.epoch, metrics)


def _trial(row: Row[Any]) -> Trial:
    return Trial(
        id=row.id,
        stage=row.stage,
        number=row.number,
        state=row.state,
        value=row.value,
        parameters=row.parameters,
        seed=row.seed,
        order_seed=row.order_seed,
        reason=row.reason,
        finished_at=row.finished_at,
        pruned_after=row.pruned_after,
    )


def _unplanned(study: Study, step: Step, *, begun: bool) -> StageState:
    """A stage of which only the study file speaks yet."""
    count = expected_trials(study, step)
    each = step.training.schedule.total_epochs(study.data.rows, step.training.batch_size)
    return StageState(
        step=step,
        state="planning" if begun else "unplanned",
        explanation="",
        boxes=(),
        trials=count,
        finished=0,
        pruned=0,
        diverged=0,
        failed=0,
        running=0,
        epochs_done=0,
        epochs_total=round(expected_epochs(study, step)),
        epochs_each=round(each),
        best=None,
        opened_at=None,
        finished_at=None,
    )


def _planned(connection: Connection, study: Study, step: Step, row: Row[Any]) -> StageState:
    mine = select(trials.c.state, func.count()).where(trials.c.stage_id == row.id)
    counted = connection.execute(mine.group_by(trials.c.state))
    counts: dict[str, int] = {row[0]: row[1] for row in counted}
    # A complete trial has all epochs, a pruned one those up to its rung: only others' are counted.
    other = connection.scalar(
        select(func.count())
        .select_from(epochs.join(trials, trials.c.id == epochs.c.trial_id))
        .where(trials.c.stage_id == row.id, trials.c.state.not_in(("complete", "pruned")))
    )
    pruned_after = connection.scalar(
        select(func.sum(trials.c.pruned_after)).where(
            trials.c.stage_id == row.id, trials.c.state == "pruned"
        )
    )
    done = counts.get("complete", 0) * round(row.epochs) + (pruned_after or 0) + (other or 0)
    grouped = connection.scalars(
        select(func.count()).where(trials.c.stage_id == row.id).group_by(trials.c.cohort_id)
    )
    to_come = row.trials - sum(counts.values())  # of generations that are not planned yet
    sizes = (*grouped, to_come) if to_come else tuple(grouped)
    ended = {one: counts.get(one, 0) for one in ("complete", "pruned", "diverged", "failed")}
    return StageState(
        step=step,
        state="finished" if row.state == "finished" else "open",
        explanation=row.explanation,
        boxes=tuple(row.boxes),
        trials=row.trials,
        finished=sum(ended.values()),
        pruned=ended["pruned"],
        diverged=ended["diverged"],
        failed=ended["failed"],
        running=counts.get("running", 0),
        epochs_done=done,
        epochs_total=round(expected_epochs(study, step, sizes)),
        epochs_each=round(row.epochs),
        best=_best(connection, step, row.id),
        opened_at=row.opened_at,
        finished_at=row.finished_at,
    )


def _best(connection: Connection, step: Step, stage_id: int) -> Trial | None:
    # Nothing is ever chosen by test accuracies, which are the values of the final's trials.
    order = [trials.c.number] if step.kind == "final" else [trials.c.value.desc(), trials.c.number]
    best = connection.execute(
        _TRIALS.where(trials.c.stage_id == stage_id, trials.c.state == "complete")
        .order_by(*order)
        .limit(1)
    ).first()
    return None if best is None else _trial(best)
