"""Where the time of a run's workers went, from when each cohort was claimed and finished.

What a worker does inside a cohort besides training (storing the figures of an epoch) is counted as
training here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.service import Cohort


@dataclass(frozen=True)
class Breakdown:
    """Worker-seconds of each kind; together they are workers × seconds of the run.

    Attributes:
        training: Inside cohorts.
        start: Before the first cohort of all.
        between: From a stage's last cohort to the next stage's first: mirroring, planning.
        idle: Within a stage, workers without a cohort: the uneven end, and gaps between cohorts.
        ending: After the last cohort of all.
    """

    training: float
    start: float
    between: float
    idle: float
    ending: float

    @property
    def overhead(self) -> float:
        """The share of all that is not training."""
        return 1 - self.training / self._all

    @property
    def _all(self) -> float:
        return self.training + self.start + self.between + self.idle + self.ending

    def shares(self) -> dict[str, float]:
        """The share of each kind, by what tables call it."""
        kinds = {
            "in cohorts (training, and storing its epochs)": self.training,
            "starting, to the first cohort": self.start,
            "between stages": self.between,
            "idle within stages": self.idle,
            "ending, behind the last cohort": self.ending,
        }
        return {name: seconds / self._all for name, seconds in kinds.items()}


def breakdown(cohorts: Sequence[Cohort], workers: int, began: float, ended: float) -> Breakdown:
    """The breakdown of a run from `began` to `ended`, in seconds since 1970.

    Args:
        cohorts: All of that time, at least one.
        workers: How many worked.
        began: When the run began.
        ended: When it ended.
    """
    spans = []
    for stage in dict.fromkeys(one.stage for one in cohorts):
        some = [one for one in cohorts if one.stage == stage]
        spans.append((min(one.claimed for one in some), max(one.finished for one in some)))
    spans.sort()
    training = sum(one.finished - one.claimed for one in cohorts)
    inside = sum(end - start for start, end in spans)
    return Breakdown(
        training=training,
        start=workers * (spans[0][0] - began),
        between=workers * sum(after[0] - before[1] for before, after in pairwise(spans)),
        idle=workers * inside - training,
        ending=workers * (ended - spans[-1][1]),
    )
