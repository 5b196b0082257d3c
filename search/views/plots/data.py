"""What plots are drawn from: a search as values, with the curves of trials that are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from search.ledger.records import RecordedTrial, Search, StageState, Stint
from search.objective.metric import Metric
from search.objective.port import Objective
from search.objective.report import Report
from search.plan.ranking import Ranking, ranking_of

Curves = Mapping[int, tuple[Report, ...]]
# What takes long to read of a search, by its name in `SearchData`; most plots need none of it.
Need = Literal["curves", "bands", "importances", "attachments", "stints"]
EVERYTHING: frozenset[Need] = frozenset(("curves", "bands", "importances", "attachments", "stints"))


@dataclass(frozen=True)
class Band:
    """How the scores of all trials of one stage are spread, step by step.

    Attributes:
        counts: How many trials stand where, (steps, bins); the first row is of step 1.
        low: Where the first bin begins.
        high: Where the last bin ends; larger than `low`.
        log: Whether the bins are of equal width on a log scale, and not on a linear one.
    """

    counts: np.ndarray
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    def quantiles(self, shares: tuple[float, ...]) -> np.ndarray:
        """The scores below which these shares of the trials stand, (shares, steps).

        Each is the middle of its bin. NaN for a step that no trial has.
        """
        below = np.cumsum(self.counts, axis=1)  # (steps, bins)
        total = below[:, -1:]
        middles = self._middles()
        rows = []
        for share in shares:
            place = np.argmax(below >= np.maximum(share * total, 1), axis=1)
            rows.append(np.where(total[:, 0] > 0, middles[place], np.nan))
        return np.stack(rows)

    def _middles(self) -> np.ndarray:
        bins = self.counts.shape[1]
        shares = (np.arange(bins) + 0.5) / bins
        if not self.log:
            linear: np.ndarray = self.low + (self.high - self.low) * shares
            return linear
        low, high = np.log(self.low), np.log(self.high)
        middles: np.ndarray = np.exp(low + (high - low) * shares)
        return middles


@dataclass(frozen=True)
class SearchData:
    """One search, as far as it has come.

    Attributes:
        search: The search itself, with its study.
        stages: All its stages, in order; those to come included.
        trials: All planned trials, by stage and number.
        curves: The reports of those trials whose curves are shown, by the trial's id.
        bands: How the scores of a stage's finished trials are spread, by its name.
        importances: Of each stage that has enough trials, by its name, the share that each
            hyperparameter has in how well its trials did (PED-ANOVA).
        attachments: Bytes that the objective kept of trials of the final, by the trial's id.
        stints: Which worker held which cohort, from when to when.
        time: The database's clock when this was read; seconds since 1970, UTC.
        pinned: Trials that a reader has pinned, by their id, in that order.
    """

    search: Search
    stages: tuple[StageState, ...]
    trials: tuple[RecordedTrial, ...]
    time: float
    curves: Curves = field(default_factory=dict)
    bands: Mapping[str, Band] = field(default_factory=dict)
    importances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    attachments: Mapping[int, bytes] = field(default_factory=dict)
    stints: Sequence[Stint] = ()
    pinned: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The search's name."""
        return self.search.study.name

    @property
    def objective(self) -> Objective:
        """What its trials train."""
        objective: Objective = self.search.study.objective
        return objective

    @property
    def score(self) -> Metric:
        """The metric of its trials' values."""
        return self.objective.score

    @property
    def ranking(self) -> Ranking:
        """Which of two of its trials is the better one."""
        return ranking_of(self.search.study)

    def searched(self) -> tuple[StageState, ...]:
        """The stages that search, without the finalists and the final."""
        return tuple(stage for stage in self.stages if stage.step.kind == "search")

    def of_stage(self, name: str) -> tuple[RecordedTrial, ...]:
        """The trials of a stage, by number."""
        return tuple(trial for trial in self.trials if trial.stage == name)
