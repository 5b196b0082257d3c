"""Skip connections: the input of a hidden layer is added to its output.

    y = f(x) + x

where the layer has as many units as the one before it, and y = f(x) where it has not. f is all of
the layer, its dropout included, so what is dropped is missing in f(x) alone. The first hidden
layer, whose input is the data, has none. Members of a stack have theirs where their own widths
agree.

Source: K. He et al., CVPR 2016, equation 1.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from model.arrays import Floats, Integers
from model.members import Member

Places = tuple[Integers, ...]
"""The places of the members that have a skip at each hidden layer; () where no member has one."""


def places(members: Sequence[Member]) -> Places:
    """Where the members have skip connections."""
    having = [
        [False, *(member.skip and one == other for one, other in itertools.pairwise(member.widths))]
        for member in members
        if member.widths
    ]
    if not any(itertools.chain.from_iterable(having)):
        return ()
    return tuple(np.flatnonzero(layer) for layer in zip(*having, strict=True))


def added(y: Floats, x: Floats, at: Integers) -> Floats:
    """y (m, n, h) with x (m, n, d) added, of the members at some places.

    Backward it is the same: the gradient at x is that through f, with the gradient at y added.
    Units that another member alone has are 0 in both.
    """
    if not len(at):
        return y
    if len(at) == len(y) and x.shape == y.shape:
        return y + x
    units = min(x.shape[2], y.shape[2])
    total = y.copy(order="K")
    total[at, :, :units] += x[at, :, :units]
    return total
