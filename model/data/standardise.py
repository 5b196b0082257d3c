"""Split images by a seed, and standardise each input by the training images' own mean and spread.

Images are taken some rows at a time, so that memory stays bounded by one block however many there
are. Sums are float64.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.row_form import axes_of
from model.errors import ModelError
from model.seeding import generator

BLOCK_ROWS = 1_000
BLOCK_NUMBERS = 2**23  # of wide rows fewer are taken at a time, so that a block has 64 MB at most

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Statistics:
    """What standardising an input subtracts and divides by.

    Attributes:
        mean: (d,) float64.
        std: (d,) float64, the population's standard deviation; 1 for an input that is constant,
            or that is missing in every row.
        bound: Standardised inputs are cut at minus and plus that.
    """

    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]
    bound: float = math.inf

    def of(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Some rows (n, d), standardised."""
        return self.cut((rows - self.mean) / self.std)

    def cut(self, standard: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Standardised rows (n, d), cut in place; NaN stays."""
        if math.isfinite(self.bound):
            np.clip(standard, -self.bound, self.bound, out=standard)
        return standard


def bound_of(training: int) -> float:
    """How far from 0 a standardised input of so many training rows can be at most.

    One of n numbers lies at most the root of n - 1 standard deviations from their mean. An input
    that hardly varies among the training rows can be thousands away in another row, and would end
    a training on that row in weights that predict nothing.
    """
    return math.sqrt(max(1, training - 1))


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
    """Mean and standard deviation of each input over the given rows of x (n, d) alone."""
    mean, std = _moments(x, rows)
    return Statistics(mean, np.where(std == 0, 1, std))


def channel_statistics(x: npt.NDArray[Any], rows: Rows, shape: tuple[int, ...]) -> Statistics:
    """As `statistics`, of all inputs of a colour together, where rows are images of a shape.

    Raises:
        ModelError: Rows of this shape are no images.
    """
    axes = axes_of(shape)
    if axes is None:
        raise ModelError(f"rows of shape {shape} are no images, and have no channels")
    means, stds = (each.reshape(shape) for each in _moments(x, rows))
    mean = means.mean(axis=axes, keepdims=True)
    std = np.sqrt((np.square(stds) + np.square(means - mean)).mean(axis=axes, keepdims=True))
    std[std == 0] = 1
    return Statistics(np.broadcast_to(mean, shape).ravel(), np.broadcast_to(std, shape).ravel())


def _moments(
    x: npt.NDArray[Any], rows: Rows
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and standard deviation, (d,) each; that of a constant input is 0.

    Two passes: the second sums squares of differences from the mean, which loses no digits where
    an input's spread is small beside its mean. What is missing, NaN, does not count.
    """
    count, total = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    least, most = np.full(x.shape[1], np.inf), np.full(x.shape[1], -np.inf)
    for block in _blocks(x, rows):
        np.fmin(least, np.fmin.reduce(block), out=least)
        np.fmax(most, np.fmax.reduce(block), out=most)
        missing = np.isnan(block)
        count += len(block) - np.count_nonzero(missing, axis=0)
        block[missing] = 0
        total += block.sum(axis=0)
    mean = total / np.maximum(count, 1)
    # Found by its values: the rounding of the mean would leave a spread of its own.
    is_constant = least == most
    mean[is_constant] = least[is_constant]
    squares = np.zeros(x.shape[1])
    for block in _blocks(x, rows):
        block -= mean
        block[np.isnan(block)] = 0
        squares += np.square(block, out=block).sum(axis=0)
    std = np.sqrt(squares / np.maximum(count, 1))
    std[is_constant] = 0
    return mean, std


def standardised(
    x: npt.NDArray[Any], rows: Rows, given: Statistics
) -> Iterator[npt.NDArray[np.float32]]:
    """The given rows of x (n, d), standardised, as blocks of (at most `block_rows`, d) float32.

    What is missing, NaN, becomes 0: the mean.
    """
    for block in _blocks(x, rows):
        block -= given.mean
        block /= given.std
        given.cut(block)
        block[np.isnan(block)] = 0
        yield block.astype(np.float32)


def block_rows(inputs: int) -> int:
    """How many rows of so many inputs are taken at a time."""
    return min(BLOCK_ROWS, max(1, BLOCK_NUMBERS // inputs))


def _blocks(x: npt.NDArray[Any], rows: Rows) -> Iterator[npt.NDArray[np.float64]]:
    step = block_rows(x.shape[1])
    for start in range(0, len(rows), step):
        yield x[rows[start : start + step]].astype(np.float64)
