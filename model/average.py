"""Averaged weights: a mean of the parameters over the steps, in which later ones count for more.

    A ← d A + (1 − d) W,  Â = A / (1 − dᵗ)  after t steps

Â is what is kept, so that the first weights, which nothing was learned by, have no part in it:

    Â ← (1 − c) Â + c W,  c = (1 − d) / (1 − dᵗ)

Source: B. Polyak & A. Juditsky, SIAM Journal on Control and Optimization 1992, for the mean; the
correction is that of D. Kingma & J. Ba, ICLR 2015, section 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model.arrays import Floats
from model.members import Member, column
from model.parameters import Parameters, named, take, zeros_like
from model.passes import blocks, factor

PREFIX = "average"
"""How the names of its arrays begin."""


@dataclass(frozen=True)
class Average:
    """The averaged parameters of a stack, which every step changes in place.

    Attributes:
        decay: d of each member, (m, 1, 1), in float64; where it is 0, Â is W.
        parameters: Â.
        steps: t, (m, 1, 1), in float64.
    """

    decay: Floats
    parameters: Parameters
    steps: Floats

    @classmethod
    def at_rest(cls, members: Sequence[Member], parameters: Parameters) -> "Average | None":
        """Before the first step; None where no member has one."""
        decay = column(members, "ema_decay", float)
        if not decay.any():
            return None
        return cls(decay, zeros_like(parameters), np.zeros_like(decay))

    def take(self, members: Sequence[int], widths: Sequence[int] | None = None) -> "Average | None":
        """That of some members, as `parameters.take`; None where none of these has one."""
        at = list(members)
        if not self.decay[at].any():
            return None
        return Average(self.decay[at], take(self.parameters, at, widths), self.steps[at])

    def numbers(self) -> Mapping[str, Floats]:
        """Its numbers of the members, (m, 1, 1), by name."""
        return {f"{PREFIX}_steps": self.steps}

    def arrays(self) -> dict[str, Floats]:
        """All that a step changes, by name."""
        return named(self.parameters, what=PREFIX) | dict(self.numbers())

    def update_in_place(
        self, parameters: Parameters, scale: Floats | None, buffers: Sequence[Floats]
    ) -> None:
        """Take account of the parameters after a step.

        Args:
            parameters: Of the stack.
            scale: What their weights are to be multiplied by, (m, 1, 1); None for 1.
            buffers: Like the weights of each layer; overwritten.
        """
        steps = self.steps
        steps += 1
        share = (1 - self.decay) / (1 - self.decay**steps)
        dtype = parameters[0].weights.dtype
        kept, new = (1 - share).astype(dtype), share.astype(dtype)
        scaled = new if scale is None else (share * scale).astype(dtype)
        for mean, layer, buffer in zip(self.parameters, parameters, buffers, strict=True):
            keep, add = factor(kept, buffer), factor(scaled, buffer)
            for rows in blocks(buffer):
                mine = mean.weights[:, rows]
                mine *= keep
                mine += np.multiply(layer.weights[:, rows], add, out=buffer[:, rows])
            for vector, now in zip(mean.vectors(), layer.vectors(), strict=True):
                vector *= kept
                vector += new * now
