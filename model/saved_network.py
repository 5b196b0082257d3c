"""A trained network with all that stands between it and raw rows, as one value."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model import ensemble, network_layout, skip
from model.arrays import Floats
from model.data import encoding, standardise
from model.data.encoding import Encoding
from model.data.given_table import Frame, given_inputs
from model.data.new_rows import new_rows
from model.data.row_form import RowForm
from model.data.standardise import BLOCK_ROWS
from model.errors import ModelError
from model.inference import Network
from model.network_layout import About, Other

# What a reader must understand to predict rightly, see `model.network_file`; the highest.
FORMAT, FORMAT_TOGETHER, FORMAT_ALONE = 5, 4, 3

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a network says of n rows.

    Attributes:
        targets: The names of the columns that it predicts.
        classes: The name of each class; () for values.
        values: The probability of each class, or the value of each target, (n, c).
        unknown: By column, categories that the training rows did not have; such a row counts as
            having none.
        files: The file of each row, where rows are images; else ().
    """

    targets: tuple[str, ...]
    classes: tuple[str, ...]
    values: npt.NDArray[Any]
    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The most probable class of each row; () for values."""
        best = self.values.argmax(axis=1).tolist() if self.classes else []
        return tuple(self.classes[place] for place in best)

    def columns(self) -> tuple[str, ...]:
        """The names of what `rows` gives."""
        said = self.targets + tuple(f"probability of {name}" for name in self.classes)
        return ("file", *said) if self.files else said

    def rows(self) -> Iterator[tuple[str | float, ...]]:
        """Row by row, of images the file; then the class and all probabilities, or the values."""
        columns = [part for part in (self.files, self.labels) if part]
        yield from zip(*columns, *self.values.T.tolist(), strict=True)


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
        rows: How the rows of a user's own arrays or images lie in their files; else None.
        bound: Where standardised inputs are cut, at minus and plus that; None for nowhere.
        others: Networks of other finalists that vote beside this one, each a stack of one member of
            its own; () for one that is meant to speak alone.

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
    rows: RowForm | None = None
    bound: float | None = None
    others: tuple[Network, ...] = ()

    def __post_init__(self) -> None:
        alike = {(one.architecture, one.members) for one in (self.network, *self.snapshots)}
        if len(self.network.members) != 1 or len(alike) != 1:
            raise ModelError("a saved network and its snapshots are stacks of one and same member")
        if any(len(one.members) != 1 for one in self.others):
            raise ModelError("each network that votes is a stack of one member")
        network_layout.check(self.about(), self.arrays())

    def __repr__(self) -> str:
        units = "-".join(map(str, self.network.members[0].widths)) or "no"
        what = f"{len(self.classes)} classes" if self.classes else ", ".join(self.targets)
        kind = f"{len(self.voters)} networks that vote, the first" if self.others else "network"
        return f"<{kind} of {len(self.mean)} inputs, {units} hidden units: {what or 'values'}>"

    @property
    def voters(self) -> tuple[Network, ...]:
        """The networks that vote: the snapshots, or the network without, and the others."""
        return (self.snapshots or (self.network,)) + self.others

    def probabilities(self, rows: Array, *, vote: bool | None = None) -> Floats:
        """The probability of each class, (n, c), for raw rows (n, d), n ≥ 1.

        Args:
            rows: Of any real type, in the order of the data set that was trained on.
            vote: Whether all `voters` vote, by the mean of their probabilities, or the network as
                its training left it speaks alone. None lets them vote where there are `others`.

        Raises:
            ModelError: The rows are of another shape or type, or not finite; the network predicts
                values and not classes.
        """
        if self.target_mean is not None:
            raise ModelError("this network predicts values: ask for its predictions")
        x = self._standardised(rows)
        return ensemble.mean_vote([one.probabilities(x)[0] for one in self._speakers(vote)])

    def predictions(self, rows: Array, *, vote: bool | None = None) -> npt.NDArray[np.float64]:
        """The values that regression predicts, (n, c), in the unit of the targets.

        Arguments are those of `probabilities`; networks vote by the mean of their values.

        Raises:
            ModelError: The rows are of another shape or type, or not finite; the network has
                classes and predicts no values.
        """
        if self.target_mean is None or self.target_std is None:
            raise ModelError("this network has classes: ask for its probabilities")
        x = self._standardised(rows)
        values = ensemble.mean_vote([one.predictions(x)[0] for one in self._speakers(vote)])
        return values * self.target_std + self.target_mean

    def predict(
        self,
        given: Path | str | Mapping[str, Iterable[Any]] | Frame | Array,
        *,
        vote: bool | None = None,
    ) -> "Predictions":
        """What it says of each row of what it was trained on the like of.

        Args:
            given: Of a network of a table's rows a CSV, TSV or Parquet file, or the values of each
                column by its name, as a mapping or a data frame. The columns are found by name. The
                target, and columns that were excluded or left out, may be there too. Of others an
                array (n, ...), or what `model.data.new_rows` reads.
            vote: As for `probabilities`.

        Raises:
            ModelError: The file is missing, damaged or of another kind; or the table lacks a
                column, has one that is foreign, or holds what it must not; or the rows have another
                shape.
        """
        asked = self.probabilities if self.classes else self.predictions
        if self.encoding is None:
            if not isinstance(given, Path | str | np.ndarray):
                raise ModelError(
                    "this network was trained on arrays, and knows no columns of a table; expected "
                    f"rows (n, {len(self.mean)})"
                )
            path = Path(given) if isinstance(given, str) else given
            rows = new_rows(path, self.rows, len(self.mean))
            said = [asked(block, vote=vote) for block in rows.blocks]
            names = self.targets or tuple("class" for _ in self.classes[:1])
            return Predictions(names, self.classes, np.concatenate(said), files=rows.files)
        if isinstance(given, np.ndarray):
            raise ModelError("this network was trained on a table; expected its columns by name")
        if isinstance(given, Path | str):
            inputs = encoding.read_inputs(Path(given), self.encoding)
        else:
            inputs = given_inputs(given, self.encoding)
        every = np.arange(len(inputs[0]))
        said = [
            asked(self.encoding.encode(inputs, every[start : start + BLOCK_ROWS]), vote=vote)
            for start in range(0, len(every), BLOCK_ROWS)
        ]
        return Predictions(
            self.targets, self.classes, np.concatenate(said), self.encoding.unknown(inputs, every)
        )

    def _speakers(self, vote: bool | None) -> tuple[Network, ...]:
        votes = bool(self.others) if vote is None else vote
        return self.voters if votes else (self.network,)

    def _standardised(self, raw: Array) -> Floats:
        rows = np.asarray(raw)
        if rows.ndim != 2 or rows.shape[1] != len(self.mean) or not len(rows):
            raise ModelError(f"rows must be (n, {len(self.mean)}) with n ≥ 1, not {rows.shape}")
        # A missing number of a user's own is NaN, which standardising makes the mean.
        is_own = self.encoding is not None or self.rows is not None
        odd = np.isinf if is_own else lambda x: ~np.isfinite(x)
        if rows.dtype.kind not in "buif" or odd(rows).any():
            raise ModelError(f"rows must hold finite real numbers, not {rows.dtype}")
        given = standardise.Statistics(self.mean, self.std, self.bound or math.inf)
        blocks = standardise.standardised(rows, np.arange(len(rows)), given)
        return np.concatenate(list(blocks)).astype(self._dtype(), copy=False)

    def about(self) -> About:
        """What is saved, but for the arrays."""
        lowest = FORMAT_TOGETHER if self.others else FORMAT_ALONE
        skipping = any(skip.places(one.members) for one in (self.network, *self.others))
        return About(
            format=FORMAT if skipping else lowest,
            architecture=self.network.architecture,
            member=self.network.members[0],
            precision="float64" if self._dtype() == np.float64 else "float32",
            snapshots=len(self.snapshots),
            classes=self.classes,
            targets=self.targets,
            encoding=self.encoding,
            rows=self.rows,
            bound=self.bound,
            others=tuple(Other(one.architecture, one.members[0]) for one in self.others),
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
        networks = (self.network, *self.snapshots, *self.others)
        return network_layout.arrays(self.about(), networks, there)

    def _dtype(self) -> np.dtype[Any]:
        return self.network.parameters[0].weights.dtype
