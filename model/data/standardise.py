"""Split images by a seed, and standardise each input by the training images' own mean and spread.

Images are taken some rows at a time, so that memory stays bounded by one block however many there
are. Sums are float64.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import ModelError
from model.seeding import generator

BLOCK_ROWS = 1_000

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Statistics:
    """What standardising an input subtracts and divides by.

    Attributes:
        mean: (d,) float64.
        std: (d,) float64, the population's standard deviation; 1 for an input that is constant.
    """

    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]

    def of(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Some rows (n, d), standardised."""
        standard: npt.NDArray[np.float64] = (rows - self.mean) / self.std
        return standard


def split(images: int, *, validation: int, seed: int) -> tuple[Rows, Rows]:
    """Which rows are for training and which for validation: (images - validation,), (validation,).

    Args:
        images: How many rows there are.
        validation: How many of them to hold out; 1 to images - 1.
        seed: Seed of the split, 0 or more.

    Raises:
        ModelError: `validation` or `seed` is out of its range.
    """
    if not 1 <= validation < images:
        raise ModelError(
            f"validation must be 1 to {images - 1:,} of the {images:,} training images, "
            f"not {validation:,}"
        )
    if seed < 0:
        raise ModelError(f"seed must be 0 or more, not {seed}")
    order = generator(seed, "split").permutation(images)
    return order[validation:], order[:validation]


def statistics(x: npt.NDArray[Any], rows: Rows) -> Statistics:
    """Mean and standard deviation of each input over the given rows of x (n, d) alone.

    Two passes: the second sums squares of differences from the mean, which loses no digits where
    an input's spread is small beside its mean.
    """
    total = np.zeros(x.shape[1])
    for block in _blocks(x, rows):
        total += block.sum(axis=0)
    mean = total / len(rows)
    squares = np.zeros(x.shape[1])
    for block in _blocks(x, rows):
        block -= mean
        squares += np.square(block, out=block).sum(axis=0)
    std = np.sqrt(squares / len(rows))
    std[std == 0] = 1
    return Statistics(mean, std)


def standardised(
    x: npt.NDArray[Any], rows: Rows, given: Statistics
) -> Iterator[npt.NDArray[np.float32]]:
    """The given rows of x (n, d), standardised, as blocks of (at most BLOCK_ROWS, d) float32.

    What is missing, NaN, becomes 0: the mean.
    """
    for block in _blocks(x, rows):
        block -= given.mean
        block /= given.std
        block[np.isnan(block)] = 0
        yield block.astype(np.float32)


def _blocks(x: npt.NDArray[Any], rows: Rows) -> Iterator[npt.NDArray[np.float64]]:
    for start in range(0, len(rows), BLOCK_ROWS):
        yield x[rows[start : start + BLOCK_ROWS]].astype(np.float64)
