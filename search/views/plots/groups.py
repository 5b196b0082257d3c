"""Metrics that share a plot of learning curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np

from search.errors import KlayerError
from search.objective.metric import Metric
from search.objective.port import Objective
from search.objective.report import Report
from search.runtime.formatting import capital, plural_of
from search.views.plots.plot import escape
from search.views.plots.values import LOG, ValueScale

_FEW = 10  # steps, each of which has a mark
_DASHES = {"dash": "dashed", "dot": "dotted", "dashdot": "dash-dotted", "longdash": "long-dashed"}


@dataclass(frozen=True)
class Group:
    """Metrics of one plot.

    Attributes:
        name: What they have in common, such as "loss".
        metrics: Which, in the order in which the objective declares them; one at least.
    """

    name: str
    metrics: tuple[Metric, ...]

    @property
    def words(self) -> str:
        """Its name for people."""
        return self.name.replace("_", " ")

    @property
    def _kind(self) -> str:
        """What its metrics are of each part, such as "RMSE"; without what a title explains."""
        last = self.metrics[-1]
        if not last.part:
            return self.words
        return last.words.removeprefix(f"{last.part} ").partition(":")[0]

    @property
    def log(self) -> bool:
        """Whether its axis is a log one."""
        return self.metrics[-1].log

    @property
    def unit(self) -> str:
        """What its axis is called, with the unit, as plain text; without the names of parts."""
        last = self.metrics[-1]
        if len(self.metrics) == 1:
            return last.heading
        common = last.words.removeprefix(f"{last.part} ") if last.part else last.words
        return f"{common} ({last.unit})" if last.unit else common

    def key(self, what: str = "curves") -> str:
        """The key of its plot, such as "curves-learning-rate"."""
        return f"{what}-{self.name.replace('_', '-')}"

    def heading(self, step: str) -> str:
        """The title of its plot."""
        if len(self.metrics) > 1:
            return f"Learning curves: {self._kind}"
        return f"{capital(self._kind)} over {plural_of(step)}"

    def layout(self, step: str, steps: int) -> dict[str, Any]:
        """Axes of its metrics over steps, of which there are so many: the few are whole ones."""
        few = {"dtick": 1} if 0 < steps <= _FEW else {}
        title = f"{escape(self.unit)} (log)" if self.log else escape(self.unit)
        return {
            "xaxis": {"title": {"text": escape(step)}, **few},
            "yaxis": {"title": {"text": title}, **(LOG if self.log else {})},
            "hovermode": "closest",
        }

    def columns(self) -> tuple[str, ...]:
        """Names of columns, one a metric."""
        return tuple(f"{part_of(one)}: {self.unit}" for one in self.metrics)

    def dashes(self) -> list[tuple[Metric, str]]:
        """Each metric with its dash; the last is solid."""
        *others, last = self.metrics
        dashed = list(zip(others, cycle(_DASHES), strict=False))
        return [*dashed, (last, "solid")]

    def legend(self) -> str:
        """Which line is which, such as "Training (dashed) and validation (solid)"."""
        if len(self.metrics) == 1:
            return capital(self.metrics[0].words)
        *others, last = (
            f"{part_of(one)} ({_DASHES.get(dash, dash)})" for one, dash in self.dashes()
        )
        return capital(f"{', '.join(others)} and {last}")

    def line(self, reports: Sequence[Report], metric: Metric) -> tuple[np.ndarray, np.ndarray]:
        """Steps and shown values of one curve, two arrays (steps,).

        NaN where there is no value, or a log axis has no place for it.
        """
        scale = ValueScale(metric, self.log)
        y = scale.shown([one.metrics.get(metric.name) for one in reports]).astype(np.float32)
        sound = np.isfinite(y) & ((y > 0) | (not self.log))
        y = np.where(sound, y, np.float32(np.nan))
        return np.array([one.step for one in reports], np.int32), y


def part_of(metric: Metric) -> str:
    """What a metric is called among those of its group."""
    return metric.part or metric.words


def groups(objective: Objective) -> tuple[Group, ...]:
    """The groups of an objective's metrics: that of the score, those of several metrics, others."""
    found: dict[str, list[Metric]] = {}
    for metric in objective.metrics:
        found.setdefault(metric.shared, []).append(metric)
    shared = objective.score.shared
    order = sorted(found, key=lambda name: (name != shared, len(found[name]) == 1))
    return tuple(Group(name, tuple(found[name])) for name in order)


def group_named(objective: Objective, name: str) -> Group:
    """The group of that name.

    Raises:
        KlayerError: There is none; the message lists all.
    """
    known = {one.name: one for one in groups(objective)}
    if name not in known:
        raise KlayerError(f"found {name!r} as curves; give one of {', '.join(known)}")
    return known[name]


def group_of_key(objective: Objective, key: str) -> Group:
    """The group whose plot of a whole search has that key.

    Raises:
        KlayerError: There is none.
    """
    for one in groups(objective):
        if one.key() == key:
            return one
    raise KlayerError(f"{key}: there is no plot of this name")
