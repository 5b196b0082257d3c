"""What `halving` of a stage may say: when its trials are compared, and what share goes on.

Only the declaration and its arithmetic; who goes on is decided in `search.plan.halving`.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from search.study.faults import Fault, faulty
from search.study.table import MOST, List, Table

Among = Literal["stage", "cohort"]


class Halving(Table):
    """Successive halving: at each rung the better share of the trials goes on.

    Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
    Optimization", arXiv:1502.07943, algorithm 1; `keep` there is 1/2.
    """

    keep: float = Field(
        gt=0,
        lt=1,
        description="the share that goes on at each rung, rounded up; the others end there",
    )
    at: List[Annotated[int, Field(ge=1, le=MOST)]] = Field(
        min_length=1,
        max_length=100,
        strict=False,
        description="the rungs: after how many steps, or other units, trials are compared",
    )
    unit: str = Field(
        default="",
        description="what `at` counts: what the objective calls its steps, or another unit that it "
        "has",
    )
    among: Among = Field(
        default="stage",
        description="who is compared: all trials of the stage, which then wait for each other, or "
        "those that are trained as one stack",
    )

    @model_validator(mode="after")
    def _rises(self) -> "Halving":
        if list(self.at) != sorted(set(self.at)):
            right = f"give each once, in rising order, such as {sorted(set(self.at))}"
            raise faulty([Fault(("at",), f"found {list(self.at)}; {right}")])
        return self

    def kept(self, count: int) -> int:
        """How many of `count` trials go on: ⌈keep × count⌉, so one at least of one or more."""
        # 0.1 × 30 is 3.0000000000000004, and means 3.
        return min(count, max(1, math.ceil(self.keep * count - 1e-9))) if count else 0

    def counts(self, count: int) -> tuple[int, ...]:
        """How many of `count` trials are trained up to each rung, and behind the last one."""
        numbers = [count]
        for _ in self.at:
            numbers.append(self.kept(numbers[-1]))
        return tuple(numbers)

    def steps(self, count: int, rungs: Sequence[int], length: float) -> float:
        """Steps that `count` trials, all of which have values, are trained in all.

        Args:
            count: How many trials there are.
            rungs: The steps at whose end trials are compared.
            length: Steps of a trial that is trained to its end.
        """
        ends = (*rungs, length)
        starts = (0, *rungs)
        return sum(
            number * (end - start)
            for number, start, end in zip(self.counts(count), starts, ends, strict=True)
        )
