"""Records that a user's training reports, judged: a report each, or one message on what is wrong.

Pure: no process, no file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from search.objective.metric import Metric
from search.objective.report import Report
from search.objectives.declared.metrics import ScoredBy
from search.objectives.faults import TrialError
from search.plan.ranking import Ranking
from search.space.hyperparameters import shown

MOST_NAMED = 10


@dataclass(frozen=True)
class Progress:
    """How far a trial has come.

    Attributes:
        step: The last one that was reported; 0 before the first.
        value: The score that it would have if it ended now; None before the first report.
        metrics: Of that step.
    """

    step: int = 0
    value: float | None = None
    metrics: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Judge:
    """The rules for the reports of one study.

    Attributes:
        metrics: What may be reported.
        score: The metric that each report must have.
        by: Which value of the score counts.
    """

    metrics: tuple[Metric, ...]
    score: Metric
    by: ScoredBy

    def next(self, before: Progress, record: Mapping[str, object]) -> Progress:
        """How far the trial has come with a record of its training.

        Raises:
            TrialError: The record says no step, or one that is not later; its score is missing or
                no finite number; or it names what is no metric.
        """
        step = _step(before.step, record)
        found = {name: value for name, value in record.items() if name != "step"}
        known = [metric.name for metric in self.metrics]
        for name in found:
            if name not in known:
                names = ", ".join(known[:MOST_NAMED])
                raise TrialError(
                    f"step {step} reports {shown(name)}, which is no metric of the study file; "
                    f"known there: {names}"
                )
        if self.score.name not in found:
            raise TrialError(
                f"step {step} reports no {self.score.name}, by which trials are ranked; report it "
                "with each step"
            )
        metrics = {name: self._number(step, name, found.get(name, math.nan)) for name in known}
        return Progress(step, self._better(before.value, metrics[self.score.name]), metrics)

    def returned(self, before: Progress, result: Mapping[str, object]) -> Progress:
        """How a trial ends whose training returned metrics.

        They are its first report, where it made none. Otherwise the returned score stands for the
        one that was reported last.

        Raises:
            TrialError: As `next` does.
        """
        if before.step == 0:
            return self.next(before, result)
        judged = self.next(before, {**result, "step": before.step + 1})
        return replace(before, value=judged.value)

    def report(self, progress: Progress) -> Report:
        """A report of how far a trial has come."""
        return Report(progress.step, progress.metrics or {}, progress.value)

    def failed(self, progress: Progress, reason: str) -> Report:
        """The report that ends a trial."""
        return Report(max(progress.step, 1), {}, reason=reason)

    def _better(self, before: float | None, value: float) -> float:
        if before is None or self.by == "last":
            return value
        return value if Ranking(self.score.direction).better(value, before) else before

    def _number(self, step: int, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            found = "null" if value is None else shown(value)
            raise TrialError(f"step {step} reports {found} as {name}; report a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if name == self.score.name and not math.isfinite(number):
            found = "NaN" if math.isnan(number) else f"{number:g}"
            raise TrialError(
                f"step {step} reports {found} as {name}, by which trials are ranked; report a "
                "finite number"
            )
        return number


def _step(before: int, record: Mapping[str, object]) -> int:
    step = record.get("step", before + 1)
    if isinstance(step, float) and step.is_integer():
        step = int(step)
    if isinstance(step, bool) or not isinstance(step, int) or not 1 <= step < 2**31:
        raise TrialError(f"found {shown(step)} as the step of a report; give 1, 2, 3, …")
    if step == before:
        raise TrialError(f"step {step} is reported twice; report all its metrics at once")
    if step < before:
        raise TrialError(f"step {step} is reported after step {before}; report steps as they rise")
    return step
