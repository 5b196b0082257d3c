"""The test images, standardised a block at a time: only as pixels do they lie in memory whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.labelled import Labelled
from model.data.standardise import Statistics, standardised
from model.data.whitening import whitened


@dataclass(frozen=True, eq=False)
class TestSet:
    """The test images, standardised, or whitened, by the training part a block at a time.

    Attributes:
        targets: Labels (t,), 0 … c − 1, or values (t, c) as they were read.
    """

    targets: npt.NDArray[Any]
    _raw: Labelled
    _statistics: Statistics
    _components: npt.NDArray[np.float64] | None = None

    __test__ = False  # who collects test cases must pass it by

    def blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        """The images in order, as blocks of (some rows, d): never all of them at once."""
        blocks = standardised(self._raw.x, np.arange(len(self._raw)), self._statistics)
        if self._components is None:
            return blocks
        matrix = self._components
        return (whitened(block, matrix) for block in blocks)
