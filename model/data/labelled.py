"""Rows with what is to be learned of them: the one value that every reader of data returns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import ModelError


def is_real(dtype: np.dtype[Any]) -> bool:
    """Whether numbers of a type are booleans, whole numbers, or floats that float64 can hold."""
    return dtype.kind in "bui" or (dtype.kind == "f" and dtype.itemsize <= 8)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Inputs, and labels or values, of the same n rows.

    Attributes:
        x: (n, d) real numbers, of a type that `is_real` accepts.
        y: The number of each row's class, from 0, (n,) int64; or the values of t targets, (n, t)
            float64, or float32 once they are standardised.

    Raises:
        ModelError: A shape or a type is another, there is no row, or a label is negative.
    """

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]

    def __post_init__(self) -> None:
        if self.x.ndim != 2 or not is_real(self.x.dtype):
            raise ModelError(f"x must be (n, d) real numbers, not {self.x.shape} {self.x.dtype}")
        labels = self.y.ndim == 1 and self.y.dtype == np.int64
        if not labels and not (self.y.ndim == 2 and self.y.dtype in (np.float32, np.float64)):
            raise ModelError(
                f"y must be (n,) int64, or (n, t) floats, not {self.y.shape} {self.y.dtype}"
            )
        if len(self.x) != len(self.y):
            raise ModelError(
                f"x and y must have equally many rows, not {len(self.x)} and {len(self.y)}"
            )
        if not self.x.size:
            raise ModelError(f"x must have at least one row and one input, not {self.x.shape}")
        if labels and self.y.min() < 0:
            raise ModelError(f"labels must be 0 or more, but one is {self.y.min()}")

    def __len__(self) -> int:
        return len(self.y)
