"""The goals, held against what was measured in the same run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.report import Table


@dataclass(frozen=True)
class Goal:
    """One goal.

    Attributes:
        text: What it asks.
        figure: Name of the figure that it is held against.
        bound: The least that is enough, or the most that is allowed.
        at_least: Which of the two.
        percent: Whether the figure is a share.
        limit: Name of the figure that bounds the goal's figure; "" where none is measured.
        limited_by: What that figure is of.
    """

    text: str
    figure: str
    bound: float
    at_least: bool = True
    percent: bool = False
    limit: str = ""
    limited_by: str = ""

    def met(self, value: float) -> bool:
        """Whether a figure meets it."""
        return value >= self.bound if self.at_least else value <= self.bound

    def shown(self, value: float) -> str:
        """A figure, or the bound, as the table shows it."""
        if self.percent:
            return f"{100 * value:.1f} %"
        return f"{value:.0f}" if value >= 100 else f"{value:.2f}"


GOALS = (
    Goal("one network, times as fast as PyTorch", "one network / PyTorch, eager", 2.0),
    Goal("a cohort of 8, times PyTorch's trials", "throughput / PyTorch, eager", 3.8),
    Goal(
        "training step, share of the product peak",
        "share of peak",
        0.75,
        percent=True,
        limit="share of peak, products alone",
        limited_by="its products alone",
    ),
    Goal("C4, times as fast as Optuna + PyTorch", "C4", 3.3),
    Goal("private memory of a worker, MB", "private memory", 250, at_least=False),
    Goal("`klayer --help`, seconds", "help", 0.3, at_least=False),
    Goal(
        "all but training, the 40 trainings of C4",
        "overhead of the 40 trainings",
        0.03,
        at_least=False,
        percent=True,
    ),
    Goal("`klayer plan` for C4, off by", "estimate", 0.2, at_least=False, percent=True),
    Goal("C4 with halving, times as fast as without", "halving", 1.6),
    Goal("C4 with halving, the choice, points beside without", "halving, points", -0.2),
)


def table(figures: Mapping[str, float], goals: Sequence[Goal] = GOALS) -> Table:
    """Each goal, what was measured, and whether it is met."""
    rows = []
    for goal in goals:
        bound = f"{'≥' if goal.at_least else '≤'} {goal.shown(goal.bound)}"
        value = figures.get(goal.figure)
        if value is None:
            rows.append([goal.text, bound, "not measured", ""])
        else:
            rows.append([goal.text, bound, goal.shown(value), _verdict(goal, value, figures)])
    return Table(["goal", "asked", "measured", ""], rows)


def _verdict(goal: Goal, value: float, figures: Mapping[str, float]) -> str:
    if goal.met(value):
        return "met"
    limit = figures.get(goal.limit)
    if limit is None:
        return "**not met**"
    return f"**not met**; {goal.limited_by} reach {goal.shown(limit)}"
