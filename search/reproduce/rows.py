"""One row of the table of results: what was published, what came out here, and how far apart."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from search.reproduce.measures import Measured, is_accuracy
from search.reproduce.published_tables import Published
from search.runtime.formatting import number


@dataclass(frozen=True)
class Row:
    """A published figure and ours.

    Attributes:
        published: The row of the study file.
        ours: A figure of each search that is finished, one a seed; empty before.
        seconds: In which its study was trained, all seeds together; None before.
        comparable: Whether the two figures are of the same images and trainings.
        seeds: How many were asked for.
    """

    published: Published
    ours: tuple[Measured, ...]
    seconds: float | None
    comparable: bool
    seeds: int = 1

    @property
    def values(self) -> list[float]:
        """What each seed came to, without those that have nothing."""
        return [one.value for one in self.ours if one.value is not None]

    @property
    def difference(self) -> float | None:
        """Ours less the published figure, in points; None where that means nothing."""
        said = self.published.value
        if said is None or not self.values or not (self.comparable and is_accuracy(self.published)):
            return None
        return statistics.fmean(self.values) - said


def published_text(row: Row) -> str:
    """What was published: a figure, or words."""
    said = row.published.value
    if said is None:
        return row.published.said or "–"
    return f"{said:.2f}" if is_accuracy(row.published) else number(float(said))


def ours_text(row: Row) -> str:
    """Ours: the mean over the seeds, and their standard deviation where there are several."""
    if not row.values:
        return _without(row)
    if is_accuracy(row.published):
        return _spread(row.values) + _missing(row)
    return ", ".join(number(value) for value in row.values) + _missing(row)


def difference_text(row: Row) -> str:
    """The difference in points, with its sign; of a hyperparameter the ratio."""
    if row.difference is not None:
        return f"{row.difference:+.2f}".replace("-", "−")
    said, values = row.published.value, row.values
    if not row.comparable or is_accuracy(row.published) or not said or not values:
        return "–"
    return f"× {statistics.geometric_mean(values) / said:.2g}" if min(values) > 0 else "–"


def epochs_text(row: Row) -> str:
    """How long the trainings were that the figures are of."""
    counts = sorted({one.epochs for one in row.ours if one.epochs is not None})
    return " or ".join(map(str, counts)) or "–"


def _spread(values: Sequence[float]) -> str:
    """`50.12`, or `50.12 ± 0.31`."""
    mean = f"{statistics.fmean(values):.2f}"
    return mean if len(values) < 2 else f"{mean} ± {statistics.stdev(values):.2f}"


def _missing(row: Row) -> str:
    """Which of the seeds that were asked for are not among the values."""
    lost = len(row.ours) - len(row.values)
    told = [f"{lost} of {row.seeds} diverged"] if lost else []
    if len(row.ours) < row.seeds:
        told.append(f"{len(row.ours)} of {row.seeds} seeds")
    return f" ({', '.join(told)})" if told else ""


def _without(row: Row) -> str:
    if any(one.failed for one in row.ours):
        return "failed"
    return "diverged" if any(one.diverged for one in row.ours) else "–"
