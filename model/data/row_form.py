"""How a row lies in the files that a network is trained on, so that others are read likewise."""

import math
from dataclasses import dataclass
from typing import Literal

from model.errors import ModelError

LEAST_SIDE = 8  # of rows of two axes, which may also be a few numbers at each of many times


@dataclass(frozen=True)
class RowForm:
    """How a row lies in a file.

    Attributes:
        kind: Whether rows are those of an array, or image files.
        shape: The axes of a row; of an image file colours (1 or 3), height, width.

    Raises:
        ModelError: A size is below 1, or an image has another number of axes or colours.
    """

    kind: Literal["array", "image"]
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if any(size < 1 for size in self.shape):
            raise ModelError(f"the axes of a row must be 1 or more, not {self.shape}")
        if self.kind == "image" and (len(self.shape) != 3 or self.shape[0] not in (1, 3)):
            raise ModelError(
                f"an image must have 1 or 3 colours, a height and a width, not {self.shape}"
            )

    @property
    def inputs(self) -> int:
        """Numbers a row."""
        return math.prod(self.shape)


def image_of(shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Colours, height and width of the image that a row is; None where it is none.

    Rows of three axes are images where the first axis, or else the last one, has 1 or 3 colours;
    rows of two axes are grey images where both have `LEAST_SIDE` or more.
    """
    axes = axes_of(shape)
    if axes is None:
        return None
    height, width = (shape[axis] for axis in axes)
    return (math.prod(shape) // (height * width), height, width)


def axes_of(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Which axes of an image are its height and its width; None where a row is none."""
    if len(shape) == 2 and min(shape) >= LEAST_SIDE:
        return (0, 1)
    if len(shape) == 3 and shape[0] in (1, 3):
        return (1, 2)
    if len(shape) == 3 and shape[2] in (1, 3):
        return (0, 1)
    return None
