"""Mixup: each row of a training batch is mixed with another row of it, and so is its loss.

A row becomes s x + (1 − s) x', and its loss s L(y) + (1 − s) L(y'), with one share s and one
pairing for each batch, which all members of a stack share.

Source: H. Zhang et al., ICLR 2018, equation 2; a loss that is linear in its target is mixed as the
target is.
"""

from dataclasses import dataclass, replace

import numpy as np

from model.arrays import Floats, Targets
from model.rows import Batch


@dataclass(frozen=True, eq=False)
class Partners:
    """What the rows of a batch are mixed with.

    Attributes:
        targets: Of the other rows, as a batch has them.
        weights: Of the other rows in the loss, likewise; None for 1.
        share: s, of the rows themselves.
    """

    targets: Targets
    weights: Floats | None
    share: float


def mixed(batch: Batch, alpha: float, draw: np.random.Generator) -> tuple[Batch, Partners | None]:
    """The batch with its rows mixed by s ~ Beta(alpha, alpha), and what they are mixed with.

    With an alpha of 0 it is the batch itself, and there are no partners.
    """
    if not alpha:
        return batch, None
    share = float(draw.beta(alpha, alpha))
    own = batch.x.ndim - 2  # the axis of the rows
    other = draw.permutation(batch.x.shape[own])
    x = batch.x.dtype.type(share) * batch.x
    x += batch.x.dtype.type(1 - share) * batch.x.take(other, axis=own)
    weights = None if batch.weights is None else batch.weights.take(other, axis=own)
    return replace(batch, x=x), Partners(batch.targets.take(other, axis=own), weights, share)
