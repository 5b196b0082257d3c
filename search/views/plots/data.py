"""What pictures are drawn from: a search as values, with the curves of trials that are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from search.ledger.records import Search, StageState, Trial
from search.objective.outcome import EpochFigures, Portrait

Curves = Mapping[int, tuple[EpochFigures, ...]]
# What takes long to read of a search, by its name in `SearchData`; most pictures need none of it.
Need = Literal["curves", "bands", "importances", "portraits"]
EVERYTHING: frozenset[Need] = frozenset(("curves", "bands", "importances", "portraits"))


@dataclass(frozen=True)
class Band:
    """How the validation accuracies of all trials of one stage are spread, epoch by epoch.

    Attributes:
        counts: How many trials stand where, (epochs, bins); the bins divide 0 … 1 evenly, and the
            first row is of epoch 1.
    """

    counts: np.ndarray

    def quantiles(self, shares: tuple[float, ...]) -> np.ndarray:
        """The accuracies below which these shares of the trials stand, (shares, epochs).

        Each is the middle of its bin. NaN for an epoch that no trial has.
        """
        below = np.cumsum(self.counts, axis=1)  # (epochs, bins)
        total = below[:, -1:]
        bins = self.counts.shape[1]
        middles = (np.arange(bins) + 0.5) / bins
        rows = []
        for share in shares:
            place = np.argmax(below >= np.maximum(share * total, 1), axis=1)
            rows.append(np.where(total[:, 0] > 0, middles[place], np.nan))
        return np.stack(rows)


@dataclass(frozen=True)
class SearchData:
    """One search, as far as it has come.

    Attributes:
        search: The search itself, with its study.
        stages: All its stages, in order; those to come included.
        trials: All planned trials, by stage and number.
        curves: The epochs of those trials whose curves are shown, by the trial's id.
        bands: How the validation accuracies of a stage's finished trials are spread, by its name.
        importances: Of each stage that has enough trials, by its name, the share that each
            hyperparameter has in how well its trials did (PED-ANOVA).
        portraits: Of networks of the final, by the trial's id.
        time: The database's clock when this was read; seconds since 1970, UTC.
    """

    search: Search
    stages: tuple[StageState, ...]
    trials: tuple[Trial, ...]
    time: float
    curves: Curves = field(default_factory=dict)
    bands: Mapping[str, Band] = field(default_factory=dict)
    importances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    portraits: Mapping[int, Portrait] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The search's name."""
        return self.search.study.name

    def searched(self) -> tuple[StageState, ...]:
        """The stages that search, without the finalists and the final."""
        return tuple(stage for stage in self.stages if stage.step.kind == "search")

    def of_stage(self, name: str) -> tuple[Trial, ...]:
        """The trials of a stage, by number."""
        return tuple(trial for trial in self.trials if trial.stage == name)
