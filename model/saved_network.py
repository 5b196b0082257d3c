"""A trained network with all that stands between it and raw rows, as one value."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model import ensemble, network_layout
from model.arrays import Floats
from model.data import encoding, standardise
from model.data.encoding import Encoding
from model.data.given_table import Frame, given_inputs
from model.errors import ModelError
from model.inference import Network
from model.network_layout import About

FORMAT = 3  # what a reader must understand to predict rightly, see `model.network_file`

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a network says of n rows of a table.

    Attributes:
        targets: The names of the columns that it predicts.
        classes: The name of each class; () for values.
        values: The probability of each class, or the value of each target, (n, c).
        unknown: By column, categories that the training rows did not have; such a row counts as
            having none.
    """

    targets: tuple[str, ...]
    classes: tuple[str, ...]
    values: npt.NDArray[Any]
    unknown: Mapping[str, tuple[str, ...]]

    @property
    def labels(self) -> tuple[str, ...]:
        """The most probable class of each row; () for values."""
        best = self.values.argmax(axis=1).tolist() if self.classes else []
        return tuple(self.classes[place] for place in best)

    def columns(self) -> tuple[str, ...]:
        """The names of what `rows` gives."""
        return self.targets + tuple(f"probability of {name}" for name in self.classes)

    def rows(self) -> Iterator[tuple[str | float, ...]]:
        """Row by row the class and the probability of each, or the values."""
        values = map(tuple, self.values.tolist())
        if self.classes:
            yield from ((label, *row) for label, row in zip(self.labels, values, strict=True))
        else:
            yield from values


@dataclass(frozen=True, eq=False, repr=False)
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
        targets: The names of the columns that it predicts, where it was trained on a table.
        encoding: How a table's columns become inputs; None where it was trained on arrays.

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
    targets: tuple[str, ...] = ()
    encoding: Encoding | None = None

    def __post_init__(self) -> None:
        alike = {(one.architecture, one.members) for one in (self.network, *self.snapshots)}
        if len(self.network.members) != 1 or len(alike) != 1:
            raise ModelError("a saved network and its snapshots are stacks of one and same member")
        network_layout.check(self.about(), self.arrays())

    def __repr__(self) -> str:
        units = "-".join(map(str, self.network.members[0].widths)) or "no"
        what = f"{len(self.classes)} classes" if self.classes else ", ".join(self.targets)
        return f"<network of {len(self.mean)} inputs, {units} hidden units: {what or 'values'}>"

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

    def predict(
        self, table: Path | str | Mapping[str, Iterable[Any]] | Frame, *, vote: bool = False
    ) -> "Predictions":
        """What it says of each row of a table with the columns that it was trained on.

        Args:
            table: A CSV, TSV or Parquet file; or the values of each column by its name, as a
                mapping or a data frame. The columns are found by name. The target, and columns
                that were excluded or left out, may be there too.
            vote: As for `probabilities`.

        Raises:
            ModelError: The network was trained on arrays and knows no columns; or the table lacks a
                column, has one that is foreign, or holds what it must not.
        """
        if self.encoding is None:
            asked = "probabilities" if self.classes else "predictions"
            raise ModelError(
                "this network was trained on arrays, and knows no columns of a table; ask for its "
                f"{asked} of rows (n, {len(self.mean)})"
            )
        if isinstance(table, Path | str):
            inputs = encoding.read_inputs(Path(table), self.encoding)
        else:
            inputs = given_inputs(table, self.encoding)
        rows = np.arange(len(inputs[0]))
        values = self.probabilities if self.classes else self.predictions
        said: list[Any] = []
        for start in range(0, len(rows), standardise.BLOCK_ROWS):
            block = rows[start : start + standardise.BLOCK_ROWS]
            encoded = self.encoding.encode(inputs, block)
            said.append(values(encoded, vote=vote))
        return Predictions(
            self.targets, self.classes, np.concatenate(said), self.encoding.unknown(inputs, rows)
        )

    def _voters(self, vote: bool) -> tuple[Network, ...]:
        return self.snapshots if vote and self.snapshots else (self.network,)

    def _standardised(self, raw: Array) -> Floats:
        rows = np.asarray(raw)
        if rows.ndim != 2 or rows.shape[1] != len(self.mean) or not len(rows):
            raise ModelError(f"rows must be (n, {len(self.mean)}) with n ≥ 1, not {rows.shape}")
        # A missing number of a table is NaN, which standardising makes the mean.
        odd = np.isinf if self.encoding is not None else lambda x: ~np.isfinite(x)
        if rows.dtype.kind not in "buif" or odd(rows).any():
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
            targets=self.targets,
            encoding=self.encoding,
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
