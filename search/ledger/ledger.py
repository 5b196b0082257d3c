"""The ledger: records searches, hands out work, takes results.

Work is handed out by claims. A claim is a hold on a cohort, or on the planning of a stage, until
its lease runs out; a worker renews it while it works. What a worker that died has claimed is free
again once its lease has run out, or once its launcher releases it. Results are taken in one
transaction, and only from the latest claim: so every planned trial gets exactly one result.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, Literal, Self

from sqlalchemy import Connection, func, insert, select, update

from search.errors import LedgerError
from search.ledger import (
    budgets,
    claims,
    cohort_checkpoints,
    deletion,
    extending,
    one_version,
    optuna_curves,
    optuna_repair,
    pace,
    postgresql,
    presence,
    queries,
    results,
    retrying,
    rungs,
    sqlite,
)
from search.ledger.changes import Changes, watch
from search.ledger.claims import MOST_LOST, Finished, FreeCohort, LostLeaseError, Wait
from search.ledger.database import Database, insert_new, now, patient, wake
from search.ledger.extending import Extension
from search.ledger.optuna_rows import Distributions
from search.ledger.records import (
    Claim,
    CohortCheckpoint,
    CohortClaim,
    PlanningClaim,
    Presence,
    Search,
    TrialResult,
)
from search.ledger.retrying import Retry
from search.ledger.schema import open_database
from search.ledger.tables import searches, stages
from search.objective.data_card import DataCard
from search.objective.report import Evaluation, Report
from search.plan.generations import GenerationPlan
from search.plan.halving import RungPlan
from search.plan.plan import StagePlan, Step, steps
from search.plan.stopping import Ending
from search.runtime.environment import code_version
from search.study.changes import differences
from search.study.file import Study
from search.study.hashing import fingerprint
from search.study.recorded import recorded_form

LEASE_SECONDS = 60.0
# How long workers retry where the database does not answer.
PATIENCE_SECONDS = 120.0

WorkKind = Literal["cohorts", "planning"]


class Ledger:
    """One database of searches. Open one in each process; it may be used by several threads.

    Args:
        storage: A SQLAlchemy URL.
        create: Whether to make the database and its tables where there are none.
        patience_seconds: For how long transient faults of the database are retried, such as a
            server that is started again; 0 for readers, which report them at once.

    Raises:
        LedgerError: The database cannot be opened, or is not the ledger's.

    Any method raises `DatabaseFaultError`, a `LedgerError`, when the database fails for longer than
    that.
    """

    def __init__(
        self, storage: str, *, create: bool = False, patience_seconds: float = 0.0
    ) -> None:
        self.database: Database = open_database(
            storage, create=create, patience_seconds=patience_seconds
        )
        self._found_a_cohort = False  # when work was last asked for

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    @cached_property
    def read(self) -> queries.Queries:
        """Everything that can be asked without changing anything."""
        return queries.Queries(self.database)

    def changes(self) -> Changes:
        """Tells whether something was written since it was last asked; close it when done."""
        return watch(self.database)

    def stop_retrying(self) -> None:
        """Retry nothing any more where the database fails: this process is to end."""
        self.database.stop_retrying.set()

    # --- searches ------------------------------------------------------------------------------

    @patient
    def record(
        self, study: Study, text: str, data: DataCard, environment: Mapping[str, Any]
    ) -> Search:
        """Record a search, or find that it is recorded and the same.

        Args:
            study: What is asked for.
            text: The study file as it was read.
            data: What is known of the data that it runs on.
            environment: Versions and machine.

        Raises:
            LedgerError: A search of this name asks for something else, or ran on other data.
        """
        canonical = study.canonical()
        with self.database.writing() as connection:
            known = self.read.find(connection, study.name)
            if known is None:
                added = connection.scalar(
                    insert_new(connection, searches)
                    .values(
                        **_key_of_its_own(connection),
                        name=study.name,
                        study=recorded_form(study),
                        study_hash=fingerprint(canonical),
                        study_text=text,
                        metrics=[metric.name for metric in study.objective.metrics],
                        data=data.plain(),
                        worked=0.0,
                        trained_seconds=0.0,
                        readings=0,
                        extensions=[],
                        environment=dict(environment),
                        klayer=code_version(),
                        created_at=now(connection),
                    )
                    .returning(searches.c.id)
                )
                if added is not None:  # nobody else was quicker
                    _add_stages(connection, added, steps(study))
                wake(connection)
                known = self.read.find(connection, study.name)
        if known is None:
            raise LedgerError(f"{study.name}: the search that was just recorded is gone")
        _check_same(known, study, data)
        return known

    @patient
    def take_up(self, search: Search, study: Study | None = None) -> None:
        """Resume a search that was stopped, or that failed; put its Optuna studies right.

        Args:
            search: Which search.
            study: The same as it was read now, perhaps from another folder, from which relative
                paths start from now on.

        Raises:
            OtherVersionError: Processes of another version of klayer are at work on it.
        """
        self._bring_to_now()
        with self.database.writing() as connection:
            time = now(connection)
            # First: what may be claimed is locked before the search, as by those who hand in.
            locking = partial(claims.lock_all, connection, search, time)
            optuna_repair.put_search_right(connection, search.id, locking)
            one_version.take_over(connection, search, time)
            its_row = searches.c.id == search.id
            connection.execute(
                update(searches)
                .where(its_row, searches.c.finished_at.is_(None))
                .values(stopped_at=None, failure=None)
            )
            form = connection.scalar(select(searches.c.study).where(its_row))
            here = {} if study is None else _start_of_paths(recorded_form(study))
            if form is not None and here != _start_of_paths(form) and here:
                moved = {**form, "objective": {**form["objective"], **here}}
                connection.execute(update(searches).where(its_row).values(study=moved))
            wake(connection)

    @patient
    def stop(self, search: Search) -> None:
        """Stop a search; workers release what they hold. Nothing happens if it is finished."""
        with self.database.writing() as connection:
            connection.execute(
                update(searches)
                .where(
                    searches.c.id == search.id,
                    searches.c.finished_at.is_(None),
                    searches.c.stopped_at.is_(None),
                )
                .values(stopped_at=now(connection))
            )
            wake(connection)

    @patient
    def fail(self, search: Search, reason: str, claim: PlanningClaim | None = None) -> None:
        """Record that a search cannot go on, so that no worker takes work of it.

        Args:
            search: Which search.
            reason: Why.
            claim: The claim of the planner that found no plan.

        Raises:
            LostLeaseError: Another process plans it.
        """
        with self.database.writing() as connection:
            if claim is not None:
                claims.hold(connection, claim, now(connection))
            connection.execute(
                update(searches).where(searches.c.id == search.id).values(failure=reason)
            )
            wake(connection)

    @patient
    def delete(self, search: Search) -> None:
        """Delete a search: trials, reports, checkpoints, attachments, and its Optuna studies.

        Nothing happens if it is gone.

        Raises:
            LedgerError: A worker holds work of it or serves it; nothing was deleted.
        """
        self._bring_to_now()
        with self.database.writing() as connection:
            deletion.delete_search(connection, search, now(connection))

    @patient
    def retry(self, search: Search, retry: Retry) -> None:
        """Let the failed trials of a search wait again, and plan anew what followed without them.

        Raises:
            LedgerError: A worker holds work of it; nothing was changed.
        """
        self._bring_to_now()
        with self.database.writing() as connection:
            retrying.retry_failed(connection, search, retry, now(connection))

    @patient
    def extend(self, search: Search, extension: Extension, text: str, by: str) -> None:
        """Let a search go on as another study; what of it is planned stays.

        Args:
            search: Which search.
            extension: What it comes to.
            text: The study file, as it was read.
            by: Who does it, for the record.

        Raises:
            LedgerError: A worker holds work of it, or it was changed meanwhile; nothing was
                changed.
        """
        self._bring_to_now()
        with self.database.writing() as connection:
            extending.extend(connection, search, extension, text, by, now(connection))
            _add_stages(connection, search.id, extension.steps)

    # --- workers -------------------------------------------------------------------------------

    @patient
    def join(self, who: Presence) -> None:
        """Register a worker process or a launcher.

        Raises:
            LedgerError: The database is SQLite, and in use on another machine.
        """
        self._bring_to_now()
        with self.database.writing() as connection:
            presence.join(connection, who, now(connection))

    @patient
    def beat(
        self,
        who: Presence,
        claim: Claim | None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> bool:
        """Record a heartbeat, and renew the lease of what the process holds.

        Locks of processes that fell silent amid a transaction are freed on the way.

        A claim that is lost is ignored: its worker learns of the loss when it next writes.

        Returns:
            Whether it should stop.
        """
        self._bring_to_now()
        with self.database.writing() as connection:
            time = now(connection)
            # First what is held, then the process: in the order in which `release_of` locks them.
            if claim is not None:
                with suppress(LostLeaseError):
                    claims.hold(connection, claim, time + lease_seconds)
            stops = presence.see(connection, who, time)
        if claim is not None and claim.budget_of is not None:  # behind what keeps the lease
            with self.database.writing() as connection:
                pace.tick(connection, claim.budget_of, now(connection))
        return stops

    def _bring_to_now(self) -> None:
        """Free what silent sessions lock, and let leases of a clock that was ahead begin now."""
        with self.database.writing() as connection:
            if connection.dialect.name == "postgresql":
                postgresql.end_silent(connection)  # before that waits for one of them which follows
            claims.bring_to(connection, now(connection), LEASE_SECONDS)

    @patient
    def leave(self, who: Presence) -> None:
        """Remove a process, and release what it still holds."""
        with self.database.writing() as connection:
            claims.release(connection, [who.name], lost=False)
            presence.leave(connection, [who.name])
            wake(connection)

    @patient
    def ask_to_stop(self, launcher: str) -> None:
        """Ask the workers that a launcher started to release what they hold, and to end."""
        with self.database.writing() as connection:
            presence.ask_to_stop(connection, launcher)

    @patient
    def release_of(self, launcher: str, names: Sequence[str] | None = None, *, lost: bool) -> None:
        """Release what workers of a launcher hold whose processes are known to be gone.

        Args:
            launcher: The launcher that started them.
            names: Only these, and those whose names begin with one of these and a dash; None for
                all that have not left.
            lost: Whether what they held may have ended them, which counts as a loss.
        """
        with self.database.writing() as connection:
            gone = presence.workers_of(connection, launcher)
            if names is not None:
                gone = [one for one in gone if one in names or one.rpartition("-")[0] in names]
            claims.release(connection, gone, lost=lost)
            presence.leave(connection, gone)
            wake(connection)

    # --- handing out work ----------------------------------------------------------------------

    @patient
    def next_work(
        self,
        search: Search,
        owner: str,
        lease_seconds: float = LEASE_SECONDS,
        only: WorkKind | None = None,
    ) -> Claim | Wait | Finished:
        """Claim what is to be done next, in one atomic step.

        A worker that waits locks nothing: it reads first. A worker that has just had a cohort
        finds another one more often than not, and claims it without reading first. What `owner`
        holds already counts as free for it, since it asks only when it is idle. A cohort with which
        `MOST_LOST` workers were lost is given up on the way. Where the time of the study's budget
        runs out, the stage is cut on the way.

        Args:
            search: Which search.
            owner: The worker that asks; unique to a process.
            lease_seconds: How long the claim holds unless it is renewed.
            only: The kind of work to claim; `Wait` where other work comes next. None for any.

        Raises:
            OtherVersionError: Another version of klayer works on the search.
        """
        if only == "planning" or not self._found_a_cohort:
            with self.database.reading() as connection:
                seen = claims.find(connection, search, owner, now(connection), lock=False)
            if not _wanted(seen, only):
                return seen if isinstance(seen, Finished) else Wait()
        if search.study.hours is not None:
            with self.database.writing() as connection:
                pace.tick(connection, search.id, now(connection))
        while True:
            with self.database.writing() as connection:
                time = now(connection)
                seen = claims.find(connection, search, owner, time, lock=True)  # others looked too
                if isinstance(seen, Wait | Finished) or not _wanted(seen, only):
                    self._found_a_cohort = False
                    return seen if isinstance(seen, Finished) else Wait()
                short = budgets.shortage(connection, search, seen, time)
                if short is None:
                    if isinstance(seen, PlanningClaim) or seen.lost < MOST_LOST:
                        self._found_a_cohort = isinstance(seen, FreeCohort)
                        until = time + lease_seconds
                        return claims.claim(connection, search, seen, owner, time, until)
                    results.give_up(connection, claims.budget_of(search), seen, time)
                    continue
            with self.database.writing() as connection:  # which locks in another order
                budgets.cut(connection, search, seen, short, owner, now(connection))

    @patient
    def release(self, claim: Claim, *, lost: bool = False) -> None:
        """Release a claim, so that its work is free at once; nothing happens if it is lost.

        Args:
            claim: Which claim.
            lost: Whether it is released since the work failed here, which counts as a loss.
        """
        with self.database.writing() as connection:
            try:
                claims.hold(connection, claim, now(connection))
            except LostLeaseError:
                return
            claims.release(connection, [claim.owner], lost=lost)
            wake(connection)

    # --- taking results ------------------------------------------------------------------------

    @patient
    def open_stage(
        self,
        search: Search,
        claim: PlanningClaim,
        plan: StagePlan,
        distributions: Distributions,
        steps_each: float | None = None,
        trials: int | None = None,
    ) -> None:
        """Put a stage's plan into effect: its trials, its cohorts, its Optuna study.

        Trials whose values are known from before are finished at once.

        Args:
            search: Which search.
            claim: Of the stage's planning.
            plan: All its trials, or its first generation.
            distributions: Optuna's, of each hyperparameter, for all of its trials.
            steps_each: Steps of a trial that is trained to its end; None if that is not known.
            trials: How many it will have in all; None if those of the plan are all.

        Raises:
            LostLeaseError: Another process plans the stage, or has planned it.
        """
        name, stage = search.study.name, claim.stage
        with self.database.writing() as connection:
            time = now(connection)
            claims.hold(connection, claim, None)
            rungs.open_stage(
                connection,
                claim.stage.id,
                plan,
                len(plan.trials) if trials is None else trials,
                steps_each,
                distributions,
                f"{name}/{stage.number}-{stage.name}",
                search,
                time,
            )
            if plan.values:
                source = search.study.stages[stage.number - 1].source or "the study file"
                results.take_over(connection, stage.id, plan.values, source, time)

    @patient
    def open_rung(self, claim: PlanningClaim, plan: RungPlan) -> None:
        """Put a rung's plan into effect: which trials go on, and in which cohorts.

        Raises:
            LostLeaseError: Another process plans the rung, or has planned it.
        """
        with self.database.writing() as connection:
            claims.hold(connection, claim, None)
            rungs.open_rung(connection, claim.stage.id, plan, now(connection))

    @patient
    def open_generation(
        self,
        claim: PlanningClaim,
        plan: GenerationPlan,
        distributions: Distributions,
    ) -> None:
        """Put the next generation of a stage into effect, over the distributions of the stage.

        Raises:
            LostLeaseError: Another process plans the generation, or has planned it.
        """
        with self.database.writing() as connection:
            claims.hold(connection, claim, None)
            rungs.open_generation(connection, claim.stage.id, plan, distributions)

    @patient
    def end_stage(self, claim: PlanningClaim, ending: Ending) -> None:
        """Close a stage before all its trials, where its next generation was to be planned.

        Raises:
            LostLeaseError: Another process plans the generation, or has planned it.
        """
        with self.database.writing() as connection:
            claims.hold(connection, claim, None)
            results.end_stage(connection, claim.stage.id, ending, now(connection))

    @patient
    def record_reports(
        self,
        claim: CohortClaim,
        reports: Mapping[int, Report | Sequence[Report]],
        lease_seconds: float = LEASE_SECONDS,
        checkpoint: CohortCheckpoint | None = None,
    ) -> bool:
        """Store what some of the claim's trials report, and renew the lease.

        Args:
            claim: The cohort.
            reports: One or several, by trial number; metrics that the search does not declare are
                not kept. Where there are none, the lease is renewed.
            lease_seconds: How long the claim holds from now on.
            checkpoint: Where another worker goes on from now on if this one is lost.

        Returns:
            Whether the claim's owner was asked to stop, or its search was.

        Raises:
            LostLeaseError: Another worker has the claim; nothing was stored.
        """
        with self.database.writing() as connection:
            claims.hold(connection, claim, now(connection) + lease_seconds)
            results.record_reports(connection, claim, reports)
            if checkpoint is not None:
                before = cohort_checkpoints.steps(connection, claim.cohort_id) if claim.lost else {}
                kept = cohort_checkpoints.keep(connection, claim.cohort_id, checkpoint)
                if kept and claim.lost and checkpoint.is_further_than(before):
                    claims.forget_losses(connection, claim.cohort_id)
                if kept:
                    optuna_curves.go_on_with(connection, claim.cohort_id)
            return claims.asked_to_stop(connection, claim)

    @patient
    def hand_in(
        self,
        claim: CohortClaim,
        given: Sequence[TrialResult],
        evaluation: Evaluation | None = None,
        reports: Mapping[int, Report | Sequence[Report]] = MappingProxyType({}),
    ) -> None:
        """Take the results of a cohort, all at once, and the evaluation with those of the final.

        Args:
            claim: The cohort.
            given: One result for each of its trials, whether at its end or at a rung.
            evaluation: What was said of the final's trials; attachments are by place in the claim.
            reports: Those of its trials that are not stored yet, by trial number.

        Raises:
            LostLeaseError: Another worker has the claim, or its results are taken already; nothing
                was taken.
            LedgerError: The results or the attachments are not those of the claim's trials.
        """
        with self.database.writing() as connection:
            results.hand_in(connection, claim, given, evaluation, reports, now(connection))


def _add_stages(connection: Connection, search_id: int, added: Sequence[Step]) -> None:
    """Insert stages of a search, none of which is planned yet."""
    connection.execute(
        insert(stages),
        [
            {
                "search_id": search_id,
                "number": step.number,
                "name": step.name,
                "kind": step.kind,
                "state": "unplanned",
                "attempt": 0,
                "generations": 0,
                **pace.NOTHING,
            }
            for step in added
        ],
    )


def _key_of_its_own(connection: Connection) -> dict[str, int]:
    """The key of a new search where the database would give one again that was deleted."""
    if connection.dialect.name != "sqlite" or not (gone := sqlite.highest_key_given(connection)):
        return {}
    there = connection.scalar(select(func.max(searches.c.id))) or 0
    return {"id": max(gone, there) + 1}


def _wanted(found: FreeCohort | PlanningClaim | Wait | Finished, only: WorkKind | None) -> bool:
    """Whether something was found that is free, and of the kind that is asked for."""
    if only is None:
        return isinstance(found, FreeCohort | PlanningClaim)
    return isinstance(found, FreeCohort if only == "cohorts" else PlanningClaim)


def _start_of_paths(form: Mapping[str, Any]) -> dict[str, Any]:
    """What a recorded study says of the folder of its file; {} where no path is relative to it."""
    return {key: value for key, value in form["objective"].items() if key == "base"}


def _check_same(known: Search, study: Study, data: DataCard) -> None:
    name = known.study.name
    changed = differences(known.study.in_full(), study.in_full())
    before = {one.study_hash for one in known.extensions}
    if changed and fingerprint(study.canonical()) not in before:  # what it grew from serves as well
        raise LedgerError(
            f"{name}: this search is recorded with another study file. What changed:\n  "
            + "\n  ".join(changed)
            + "\nUndo the change to go on with the recorded search; let it go on so with `klayer "
            f"extend {name} --stages FILE`, where what changed is not planned yet; or give the new "
            "one a name of its own: --name NAME; or keep it in another database: --storage URL"
        )
    if known.data_fingerprint != data.fingerprint:
        raise LedgerError(
            f"{name}: this search ran on other data (fingerprint {known.data_fingerprint[:12]}, "
            f"{data.source} has {data.fingerprint[:12]}); point --data or KLAYER_DATA to those, or "
            "give the new search a name of its own: --name NAME"
        )
