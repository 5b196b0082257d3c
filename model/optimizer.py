"""Stochastic gradient descent with momentum and weight decay, for a whole stack, in place.

    v ← μ v − η (g + 2 λ W),  W ← W + v        (λ on the weights alone, not on b, γ and β)

The cost is mean loss + λ Σ‖W‖², hence 2 λ W.
Source: I. Sutskever et al., ICML 2013, equations 1 and 2.

Where nothing moves (μ = 0), the decay costs no pass over the weights. They are kept as W = s V, and
    W ← (1 − 2 λ η) W − η g    becomes    s ← (1 − 2 λ η) s,  V ← V − (η / s) g,
with the new s. In between, `parameters` hold V; `fold` makes them W again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from model.arrays import Booleans, Floats, per_unit
from model.members import Member, column
from model.parameters import Gradients, Parameters, take, zeros_like

# V is made W again before s leaves this range, so that neither of them loses precision.
_SCALES = (1e-3, 1e3)
_ROUNDINGS = 8


@dataclass(frozen=True)
class Descent:
    """The optimizer of a stack; `velocity` and `scale` are changed in place by every step.

    Attributes:
        momentum: μ of each member, (m, 1, 1).
        weight_decay: λ of each member, (m, 1, 1), in float64.
        velocity: v, in the shapes of the parameters; None where every μ is 0.
        scale: s of each member, (m, 1, 1), in float64; None where it stays 1.
    """

    momentum: Floats
    weight_decay: Floats
    velocity: Parameters | None
    scale: Floats | None

    @classmethod
    def at_rest(
        cls, members: Sequence[Member], parameters: Parameters, dtype: DTypeLike
    ) -> "Descent":
        """Before the first step: all velocities are 0, and s is 1."""
        momentum, decay = column(members, "momentum", dtype), column(members, "weight_decay", float)
        if momentum.any():
            return cls(momentum, decay, zeros_like(parameters), None)
        return cls(momentum, decay, None, np.ones_like(decay) if decay.any() else None)

    def take(self, members: Sequence[int]) -> "Descent":
        """The state of some members."""
        at = list(members)
        velocity = None if self.velocity is None else take(self.velocity, at)
        scale = None if self.scale is None else self.scale[at]
        return Descent(self.momentum[at], self.weight_decay[at], velocity, scale)

    def step_in_place(
        self,
        parameters: Parameters,
        gradients: Gradients,
        learning_rate: Floats,
        buffers: Sequence[Floats],
    ) -> None:
        """Change `parameters`, and the own state, by one step.

        Args:
            parameters: Of the stack, with V as weights; changed in place.
            gradients: Of the mean loss at W and the other parameters.
            learning_rate: η of each member, (m, 1, 1), in float64.
            buffers: Like the weights of each layer; overwritten.
        """
        dtype = parameters[0].weights.dtype
        rate = learning_rate.astype(dtype)
        shrink = 2 * self.weight_decay * learning_rate
        weight_rate = rate
        if self.scale is not None:
            _shrink(self.scale, parameters, 1 - shrink)
            weight_rate = (learning_rate / self.scale).astype(dtype)
        velocities = self.velocity or (None,) * len(parameters)
        for layer, velocity, gradient, buffer in zip(
            parameters, velocities, gradients, buffers, strict=True
        ):
            step = gradient.weights.times(weight_rate).product(buffer)
            if velocity is None:
                np.subtract(layer.weights, step, out=layer.weights)
                for array, slope in zip(layer.vectors(), gradient.vectors(), strict=True):
                    array -= rate * slope
                continue
            # Not W *= 1 − shrink: in float32 that is W itself for a shrink below 6e-8.
            self._move_weights(layer.weights, velocity.weights, step, shrink.astype(dtype))
            vectors = (layer.vectors(), velocity.vectors(), gradient.vectors())
            for array, v, slope in zip(*vectors, strict=True):
                v *= self.momentum
                v -= rate * slope
                array += v

    def fold(self, parameters: Parameters) -> None:
        """Make the weights of `parameters` W, to rounding, and s nearly 1."""
        if self.scale is not None:
            # To multiply by less than some roundings would be to round, and no longer to decay.
            least = _ROUNDINGS * np.finfo(parameters[0].weights.dtype).eps
            _fold(self.scale, parameters, np.abs(self.scale - 1) > least)

    def _move_weights(
        self, weights: Floats, velocity: Floats, step: Floats, shrink: Floats
    ) -> None:
        """All arrays are (m, d, h); `step` is η g, and is overwritten."""
        units = weights.shape[2]
        velocity *= per_unit(self.momentum, units)
        velocity -= step
        if shrink.any():
            velocity -= np.multiply(weights, per_unit(shrink, units), out=step)
        weights += velocity


def _shrink(scale: Floats, parameters: Parameters, factor: Floats) -> None:
    """Multiply all weights by a factor (m, 1, 1), by `scale` where that stays within its range."""
    scale *= factor
    low, high = _SCALES
    size = np.abs(scale)
    outside = ~((size > low) & (size < high))
    if outside.any():
        _fold(scale, parameters, outside)


def _fold(scale: Floats, parameters: Parameters, members: Booleans) -> None:
    """Move the scale of some members (m, 1, 1) into their weights.

    What rounding the factor to the weights' precision loses stays in the scale.
    """
    factor = np.where(members, scale, 1.0).astype(parameters[0].weights.dtype)
    for layer in parameters:
        np.multiply(layer.weights, factor, out=layer.weights)
    sound = members & (factor != 0)
    scale[sound] /= factor[sound]
    scale[members & ~sound] = 1
