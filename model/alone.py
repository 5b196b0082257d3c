"""One member of a trained stack as a network by itself, without the stack's padding."""

import itertools

from model.arrays import Floats
from model.batch_norm import Statistics
from model.errors import ModelError
from model.inference import Network
from model.parameters import Layer


def alone(stack: Network, place: int) -> Network:
    """The member at `place` as a stack of one, in arrays of its own.

    Its scores are those that it has in the stack, to rounding: sums over padding add exact zeros,
    but a product of another shape may add in another order.

    Args:
        stack: A trained stack; it may be trained on without any effect on what is returned.
        place: 0 … m − 1.

    Raises:
        ModelError: The stack has no such place.
    """
    if not 0 <= place < len(stack.members):
        raise ModelError(f"the place must be one of 0 … {len(stack.members) - 1}, not {place}")
    member, one = stack.members[place], slice(place, place + 1)
    sizes = (stack.architecture.inputs, *member.widths, stack.architecture.classes)

    def row(array: Floats | None, units: int) -> Floats | None:
        return None if array is None else array[one, :, :units].copy()

    layers = tuple(
        Layer(
            layer.weights[one, :d, :h].copy(),
            layer.bias[one, :, :h].copy(),
            row(layer.gamma, h),
            row(layer.beta, h),
        )
        for layer, (d, h) in zip(stack.parameters, itertools.pairwise(sizes), strict=True)
    )
    kept = tuple(
        known and Statistics(known.mean[one, :, :h].copy(), known.variance[one, :, :h].copy())
        for known, h in zip(stack.statistics, member.widths, strict=True)
    )
    return Network(stack.architecture, (member,), layers, kept)
