"""Dropout: a training batch does without a share of a layer's inputs, drawn anew for each row.

What stays is divided by the share that stays, so inference needs no correction.

Hidden layers' masks are drawn for each member in its own width, from its own seed, so they are the
same in any stack. Inputs are shared by all members, and so are the draws for them: an input that a
member does without is missing for every member of a larger rate. Where all rates are equal the
members share the batch that is left, and with it the one product of the first layer.

Source: N. Srivastava et al., JMLR 15 (2014), section 4; scaled in training, as its section 10 says.
"""

from collections.abc import Sequence

import numpy as np

from model.arrays import Booleans, Floats
from model.members import Member, column
from model.seeding import generator

_LEVELS = 2**16  # of a draw: half the time of floats


class Masks:
    """The masks of the hidden layers of a stack in one epoch, batch after batch."""

    def __init__(
        self,
        members: Sequence[Member],
        epoch: int,
        dtype: np.dtype[np.floating],
        *,
        bottleneck: bool = False,
    ) -> None:
        self._widths = [max(widths) for widths in zip(*(m.widths for m in members), strict=True)]
        self._bottleneck = bottleneck
        self._dtype = dtype
        self._dropping = [
            (place, member, generator(member.seed, "dropout", epoch))
            for place, member in enumerate(members)
            if member.dropout
        ]
        self._members = len(members)

    def draw(self, rows: int) -> tuple[Floats | None, ...]:
        """What each hidden layer's outputs are multiplied by, (m, n, h); () without dropout.

        None for a bottleneck, which has no dropout.
        """
        if not self._dropping:
            return ()
        masks: list[Floats | None] = []
        for layer, width in enumerate(self._widths):
            if self._bottleneck and layer == 0:
                masks.append(None)
                continue
            mask = np.ones((rows, self._members, width), self._dtype)
            for place, member, draw in self._dropping:
                own = member.widths[layer]
                stays = _stays(draw, (rows, own), member.dropout)
                mask[:, place, :own] = stays * self._dtype.type(1 / (1 - member.dropout))
            masks.append(mask.transpose(1, 0, 2))
        return tuple(masks)


def of_inputs(x: Floats, members: Sequence[Member], draw: np.random.Generator) -> Floats:
    """The rows x (n, d) without some inputs: still (n, d) where all members' rates are equal.

    Rows (m, n, d) of the members' own have the same draws (n, d) each.
    """
    rates = column(members, "input_dropout", float)
    if not rates.any():
        return x
    if x.ndim == 2 and (rates == rates[0]).all():
        rates = rates[0]
    scale = (1 / (1 - rates)).astype(x.dtype)
    dropped: Floats = x * (_stays(draw, x.shape[-2:], rates) * scale)
    return dropped


def _stays(draw: np.random.Generator, shape: tuple[int, ...], rate: float | Floats) -> Booleans:
    """Where a draw of this shape is at or above the rate, which is rounded to 1 / 65,536."""
    drawn = draw.integers(_LEVELS, size=shape, dtype=np.uint16)
    least = np.rint(np.multiply(rate, _LEVELS)).clip(max=_LEVELS - 1)
    stays: Booleans = drawn >= least.astype(np.uint16)
    return stays
