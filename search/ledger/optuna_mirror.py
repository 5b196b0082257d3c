"""Optuna's studies beside the ledger's tables: one study a stage, one Optuna trial a trial.

The ledger is the truth and Optuna's studies follow it through Optuna's public storage interface
(but for one renaming, in `publish`): each trial is added once, when its stage is planned, and told
its state when that changes. The ledger remembers what was told last, and so knows what a killed
process left untold. Telling something again does no harm.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial
from sqlalchemy import Connection, column, select, table, update
from sqlalchemy.exc import IntegrityError, OperationalError
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from search.errors import LedgerError
from search.ledger.database import BUSY_SECONDS, fault, is_busy, reported, set_up_sqlite
from search.ledger.records import Trial
from search.plan.plan import PlannedTrial

SEED = "klayer:seed"  # user attribute of every trial: the seed of its own draws

_studies = table("studies", column("study_name"))  # Optuna's

_STATES = {
    "waiting": TrialState.WAITING,
    "running": TrialState.RUNNING,
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.FAIL,
}


class OptunaMirror:
    """Writes what the ledger says into Optuna's studies in the same database.

    Raises:
        LedgerError: Optuna's tables cannot be opened, or are of another version of Optuna.

    Any method raises `DatabaseFaultError`, a `LedgerError`, when the database fails.
    """

    def __init__(self, storage_url: str) -> None:
        self._url = storage_url
        try:
            with _reported(storage_url):
                self._storage = _open(storage_url)
        except RuntimeError as error:  # so Optuna says that its tables are of another version
            raise LedgerError(f"{storage_url}: {error}") from error

    def draft(
        self,
        name: str,
        attempt: int,
        distributions: Mapping[str, BaseDistribution],
        attributes: Mapping[str, Any],
        trials: Sequence[PlannedTrial],
    ) -> str:
        """Make the study of a stage, all its trials waiting, under a name of its own.

        `publish` gives it its right name. What earlier attempts have left is deleted; no planner
        touches a study that is published, or of a later attempt, however late it wakes.

        Args:
            name: The right name: `<search>/<number>-<stage name>`.
            attempt: Which attempt at planning the stage this is.
            distributions: Of each hyperparameter, fixed for the whole study.
            attributes: What readers of Optuna should see of the stage.
            trials: By number.

        Returns:
            The name of the draft.
        """
        drafted = _draft_name(name, attempt)
        with _reported(self._url):
            study_id = self._storage.create_new_study([StudyDirection.MAXIMIZE], drafted)
            # Only now: SQLite would give the id of the last study, once deleted, to the next one.
            for earlier in range(1, attempt):
                self.discard(_draft_name(name, earlier))
            for key, value in attributes.items():
                self._storage.set_study_user_attr(study_id, key, value)
            for trial in trials:
                waiting = create_trial(
                    state=TrialState.WAITING,
                    params=dict(trial.parameters),
                    distributions=dict(distributions),
                    user_attrs={SEED: trial.seed},
                )
                self._storage.create_new_trial(study_id, waiting)
        return drafted

    def discard(self, drafted: str) -> None:
        """Delete a draft, if it is there."""
        with _reported(self._url), suppress(KeyError):
            self._storage.delete_study(self._storage.get_study_id_from_name(drafted))

    def close(self) -> None:
        """Close the connections."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def follow(self, study: str, trials: Iterable[Trial]) -> None:
        """Tell Optuna how some trials of a study stand.

        What Optuna no longer has, since somebody deleted the study, is passed over.
        """
        with _reported(self._url), suppress(KeyError):
            study_id = self._storage.get_study_id_from_name(study)
            for trial in trials:
                optuna_id = self._storage.get_trial_id_from_study_id_trial_number(
                    study_id, trial.number
                )
                with suppress(UpdateFinishedTrialError):  # the end is told already
                    self._tell(optuna_id, trial)

    def _tell(self, optuna_id: int, trial: Trial) -> None:
        state = _STATES[trial.state]
        if trial.reason is not None:
            self._storage.set_trial_user_attr(optuna_id, "reason", trial.reason)
        if trial.pruned_after is not None:
            self._storage.set_trial_user_attr(optuna_id, "pruned_after", trial.pruned_after)
        if state != TrialState.WAITING:  # Optuna notes the time of this; it does so only once
            self._storage.set_trial_state_values(optuna_id, TrialState.RUNNING)
        if state != TrialState.RUNNING:
            values = None if trial.value is None else [trial.value]
            self._storage.set_trial_state_values(optuna_id, state, values)


def publish(connection: Connection, drafted: str, name: str) -> None:
    """Give a draft its right name, as a part of the ledger's own transaction.

    Optuna has no way to rename a study, so this one statement writes to its table: the study
    appears whole, in the same instant in which its stage is opened.

    Raises:
        LedgerError: The draft is gone, or another study has the name.
    """
    if connection.scalar(select(_studies.c.study_name).where(_studies.c.study_name == name)):
        raise LedgerError(
            f"{name}: this database holds an Optuna study of that name which is not klayer's; "
            "keep the search in another database: --storage URL, or give it another name: "
            "--name NAME"
        )
    named = connection.execute(
        update(_studies).where(_studies.c.study_name == drafted).values(study_name=name)
    )
    if named.rowcount != 1:
        raise LedgerError(
            f"{name}: somebody deleted its Optuna study while it was made; run the search again"
        )


def _draft_name(name: str, attempt: int) -> str:
    return f"{name} (in the making, attempt {attempt})"


def _lost_a_race(error: BaseException) -> bool:
    """Whether another process was creating Optuna's tables at the same time."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    if isinstance(cause, IntegrityError):  # it has written what must stand there once
        return True
    made_meanwhile = isinstance(cause, OperationalError) and "already exists" in str(cause.orig)
    return made_meanwhile or (cause is not None and is_busy(cause))


@retry(
    retry=retry_if_exception(_lost_a_race),
    stop=stop_after_attempt(8),
    wait=wait_random_exponential(multiplier=0.05, max=1),
    reraise=True,
)
def _open(storage_url: str) -> RDBStorage:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = RDBStorage(storage_url, engine_kwargs={"connect_args": {"timeout": BUSY_SECONDS}})
    set_up_sqlite(storage.engine)
    storage.engine.dispose()  # connections made before the set-up
    return storage


@contextmanager
def _reported(storage_url: str) -> Iterator[None]:
    """Let the errors of Optuna's storage leave as one that the user can mend."""
    try:
        with reported(storage_url):
            yield
    except StorageInternalError as error:  # Optuna's word for what its database said
        cause = error.__cause__
        raise fault(storage_url, cause if isinstance(cause, Exception) else error) from error
