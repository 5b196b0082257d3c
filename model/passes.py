"""Elementwise passes over large arrays, some rows at a time, so that these stay in the cache.

An update of the weights is several passes over several arrays. Over whole arrays each would be
read from memory and written to it once a pass; the rows of a block are so once an update.
"""

from collections.abc import Iterator
from typing import Any

from model.arrays import Floats, per_unit

# Numbers of a block: four arrays of so many lie in a cache of the second level, or nearly.
BLOCK = 2**17


def blocks(array: Floats) -> Iterator[slice]:
    """Slices of the second axis of an array (m, d, h), which cover it."""
    m, d, h = array.shape
    rows = max(1, BLOCK // max(m * h, 1))
    return (slice(first, first + rows) for first in range(0, d, rows))


def factor(column: Floats, array: Floats) -> Any:
    """One number a member (m, 1, 1), as an array (m, d, h) is multiplied by it most quickly.

    The products are the same, bit for bit, whichever shape that is.
    """
    first = column[0, 0, 0]
    if (column == first).all():
        return first
    members_first = array.strides[0] >= array.strides[1]
    return column if members_first else per_unit(column, array.shape[2])
