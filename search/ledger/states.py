"""The states of rows, which other rooms compare with as plain text.

A stage goes unplanned → planning → open → finished. When all its cohorts are in, and it is not at
its end, it goes back to be planned: from open to ranking where trials rest at a rung, to learning
where its sampler waits for the results; and then to open again. It keeps "planning" where its
planner gave up before anything was planned.

A cohort goes waiting → claimed → finished, and back to waiting when its claim is released; a claim
whose lease has run out is taken over as it is. Where trials rest, the next rung has cohorts of its
own.

A trial goes waiting → running → one of the ends: complete (trained to its end, with a value),
pruned (dropped by halving, with the value of its rung), diverged (its numbers did), or failed (by a
fault of its own, or given up since too many workers were lost with it). It is waiting again when
its cohort is released, and at a rung. An end is never left. A waiting one is skipped where a budget
by the clock cuts its stage: it is never trained, and no plan is made from it.
"""

from typing import Final, Literal

StageStatus = Literal["unplanned", "planning", "open", "ranking", "learning", "finished"]
TrialStatus = Literal["waiting", "running", "complete", "pruned", "diverged", "failed", "skipped"]

TO_BE_PLANNED: Final[tuple[StageStatus, ...]] = ("unplanned", "planning", "ranking", "learning")
"""Stages of which something is to be planned: all, the next rung, or the next generation."""

NOT_PLANNED: Final[tuple[StageStatus, ...]] = ("unplanned", "planning")
"""Stages that have no trials yet."""

ENDS: Final[tuple[TrialStatus, ...]] = ("complete", "pruned", "diverged", "failed")
"""Of trials."""

LONGEST_LEASE_SECONDS: Final = 120.0
"""No lease ends later than this from now.

One that seems to was given before the clock was set back, or on SQLite, where each process has its
own, by one that is ahead.
"""
