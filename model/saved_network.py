"""A trained network with all that stands between it and raw pixels, as one value."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model import ensemble, network_layout
from model.arrays import Floats
from model.data import standardise
from model.errors import ModelError
from model.inference import Network
from model.network_layout import About

FORMAT = 2  # of what `about` and `arrays` give; raised whenever the same names mean something else

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class SavedNetwork:
    """A network with all that stands between it and raw pixels.

    Attributes:
        network: A stack of one member, without padding, as its training left it.
        snapshots: The same network at the end of each cycle of η; () where there were no cycles.
        mean: (d,) float64, what is subtracted from the inputs of a row of pixels.
        std: (d,) float64, above 0, what they are then divided by.
        classes: The name of each class, in the order of the probabilities.

    Raises:
        ModelError: These do not fit together, or a number is not finite.
    """

    network: Network
    snapshots: tuple[Network, ...]
    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        alike = {(one.architecture, one.members) for one in (self.network, *self.snapshots)}
        if len(self.network.members) != 1 or len(alike) != 1:
            raise ModelError("a saved network and its snapshots are stacks of one and same member")
        network_layout.check(self.about(), self.arrays())

    def probabilities(self, pixels: Array, *, vote: bool = False) -> Floats:
        """The probability of each class, (n, c), for rows of raw pixels (n, d), n ≥ 1.

        Args:
            pixels: Of any real type, in the order of the data set that was trained on.
            vote: Whether the snapshots vote, by the mean of their probabilities; the network as its
                training left it speaks alone without, and where there are no snapshots.

        Raises:
            ModelError: The pixels are of another shape or type, or not finite.
        """
        rows = np.asarray(pixels)
        if rows.ndim != 2 or rows.shape[1] != len(self.mean) or not len(rows):
            raise ModelError(f"pixels must be (n, {len(self.mean)}) with n ≥ 1, not {rows.shape}")
        if rows.dtype.kind not in "buif" or not np.isfinite(rows).all():
            raise ModelError(f"pixels must be finite real numbers, not {rows.dtype}")
        given = standardise.Statistics(self.mean, self.std)
        blocks = standardise.standardised(rows, np.arange(len(rows)), given)
        x = np.concatenate(list(blocks)).astype(self._dtype(), copy=False)
        voters = self.snapshots if vote and self.snapshots else (self.network,)
        return ensemble.mean_vote([one.probabilities(x)[0] for one in voters])

    def about(self) -> About:
        """What is saved, but for the arrays."""
        return About(
            format=FORMAT,
            architecture=self.network.architecture,
            member=self.network.members[0],
            precision="float64" if self._dtype() == np.float64 else "float32",
            snapshots=len(self.snapshots),
            classes=self.classes,
        )

    def arrays(self) -> dict[str, Array]:
        """The arrays by name."""
        return network_layout.arrays((self.network, *self.snapshots), self.mean, self.std)

    def _dtype(self) -> np.dtype[Any]:
        return self.network.parameters[0].weights.dtype
