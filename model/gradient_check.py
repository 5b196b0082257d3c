"""Compares the gradients of `model.network` with finite differences of the cost, in float64.

The check stands at a generic point: at b = β = 0 and γ = 1, where training begins, a term that is
forgotten can vanish, so those are moved by a little first. Entries whose difference crosses a kink
are counted and left out. What the check cannot see is a fault in `network.forward` itself.

Source of the relative error: experiment B0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model import network, parameters
from model.arrays import Booleans, Floats, Targets
from model.errors import ModelError
from model.finite_difference import FORMULAS, Difference, Entries, Name, Point, differences
from model.members import Architecture, Member, column
from model.network import Regularisation
from model.parameters import Layer, Parameters
from model.seeding import generator

SMALLEST = 1e-4
"""What errors are relative to where gradients are smaller, unless said."""

# Deviation of what is added to b, γ and β.
_MOVED = 0.1

_NAMES: tuple[Name, ...] = ("weights", "bias", "gamma", "beta")


@dataclass(frozen=True)
class Checked:
    """What the check found for one array of parameters, over all members.

    Attributes:
        layer: Counted from 1.
        name: Of the array.
        worst: Largest relative error of the entries compared; NaN where there was none.
        checked: Entries that were compared, summed over the members.
        kinked: Entries left out because their difference crosses a kink, likewise.
    """

    layer: int
    name: Name
    worst: float
    checked: int
    kinked: int


def check(
    architecture: Architecture,
    members: Sequence[Member],
    x: Floats,
    targets: Targets,
    *,
    weights: Floats | None = None,
    regularisation: Regularisation = network.NOTHING,
    difference: Difference = "central",
    step: float | None = None,
    smallest: float = SMALLEST,
    entries: int = 200,
    seed: int,
) -> tuple[Checked, ...]:
    """Compare the gradient of the cost, mean loss + λ Σ‖W‖², with finite differences.

    The relative error of an entry is |ga − gn| / max(smallest, |ga| + |gn|).

    Args:
        architecture: What the members agree in.
        members: m of them; padding is not checked, since it is no parameter of theirs.
        x: A batch (n, d).
        targets: (n,) labels, or (n, c) floats for regression.
        weights: Of the rows in the loss, (n,); None for 1.
        regularisation: Of the pass, such as the masks of dropout, held still.
        difference: "central" (4 places, error step⁴) or "forward" (2 places, error step).
        step: Distance of neighbouring places; None for 1e-4 (central) or 1e-6 (forward).
        smallest: Stands for |ga| + |gn| where that is below it. A gradient that is zero by
            construction, as a bias's ahead of batch normalisation, differs from zero by the cost's
            rounding, some 1e-15 / step; 1e-4 shows that as 1e-7 (central), and still shows every
            fault above 1e-10 as more than 1e-6.
        entries: At most so many entries of each array are perturbed, in all members at once.
        seed: Of the point and the choice of entries, beside the members' own seeds.

    Returns:
        One `Checked` an array: layer by layer; weights, bias, γ, β.

    Raises:
        ModelError: The members differ in depth, or there is none; `step`, `smallest` or `entries`
            is not above 0.
    """
    formula = FORMULAS[difference]
    step = formula.step if step is None else step
    for name, number in {"step": step, "smallest": smallest, "entries": entries}.items():
        if not number > 0:
            raise ModelError(f"{name} of a gradient check must be above 0, not {number!r}")
    draw = generator(seed, "gradient check")
    start = parameters.initialise(architecture, members, float)
    own = _own(architecture, members, start)
    moved = _moved(start, own, draw)
    point = Point(
        architecture, tuple(members), moved, x.astype(float), targets, weights, regularisation
    )
    gradients = network.backward(architecture, point.passed(point.parameters))
    found = []
    for chosen in _choose(start, entries, draw):
        analytic = chosen.of(gradients)
        if chosen.name == "weights":
            decay = column(members, "weight_decay", float)[:, 0]
            analytic = analytic + 2 * decay * chosen.of(point.parameters)
        numeric, kinked = differences(point, chosen, formula, step)
        sums = np.maximum(smallest, np.abs(analytic) + np.abs(numeric))
        errors = np.abs(analytic - numeric) / sums
        found.append(_summary(chosen, errors, kinked, chosen.of(own) > 0))
    return tuple(found)


def _summary(chosen: Entries, errors: Floats, kinked: Booleans, own: Booleans) -> Checked:
    """From the errors, the kinks crossed and which entries are no padding, (m, e) each."""
    compared = errors[own & ~kinked]
    worst = float(compared.max()) if compared.size else float("nan")
    return Checked(chosen.layer + 1, chosen.name, worst, compared.size, int((own & kinked).sum()))


def _own(architecture: Architecture, members: Sequence[Member], stack: Parameters) -> Parameters:
    """1 for the members' own entries, 0 for padding, in the shapes of the stack's parameters."""
    sizes = np.array([(architecture.inputs, *m.widths, architecture.outputs) for m in members])
    layers = []
    for index, layer in enumerate(stack):
        _, d, h = layer.weights.shape
        inputs = np.arange(d)[:, None] < sizes[:, index, None, None]  # (m, d, 1)
        units = (np.arange(h) < sizes[:, index + 1, None, None]).astype(float)  # (m, 1, h)
        affine = None if layer.gamma is None else units
        layers.append(Layer(inputs * units, units, affine, affine))
    return tuple(layers)


def _moved(start: Parameters, own: Parameters, draw: np.random.Generator) -> Parameters:
    """The parameters with a little added to b, γ and β; padding stays zero."""
    layers = []
    for layer, mask in zip(start, own, strict=True):
        moved = {
            name: array + _MOVED * draw.standard_normal(array.shape) * mask.arrays()[name]
            for name, array in layer.arrays().items()
            if name != "weights"
        }
        layers.append(Layer(layer.weights, **moved))
    return tuple(layers)


def _choose(stack: Parameters, entries: int, draw: np.random.Generator) -> list[Entries]:
    """At most `entries` entries of every array, none twice."""
    chosen = []
    for index, layer in enumerate(stack):
        arrays = layer.arrays()
        for name in (name for name in _NAMES if name in arrays):
            shape = arrays[name].shape[1:]
            size = int(np.prod(shape))
            at = draw.choice(size, min(size, entries), replace=False)
            chosen.append(Entries(index, name, *np.unravel_index(at, shape)))
    return chosen
