"""The parameters of a stack: drawing, padding, and taking some members out of it.

A narrower member is padded with zeros: weights, γ and β of units that it doesn't have. The output
of such a unit is zero, so are the gradients of its parameters, and so it stays exactly zero.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from model import linear
from model.arrays import Floats
from model.batch_norm import Statistics
from model.errors import ModelError
from model.linear import WeightGradient
from model.members import Architecture, Member, padded_widths
from model.seeding import generator


@dataclass(frozen=True)
class Layer:
    """One layer's parameters (or their velocities), each with the member axis.

    Attributes:
        weights: W (m, d, h).
        bias: b (m, 1, h).
        gamma: γ (m, 1, h), None without batch normalisation or without its affine part.
        beta: β (m, 1, h), likewise.
    """

    weights: Floats
    bias: Floats
    gamma: Floats | None = None
    beta: Floats | None = None

    def vectors(self) -> tuple[Floats, ...]:
        """The arrays (m, 1, h) that are there: b, γ, β."""
        return _given(self.bias, self.gamma, self.beta)

    def arrays(self) -> dict[str, Floats]:
        """All arrays that are there, by name: weights first."""
        return _there(weights=self.weights, bias=self.bias, gamma=self.gamma, beta=self.beta)


Parameters = tuple[Layer, ...]


@dataclass(frozen=True)
class LayerGradient:
    """The gradient of the loss at one layer's parameters; the weights' as its factors.

    Attributes:
        weights: Of (m, d, h).
        bias: (m, 1, h).
        gamma: (m, 1, h), None without batch normalisation or without its affine part.
        beta: (m, 1, h), likewise.
    """

    weights: WeightGradient
    bias: Floats
    gamma: Floats | None = None
    beta: Floats | None = None

    def times(self, factor: Floats) -> "LayerGradient":
        """The gradient times a factor (m, 1, 1)."""
        vectors = {name: getattr(self, name) for name in ("bias", "gamma", "beta")}
        scaled = {name: array * factor for name, array in vectors.items() if array is not None}
        return LayerGradient(self.weights.times(factor), **scaled)

    def vectors(self) -> tuple[Floats, ...]:
        """The arrays (m, 1, h) that are there: of b, γ, β."""
        return _given(self.bias, self.gamma, self.beta)

    def arrays(self) -> dict[str, Floats]:
        """All arrays that are there, by name, the weights' multiplied out: weights first."""
        weights = self.weights.product()
        return _there(weights=weights, bias=self.bias, gamma=self.gamma, beta=self.beta)


Gradients = tuple[LayerGradient, ...]


def initialise(
    architecture: Architecture, members: Sequence[Member], dtype: DTypeLike
) -> Parameters:
    """Draw the initial parameters: weights N(0, σ²) by each member's rule, b = β = 0, γ = 1.

    A member's draws depend on its own seed and widths alone, so it begins alike in any stack.

    Raises:
        ModelError: The members differ in depth, or there is none; or they have a bottleneck and no
            hidden layer.
    """
    if architecture.bottleneck and not all(member.widths for member in members):
        raise ModelError("a bottleneck is a hidden layer; give its units as the first width")
    sizes = (architecture.inputs, *padded_widths(members), architecture.outputs)
    layers = []
    for index, (d, h) in enumerate(itertools.pairwise(sizes)):
        linear_ = architecture.bottleneck and index == 0
        if index == 0:
            weights = linear.first_layer_order(len(members), d, h, dtype)
        else:
            weights = np.zeros((len(members), d, h), dtype)
        for position, member in enumerate(members):
            own = (architecture.inputs, *member.widths, architecture.outputs)
            fan_in, fan_out = own[index], own[index + 1]
            draw = generator(member.seed, "weights", index).standard_normal((fan_in, fan_out))
            weights[position, :fan_in, :fan_out] = draw * member.deviation(fan_in, linear=linear_)
        hidden = index < len(sizes) - 2 and not linear_
        gamma, beta = _affine(architecture, members, index, h, dtype) if hidden else (None, None)
        layers.append(Layer(weights, np.zeros((len(members), 1, h), dtype), gamma, beta))
    return tuple(layers)


def _affine(
    architecture: Architecture, members: Sequence[Member], index: int, units: int, dtype: DTypeLike
) -> tuple[Floats | None, Floats | None]:
    if architecture.batch_norm == "none" or not architecture.batch_norm_affine:
        return None, None
    gamma = np.zeros((len(members), 1, units), dtype)
    for position, member in enumerate(members):
        gamma[position, :, : member.widths[index]] = 1
    return gamma, np.zeros_like(gamma)


def zeros_like(parameters: Parameters) -> Parameters:
    """Zeros of the same shapes in the same memory order."""
    return _each(parameters, np.zeros_like)


def copy(parameters: Parameters) -> Parameters:
    """A copy in the same memory order."""
    return _each(parameters, lambda array: array.copy(order="K"))


def take(
    parameters: Parameters, members: Sequence[int], widths: Sequence[int] | None = None
) -> Parameters:
    """The parameters of some members, in the order given, in the memory order of a stack.

    Args:
        parameters: Of a stack.
        members: Their places.
        widths: How many units of each hidden layer are kept, those of these members at least; None
            for all.
    """
    at = list(members)
    kept = [layer.weights.shape[2] for layer in parameters]
    if widths is not None:
        kept[:-1] = widths
    taken: list[Layer] = []
    inputs = parameters[0].weights.shape[1]
    for layer, h in zip(parameters, kept, strict=True):
        weights = layer.weights[at, :inputs, :h]
        if not taken:
            ordered = linear.first_layer_order(len(at), inputs, h, weights.dtype)
            ordered[...] = weights
            weights = ordered
        taken.append(Layer(weights, *(vector[at, :, :h] for vector in layer.vectors())))
        inputs = h
    return tuple(taken)


def cut(parameters: Parameters, place: int, sizes: Sequence[int]) -> Parameters:
    """One member as a stack of one, without padding, in arrays of its own.

    Args:
        parameters: Of a stack.
        place: The member's, 0 … m − 1.
        sizes: Its own: inputs, the width of each hidden layer, outputs.
    """
    one = slice(place, place + 1)
    return tuple(
        Layer(
            layer.weights[one, :d, :h].copy(),
            *(vector[one, :, :h].copy() for vector in layer.vectors()),
        )
        for layer, (d, h) in zip(parameters, itertools.pairwise(sizes), strict=True)
    )


def take_statistics(
    kept: Sequence[Statistics | None], members: Sequence[int], widths: Sequence[int]
) -> tuple[Statistics | None, ...]:
    """The kept statistics of some members, layer by layer, with the widths that `take` leaves."""
    at = list(members)
    return tuple(
        s and Statistics(s.mean[at, :, :h], s.variance[at, :, :h])
        for s, h in zip(kept, widths, strict=True)
    )


def cut_statistics(
    kept: Sequence[Statistics | None], place: int, widths: Sequence[int]
) -> tuple[Statistics | None, ...]:
    """The kept statistics of one member as a stack of one, as `cut` does it."""
    one = slice(place, place + 1)
    return tuple(
        s and Statistics(s.mean[one, :, :h].copy(), s.variance[one, :, :h].copy())
        for s, h in zip(kept, widths, strict=True)
    )


def named(
    parameters: Parameters, kept: Sequence[Statistics | None] = (), what: str = "layer"
) -> dict[str, Floats]:
    """All arrays by names such as "layer_1.weights" and, of kept statistics, "layer_1.mean"."""
    found: dict[str, Floats] = {}
    for number, layer in enumerate(parameters, start=1):
        found |= {f"{what}_{number}.{name}": array for name, array in layer.arrays().items()}
    for number, statistics in enumerate(kept, start=1):
        if statistics is not None:
            found[f"{what}_{number}.mean"] = statistics.mean
            found[f"{what}_{number}.variance"] = statistics.variance
    return found


def squared_norm(parameters: Parameters) -> Floats:
    """Σ‖W‖² of each member over all layers, (m,)."""
    total: Floats = np.sum(
        [np.einsum("mdh,mdh->m", layer.weights, layer.weights) for layer in parameters], axis=0
    )
    return total


def _each(parameters: Parameters, change: Callable[[Floats], Floats]) -> Parameters:
    return tuple(
        Layer(**{name: change(array) for name, array in layer.arrays().items()})
        for layer in parameters
    )


def _there(**arrays: Floats | None) -> dict[str, Floats]:
    return {name: array for name, array in arrays.items() if array is not None}


def _given(*arrays: Floats | None) -> tuple[Floats, ...]:
    return tuple(array for array in arrays if array is not None)
