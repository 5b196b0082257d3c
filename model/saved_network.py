"""A trained network with all that stands between it and raw rows, as one value."""

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
    """A network with all that stands between it and raw rows: of pixels, or of any numbers.

    Attributes:
        network: A stack of one member, without padding, as its training left it.
        snapshots: The same network at the end of each cycle of η; () where there were no cycles.
        mean: (d,) float64, what is subtracted from the inputs of a row.
        std: (d,) float64, above 0, what they are then divided by.
        classes: The name of each class, in the order of the probabilities; () for regression.
        target_mean: (c,) float64, what is added to what regression predicts, once it is multiplied
            by `target_std`; None for classes.
        target_std: (c,) float64, above 0; None for classes.

    Raises:
        ModelError: These do not fit together, or a number is not finite.
    """

    network: Network
    snapshots: tuple[Network, ...]
    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]
    classes: tuple[str, ...]
    target_mean: npt.NDArray[np.float64] | None = None
    target_std: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        alike = {(one.architecture, one.members) for one in (self.network, *self.snapshots)}
        if len(self.network.members) != 1 or len(alike) != 1:
            raise ModelError("a saved network and its snapshots are stacks of one and same member")
        network_layout.check(self.about(), self.arrays())

    def probabilities(self, rows: Array, *, vote: bool = False) -> Floats:
        """The probability of each class, (n, c), for raw rows (n, d), n ≥ 1.

        Args:
            rows: Of any real type, in the order of the data set that was trained on.
            vote: Whether the snapshots vote, by the mean of their probabilities; the network as its
                training left it speaks alone without, and where there are no snapshots.

        Raises:
            ModelError: The rows are of another shape or type, or not finite; the network predicts
                values and not classes.
        """
        if self.target_mean is not None:
            raise ModelError("this network predicts values: ask for its predictions")
        x = self._standardised(rows)
        return ensemble.mean_vote([one.probabilities(x)[0] for one in self._voters(vote)])

    def predictions(self, rows: Array, *, vote: bool = False) -> npt.NDArray[np.float64]:
        """The values that regression predicts, (n, c), in the unit of the targets.

        Arguments are those of `probabilities`; the snapshots vote by the mean of their values.

        Raises:
            ModelError: The rows are of another shape or type, or not finite; the network has
                classes and predicts no values.
        """
        if self.target_mean is None or self.target_std is None:
            raise ModelError("this network has classes: ask for its probabilities")
        x = self._standardised(rows)
        values = ensemble.mean_vote([one.predictions(x)[0] for one in self._voters(vote)])
        return values * self.target_std + self.target_mean

    def _voters(self, vote: bool) -> tuple[Network, ...]:
        return self.snapshots if vote and self.snapshots else (self.network,)

    def _standardised(self, raw: Array) -> Floats:
        rows = np.asarray(raw)
        if rows.ndim != 2 or rows.shape[1] != len(self.mean) or not len(rows):
            raise ModelError(f"rows must be (n, {len(self.mean)}) with n ≥ 1, not {rows.shape}")
        if rows.dtype.kind not in "buif" or not np.isfinite(rows).all():
            raise ModelError(f"rows must hold finite real numbers, not {rows.dtype}")
        given = standardise.Statistics(self.mean, self.std)
        blocks = standardise.standardised(rows, np.arange(len(rows)), given)
        return np.concatenate(list(blocks)).astype(self._dtype(), copy=False)

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
        scaling = {
            "mean": self.mean,
            "std": self.std,
            "target_mean": self.target_mean,
            "target_std": self.target_std,
        }
        there = {name: array for name, array in scaling.items() if array is not None}
        return network_layout.arrays((self.network, *self.snapshots), there)

    def _dtype(self) -> np.dtype[Any]:
        return self.network.parameters[0].weights.dtype
