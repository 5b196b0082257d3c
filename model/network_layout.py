"""The arrays that a saved network consists of, by name: which there must be, and of what shape.

`model.network_file` writes and reads the file; nothing here does.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from model.batch_norm import Statistics
from model.data import encoding
from model.data.encoding import Encoding
from model.data.row_form import RowForm
from model.errors import ModelError
from model.inference import Network
from model.loss import REGRESSION
from model.members import Architecture, Member
from model.parameters import Layer, named

Array = npt.NDArray[Any]

_DEVIATIONS = ("std", "target_std")


@dataclass(frozen=True)
class Shape:
    """What an array must be: its shape, and its little-endian type, such as "<f4"."""

    shape: tuple[int, ...]
    dtype: str

    def fits(self, array: Array) -> bool:
        """Whether the array has this shape and this type."""
        return array.shape == self.shape and array.dtype == np.dtype(self.dtype)


@dataclass(frozen=True)
class Other:
    """What a network is that votes beside the first one."""

    architecture: Architecture
    member: Member


@dataclass(frozen=True)
class About:
    """What is saved; all shapes follow from it.

    Attributes:
        format: Version of the file's format.
        architecture: Of the network and of its snapshots.
        member: Likewise.
        precision: Of all parameters.
        snapshots: How many there are.
        classes: The name of each class, in the order of the probabilities; () for regression.
        targets: The names of the columns that it predicts, where it was trained on a table.
        encoding: How a table's columns become inputs; None where it was trained on arrays.
        rows: How the rows of a user's own arrays or images lie in their files; else None.
        bound: Where standardised inputs are cut, at minus and plus that; None for nowhere.
        others: The networks of other finalists that vote too, one after another.

    Raises:
        ModelError: There are fewer than 0 snapshots; not as many names of classes as outputs, or
            any for regression; or the encoding is none, gives another number of inputs, or comes
            with another number of targets; or another network has other inputs or outputs.
    """

    format: int
    architecture: Architecture
    member: Member
    precision: Literal["float32", "float64"]
    snapshots: int
    classes: tuple[str, ...]
    targets: tuple[str, ...]
    encoding: Encoding | None
    rows: RowForm | None = None
    bound: float | None = None
    others: tuple[Other, ...] = ()

    def __post_init__(self) -> None:
        if self.snapshots < 0:
            raise ModelError(f"snapshots must be 0 or more, not {self.snapshots}")
        ends = {_ends(self.architecture), *(_ends(one.architecture) for one in self.others)}
        if len(ends) != 1:
            raise ModelError("networks that vote must have the same inputs, outputs and task")
        names = 0 if self._predicts_values() else self.architecture.outputs
        if len(self.classes) != names:
            raise ModelError(f"there must be {names} names of classes, not {len(self.classes)}")
        if self.encoding is not None:
            self._check_table(self.encoding)
        if self.bound is not None and not 0 < self.bound < math.inf:
            raise ModelError(f"bound must be a finite number above 0, not {self.bound}")
        if self.rows is not None and self.rows.inputs != self.architecture.inputs:
            raise ModelError(
                f"rows {self.rows.shape} must have {self.architecture.inputs} inputs, not "
                f"{self.rows.inputs}"
            )

    def _check_table(self, given: Encoding) -> None:
        encoding.of(given.plain())  # which holds the values that it consists of against the rules
        if given.width != self.architecture.inputs:
            raise ModelError(
                f"the encoding must give {self.architecture.inputs} inputs, not {given.width}"
            )
        columns = self.architecture.outputs if self._predicts_values() else 1
        if len(self.targets) != columns:
            raise ModelError(f"there must be {columns} targets, not {len(self.targets)}")

    def fewest_arrays(self) -> int:
        """How many arrays there are at least; found without listing them."""
        others = sum(len(one.member.widths) + 1 for one in self.others)
        return 2 + 2 * ((len(self.member.widths) + 1) * (1 + self.snapshots) + others)

    def shapes(self) -> dict[str, Shape]:
        """Every array by name."""
        given = Shape((self.architecture.inputs,), "<f8")
        scaling = {"mean": given, "std": given}
        if self._predicts_values():
            targets = Shape((self.architecture.outputs,), "<f8")
            scaling |= {"target_mean": targets, "target_std": targets}
        dtype = np.dtype(self.precision).str
        return scaling | {
            f"{network}.{name}": shape
            for network, each in self.networks()
            for name, shape in _shapes(each.architecture, each.member, dtype).items()
        }

    def networks(self) -> Iterator[tuple[str, Other]]:
        """Every network by name: the first, its snapshots, and the others."""
        first = Other(self.architecture, self.member)
        yield "network", first
        for number in range(1, self.snapshots + 1):
            yield f"snapshot_{number}", first
        for number, other in enumerate(self.others, start=1):
            yield f"other_{number}", other

    def _predicts_values(self) -> bool:
        return self.architecture.loss in REGRESSION


def arrays(
    about: About,
    networks: Sequence[Network],
    scaling: Mapping[str, npt.NDArray[np.float64]],
) -> dict[str, Array]:
    """The arrays of the standardisation, and of the networks in their order, by name."""
    found: dict[str, Array] = dict(scaling)
    for (name, _), network in zip(about.networks(), networks, strict=True):
        own = named(network.parameters, network.statistics)
        found |= {f"{name}.{key}": array for key, array in own.items()}
    return found


def check(about: About, found: Mapping[str, Array]) -> None:
    """Hold the arrays against what `about` implies.

    Raises:
        ModelError: One is missing, too much, of another shape or type, or holds what it must not.
    """
    right = about.shapes()
    if found.keys() != right.keys():
        odd = min(found.keys() ^ right.keys())
        raise ModelError(f"the array {odd} is {'too much' if odd in found else 'missing'}")
    for name, array in found.items():
        if not right[name].fits(array):
            raise ModelError(
                f"{name} must be {right[name].shape} {right[name].dtype}, "
                f"not {array.shape} {array.dtype.str}"
            )
        if not np.isfinite(array).all():
            raise ModelError(f"{name} must hold finite numbers alone")
        if name.endswith(".variance") and (array < 0).any():
            raise ModelError(f"{name} must be 0 or more")
        if name in _DEVIATIONS and (array <= 0).any():
            raise ModelError(f"{name} must be above 0")


def networks(about: About, found: Mapping[str, Array]) -> tuple[Network, ...]:
    """The first network, its snapshots, and the others, from arrays that `check` has passed."""
    return tuple(
        network_of(each.architecture, (each.member,), found, name)
        for name, each in about.networks()
    )


def network_of(
    architecture: Architecture, members: tuple[Member, ...], found: Mapping[str, Array], name: str
) -> Network:
    """A stack from arrays that are called as `model.parameters.named` does, behind `name` each.

    Raises:
        KeyError: One is missing.
    """
    layers = len(members[0].widths) + 1
    prefixes = [f"{name}.layer_{number}" for number in range(1, layers + 1)]

    def statistics(prefix: str) -> Statistics | None:
        if f"{prefix}.mean" not in found:
            return None
        return Statistics(found[f"{prefix}.mean"], found[f"{prefix}.variance"])

    parameters = tuple(
        Layer(
            found[f"{prefix}.weights"],
            found[f"{prefix}.bias"],
            found.get(f"{prefix}.gamma"),
            found.get(f"{prefix}.beta"),
        )
        for prefix in prefixes
    )
    return Network(architecture, members, parameters, tuple(map(statistics, prefixes[:-1])))


def _ends(architecture: Architecture) -> tuple[int, int, bool]:
    """Inputs, outputs, and whether it predicts values."""
    return architecture.inputs, architecture.outputs, architecture.loss in REGRESSION


def _shapes(architecture: Architecture, member: Member, dtype: str) -> dict[str, Shape]:
    """The arrays of one network: W (1, d, h), and (1, 1, h) for all that a unit has one of."""
    sizes = (architecture.inputs, *member.widths, architecture.outputs)
    found: dict[str, Shape] = {}
    for number, (d, h) in enumerate(itertools.pairwise(sizes), start=1):
        found[f"layer_{number}.weights"] = Shape((1, d, h), dtype)
        per_unit = ["bias"]
        linear = architecture.bottleneck and number == 1
        if number <= len(member.widths) and architecture.batch_norm != "none" and not linear:
            per_unit += ["mean", "variance"]
            per_unit += ["gamma", "beta"] if architecture.batch_norm_affine else []
        found |= {f"layer_{number}.{kind}": Shape((1, 1, h), dtype) for kind in per_unit}
    return found
