"""Learning rate schedules: η as a function of the update step, for each member's own bounds.

A schedule also says how long training lasts. Steps count from 0; an epoch is a pass over the rows.

Source of the triangular cycles: L. Smith, WACV 2017, section 3; its "stepsize" is n_s here.
"""

from dataclasses import dataclass

import numpy as np

from model.arrays import Floats
from model.errors import ModelError


def _positive(**numbers: float) -> None:
    for name, number in numbers.items():
        if not number > 0:
            raise ModelError(f"{name} must be above 0, not {number!r}")


@dataclass(frozen=True)
class Constant:
    """η = η_max for a number of epochs."""

    epochs: int

    def __post_init__(self) -> None:
        _positive(epochs=self.epochs)

    def steps(self, steps_per_epoch: int) -> int:
        """Update steps of the whole training."""
        return self.epochs * steps_per_epoch

    def rate(self, step: int, steps_per_epoch: int, low: Floats, high: Floats) -> Floats:
        """η at `step`, (m,); low (m,) is unused."""
        del step, steps_per_epoch, low
        return high

    def cycle_ends(self, steps_done: int, steps_per_epoch: int) -> bool:
        """Whether a cycle ends after this many steps: never."""
        del steps_done, steps_per_epoch
        return False


@dataclass(frozen=True)
class Decay(Constant):
    """η = η_max · factor^epoch, epochs counted from 0."""

    factor: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive(factor=self.factor)

    def rate(self, step: int, steps_per_epoch: int, low: Floats, high: Floats) -> Floats:
        """η at `step`, (m,); low (m,) is unused."""
        del low
        return high * high.dtype.type(self.factor ** (step // steps_per_epoch))


@dataclass(frozen=True)
class Cycles:
    """η rises linearly from η_min to η_max in n_s steps and falls back in n_s, `cycles` times.

    Attributes:
        cycles: How many times.
        half_cycle_steps: n_s in update steps, or None.
        half_cycle_epochs: n_s in epochs, or None; exactly one of the two is given.
    """

    cycles: int
    half_cycle_steps: int | None = None
    half_cycle_epochs: float | None = None

    def __post_init__(self) -> None:
        given = [n for n in (self.half_cycle_steps, self.half_cycle_epochs) if n is not None]
        if len(given) != 1:
            raise ModelError("give exactly one of half_cycle_steps and half_cycle_epochs")
        _positive(cycles=self.cycles, half_cycle=given[0])

    def half_cycle(self, steps_per_epoch: int) -> int:
        """n_s in update steps, at least 1."""
        if self.half_cycle_steps is not None:
            return self.half_cycle_steps
        return max(1, round((self.half_cycle_epochs or 0) * steps_per_epoch))

    def steps(self, steps_per_epoch: int) -> int:
        """Update steps of the whole training."""
        return self.cycles * 2 * self.half_cycle(steps_per_epoch)

    def rate(self, step: int, steps_per_epoch: int, low: Floats, high: Floats) -> Floats:
        """η at `step`, (m,), between low (m,) and high (m,)."""
        n_s = self.half_cycle(steps_per_epoch)
        height = 1 - abs(step % (2 * n_s) - n_s) / n_s  # 0 at the ends, 1 at the peak
        return low + (high - low) * high.dtype.type(height)

    def cycle_ends(self, steps_done: int, steps_per_epoch: int) -> bool:
        """Whether η is back at η_min after this many steps."""
        return steps_done % (2 * self.half_cycle(steps_per_epoch)) == 0


Schedule = Constant | Decay | Cycles


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Batches that cover `rows`, the last one smaller where `batch_size` does not divide them."""
    return int(np.ceil(rows / batch_size))
