"""Learning rate schedules: η as a function of the update step, for each member's own bounds.

A schedule also says how long training lasts. Steps count from 0; an epoch is a pass over the rows.

Source of the triangular cycles: L. Smith, WACV 2017, section 3; its "stepsize" is n_s here.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from model.arrays import Floats
from model.errors import ModelError


def _positive(**numbers: float) -> None:
    for name, number in numbers.items():
        if not number > 0:
            raise ModelError(f"{name} must be above 0, not {number!r}")


class Schedule(Protocol):
    """What training asks of a schedule."""

    def steps(self, steps_per_epoch: int) -> int:
        """Update steps of the whole training."""

    def rate(self, step: int, steps_per_epoch: int, low: Floats, high: Floats) -> Floats:
        """η at `step`, (m,); low (m,) is its floor, where it has one, and high (m,) its peak."""

    def cycle_ends(self, steps_done: int, steps_per_epoch: int) -> bool:
        """Whether a cycle ends after this many steps, where a snapshot is kept."""


@dataclass(frozen=True)
class _InEpochs:
    """Of so many epochs, without cycles."""

    epochs: int

    def __post_init__(self) -> None:
        _positive(epochs=self.epochs)

    def steps(self, steps_per_epoch: int) -> int:
        """As `Schedule.steps`."""
        return self.epochs * steps_per_epoch

    def cycle_ends(self, steps_done: int, steps_per_epoch: int) -> bool:
        """As `Schedule.cycle_ends`: never."""
        del steps_done, steps_per_epoch
        return False


@dataclass(frozen=True)
class _Warmed(_InEpochs):
    """One whose η first rises from 0 in a straight line, in `warmup_epochs`."""

    warmup_epochs: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.warmup_epochs <= self.epochs:
            raise ModelError(
                f"warmup_epochs must be 0 to {self.epochs}, the epochs, not {self.warmup_epochs!r}"
            )

    def warmup(self, steps_per_epoch: int) -> int:
        """Steps of the rise; the last of them is at the peak."""
        return round(self.warmup_epochs * steps_per_epoch)


class Constant(_Warmed):
    """η = η_max for a number of epochs, but for the rise."""

    def rate(self, step: int, steps_per_epoch: int, low: Floats, high: Floats) -> Floats:
        """As `Schedule.rate`; low is unused."""
        del low
        warmup = self.warmup(steps_per_epoch)
        return high * high.dtype.type((step + 1) / warmup) if step < warmup else high


class Cosine(_Warmed):
    """η falls from η_max to η_min along half a cosine, behind the rise.

    Source: I. Loshchilov & F. Hutter, ICLR 2017, equation 5, without restarts.
    """

    def rate(self, step: int, steps_per_epoch: int, low: Floats, high: Floats) -> Floats:
        """As `Schedule.rate`."""
        warmup, total = self.warmup(steps_per_epoch), self.steps(steps_per_epoch)
        if step < warmup:
            return high * high.dtype.type((step + 1) / warmup)
        return _along_cosine(high, low, (step - warmup) / max(total - warmup, 1))


@dataclass(frozen=True)
class OneCycle(_InEpochs):
    """η rises from η_max / 25 to η_max in a share of the steps, and falls to η_min in the rest.

    Both along half a cosine, as PyTorch has it; it starts from η_min where that is higher.
    Source: L. Smith & N. Topin, arXiv:1708.07120, section 3.

    Attributes:
        rise: That share.

    Raises:
        ModelError: The share is not between 0 and 1.
    """

    rise: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.rise < 1:
            raise ModelError(f"rise must be between 0 and 1, not {self.rise!r}")

    def rate(self, step: int, steps_per_epoch: int, low: Floats, high: Floats) -> Floats:
        """As `Schedule.rate`."""
        last = self.steps(steps_per_epoch) - 1
        peak = max(self.rise * (last + 1) - 1, 0)
        if step < peak:
            return _along_cosine(np.maximum(high / START, low), high, step / peak)
        return _along_cosine(high, low, (step - peak) / max(last - peak, 1))


START = 25
"""What η_max is divided by where one cycle starts."""


def _along_cosine(start: Floats, end: Floats, share: float) -> Floats:
    """Between (m,) and (m,), by half a cosine; 0 is the start, and 1 the end."""
    return end + (start - end) * start.dtype.type((1 + math.cos(math.pi * share)) / 2)


@dataclass(frozen=True)
class Decay(_InEpochs):
    """η = η_max · factor^epoch, epochs counted from 0."""

    factor: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive(factor=self.factor)

    def rate(self, step: int, steps_per_epoch: int, low: Floats, high: Floats) -> Floats:
        """As `Schedule.rate`; low is unused."""
        del low
        return high * high.dtype.type(self.factor ** (step // steps_per_epoch))


@dataclass(frozen=True)
class Cycles:
    """η rises linearly from η_min to η_max in n_s steps and falls back in n_s, `cycles` times.

    Attributes:
        cycles: How many times.
        half_cycle_steps: n_s in update steps, or None.
        half_cycle_epochs: n_s in epochs, or None; exactly one of the two is given.

    Raises:
        ModelError: Both are given, or neither; a number is not positive.
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


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Batches that cover `rows`, the last one smaller where `batch_size` does not divide them."""
    return int(np.ceil(rows / batch_size))
