"""Finite differences of a stack's cost, mean loss + λ Σ‖W‖², at some entries of its parameters.

A perturbed network is one more member of a stack, so many entries are perturbed in one pass.

A difference whose places lie on different sides of a kink (of ReLU, of the hinge, or of the slope
of Huber's function) measures neither side's slope, so for each entry it is said whether it crosses
one.

Source: B. Fornberg, Mathematics of Computation 51 (1988), tables 1 and 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model import network, parameters, skip
from model.arrays import Booleans, Floats, Integers, Targets
from model.members import Architecture, Member, column
from model.network import Regularisation
from model.parameters import Gradients, Parameters

Difference = Literal["central", "forward"]
Name = Literal["weights", "bias", "gamma", "beta"]

# Bounds the memory of the perturbed copies: 2^23 numbers are 64 MB.
_NUMBERS_AT_ONCE = 2**23


@dataclass(frozen=True)
class Formula:
    """The derivative as Σ `counts` × the cost at `places` / step.

    Attributes:
        places: In steps off the point.
        counts: One a place.
        step: The usual distance of neighbouring places: rounding, some 1e-16 / step, and the
            formula's own error are both small, and few entries cross a kink.
    """

    places: tuple[int, ...]
    counts: tuple[float, ...]
    step: float


FORMULAS: dict[Difference, Formula] = {
    "central": Formula((-2, -1, 1, 2), (1 / 12, -8 / 12, 8 / 12, -1 / 12), 1e-4),  # error step⁴
    "forward": Formula((0, 1), (-1.0, 1.0), 1e-6),  # error step
}


@dataclass(frozen=True)
class Entries:
    """Some entries of one array (m, rows, columns), the same in all members.

    Attributes:
        layer: Place of the layer, counted from 0.
        name: Of the array.
        rows: (e,).
        columns: (e,).
    """

    layer: int
    name: Name
    rows: Integers
    columns: Integers

    def of(self, stack: Parameters | Gradients) -> Floats:
        """Their values, (m, e)."""
        return stack[self.layer].arrays()[self.name][:, self.rows, self.columns]

    def part(self, at: slice) -> "Entries":
        """Some of them."""
        return Entries(self.layer, self.name, self.rows[at], self.columns[at])


@dataclass(frozen=True)
class Point:
    """Where a gradient is looked at: a stack of m members and a batch, in float64.

    Attributes:
        architecture: What the members agree in.
        members: m of them.
        parameters: Of the stack.
        x: (n, d).
        targets: (n,) labels, or (n, c) floats for regression.
        weights: Of the rows in the loss, (n,); None for 1.
        regularisation: Of the pass, held still.
    """

    architecture: Architecture
    members: tuple[Member, ...]
    parameters: Parameters
    x: Floats
    targets: Targets
    weights: Floats | None = None
    regularisation: Regularisation = network.NOTHING

    def passed(self, stack: Parameters, copies: int = 1) -> network.ForwardPass:
        """A pass of `copies` stacks of the members, one behind the other: (copies · m, …)."""
        members = self.members * copies
        shape = network.activation_shape(self.architecture, members, float)
        return network.forward(
            self.architecture,
            stack,
            shape,
            self.x,
            self.targets,
            weights=self.weights,
            regularisation=self.regularisation.repeated(copies),
            skips=skip.places(members),
        )


def differences(
    point: Point, chosen: Entries, formula: Formula, step: float
) -> tuple[Floats, Booleans]:
    """The finite difference of each entry, and whether it crosses a kink, (m, e) each."""
    passed = point.passed(point.parameters)
    kinks = tuple(passed.kinks())
    sizes = [array.size for layer in point.parameters for array in layer.arrays().values()]
    sizes += [cache.activation.positive.size for cache in passed.hidden] + [passed.scores.size]
    at_once = max(1, _NUMBERS_AT_ONCE // (sum(sizes) * len(formula.places)))
    parts = [
        _at_once(point, kinks, chosen.part(slice(at, at + at_once)), formula, step)
        for at in range(0, len(chosen.rows), at_once)
    ]
    return (
        np.concatenate([numeric for numeric, _ in parts], axis=1),
        np.concatenate([kinked for _, kinked in parts], axis=1),
    )


def _at_once(
    point: Point, kinks: Sequence[Booleans], chosen: Entries, formula: Formula, step: float
) -> tuple[Floats, Booleans]:
    """As `differences`, with one copy of the stack for each place p of each entry e."""
    m, e, p = len(point.members), len(chosen.rows), len(formula.places)
    stack = parameters.take(point.parameters, list(range(m)) * (e * p))
    perturbed = stack[chosen.layer].arrays()[chosen.name]
    where = (np.arange(e * p * m), chosen.rows.repeat(p * m), chosen.columns.repeat(p * m))
    perturbed[where] += np.tile(step * np.array(formula.places), e).repeat(m)

    passed = point.passed(stack, copies=e * p)
    cost = passed.losses.reshape(e, p, m)
    if chosen.name == "weights":  # the other weights' squares are the same at all places
        decay = column(point.members, "weight_decay", float).ravel()
        cost = cost + decay * np.square(perturbed[where]).reshape(e, p, m)
    numeric: Floats = np.einsum("p,epm->me", np.array(formula.counts), cost) / step

    kinked = np.zeros((m, e), dtype=bool)
    for here, there in zip(kinks, passed.kinks(), strict=True):
        crossed = there.reshape(e, p, *here.shape) != here  # (e, p, m, n, h)
        kinked |= crossed.any(axis=(1, 3, 4)).T
    return numeric, kinked
