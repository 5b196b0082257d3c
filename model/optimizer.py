"""Stochastic gradient descent with momentum and weight decay, for a whole stack, in place.

    v ← μ v − η (g + 2 λ W),  W ← W + v        (λ on the weights alone, not on b, γ and β)

The cost is mean loss + λ Σ‖W‖², hence 2 λ W.
Source: I. Sutskever et al., ICML 2013, equations 1 and 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from model.arrays import Floats
from model.members import Member, column
from model.parameters import Parameters, take, zeros_like


@dataclass(frozen=True)
class Momentum:
    """Momentum and weight decay of each member, (m, 1, 1) each, and the velocities if any move.

    `velocity` has the shapes of the parameters; None where every member's momentum is 0. `buffers`
    has the shapes of the weights, and no meaning between steps.
    """

    momentum: Floats
    weight_decay: Floats
    velocity: Parameters | None
    buffers: tuple[Floats, ...]

    @classmethod
    def at_rest(
        cls, members: Sequence[Member], parameters: Parameters, dtype: DTypeLike
    ) -> "Momentum":
        """Before the first step: all velocities are 0."""
        momentum = column(members, "momentum", dtype)
        moving = bool(momentum.any())
        decay = column(members, "weight_decay", dtype)
        velocity = zeros_like(parameters) if moving else None
        return cls(momentum, decay, velocity, _buffers(parameters))

    def take(self, members: Sequence[int], parameters: Parameters) -> "Momentum":
        """The state of some members, whose `parameters` these are."""
        at = list(members)
        velocity = None if self.velocity is None else take(self.velocity, at)
        return Momentum(self.momentum[at], self.weight_decay[at], velocity, _buffers(parameters))

    def step_in_place(
        self, parameters: Parameters, gradients: Parameters, learning_rate: Floats
    ) -> None:
        """Change `parameters`, and the velocities, by one step; `gradients` are used up as buffers.

        Args:
            parameters: Of the stack, changed in place.
            gradients: Of the mean loss, overwritten.
            learning_rate: η of each member, (m, 1, 1).
        """
        shrink = 2 * self.weight_decay * learning_rate
        for index, (layer, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            velocities = None if self.velocity is None else self.velocity[index].arrays()
            for name, array in layer.arrays().items():
                step = gradient.arrays()[name]
                step *= learning_rate
                if name == "weights" and self.weight_decay.any():
                    # Not W *= 1 - shrink: in float32 that is W itself for a shrink below 6e-8.
                    step += np.multiply(shrink, array, out=self.buffers[index])
                if velocities is None:
                    array -= step
                    continue
                velocity = velocities[name]
                velocity *= self.momentum
                velocity -= step
                array += velocity


def _buffers(parameters: Parameters) -> tuple[Floats, ...]:
    return tuple(np.zeros_like(layer.weights) for layer in parameters)
