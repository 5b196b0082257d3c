"""What is done to training batches and passes alone, in this order; inference has none of it.

1. Images are flipped, shifted and cut (`model.images`).
2. Rows are mixed (`model.mixup`).
3. Gaussian noise is added: jitter.
4. Inputs are dropped (`model.dropout`).
5. Hidden units are dropped, behind their activation and batch normalisation; labels are smoothed.
6. Gradients are clipped (`model.clipping`).

Steps 1 to 4 have draws that all members share. Each epoch has draws of its own, so that a training
is taken up at any of them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from model import clipping, dropout, mixup
from model.arrays import Floats
from model.images import Images
from model.members import Member, column
from model.network import Regularisation
from model.parameters import Gradients
from model.rows import Batch
from model.seeding import generator


class Regularisers:
    """Those of a stack in one epoch, batch after batch."""

    def __init__(
        self,
        members: Sequence[Member],
        dtype: np.dtype[np.floating],
        *,
        seed: int,
        epoch: int,
        images: Images | None = None,
        mixup_alpha: float = 0.0,
        jitter_relative: bool = False,
        bottleneck: bool = False,
    ) -> None:
        """Take the seed of shared draws, and the epoch counted from 1; the rest as `Recipe`."""
        self._members = members
        self._images, self._alpha, self._relative = images, mixup_alpha, jitter_relative
        self._of_images = generator(seed, "images", epoch)
        self._of_mixup = generator(seed, "mixup", epoch)
        self._of_jitter = generator(seed, "jitter", epoch)
        self._of_inputs = generator(seed, "input dropout", epoch)
        self._jitter = column(members, "jitter", dtype)
        self._masks = dropout.Masks(members, epoch, dtype, bottleneck=bottleneck)
        smoothing = column(members, "label_smoothing", dtype)[:, 0]
        self._smoothing = smoothing if smoothing.any() else None
        self._limits = clipping.limits(members)

    def of(self, batch: Batch) -> tuple[Batch, Regularisation]:
        """The next batch, whose rows are changed in place, and what is done to its pass."""
        if self._images is not None:
            if batch.components is None:
                self._images.changed_in_place(batch.x, self._of_images)
            else:
                self._images.components_changed_in_place(
                    batch.x, *batch.components, self._of_images
                )
        batch, partners = mixup.mixed(batch, self._alpha, self._of_mixup)
        x = _jittered(batch.x, self._jitter, self._relative, self._of_jitter)
        x = dropout.of_inputs(x, self._members, self._of_inputs)
        masks = self._masks.draw(x.shape[-2])
        return replace(batch, x=x), Regularisation(masks, self._smoothing, partners)

    def clipped(self, gradients: Gradients) -> Gradients:
        """The gradients of a step, no longer than each member's limit."""
        return gradients if self._limits is None else clipping.clipped(gradients, self._limits)


def _jittered(x: Floats, jitter: Floats, relative: bool, noise: np.random.Generator) -> Floats:
    """The rows x (n, d) with noise: still (n, d) where all members' σ (m, 1, 1) are equal.

    Rows (m, n, d) of the members' own have the same draws (n, d) each.
    """
    if not jitter.any():
        return x
    draw = noise.standard_normal(x.shape[-2:]).astype(x.dtype, copy=False)
    own = x.ndim == 3
    spread = x.std(axis=(1, 2), keepdims=True) if own else x.std()
    sigma = jitter * spread if relative else jitter
    shared = not own and bool((jitter == jitter[0]).all())
    noisy: Floats = x + (sigma[0] if shared else sigma) * draw
    return noisy
