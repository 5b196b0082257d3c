"""Optuna's studies beside the ledger's tables: one study a stage, one Optuna trial a trial.

The ledger is the truth and Optuna's studies follow it through Optuna's public storage interface:
each trial is added once, when its stage is planned, and told its state when that changes. What a
killed process left untold is told by `follow`, which changes nothing that is already right.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from search.ledger.database import BUSY_SECONDS, set_up_sqlite
from search.ledger.records import Trial

SEED = "klayer:seed"  # user attribute of every trial: the seed of its own draws

_STATES = {
    "waiting": TrialState.WAITING,
    "running": TrialState.RUNNING,
    "complete": TrialState.COMPLETE,
    "diverged": TrialState.FAIL,
}


class OptunaMirror:
    """Writes what the ledger says into Optuna's studies in the same database."""

    def __init__(self, storage_url: str) -> None:
        self._storage = _open(storage_url)

    def create(
        self,
        name: str,
        distributions: Mapping[str, BaseDistribution],
        attributes: Mapping[str, Any],
        trials: Sequence[Mapping[str, Any]],
    ) -> list[int]:
        """Make the study of a stage with all its trials waiting; Optuna's ids, in order.

        A study of that name is what a planner that died has left, and is made anew.

        Args:
            name: `<search>/<number>-<stage name>`.
            distributions: Of each hyperparameter, fixed for the whole study.
            attributes: What readers of Optuna should see of the stage.
            trials: `parameters` and `attributes` of each trial, in the order of their numbers.
        """
        known = {study.study_name: study._study_id for study in self._storage.get_all_studies()}
        if name in known:
            self._storage.delete_study(known[name])
        study_id = self._storage.create_new_study([StudyDirection.MAXIMIZE], name)
        for key, value in attributes.items():
            self._storage.set_study_user_attr(study_id, key, value)
        return [
            self._storage.create_new_trial(
                study_id,
                create_trial(
                    state=TrialState.WAITING,
                    params=dict(trial["parameters"]),
                    distributions=dict(distributions),
                    user_attrs=dict(trial["attributes"]),
                ),
            )
            for trial in trials
        ]

    def close(self) -> None:
        """Close the connections."""
        self._storage.scoped_session.remove()
        self._storage.engine.dispose()

    def follow(self, trials: Iterable[tuple[int, Trial]]) -> None:
        """Tell Optuna how trials stand, each given with its Optuna id.

        Trials that Optuna no longer has, since somebody deleted their study, are passed over.
        """
        for optuna_id, trial in trials:
            try:
                known = self._storage.get_trial(optuna_id)
            except KeyError:
                continue
            state = _STATES[trial.state]
            if known.state.is_finished() or known.state == state or not _is_same(known, trial):
                continue
            with suppress(UpdateFinishedTrialError):  # another process has just told the end
                self._tell(known, state, trial)

    def _tell(self, known: FrozenTrial, state: TrialState, trial: Trial) -> None:
        optuna_id = known._trial_id
        if trial.reason is not None:
            self._storage.set_trial_user_attr(optuna_id, "reason", trial.reason)
        if state.is_finished() and known.state == TrialState.WAITING:
            self._storage.set_trial_state_values(optuna_id, TrialState.RUNNING)
        values = None if trial.value is None else [trial.value]
        self._storage.set_trial_state_values(optuna_id, state, values)


def _is_same(known: FrozenTrial, trial: Trial) -> bool:
    """Whether they are one trial; SQLite gives the ids of a deleted study's trials to others."""
    return bool(known.user_attrs.get(SEED) == trial.seed)


@retry(
    retry=retry_if_exception_type(Exception),
    stop=stop_after_attempt(8),
    wait=wait_random_exponential(multiplier=0.05, max=1),
    reraise=True,
)
def _open(storage_url: str) -> RDBStorage:
    """Optuna's storage; where several processes create its tables at once, the losers try again."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = RDBStorage(storage_url, engine_kwargs={"connect_args": {"timeout": BUSY_SECONDS}})
    set_up_sqlite(storage.engine)
    storage.engine.dispose()  # connections made before the set-up
    return storage
