"""How the learning rate moves during one training, and how long that training is."""

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, get_args

from pydantic import Field, model_validator

from search.study.faults import Fault, faulty
from search.study.table import MOST, Table

if TYPE_CHECKING:
    from model import schedule


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Updates in one pass over `rows` rows; the last batch may be a smaller one."""
    return math.ceil(rows / batch_size)


class _Schedule(Table):
    """What is asked of every schedule.

    Attributes:
        has_floor: Whether it reads `learning_rate_min`.
        keeps_snapshots: Whether it has cycles, at whose ends networks are kept that vote.
    """

    has_floor: ClassVar[bool] = False
    keeps_snapshots: ClassVar[bool] = False

    kind: str

    def total_epochs(self, rows: int, batch_size: int) -> float:
        """Passes over `rows` training rows that one training makes; maybe not a whole number."""
        raise NotImplementedError

    def built(self) -> "schedule.Schedule":
        """As the model has it."""
        raise NotImplementedError

    def count_of_cycles(self) -> int | None:
        """How often η goes up and comes back; None where it has no cycles."""
        return None

    def cycle(self, rows: int, batch_size: int) -> int | None:  # noqa: ARG002
        """Updates of a cycle on `rows` training rows; None where it has none."""
        return None

    def wave_epochs(self, rows: int, batch_size: int) -> float | None:  # noqa: ARG002
        """Epochs in which η rises and comes back; None where it only falls behind its start."""
        return None

    def counts_updates(self) -> bool:
        """Whether it is of so many updates, however many are an epoch."""
        return False


class _InEpochs(_Schedule):
    """One of so many epochs."""

    epochs: int = Field(ge=1, le=MOST, description="passes over the training rows")

    def total_epochs(self, rows: int, batch_size: int) -> float:  # noqa: ARG002
        """As `_Schedule.total_epochs`."""
        return float(self.epochs)


class _Warmed(_InEpochs):
    """One that may rise at first."""

    warmup_epochs: float | None = Field(
        default=None,
        gt=0,
        le=MOST,
        description="passes in which η first rises from 0 in a straight line; none unless said",
    )

    @model_validator(mode="after")
    def _rises_in_time(self) -> Self:
        if (self.warmup_epochs or 0) > self.epochs:
            found = f"found {self.warmup_epochs:g} with epochs = {self.epochs}"
            raise faulty([Fault(("warmup_epochs",), f"{found}; give at most as many")])
        return self


class ConstantSchedule(_Warmed):
    """η stays what it is, but for a rise at first."""

    kind: Literal["constant"] = "constant"

    def built(self) -> "schedule.Constant":
        """As `_Schedule.built`."""
        from model import schedule  # NumPy's import is left to who trains

        return schedule.Constant(self.epochs, self.warmup_epochs or 0.0)


class DecaySchedule(_InEpochs):
    """η is multiplied by `factor` after each epoch."""

    kind: Literal["decay"] = "decay"
    factor: float = Field(gt=0, le=1, description="what η is multiplied by after each epoch")

    def built(self) -> "schedule.Decay":
        """As `_Schedule.built`."""
        from model import schedule

        return schedule.Decay(self.epochs, self.factor)


class CosineSchedule(_Warmed):
    """η falls from `learning_rate` to `learning_rate_min` along half a cosine."""

    has_floor = True

    kind: Literal["cosine"] = "cosine"

    def built(self) -> "schedule.Cosine":
        """As `_Schedule.built`."""
        from model import schedule

        return schedule.Cosine(self.epochs, self.warmup_epochs or 0.0)


class OneCycleSchedule(_InEpochs):
    """η rises to `learning_rate`, and falls to `learning_rate_min`, both along half a cosine."""

    has_floor = True

    kind: Literal["one_cycle"] = "one_cycle"
    rise: float = Field(
        default=0.3, gt=0, lt=1, description="share of the training in which η rises"
    )

    def wave_epochs(self, rows: int, batch_size: int) -> float:
        """As `_Schedule.wave_epochs`."""
        return self.total_epochs(rows, batch_size)

    def built(self) -> "schedule.OneCycle":
        """As `_Schedule.built`."""
        from model import schedule

        return schedule.OneCycle(self.epochs, self.rise)


class CyclesSchedule(_Schedule):
    """η goes from `learning_rate_min` up to `learning_rate` and back, in straight lines.

    The triangular policy of Smith, "Cyclical Learning Rates for Training Neural Networks",
    arXiv:1506.01186, section 3.1; half a cycle is its step size n_s.
    """

    has_floor = True
    keeps_snapshots = True

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

    def cycle(self, rows: int, batch_size: int) -> int:
        """As `_Schedule.cycle`."""
        return 2 * self.half_cycle(rows, batch_size)

    def total_epochs(self, rows: int, batch_size: int) -> float:
        """As `_Schedule.total_epochs`."""
        return self.cycles * self.cycle(rows, batch_size) / steps_per_epoch(rows, batch_size)

    def wave_epochs(self, rows: int, batch_size: int) -> float:
        """As `_Schedule.wave_epochs`."""
        return self.total_epochs(rows, batch_size) / self.cycles

    def built(self) -> "schedule.Cycles":
        """As `_Schedule.built`."""
        from model import schedule

        return schedule.Cycles(self.cycles, self.half_cycle_steps, self.half_cycle_epochs)

    def count_of_cycles(self) -> int:
        """As `_Schedule.count_of_cycles`."""
        return self.cycles

    def counts_updates(self) -> bool:
        """As `_Schedule.counts_updates`."""
        return self.half_cycle_steps is not None


Schedule = Annotated[
    ConstantSchedule | DecaySchedule | CosineSchedule | OneCycleSchedule | CyclesSchedule,
    Field(discriminator="kind"),
]
SCHEDULES: tuple[type[_Schedule], ...] = get_args(get_args(Schedule)[0])
"""All of them, as the documentation orders them."""
