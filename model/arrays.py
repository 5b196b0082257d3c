"""The array types that the signatures of this package speak of; shapes stand in the docstrings."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]
Targets = Integers | Floats
"""Labels (n,) of classes, 0 … c − 1, or values (n, c) to predict."""

Booleans = NDArray[np.bool_]


def per_unit(column: Floats, units: int) -> Floats:
    """One number a member (m, 1, 1) as one a unit (m, 1, h).

    Where activations lie in the order (n, m, h), NumPy's inner loop then runs over the units of all
    members, and not of one.
    """
    return np.repeat(column, units, axis=2)
