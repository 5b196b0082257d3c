"""Everything that is read from the ledger. Nothing here writes, or blocks a writer."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from search.errors import LedgerError
from search.ledger import (
    at_work,
    attachments,
    best,
    claims,
    cohort_checkpoints,
    optuna_repair,
    postgresql,
    presence,
    reports,
    rungs,
    stage_states,
    trial_rows,
)
from search.ledger.database import Database, now, patient
from search.ledger.records import (
    CohortClaim,
    Extended,
    PlanningClaim,
    Presence,
    RecordedTrial,
    Search,
    SetAside,
    StageState,
    Stint,
    Strays,
    Training,
    TrialWork,
    WorkerState,
)
from search.ledger.studies import Studies
from search.ledger.tables import cohorts, searches, stages, trials
from search.ledger.trial_rows import TRIALS
from search.objective.data_card import DataCard
from search.objective.report import Report
from search.space.space import Box, Point
from search.study.file import Study
from search.study.ranges import recorded_box

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


class Queries:
    """Reads from one database. May be used by several threads."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._studies = Studies()

    def find(self, connection: Connection, name: str) -> Search | None:
        """The search of that name, None if there is none; a part of a transaction."""
        row = connection.execute(select(searches).where(searches.c.name == name)).first()
        return None if row is None else self._recorded(row)

    def _recorded(self, row: Row[Any]) -> Search:
        return _search(row, self._studies.read(row.id, row.study_hash, row.study))

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
            found = self.find(connection, name)
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
        return self._recorded(row)

    def again(self, search: Search) -> Search:
        """The search as it is recorded now."""
        return self.search_by_id(search.id)

    @patient
    def has_work(self, search: Search, owner: str) -> bool:
        """Whether a search has work now that is free for `owner`."""
        with self.database.reading() as connection:
            found = claims.find(connection, search, owner, now(connection), lock=False)
        return isinstance(found, claims.FreeCohort | PlanningClaim)

    @patient
    def free_connections(self) -> int | None:
        """How many more connections may be had to the database; None where nothing limits them."""
        if self.database.location.kind == "sqlite":
            return None
        with self.database.reading() as connection:
            return postgresql.free_connections(connection)

    @patient
    def set_aside(self, search: Search) -> list[SetAside]:
        """The cohorts of a search that are left to other hosts than the one that lost them."""
        with self.database.reading() as connection:
            return claims.set_aside(connection, search, now(connection))

    @patient
    def trained(self, search: Search) -> tuple[int, int]:
        """How far a search has come, in what no death of a worker takes away.

        Returns:
            How many cohorts have been handed in, those that only came to a rung included; and the
            steps up to which the trials of others are stored (`cohort_checkpoints`).
        """
        of_search = (stages.c.id == cohorts.c.stage_id) & (stages.c.search_id == search.id)
        done = select(func.count()).select_from(cohorts.join(stages, of_search))
        with self.database.reading() as connection:
            finished = connection.scalar(done.where(cohorts.c.state == "finished"))
            return finished or 0, cohort_checkpoints.steps_of(connection, search.id)

    @patient
    def workers(self, search: Search | None = None) -> list[WorkerState]:
        """The registered processes, oldest first, with those that were lost.

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
    def asked_to_release(self, claim: CohortClaim) -> bool:
        """Whether the holder of a cohort was asked to stop, or its search was stopped."""
        with self.database.reading() as connection:
            return claims.asked_to_stop(connection, claim)

    @patient
    def clock(self) -> float:
        """The database's time: seconds since 1970, UTC."""
        with self.database.reading() as connection:
            return now(connection)

    @patient
    def stages(self, search: Search) -> list[StageState]:
        """How every stage stands, those that are not planned yet included."""
        with self.database.reading() as connection:
            return stage_states.of_search(connection, search)

    @patient
    def finished_trials(self, search: Search, stage_id: int | None = None) -> list[RecordedTrial]:
        """All finished trials, by stage and number; what plans are made from.

        Args:
            search: Of which search.
            stage_id: Only those of this stage.
        """
        query = TRIALS.where(
            stages.c.search_id == search.id, trials.c.finished_at.is_not(None)
        ).order_by(stages.c.number, trials.c.number)
        if stage_id is not None:
            query = query.where(trials.c.stage_id == stage_id)
        with self.database.reading() as connection:
            return trial_rows.read(connection, query)

    @patient
    def boxes(self, claim: PlanningClaim) -> tuple[Box, ...]:
        """The boxes of an opened stage."""
        query = select(stages.c.boxes).where(stages.c.id == claim.stage.id)
        with self.database.reading() as connection:
            return tuple(recorded_box(box) for box in connection.scalar(query) or ())

    @patient
    def trials(self, search: Search, *, since: float | None = None) -> list[RecordedTrial]:
        """All planned trials, by stage and number.

        Args:
            search: Of which search.
            since: Only those that finished at this time of the database's clock, or later. A
                caller that polls gives the latest `finished_at` that it has seen, and gets the
                trials of that instant once more.
        """
        query = TRIALS.where(stages.c.search_id == search.id).order_by(
            stages.c.number, trials.c.number
        )
        if since is not None:
            query = query.where(trials.c.finished_at >= since)
        with self.database.reading() as connection:
            return trial_rows.read(connection, query)

    @patient
    def trials_changed(
        self, search: Search, known: Mapping[int, RecordedTrial], since: float
    ) -> list[RecordedTrial]:
        """The trials of a search that may have changed.

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
        waiting = {key for key, trial in known.items() if trial.state == "waiting"}
        gone = select(trials.c.id).where(its_own, trials.c.state == "skipped")
        with self.database.reading() as connection:
            # A trial that is finished changes no more, so of those only the unknown are read.
            ended = {
                key
                for key in connection.scalars(late)
                if key not in known or known[key].finished_at is None
            }
            ended |= waiting.intersection(connection.scalars(gone)) if waiting else set()
            query = TRIALS.where(stages.c.search_id == search.id)
            query = query.order_by(stages.c.number, trials.c.number)
            some = [*running, *ended]
            if len(some) <= reports.AT_ONCE:  # a statement has no more values; else all are read
                new = or_(trials.c.id > newest, trials.c.state == "running")
                query = query.where(new | trials.c.id.in_(some))
            return trial_rows.read(connection, query)

    @patient
    def standings(self, claim: PlanningClaim) -> Mapping[int, tuple[Point, float | None]]:
        """Point and value of the trials that were trained up to the rung that is to be planned.

        By number; the value is None where a trial has none since the rung before.
        """
        with self.database.reading() as connection:
            return rungs.standings(connection, claim.stage.id, claim.rung)

    @patient
    def curves(self, search: Search) -> Mapping[int, tuple[Report, ...]]:
        """What all trials reported, in the order of their steps, by the trial's id."""
        with self.database.reading() as connection:
            return reports.of_search(connection, search.id)

    @patient
    def curves_of(self, trial_ids: Sequence[int]) -> Mapping[int, tuple[Report, ...]]:
        """What some trials reported, by the trial's id; few, not thousands."""
        with self.database.reading() as connection:
            return reports.of_trials(connection, trial_ids)

    @patient
    def score_counts(
        self,
        trial_ids: Sequence[int],
        low: float,
        high: float,
        bins: int,
        *,
        log: bool = False,
    ) -> reports.Counted:
        """How many of these trials have which score at which step.

        Args:
            trial_ids: Those trials.
            low: Where the first bin begins; above 0 for `log`.
            high: Where the last bin ends; larger than `low`.
            bins: How many there are, of equal width; values beyond them count in the outer ones.
            log: Whether their width is equal on a log scale, and not on a linear one.
        """
        with self.database.reading() as connection:
            return reports.score_counts(connection, trial_ids, low, high, bins, log=log)

    @patient
    def winner(self, search: Search) -> RecordedTrial | None:
        """The best complete trial of the configuration that the search has chosen.

        That is the one that the final trains first; where there is no final, the best of the
        finalists over their seeds, or the best trial of all. It is looked for among the best of
        all, where it is. None before it is chosen.
        """
        with self.database.reading() as connection:
            return best.winner(connection, search)

    @patient
    def worked_on(self, trial: RecordedTrial) -> TrialWork:
        """Which worker trains or trained a trial, and how often that was begun."""
        with self.database.reading() as connection:
            return _work(connection, trial.id)

    @patient
    def strays(self, search: Search) -> list[Strays]:
        """What others have done to the Optuna studies of a search; those left alone are left out.

        `Ledger.take_up` puts them right, but for trials that others have added.
        """
        with self.database.reading() as connection:
            return optuna_repair.strays(connection, search.id)

    @patient
    def spans(self, search: Search) -> list[tuple[float, float]]:
        """From when to when each claim of a cohort lasted, be it handed in, released or lost.

        Seconds since 1970, UTC, by the database's clock; in the order in which they were claimed.
        Claims that have not ended are left out.
        """
        with self.database.reading() as connection:
            found = at_work.stints(connection, search.id, None)
        return [(one.claimed_at, one.finished_at) for one in found if one.finished_at is not None]

    @patient
    def now_trained(self, search: Search) -> list[Training]:
        """The trials that workers hold, with how far each is, by stage and number."""
        with self.database.reading() as connection:
            return at_work.now_trained(connection, search.id)

    @patient
    def stints(self, search: Search, seconds: float | None = None) -> list[Stint]:
        """The claims of cohorts, in their order: those that hold, and those that ended.

        Args:
            search: Which search.
            seconds: Only those that ended since so long ago, beside those that hold. Where it
                is None, steps are not counted.
        """
        with self.database.reading() as connection:
            since = None if seconds is None else now(connection) - seconds
            return at_work.stints(connection, search.id, since)

    @patient
    def attachment(self, trial: RecordedTrial) -> bytes | None:
        """What the objective keeps with a trial of the final; None where there is nothing."""
        with self.database.reading() as connection:
            return attachments.kept(connection, trial.id)


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


def _search(row: Row[Any], study: Study) -> Search:
    return Search(
        id=row.id,
        study=study,
        study_hash=row.study_hash,
        data=DataCard.of(row.data),
        environment=row.environment,
        created_at=row.created_at,
        finished_at=row.finished_at,
        result=row.result,
        stopped_at=row.stopped_at,
        failure=row.failure,
        metrics=tuple(row.metrics),
        extensions=tuple(
            Extended(**one | {"changes": tuple(one["changes"])}) for one in row.extensions
        ),
        klayer=row.klayer,
    )
