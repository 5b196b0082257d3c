"""Optuna's ask and tell on its own storage: the peer of klayer's ledger.

The storage is made from a plain URL, and points are drawn at random, which costs the least: its
default sampler reads all finished trials each time. A study is filled with finished trials in a few
statements of SQL; by Optuna itself that would take minutes.
"""

import time
from collections.abc import Iterator

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, distribution_to_json
from optuna.exceptions import StorageInternalError
from sqlalchemy import text

from benchmarks.ledger_pool import Piece, own_megabytes

DISTRIBUTIONS: dict[str, BaseDistribution] = {
    "learning_rate": FloatDistribution(1e-4, 1.0, log=True),
    "weight_decay": FloatDistribution(1e-6, 1e-1, log=True),
}

_TRIALS = """
INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)
WITH RECURSIVE numbers (number) AS
    (SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number < :last)
SELECT number, :study, 'COMPLETE', '2026-01-01 00:00:00.000000', '2026-01-01 00:01:00.000000'
FROM numbers
"""
_PARAMETERS = """
INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)
SELECT trial_id, :name, 0.01, :written FROM trials WHERE study_id = :study
"""
_VALUES = """
INSERT INTO trial_values (trial_id, objective, value, value_type)
SELECT trial_id, 0, 1.0 / (number + 3), 'FINITE' FROM trials WHERE study_id = :study
"""


class Optuna:
    """A study that has so many finished trials when it begins."""

    def __init__(self, url: str, trials: int) -> None:
        self._url, self._trials = url, trials

    def prepare(self) -> dict[str, float]:
        """Make and fill the study; then look at all its trials for the first time."""
        self._open()
        made = optuna.create_study(storage=self._storage, study_name="study", direction="maximize")
        began = time.perf_counter()
        self._fill(made._study_id)
        filled = time.perf_counter() - began
        before, began = own_megabytes(), time.perf_counter()
        self._load()
        looked = time.perf_counter() - began
        return {"fill": filled, "first look": looked, "memory": own_megabytes() - before}

    def take_up(self) -> None:
        """Open the storage, and look at all trials for the first time."""
        self._open()
        self._load()

    def make_ready(self, seconds: float, workers: int) -> None:  # noqa: ARG002 (there is always work)
        """Look at the trials that are new, for no worker to have to."""
        self._study.get_trials(deepcopy=False, states=())
        self._storage.remove_session()
        self._storage.engine.dispose()

    def pieces(self, worker: str, epochs: int) -> Iterator[Piece]:  # noqa: ARG002 (nobody is told)
        """Ask and tell, one trial at a time."""
        self._study.sampler.reseed_rng()
        while True:
            began = time.perf_counter()
            try:
                trial = self._study.ask(DISTRIBUTIONS)
                seconds = time.perf_counter() - began
                for epoch in range(1, epochs + 1):
                    trial.report(0.4, epoch)
                self._study.tell(trial, 1 / (trial.number + 3))
            except StorageInternalError:  # such as "database is locked"
                yield Piece(time.perf_counter() - began, 0)
            else:
                yield Piece(seconds, 1)

    def _open(self) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._storage = optuna.storages.RDBStorage(self._url)

    def _load(self) -> None:
        self._study = optuna.load_study(
            study_name="study", storage=self._storage, sampler=optuna.samplers.RandomSampler()
        )
        self._study.get_trials(deepcopy=False, states=())

    def _fill(self, study: int) -> None:
        with self._storage.engine.begin() as connection:
            connection.execute(text(_TRIALS), {"study": study, "last": self._trials - 1})
            for name, one in DISTRIBUTIONS.items():
                written = distribution_to_json(one)
                given = {"study": study, "name": name, "written": written}
                connection.execute(text(_PARAMETERS), given)
            connection.execute(text(_VALUES), {"study": study})
