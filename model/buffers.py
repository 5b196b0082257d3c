"""Memory that a training uses in every step, taken once.

Megabytes that are taken and given back in every step cost as much as a matrix product: the system
hands them out as fresh pages. What an activation needs is small enough to be taken anew.
"""

from dataclasses import dataclass

import numpy as np

from model.arrays import Floats, Integers
from model.parameters import Parameters, zeros_like


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
        first = parameters[0].weights
        rows = np.empty((batch_size, first.shape[1]), first.dtype)
        return cls(rows, tuple(layer.weights for layer in zeros_like(parameters)))

    def batch(self, x: Floats, rows: Integers) -> Floats:
        """Rows of x (n, d), in the precision of the parameters; good until the next batch."""
        if x.dtype != self.rows.dtype:
            return x[rows].astype(self.rows.dtype)
        # All rows are there, so that "clip", which needs no copy, changes nothing.
        return x.take(rows, axis=0, out=self.rows[: len(rows)], mode="clip")
