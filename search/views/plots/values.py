"""How the values of a metric are drawn: in their unit, on which scale, and which end is good.

Values come as they are recorded. What is *shown* is in the unit that people read; its *place* is
where that stands on a scale on which equal distances look equal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.objective.metric import Metric
from search.plan.ranking import Ranking
from search.views.plots.plot import escape
from search.views.plots.ticks import decades, round_marks, told_apart, written

SHARE = Metric("share", "maximize", "%", 100.0)
"""A part of a whole, as people read it."""

LOG = {"type": "log", "nticks": 5}
"""A log axis: of one or two decades, Plotly would write all digits, one over another."""

NUMBER = ",.4~r"
"""How Plotly (d3-format) writes a number that has no metric: with four significant digits."""


@dataclass(frozen=True)
class ValueScale:
    """The scale that the values of one metric are drawn on.

    Attributes:
        metric: Which.
        log: Whether it is a log scale.
    """

    metric: Metric
    log: bool = False

    @classmethod
    def of(cls, metric: Metric, values: Iterable[float | None]) -> "ValueScale":
        """The scale for these values: a log one if the metric asks for it and all are above 0."""
        known = [value for value in values if value is not None]
        return cls(metric, metric.log and bool(known) and min(known) > 0)

    @property
    def ranking(self) -> Ranking:
        """Which of two values is the better one."""
        return Ranking(self.metric.direction)

    @property
    def title(self) -> str:
        """Of an axis, as a figure's text; it names a log scale."""
        heading = escape(self.metric.heading)
        return f"{heading} (log)" if self.log else heading

    def axis(self) -> dict[str, Any]:
        """The axis of a Plotly layout on which shown values stand."""
        return {"title": {"text": self.title}, **(LOG if self.log else {})}

    def shown(self, values: Sequence[float | None]) -> np.ndarray:
        """Values in the unit that people read, (values,); NaN for None."""
        known = [np.nan if value is None else self.metric.shown(value) for value in values]
        return np.array(known, float)

    def place(self, shown: np.ndarray) -> np.ndarray:
        """Where shown values stand on the scale; NaN where a log scale has no place for one."""
        if not self.log:
            return shown
        return np.log10(np.where(shown > 0, shown, np.nan))

    def unplace(self, places: np.ndarray) -> np.ndarray:
        """The inverse of `place`."""
        return 10.0**places if self.log else places

    def hover(self, variable: str) -> str:
        """A shown value in a hover text of Plotly, such as `%{y:.2f} %`."""
        unit = f" {escape(self.metric.unit)}" if self.metric.unit else ""
        return f"%{{{variable}:{_format(self.metric)}}}{unit}"

    def extent(self, places: np.ndarray, poor: float = 0.0) -> tuple[float, float] | None:
        """From where to where places reach, without a share of the poorest; None for none."""
        known = places[np.isfinite(places)]
        if not len(known):
            return None
        if self.metric.direction == "maximize":
            low, high = float(np.quantile(known, poor)), float(known.max())
        else:
            low, high = float(known.min()), float(np.quantile(known, 1 - poor))
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def marks(self, low: float, high: float) -> list[tuple[float, str]]:
        """Round places between two, each with its text."""
        if high <= low:
            return [(low, written(float(self.unplace(np.array(low)))))]
        found = decades(low, high) if self.log else round_marks(low, high)
        if self.log:
            return [(mark, written(10.0**mark)) for mark in found]
        return list(zip(found, told_apart(found), strict=True))


def _format(metric: Metric) -> str:
    """How Plotly (d3-format) writes its shown values."""
    return NUMBER if metric.decimals is None else f".{metric.decimals}f"
