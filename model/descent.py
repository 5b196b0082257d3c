"""Stochastic gradient descent with momentum and weight decay, for a whole stack, in place.

    v ← μ v − η (g + 2 λ W),  W ← W + v        (λ on the weights alone, not on b, γ and β)

Nesterov's looks ahead along v; with W as the point where the gradient is taken, it is

    v ← μ v − η (g + 2 λ W),  W ← W + μ v − η (g + 2 λ W)

The cost is mean loss + λ Σ‖W‖², hence 2 λ W.
Sources: I. Sutskever et al., ICML 2013, equations 1 to 4; of Nesterov's in this form Y. Bengio et
al., ICASSP 2013, equation 7.

Where nothing moves (μ = 0), the decay costs no pass over the weights. They are kept as W = s V (see
`model.scaled_weights`), and
    W ← (1 − 2 λ η) W − η g    becomes    s ← (1 − 2 λ η) s,  V ← V − (η / s) g,
with the new s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model import scaled_weights
from model.arrays import Floats
from model.members import Member, column
from model.parameters import Gradients, Parameters, take, zeros_like
from model.passes import blocks, factor


@dataclass(frozen=True)
class Descent:
    """Fulfils `model.optimizer.Optimizer`; `velocity` and `scale` are changed by every step.

    Attributes:
        momentum: μ of each member, (m, 1, 1).
        weight_decay: λ of each member, (m, 1, 1), in float64.
        velocity: v, in the shapes of the parameters; None where every μ is 0.
        scale: s of each member, (m, 1, 1), in float64; None where it stays 1.
        nesterov: Whether it looks ahead.
    """

    momentum: Floats
    weight_decay: Floats
    velocity: Parameters | None
    scale: Floats | None
    nesterov: bool = False

    optional: ClassVar[tuple[str, ...]] = ("velocity", "scale")

    @classmethod
    def at_rest(
        cls, members: Sequence[Member], parameters: Parameters, *, nesterov: bool = False
    ) -> "Descent":
        """Before the first step: all velocities are 0, and s is 1."""
        dtype = parameters[0].weights.dtype
        momentum, decay = column(members, "momentum", dtype), column(members, "weight_decay", float)
        if momentum.any():
            return cls(momentum, decay, zeros_like(parameters), None, nesterov)
        return cls(momentum, decay, None, np.ones_like(decay) if decay.any() else None, nesterov)

    def take(self, members: Sequence[int], widths: Sequence[int] | None = None) -> "Descent":
        """As `Optimizer.take`; it holds what it would hold if it had begun with these members."""
        at = list(members)
        momentum, decay = self.momentum[at], self.weight_decay[at]
        velocity = None
        scale = self.scale[at] if self.scale is not None and decay.any() else None
        if momentum.any():
            velocity = None if self.velocity is None else take(self.velocity, at, widths)
        elif scale is None and decay.any():  # what moved has left
            scale = np.ones_like(decay)
        return Descent(momentum, decay, velocity, scale, self.nesterov)

    def moments(self) -> Mapping[str, Parameters]:
        """As `Optimizer.moments`."""
        return {} if self.velocity is None else {"velocity": self.velocity}

    def numbers(self) -> Mapping[str, Floats]:
        """As `Optimizer.numbers`."""
        return {} if self.scale is None else {"scale": self.scale}

    def spared(self, place: int) -> tuple[str, ...]:
        """As `Optimizer.spared`."""
        moves, decays = self.momentum[place].any(), self.weight_decay[place].any()
        return (*(() if moves else ("velocity",)), *(() if decays else ("scale",)))

    def step_in_place(
        self,
        parameters: Parameters,
        gradients: Gradients,
        learning_rate: Floats,
        buffers: Sequence[Floats],
    ) -> None:
        """As `Optimizer.step_in_place`."""
        dtype = parameters[0].weights.dtype
        rate = learning_rate.astype(dtype)
        shrink = 2 * self.weight_decay * learning_rate
        weight_rate = rate
        if self.scale is not None:
            scaled_weights.shrink(self.scale, parameters, 1 - shrink)
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
                own = rate * slope
                v *= self.momentum
                v -= own
                array += self.momentum * v - own if self.nesterov else v

    def fold(self, parameters: Parameters) -> None:
        """As `Optimizer.fold`."""
        if self.scale is not None:
            scaled_weights.fold(self.scale, parameters)

    def _move_weights(
        self, weights: Floats, velocity: Floats, step: Floats, shrink: Floats
    ) -> None:
        """All arrays are (m, d, h); `step` is η g, and is overwritten."""
        momentum, shrinks = factor(self.momentum, weights), bool(shrink.any())
        shrunk = factor(shrink, weights)
        for rows in blocks(weights):
            w, v, own = weights[:, rows], velocity[:, rows], step[:, rows]
            v *= momentum
            v -= own
            if self.nesterov:
                w_decay = np.multiply(w, shrunk) if shrinks else None
                if w_decay is not None:
                    v -= w_decay
                    own += w_decay
                w -= own
                w += np.multiply(v, momentum, out=own)
                continue
            if shrinks:
                v -= np.multiply(w, shrunk, out=own)
            w += v
