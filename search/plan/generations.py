"""Stub until the branch with samplers that learn is merged."""

from dataclasses import dataclass
from search.plan.plan import PlannedTrial


@dataclass(frozen=True)
class GenerationPlan:
    generation: int
    trials: tuple[PlannedTrial, ...]
    cohorts: tuple[tuple[int, ...], ...]


def plan_generation(*args):
    raise NotImplementedError
