"""What searches with halving found beside those without: tables, and the figures of goals."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.report import Table
from benchmarks.rounds import Spread, ratio

WHOLE, HALVED, EARLY = "no halving", "halving", "rank after one epoch"
LEAST_POINTS = -0.2

Found = Mapping[int, Mapping[str, "Searched"]]


@dataclass(frozen=True)
class Searched:
    """One search.

    Attributes:
        seconds: From the first claim to the last finish of the stages that search.
        epochs: That their trials were trained in all.
        weight_decay: λ of its choice.
        values: Validation accuracy of its choice, one a fresh seed that did not diverge; at least
            one.
        diverged: How many fresh seeds did.
    """

    seconds: float
    epochs: int
    weight_decay: float
    values: tuple[float, ...]
    diverged: int = 0

    @property
    def mean(self) -> float:
        """Of the values."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        """The standard deviation of the values; 0 of one."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0


def each(found: Found) -> Table:
    """Every search, by seed and label."""
    rows = []
    for seed, searches in found.items():
        whole = searches[WHOLE]
        for label in (WHOLE, HALVED, EARLY):
            one = searches[label]
            rows.append(
                [
                    str(seed),
                    label,
                    f"{one.seconds:.1f}",
                    f"{whole.seconds / one.seconds:.2f}",
                    str(one.epochs),
                    f"{one.weight_decay:.2e}",
                    _accuracy(one),
                    "" if label == WHOLE else f"{_points(one, whole):+.2f}",
                ]
            )
    columns = ["seed", "", "seconds", "times as fast", "epochs", "chosen λ"]
    return Table([*columns, "accuracy of the choice", "difference, points"], rows)


def together(found: Found) -> Table:
    """What all seeds come to."""
    rows = []
    for label in (HALVED, EARLY):
        points = differences(found, label)
        epochs = statistics.median(searches[label].epochs for searches in found.values())
        enough = sum(one >= LEAST_POINTS for one in points)
        rows.append(
            [
                label,
                _speed(found, label).text(2),
                f"{epochs:.0f}",
                _mean_and_error(points),
                f"{enough} of {len(points)}",
            ]
        )
    columns = ["", "times as fast as none", "epochs", "mean difference, points"]
    told = f"searches of {LEAST_POINTS} points or better"
    return Table([*columns, told], rows, f"Beside no halving; seeds: {', '.join(map(str, found))}")


def figures(found: Found) -> dict[str, float]:
    """What goals are held against."""
    return {
        "halving": _speed(found, HALVED).median,
        "halving, points": statistics.fmean(differences(found, HALVED)),
    }


def differences(found: Found, label: str) -> list[float]:
    """Points of mean accuracy that a contender's choice has more than that without halving."""
    return [_points(searches[label], searches[WHOLE]) for searches in found.values()]


def _accuracy(one: Searched) -> str:
    told = f"{100 * one.mean:.2f} ± {100 * one.deviation:.2f} %"
    return f"{told}, **{one.diverged} diverged**" if one.diverged else told


def _points(one: Searched, whole: Searched) -> float:
    # A hit more is 0.02 points or more: what is rounded away comes from adding shares as floats.
    return round(100 * (one.mean - whole.mean), 9)


def _speed(found: Found, label: str) -> Spread:
    whole = [searches[WHOLE].seconds for searches in found.values()]
    return ratio(whole, [searches[label].seconds for searches in found.values()])


def _mean_and_error(points: list[float]) -> str:
    mean = f"{statistics.fmean(points):+.2f}"
    if len(points) < 2:
        return mean
    return f"{mean} ± {statistics.stdev(points) / len(points) ** 0.5:.2f}"
