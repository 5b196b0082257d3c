"""One member of a trained stack as a network by itself, without the stack's padding."""

from model import parameters
from model.errors import ModelError
from model.inference import Network


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
    member = stack.members[place]
    sizes = (stack.architecture.inputs, *member.widths, stack.architecture.outputs)
    layers = parameters.cut(stack.parameters, place, sizes)
    kept = parameters.cut_statistics(stack.statistics, place, member.widths)
    return Network(stack.architecture, (member,), layers, kept)
