"""Memory that a training uses in every step, taken from the system once.

Memory that is given back to the system and taken again comes as fresh pages, which cost as much as
a matrix product. So the gradients of the weights and the rows of a batch have buffers; activations,
some hundred kilobytes each, are allocated anew in every step, out of memory that the process keeps.
"""

from dataclasses import dataclass

import numpy as np

from model.arrays import Floats, Integers
from model.parameters import Parameters

_LARGEST = 31 * 2**20  # bytes, a little below glibc's limit for what raises that size


@dataclass(frozen=True)
class Buffers:
    """What a training writes over in every step.

    Attributes:
        rows: A batch's rows (batch size, d).
        weights: One array for each layer, like its weights: their gradients.
    """

    rows: Floats
    weights: tuple[Floats, ...]

    @classmethod
    def of(cls, parameters: Parameters, batch_size: int) -> "Buffers":
        """Buffers for a stack with these parameters."""
        _keep_what_is_freed()
        first = parameters[0].weights
        rows = np.empty((batch_size, first.shape[1]), first.dtype)
        return cls(rows, tuple(np.zeros_like(layer.weights) for layer in parameters))

    def batch(self, x: Floats, rows: Integers) -> Floats:
        """Rows of x (n, d), in the precision of the parameters; good until the next batch."""
        if x.dtype != self.rows.dtype:
            return x[rows].astype(self.rows.dtype)
        # All rows are there, so that "clip", which needs no copy, changes nothing.
        return x.take(rows, axis=0, out=self.rows[: len(rows)], mode="clip")


def _keep_what_is_freed() -> None:
    """Let the C library keep freed memory of up to 64 MiB at the top of its heap for later use.

    glibc gives arrays above some size (128 KiB at first) back to the system when they are freed. It
    raises that size to the largest such array that it has seen freed, of at most 32 MiB, and keeps
    twice as much (mallopt(3), M_MMAP_THRESHOLD). Other C libraries have no harm of it.
    """
    np.empty(_LARGEST, np.uint8)
