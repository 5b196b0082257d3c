"""The ledger: records searches, hands out work, takes results.

Work is handed out by claims. A claim is a hold on a cohort, or on the planning of a stage, until
its lease runs out; a worker renews it while it works. What a worker that died has claimed is free
again once its lease has run out, or once its launcher releases it. Results are taken in one
transaction, and only from the latest claim: so every planned trial gets exactly one result.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from sqlalchemy import ColumnElement, Connection, bindparam, insert, update

from search.errors import LedgerError
from search.ledger import claims, queries, results, rungs
from search.ledger.changes import Changes
from search.ledger.claims import Finished, Free, LostLeaseError, Wait
from search.ledger.database import now, open_engine, reported
from search.ledger.records import Claim, PlanningClaim, Search
from search.ledger.results import TrialOutcome
from search.ledger.rungs import Rest
from search.ledger.tables import searches, stages, trials
from search.outcome import EpochFigures, TestReport
from search.plan.halving import RungPlan
from search.plan.plan import StagePlan
from search.plan.samplers import distributions
from search.study.changes import differences
from search.study.file import Study
from search.study.hashing import fingerprint

if TYPE_CHECKING:
    from search.ledger.optuna_mirror import OptunaMirror

LEASE_SECONDS = 60.0

WorkKind = Literal["cohorts", "planning"]


class Ledger:
    """One database of searches. Open one in each process; it may be used by several threads.

    Args:
        storage: A SQLAlchemy URL.
        create: Whether to make the database and its tables where there are none.
        tells: Whether Optuna is told at once what claims and results change. Where somebody else
            calls `follow_all` it need not be: Optuna takes half a second to import and open.

    Raises:
        LedgerError: The database cannot be opened, or is not the ledger's.

    Any method raises `DatabaseFaultError`, a `LedgerError`, when the database fails.
    """

    def __init__(self, storage: str, *, create: bool = False, tells: bool = True) -> None:
        self._storage = storage
        self._tells = tells
        self._engine = open_engine(storage, create=create)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()
        if "_mirror" in self.__dict__:
            self._mirror.close()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """One transaction, that happens whole or not at all."""
        with reported(str(self._engine.url)), self._engine.begin() as connection:
            yield connection

    @cached_property
    def _mirror(self) -> "OptunaMirror":
        from search.ledger.optuna_mirror import OptunaMirror

        return OptunaMirror(self._storage)

    @cached_property
    def read(self) -> queries.Queries:
        """Everything that can be asked without changing anything."""
        return queries.Queries(self._engine)

    def changes(self) -> Changes:
        """Tells whether something was written since it was last asked; close it when done."""
        return Changes(self._engine)

    # --- searches ------------------------------------------------------------------------------

    def record(
        self, study: Study, text: str, data_fingerprint: str, environment: Mapping[str, Any]
    ) -> Search:
        """Record a search, or find that it is recorded and the same.

        Raises:
            LedgerError: A search of this name asks for something else, or ran on other data.
        """
        canonical = study.canonical()
        with self._writing() as connection:
            known = queries.find_search(connection, study.name)
            if known is None:
                connection.execute(
                    insert(searches).values(
                        name=study.name,
                        study=canonical,
                        study_hash=fingerprint(canonical),
                        study_text=text,
                        data_fingerprint=data_fingerprint,
                        environment=dict(environment),
                        created_at=now(connection),
                    )
                )
                known = queries.find_search(connection, study.name)
        if known is None:
            raise LedgerError(f"{study.name}: the search that was just recorded is gone")
        _check_same(known, canonical, data_fingerprint)
        return known

    # --- handing out work ----------------------------------------------------------------------

    def next_work(
        self,
        search: Search,
        owner: str,
        lease_seconds: float = LEASE_SECONDS,
        only: WorkKind | None = None,
    ) -> Claim | PlanningClaim | Wait | Finished:
        """Claim what is to be done next, in one atomic step.

        Nothing is locked where there is nothing to claim.

        Args:
            search: Which search.
            owner: Who asks: unique to a worker process.
            lease_seconds: How long the claim holds unless it is renewed.
            only: What to claim, `Wait` where that is not what is to be done; None for anything.
        """
        with self.read.connection() as connection:
            seen = _wanted(claims.find(connection, search, now(connection)), only)
        if not isinstance(seen, Free):
            return seen
        with self._writing() as connection:
            time = now(connection)
            found = _wanted(claims.find(connection, search, time), only)  # others looked as well
            if not isinstance(found, Free):
                return found
            work = claims.claim(connection, search, found, owner, time, time + lease_seconds)
        if isinstance(work, Claim):
            self._follow(trials.c.cohort_id == work.cohort_id)
        return work

    def renew(self, claim: Claim | PlanningClaim, lease_seconds: float = LEASE_SECONDS) -> None:
        """Let the lease run from now on.

        Raises:
            LostLeaseError: Somebody else has the claim.
        """
        with self._writing() as connection:
            claims.hold(connection, claim, now(connection) + lease_seconds)

    def hand_back(self, claim: Claim | PlanningClaim) -> None:
        """Give up a claim, so that its work is free at once; nothing happens if it is lost."""
        with self._writing() as connection:
            try:
                claims.hold(connection, claim, now(connection))
            except LostLeaseError:
                return
            claims.release(connection, claim.owner)
        if isinstance(claim, Claim):
            self._follow(trials.c.cohort_id == claim.cohort_id)

    def release(self, owner: str) -> None:
        """Free all that a worker holds. Only for who knows that the worker's process is gone."""
        with self._writing() as connection:
            freed = claims.release(connection, owner)
        for cohort_id in freed:
            self._follow(trials.c.cohort_id == cohort_id)

    # --- taking results ------------------------------------------------------------------------

    def open_stage(
        self,
        search: Search,
        claim: PlanningClaim,
        plan: StagePlan,
        epochs_each: float,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """Put a stage's plan into effect: its Optuna study, its trials, its cohorts.

        Optuna's study is complete before the first cohort can be claimed. Studies of stages before
        are brought up to date.

        Raises:
            LostLeaseError: Somebody else plans the stage.
        """
        self.follow_all(search)
        self.renew(claim, lease_seconds)
        study = f"{search.study.name}/{plan.step.number}-{plan.step.name}"
        try:
            drafted = self._mirror.draft(
                study,
                claim.attempt,
                distributions(plan.boxes),
                {"klayer:search": search.study.name, "klayer:explanation": plan.explanation},
                plan.trials,
            )
        except Exception:
            self.renew(claim, lease_seconds)  # who plans the stage instead has deleted this draft
            raise
        try:
            self._open(claim, plan, epochs_each, study, drafted)
        except Exception:
            self._mirror.discard(drafted)
            raise

    def _open(
        self, claim: PlanningClaim, plan: StagePlan, epochs_each: float, study: str, drafted: str
    ) -> None:
        from search.ledger.optuna_mirror import publish

        with self._writing() as connection:
            claims.hold(connection, claim, None)
            publish(connection, drafted, study)
            rungs.open_stage(connection, claim.stage_id, plan, epochs_each, study, now(connection))

    def open_rung(self, claim: PlanningClaim, plan: RungPlan) -> None:
        """Put into effect who goes on at a rung, and in which cohorts.

        Raises:
            LostLeaseError: Somebody else plans the rung.
        """
        with self._writing() as connection:
            claims.hold(connection, claim, None)
            rungs.open_rung(connection, claim.stage_id, plan, now(connection))
        self._follow(trials.c.stage_id == claim.stage_id)

    def record_epochs(
        self,
        claim: Claim,
        figures: Mapping[int, EpochFigures],
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """Store one epoch of some of the claim's trials, by trial number, and renew the lease.

        Raises:
            LostLeaseError: Somebody else has the claim; nothing was stored.
        """
        with self._writing() as connection:
            claims.hold(connection, claim, now(connection) + lease_seconds)
            results.record_epochs(connection, claim, figures)

    def hand_in(
        self,
        claim: Claim,
        outcomes: Sequence[TrialOutcome],
        result: TestReport | None = None,
        rests: Sequence[Rest] = (),
    ) -> None:
        """Take the results of a cohort, all at once; with the final's, the test report.

        Args:
            claim: The cohort.
            outcomes: Of its trials that are at their end.
            result: The test report, with the final's.
            rests: Its trials that rest at a rung.

        Raises:
            LostLeaseError: Somebody else has the claim; nothing was taken.
            LedgerError: The outcomes are not those of the claim's trials.
        """
        with self._writing() as connection:
            results.hand_in(connection, claim, outcomes, result, rests, now(connection))
        self._follow(trials.c.cohort_id == claim.cohort_id)

    # --- Optuna's studies ----------------------------------------------------------------------

    def follow_all(self, search: Search) -> None:
        """Tell Optuna how all trials stand that stand otherwise than it was told."""
        self._tell(stages.c.search_id == search.id)

    def _follow(self, which: ColumnElement[bool]) -> None:
        if self._tells:
            self._tell(which)

    def _tell(self, which: ColumnElement[bool]) -> None:
        with self.read.connection() as connection:
            untold = queries.untold(connection, which)
        if not untold:
            return
        for study, some in untold.items():
            self._mirror.follow(study, some)
        told = [{"told_id": one.id, "now": one.state} for some in untold.values() for one in some]
        with self._writing() as connection:
            connection.execute(
                update(trials)
                .where(trials.c.id == bindparam("told_id"))
                .values(told=bindparam("now")),
                told,
            )


def _wanted(found: Free | Wait | Finished, only: WorkKind | None) -> Free | Wait | Finished:
    if isinstance(found, Free) and only is not None:
        is_cohort = found.cohort_id is not None
        return found if is_cohort == (only == "cohorts") else Wait()
    return found


def _check_same(known: Search, canonical: dict[str, Any], data_fingerprint: str) -> None:
    name = known.study.name
    changed = differences(known.study.canonical(), canonical)
    if changed:
        raise LedgerError(
            f"{name}: this search is recorded with another study file. What changed:\n  "
            + "\n  ".join(changed)
            + "\nUndo the change to go on with the recorded search, or give the new one a name of "
            "its own: --name NAME; or keep it in another database: --storage URL"
        )
    if known.data_fingerprint != data_fingerprint:
        raise LedgerError(
            f"{name}: this search ran on other images (fingerprint "
            f"{known.data_fingerprint[:12]}, these have {data_fingerprint[:12]}); point --data or "
            "KLAYER_DATA to those, or give the new search a name of its own: --name NAME"
        )
