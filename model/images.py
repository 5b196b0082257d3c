"""Random changes of the images of a training batch: flips, shifts and cut-out squares.

The images of a batch are changed in groups of `TOGETHER` neighbours, which share their draws: in
the next epoch, in another order, an image has other neighbours, and groups cost a third of what
single images do. All members of a stack share the batch, and so its changes. What is shifted in
from beyond the edge, and what is cut out, is 0, which is the mean of standardised inputs.

Principal components of images are changed as the images that they are made of, as far as they tell
those: they are multiplied back, and once more.

Sources: flips and shifts (crops of a padded image), K. He et al., CVPR 2016, section 4.2; squares,
T. DeVries & G. Taylor, arXiv 1708.04552, section 3.2.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model.arrays import Floats, Integers
from model.data.row_form import axes_of
from model.errors import ModelError

TOGETHER = 10  # images of a group
_ALL = (slice(None),)  # of the members' axis, where there is one


@dataclass(frozen=True)
class Images:
    """Which changes images have.

    Attributes:
        shape: Of a row: colours, height, width; or height, width, colours; or without colours.
        flip: Whether every other image, by chance, is flipped from left to right.
        shift: Pixels that an image is shifted by at most, up or down, and left or right.
        cutout: Side of the square that is cut out around a random pixel; 0 for none.

    Raises:
        ModelError: Rows of this shape are no images; or a number is below 0, or above what leaves
            something of the image.
    """

    shape: tuple[int, ...]
    flip: bool = False
    shift: int = 0
    cutout: int = 0

    def __post_init__(self) -> None:
        axes = axes_of(self.shape)
        if axes is None:
            raise ModelError(f"rows of shape {self.shape} are no images")
        least = min(self.shape[axis] for axis in axes)
        if not (0 <= self.shift < least and 0 <= self.cutout < least):
            raise ModelError(
                f"shift and cutout must be 0 … {least - 1} of images {self.shape}, not "
                f"{self.shift} and {self.cutout}"
            )

    @cached_property
    def _axes(self) -> tuple[int, int]:
        return axes_of(self.shape) or (0, 1)

    @cached_property
    def _firsts(self) -> Integers:
        """The place of each colour's first pixel in a row, with 1 for height and width."""
        places = np.arange(math.prod(self.shape)).reshape(self.shape)
        for axis in self._axes:
            places = places.take([0], axis)
        return places

    @cached_property
    def _lines(self) -> dict[tuple[int, int, bool], Integers]:
        """Where pixels along an axis come from, counted from its first pixel.

        By axis, pixels that it is shifted by, and whether it is flipped before.
        """
        found = {}
        for axis in self._axes:
            length, stride = self.shape[axis], math.prod(self.shape[axis + 1 :])
            lying = [length if one == axis else 1 for one in range(len(self.shape))]
            for by in range(-self.shift, self.shift + 1):
                sources = (np.arange(length) - by).clip(0, length - 1)
                found[axis, by, False] = stride * sources.reshape(lying)
                found[axis, by, True] = stride * (length - 1 - sources).reshape(lying)
        return found

    def changed_in_place(self, x: Floats, draw: np.random.Generator) -> None:
        """Change images (n, d), or (m, n, d) for all m alike."""
        rows = x.shape[-2]
        groups = math.ceil(rows / TOGETHER)
        shifts = draw.integers(-self.shift, self.shift + 1, (groups, 2)).tolist()
        flips = draw.integers(2, size=groups).tolist()
        corners = self._corners(draw.random((groups, 2)))
        pixels = self._pixels(x)
        for group, ((down, right), flip) in enumerate(zip(shifts, flips, strict=True)):
            those = (*_ALL[: x.ndim - 2], slice(group * TOGETHER, (group + 1) * TOGETHER))
            flipped = self.flip and bool(flip)
            if down or right or flipped:
                x[those] = x[those].take(self._sources(down, right, flipped=flipped), axis=-1)
            here = pixels[those]
            if down:
                here[..., slice(down) if down > 0 else slice(down, None), :] = 0
            if right:
                here[..., slice(right) if right > 0 else slice(right, None)] = 0
            if self.cutout:
                top, left = corners[group]
                bottom, end = top + self.cutout, left + self.cutout
                here[..., max(0, top) : bottom, max(0, left) : end] = 0

    def components_changed_in_place(
        self, x: Floats, components: Floats, lengths: Floats, draw: np.random.Generator
    ) -> None:
        """Change images of which x (n, k), or (m, n, k), holds components.

        Args:
            x: Rows that were multiplied by the components.
            components: (d, k), or (m, d, k), whose columns are orthogonal.
            lengths: (1, k), or (m, 1, k), the sums of squares of these columns.
            draw: Of the changes.
        """
        pixels = x / lengths @ np.swapaxes(components, -2, -1)
        self.changed_in_place(pixels, draw)
        np.matmul(pixels, components, out=x)

    def _sources(self, down: int, right: int, *, flipped: bool) -> Integers:
        """Where each number of a row comes from, (d,)."""
        height, width = self._axes
        columns, rows = self._lines[width, right, flipped], self._lines[height, down, False]
        return (self._firsts + (rows + columns)).ravel()

    def _corners(self, centres: Floats) -> list[list[int]]:
        """Top and left of the squares around points, which are shares of height and width."""
        sides = [self.shape[axis] for axis in self._axes]
        corners: list[list[int]] = ((centres * sides).astype(int) - self.cutout // 2).tolist()
        return corners

    def _pixels(self, x: Floats) -> Floats:
        """Rows as (…, height, width), a view."""
        images = x.reshape(*x.shape[:-1], *self.shape, copy=False)
        axes = [axis - len(self.shape) for axis in self._axes]
        return np.moveaxis(images, axes, (-2, -1))
