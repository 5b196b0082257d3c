"""How the learning rate moves during one training, and how long that training is."""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from search.study.faults import Fault, faulty
from search.study.table import MOST, Table


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Updates in one pass over `rows` rows; the last batch may be a smaller one."""
    return math.ceil(rows / batch_size)


class ConstantSchedule(Table):
    """η stays what it is."""

    kind: Literal["constant"] = "constant"
    epochs: int = Field(ge=1, le=MOST, description="passes over the training rows")

    def total_epochs(self, rows: int, batch_size: int) -> float:  # noqa: ARG002
        """Passes over `rows` training rows that one training makes."""
        return float(self.epochs)


class DecaySchedule(Table):
    """η is multiplied by `factor` after each epoch."""

    kind: Literal["decay"] = "decay"
    epochs: int = Field(ge=1, le=MOST, description="passes over the training rows")
    factor: float = Field(gt=0, le=1, description="what η is multiplied by after each epoch")

    def total_epochs(self, rows: int, batch_size: int) -> float:  # noqa: ARG002
        """Passes over `rows` training rows that one training makes."""
        return float(self.epochs)


class CyclesSchedule(Table):
    """η goes from `learning_rate_min` up to `learning_rate` and back, in straight lines.

    The triangular policy of Smith, "Cyclical Learning Rates for Training Neural Networks",
    arXiv:1506.01186, section 3.1; half a cycle is its step size n_s.
    """

    kind: Literal["cycles"] = "cycles"
    cycles: int = Field(ge=1, le=MOST, description="times η goes up and comes back")
    half_cycle_epochs: int | None = Field(
        default=None, ge=1, le=MOST, description="passes over the training rows per way"
    )
    half_cycle_steps: int | None = Field(
        default=None, ge=1, le=MOST, description="updates per way; instead of half_cycle_epochs"
    )

    @model_validator(mode="after")
    def _one_length(self) -> "CyclesSchedule":
        if self.half_cycle_epochs is None and self.half_cycle_steps is None:
            right = "give half_cycle_epochs (or half_cycle_steps)"
            raise faulty([Fault((), f"the cycles have no length; {right}")])
        if self.half_cycle_epochs is not None and self.half_cycle_steps is not None:
            found = "found half_cycle_epochs and half_cycle_steps"
            raise faulty([Fault((), f"{found}; give one of the two")])
        return self

    def half_cycle(self, rows: int, batch_size: int) -> int:
        """Updates of half a cycle, n_s, on `rows` training rows."""
        if self.half_cycle_steps is not None:
            return self.half_cycle_steps
        return (self.half_cycle_epochs or 0) * steps_per_epoch(rows, batch_size)

    def total_epochs(self, rows: int, batch_size: int) -> float:
        """Passes over `rows` training rows that one training makes; maybe not a whole number."""
        updates = 2 * self.cycles * self.half_cycle(rows, batch_size)
        return updates / steps_per_epoch(rows, batch_size)


Schedule = Annotated[ConstantSchedule | DecaySchedule | CyclesSchedule, Field(discriminator="kind")]
