"""Images with their labels: the one value that every reader of a data set returns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import ModelError


@dataclass(frozen=True, eq=False)
class Labelled:
    """Inputs and labels of the same n rows.

    Attributes:
        x: (n, d) float32 or uint8, one row an image.
        y: (n,) int64, the number of each row's class, from 0.

    Raises:
        ModelError: A shape or a type is another, there is no row, or a label is negative.
    """

    x: npt.NDArray[Any]
    y: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.x.ndim != 2 or self.x.dtype not in (np.float32, np.uint8):
            raise ModelError(
                f"x must be (n, d) float32 or uint8, not {self.x.shape} {self.x.dtype}"
            )
        if self.y.ndim != 1 or self.y.dtype != np.int64:
            raise ModelError(f"y must be (n,) int64, not {self.y.shape} {self.y.dtype}")
        if len(self.x) != len(self.y):
            raise ModelError(
                f"x and y must have equally many rows, not {len(self.x)} and {len(self.y)}"
            )
        if not self.x.size:
            raise ModelError(f"x must have at least one row and one input, not {self.x.shape}")
        if self.y.min() < 0:
            raise ModelError(f"labels must be 0 or more, but one is {self.y.min()}")

    def __len__(self) -> int:
        return len(self.y)
