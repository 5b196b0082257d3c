"""The test images, standardised a block at a time: only as pixels do they lie in memory whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.labelled import Labelled
from model.data.standardise import Statistics, standardised


@dataclass(frozen=True, eq=False)
class TestSet:
    """The test images, standardised by the training part a block at a time.

    Attributes:
        targets: Labels (t,), 0 … c − 1, or values (t, c) as they were read.
    """

    targets: npt.NDArray[Any]
    _raw: Labelled
    _statistics: Statistics

    __test__ = False  # who collects test cases must pass it by

    def blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        """The images in order, as blocks of (some rows, d): never all of them at once."""
        return standardised(self._raw.x, np.arange(len(self._raw)), self._statistics)
