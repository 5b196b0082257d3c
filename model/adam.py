"""Adam and AdamW, for a whole stack, in place.

    m ← β1 m + (1 − β1) g,  v ← β2 v + (1 − β2) g²
    W ← W − η m̂ / (√v̂ + ε),  with  m̂ = m / (1 − β1ᵗ)  and  v̂ = v / (1 − β2ᵗ)

after t steps. Weight decay (on the weights alone, not on b, γ and β) is a part of the cost in Adam,
mean loss + λ Σ‖W‖², so that 2 λ W is added to g. In AdamW it is none: besides the step, each weight
loses the share η λ of itself.

Sources: D. Kingma & J. Ba, ICLR 2015, algorithm 1; I. Loshchilov & F. Hutter, ICLR 2019, algorithm
2, with η before λ, as PyTorch has it.

Passes over the weights are what this costs, so constants are moved to where they cost none. With
M = m / σ, where σ ← β1 σ, and U = v / τ, where τ = (1 − β2) (σ / (1 − β1))², the gradient comes as
G = g (1 − β1) / σ, whose factor is multiplied into dz, and

    M ← M + G,  U ← β2 (τ' / τ) U + G²  with the τ' of the step before,  W ← W − a M / (√U + e)

with numbers a and e for each member. M is m again before σ leaves a range about 1. So the m of a
weight whose gradient stays 0 becomes 0; β1 m would round to itself at the smallest of all numbers,
with which processors are slow. AdamW's W is kept as s V (see `model.scaled_weights`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from model import scaled_weights
from model.arrays import Floats
from model.members import Member, column
from model.parameters import Gradients, Parameters, take, zeros_like
from model.passes import blocks, factor


@dataclass(frozen=True)
class Adam:
    """Fulfils `model.optimizer.Optimizer`; all but the constants is changed by every step.

    Attributes:
        beta_1: β1 of each member, (m, 1, 1), in float64, as all numbers of members.
        beta_2: β2, (m, 1, 1).
        epsilon: ε, (m, 1, 1).
        weight_decay: λ, (m, 1, 1).
        decoupled: Whether it is AdamW.
        mean: M, in the shapes of the parameters.
        square: U, likewise.
        steps: t, (m, 1, 1).
        mean_scale: σ, (m, 1, 1).
        scale: s, (m, 1, 1); None where it stays 1.
    """

    beta_1: Floats
    beta_2: Floats
    epsilon: Floats
    weight_decay: Floats
    decoupled: bool
    mean: Parameters
    square: Parameters
    steps: Floats
    mean_scale: Floats
    scale: Floats | None

    optional: ClassVar[tuple[str, ...]] = ("scale",)

    @classmethod
    def at_rest(
        cls, members: Sequence[Member], parameters: Parameters, *, decoupled: bool = False
    ) -> "Adam":
        """Before the first step."""
        decay = column(members, "weight_decay", float)
        ones = np.ones_like(decay)
        return cls(
            column(members, "beta_1", float),
            column(members, "beta_2", float),
            column(members, "epsilon", float),
            decay,
            decoupled,
            zeros_like(parameters),
            zeros_like(parameters),
            np.zeros_like(decay),
            ones,
            ones.copy() if decoupled and decay.any() else None,
        )

    def take(self, members: Sequence[int], widths: Sequence[int] | None = None) -> "Adam":
        """As `Optimizer.take`."""
        at = list(members)
        decays = self.weight_decay[at].any()
        return replace(
            self,
            beta_1=self.beta_1[at],
            beta_2=self.beta_2[at],
            epsilon=self.epsilon[at],
            weight_decay=self.weight_decay[at],
            mean=take(self.mean, at, widths),
            square=take(self.square, at, widths),
            steps=self.steps[at],
            mean_scale=self.mean_scale[at],
            scale=self.scale[at] if self.scale is not None and decays else None,
        )

    def moments(self) -> Mapping[str, Parameters]:
        """As `Optimizer.moments`."""
        return {"mean": self.mean, "square": self.square}

    def numbers(self) -> Mapping[str, Floats]:
        """As `Optimizer.numbers`."""
        there = {"steps": self.steps, "mean_scale": self.mean_scale}
        return there if self.scale is None else {**there, "scale": self.scale}

    def spared(self, place: int) -> tuple[str, ...]:
        """As `Optimizer.spared`."""
        return () if self.decoupled and self.weight_decay[place].any() else ("scale",)

    def step_in_place(
        self,
        parameters: Parameters,
        gradients: Gradients,
        learning_rate: Floats,
        buffers: Sequence[Floats],
    ) -> None:
        """As `Optimizer.step_in_place`."""
        dtype = parameters[0].weights.dtype
        numbers = self._advance(learning_rate)
        of_weights = of_vectors = numbers.rounded(dtype)
        if self.scale is not None:
            shrink = 1 - self.weight_decay * learning_rate
            scaled_weights.shrink(self.scale, parameters, shrink)
            of_weights = replace(numbers, rate=numbers.rate / self.scale).rounded(dtype)
        slope = of_vectors.slope
        decay = np.zeros_like(slope) if self.decoupled else 2 * self.weight_decay * numbers.slope
        for layer, mean, square, gradient, buffer in zip(
            parameters, self.mean, self.square, gradients, buffers, strict=True
        ):
            step = gradient.weights.times(slope).product(buffer)
            if decay.any():
                shrunk = factor(decay.astype(dtype), step)
                for rows in blocks(step):
                    step[:, rows] += layer.weights[:, rows] * shrunk
            _move(layer.weights, mean.weights, square.weights, step, of_weights)
            vectors = (layer.vectors(), mean.vectors(), square.vectors(), gradient.vectors())
            for array, m, u, g in zip(*vectors, strict=True):
                _move(array, m, u, slope * g, of_vectors)

    def fold(self, parameters: Parameters) -> None:
        """As `Optimizer.fold`."""
        if self.scale is not None:
            scaled_weights.fold(self.scale, parameters)

    def _advance(self, learning_rate: Floats) -> "_Numbers":
        """Count a step, and give its constants; M becomes m where σ leaves its range."""
        steps, sigma = self.steps, self.mean_scale
        steps += 1
        before = sigma.copy()
        sigma *= self.beta_1
        far = scaled_weights.outside_range(sigma)
        if far.any():
            for layer in self.mean:
                for array in layer.arrays().values():
                    array *= factor(np.where(far, sigma, 1.0).astype(array.dtype), array)
            sigma[far] = 1
        root = np.sqrt((1 - self.beta_2**steps) / (1 - self.beta_2)) * (1 - self.beta_1) / sigma
        return _Numbers(
            slope=(1 - self.beta_1) / sigma,
            keep=self.beta_2 * (before / sigma) ** 2,
            least=self.epsilon * root,
            rate=learning_rate * sigma / (1 - self.beta_1**steps) * root,
        )


@dataclass(frozen=True)
class _Numbers:
    """The constants of a step, one a member, (m, 1, 1) each.

    Attributes:
        slope: (1 − β1) / σ.
        keep: β2 τ' / τ.
        least: e.
        rate: a.
    """

    slope: Floats
    keep: Floats
    least: Floats
    rate: Floats

    def rounded(self, dtype: np.dtype[Any]) -> "_Numbers":
        """In the precision of the parameters."""
        return _Numbers(
            *(one.astype(dtype) for one in (self.slope, self.keep, self.least, self.rate))
        )


def _move(weights: Floats, mean: Floats, square: Floats, step: Floats, by: _Numbers) -> None:
    """All arrays are (m, d, h); `step` is G, and is overwritten."""
    keep, least, rate = (factor(one, weights) for one in (by.keep, by.least, by.rate))
    for rows in blocks(weights):
        w, m, u, g = weights[:, rows], mean[:, rows], square[:, rows], step[:, rows]
        m += g
        g *= g
        u *= keep
        u += g
        np.sqrt(u, out=g)
        g += least
        np.divide(m, g, out=g)
        g *= rate
        w -= g
