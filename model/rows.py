"""The rows that a stack learns from: the same for all members, or for each those of its own fold.

With `Folds`, arrays have the member axis first: one step trains members on as many folds as there
are. Each is trained as it would be on its own fold alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from model.arrays import Floats, Integers, Targets
from model.buffers import Buffers
from model.errors import ModelError


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows, as `network.forward` takes them.

    Attributes:
        x: (n, d) shared by all members, or (m, n, d).
        targets: (n,) labels, or (n, c) floats for regression; or (m, n) or (m, n, c).
        weights: Of the rows in the loss, (n,) or (m, n); None for 1.
        components: As `Data` has them, (d, k) or (m, d, k), and the sums of squares of their
            columns, (1, k) or (m, 1, k).
    """

    x: Floats
    targets: Targets
    weights: Floats | None
    components: tuple[Floats, Floats] | None = None


@dataclass(frozen=True, eq=False)
class Data:
    """What a stack learns from and is measured on, the same for all its members.

    Attributes:
        x: Training rows (n, d); may be memory-mapped.
        targets: (n,) labels 0 … c − 1, or (n, c) floats for regression.
        validation_x: (v, d); v may be 0, and then the validation figures are NaN.
        validation_targets: (v,) or (v, c), likewise.
        weights: (n,), of the training rows in the loss and the cost; None for 1.
        validation_weights: (v,), likewise.
        components: (d, k), what rows of d inputs were multiplied by to be these of k; None where
            they were not.
    """

    x: Floats
    targets: Targets
    validation_x: Floats
    validation_targets: Targets
    weights: Floats | None = None
    validation_weights: Floats | None = None
    components: Floats | None = None

    @property
    def rows(self) -> int:
        """How many rows there are to learn from, n."""
        return len(self.x)

    @property
    def held_out(self) -> int:
        """How many rows there are to measure on, v."""
        return len(self.validation_x)

    def plain(self) -> "Data":
        """The same as plain arrays: a memory map's own class slows every indexing."""
        return replace(self, x=np.asarray(self.x), validation_x=np.asarray(self.validation_x))

    def take(self, at: Sequence[int]) -> "Data":  # noqa: ARG002 (they all have the same)
        """What the members at these places read."""
        return self

    def batch(self, at: Integers, buffers: Buffers) -> Batch:
        """Some training rows, in the precision of the parameters; good until the next batch."""
        weights = None if self.weights is None else self.weights[at]
        return Batch(buffers.batch(self.x, at), self.targets[at], weights, self._components)

    @cached_property
    def _components(self) -> tuple[Floats, Floats] | None:
        return _with_lengths(self.components)

    def training(self, dtype: np.dtype[np.floating]) -> Batch:
        """All training rows."""
        return Batch(self.x.astype(dtype, copy=False), self.targets, self.weights)

    def validation(self, dtype: np.dtype[np.floating]) -> Batch:
        """All validation rows."""
        x = self.validation_x.astype(dtype, copy=False)
        return Batch(x, self.validation_targets, self.validation_weights)


@dataclass(frozen=True, eq=False)
class Folds:
    """What a stack learns from and is measured on, where each member has a fold.

    Attributes:
        folds: g folds as one `Data`, whose arrays have a first axis of g.
        reads: (m,), which fold each member learns from.
    """

    folds: Data
    reads: Integers

    @classmethod
    def of(cls, folds: Sequence[Data], reads: Sequence[int]) -> "Folds":
        """Folds that have equally many rows and inputs.

        Raises:
            ModelError: They have not; or some have weights, and some have none.
        """
        shapes = {
            (one.x.shape, one.validation_x.shape, one.targets.shape, one.weights is None)
            for one in folds
        }
        if len(shapes) != 1:
            raise ModelError(f"folds of one stack need rows of one shape, not of {sorted(shapes)}")
        weighted = folds[0].weights is not None
        whole = Data(
            np.stack([one.x for one in folds]),
            _stacked([one.targets for one in folds]),
            np.stack([one.validation_x for one in folds]),
            _stacked([one.validation_targets for one in folds]),
            _stacked([one.weights for one in folds]) if weighted else None,
            _stacked([one.validation_weights for one in folds]) if weighted else None,
            None if folds[0].components is None else _stacked([one.components for one in folds]),
        )
        return cls(whole, np.asarray(reads, np.int64))

    @property
    def rows(self) -> int:
        """How many rows a member learns from, n."""
        return int(self.folds.x.shape[1])

    @property
    def held_out(self) -> int:
        """How many rows a member is measured on, v."""
        return int(self.folds.validation_x.shape[1])

    def plain(self) -> "Folds":
        """Itself."""
        return self

    def take(self, at: Sequence[int]) -> "Folds":
        """What the members at these places read."""
        return replace(self, reads=self.reads[list(at)])

    def batch(self, at: Integers, buffers: Buffers) -> Batch:
        """The rows at the same places of each fold, in the precision of the parameters."""
        folds, dtype = self.folds, buffers.rows.dtype
        x = folds.x.take(at, axis=1).astype(dtype, copy=False).take(self.reads, axis=0)
        targets = folds.targets.take(at, axis=1).take(self.reads, axis=0)
        weights = None if folds.weights is None else folds.weights.take(at, axis=1)[self.reads]
        return Batch(x, targets, weights, self._components)

    @cached_property
    def _components(self) -> tuple[Floats, Floats] | None:
        """Those of each member's fold, (m, d, k): to copy them takes longer than many a step."""
        components = self.folds.components
        return _with_lengths(None if components is None else components[self.reads])

    def training(self, dtype: np.dtype[np.floating]) -> Batch:
        """All training rows."""
        return self._of_members(self.folds.training(dtype))

    def validation(self, dtype: np.dtype[np.floating]) -> Batch:
        """All validation rows."""
        return self._of_members(self.folds.validation(dtype))

    def _of_members(self, rows: Batch) -> Batch:
        weights = None if rows.weights is None else rows.weights[self.reads]
        return Batch(rows.x[self.reads], rows.targets[self.reads], weights)


def _with_lengths(components: Floats | None) -> tuple[Floats, Floats] | None:
    """Components as a `Batch` has them."""
    if components is None:
        return None
    return components, np.square(components).sum(-2, keepdims=True)


def _stacked(arrays: Sequence[Any]) -> Any:
    return np.stack(arrays)
