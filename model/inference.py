"""What a trained stack says of rows that it need not learn from: scores, probabilities, figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from model import activation, batch_norm, linear, loss, skip
from model.arrays import Floats, Integers, Targets
from model.batch_norm import Statistics
from model.loss import Kind
from model.members import Architecture, Member
from model.network import activation_shape
from model.parameters import Layer, Parameters

# Rows taken at a time: enough for the products to run at full speed, few enough for memory.
BLOCK_ROWS = 1000

# A member that diverged is infinite or NaN, which its figures say; no warning need say it too.
_quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")

# Rows that all members share lie along the first axis; rows of each member's own along the second.
_Rows = TypeVar("_Rows", Floats, Targets)


@dataclass(frozen=True)
class Figures:
    """How each member does over some rows, (m,) each.

    Both are NaN over no rows, and for a member whose scores are.

    Attributes:
        loss: The mean loss, where rows count as their weights say.
        measure: The accuracy of labels, a share, 0 … 1; of values (regression) the root mean
            squared error over rows and outputs, in the unit of the targets.
    """

    loss: Floats
    measure: Floats

    @classmethod
    def from_sums(cls, kind: Kind, losses: Floats, measured: Floats, rows: int) -> "Figures":
        """From sums over `rows` rows, of the kind of loss and of what `measured` gives, (m,)."""
        with np.errstate(invalid="ignore"):
            mean, measure = losses / np.float64(rows), measured / np.float64(rows)
        if kind in loss.REGRESSION:
            measure = np.sqrt(measure)
        # Of scores that are NaN the first would count as the largest, and class 0 as found.
        return cls(mean, np.where(np.isnan(mean), np.nan, measure))


def measured(kind: Kind, scores: Floats, targets: Targets) -> Floats:
    """The sum over rows of what the measure of `Figures` is a mean of, (m,), from scores (m, n, c).

    Of labels these are the rows that are right, of values each row's mean squared error.
    """
    if kind in loss.REGRESSION:
        squares: Floats = np.square(scores - targets).mean(axis=-1).sum(axis=1, dtype=float)
        return squares
    right: Floats = (scores.argmax(axis=-1) == targets).sum(axis=1).astype(float)
    return right


@dataclass(frozen=True)
class Network:
    """A trained stack.

    Attributes:
        architecture: What the members agree in.
        members: Each member's own values, m of them.
        parameters: Of the stack.
        statistics: What batch normalisation normalises with, one a hidden layer; None without.
    """

    architecture: Architecture
    members: tuple[Member, ...]
    parameters: Parameters
    statistics: tuple[Statistics | None, ...]

    @cached_property
    def _shape(self) -> Floats:
        dtype = self.parameters[0].weights.dtype
        return activation_shape(self.architecture, self.members, dtype)

    @cached_property
    def skips(self) -> Sequence[Integers | None]:
        """The places of the members that have a skip connection, one a hidden layer."""
        return skip.places(self.members) or (None,) * (len(self.parameters) - 1)

    def scores(self, x: Floats) -> Floats:
        """Scores (m, n, c) of rows x (n, d) that all members share, or of their own (m, n, d)."""
        for layer, kept, at in zip(self.parameters[:-1], self.statistics, self.skips, strict=True):
            below = x
            x = self.normalised(self.before_statistics(x, layer), layer, kept)
            if at is not None:
                x = skip.added(x, below, at)
        return linear.forward(x, self.parameters[-1].weights, self.parameters[-1].bias)[0]

    @_quiet
    def probabilities(self, x: Floats) -> Floats:
        """Softmax of the scores, (m, n, c), of rows x (n, d) or (m, n, d).

        Under the hinge loss these are not calibrated, but an ensemble needs a common scale.
        """
        blocks = [loss.softmax(self.scores(block)) for block in _blocks(x, x.ndim - 2)]
        return np.concatenate(blocks, axis=1)

    @_quiet
    def predictions(self, x: Floats) -> Floats:
        """The scores (m, n, c) of rows x (n, d) or (m, n, d), in blocks: predictions of values."""
        return np.concatenate([self.scores(block) for block in _blocks(x, x.ndim - 2)], axis=1)

    @_quiet
    def figures(self, x: Floats, targets: Targets, weights: Floats | None = None) -> Figures:
        """Loss and measure over rows x (n, d) with targets; n may be 0, which gives NaN.

        `weights` (n,) are those of the rows in the loss; None for 1. Where rows are the members'
        own, x is (m, n, d), and so have targets and weights the member axis first.
        """
        kind = self.architecture.loss
        losses = np.zeros(len(self.members))
        sums = np.zeros(len(self.members))
        axis = x.ndim - 2
        blocks, truths = _blocks(x, axis), _blocks(targets, axis)
        weighing = [None] * len(blocks) if weights is None else _blocks(weights, axis)
        for block, truth, weight in zip(blocks, truths, weighing, strict=True):
            scores = self.scores(block)
            block_losses, _ = loss.forward(kind, scores, truth, weight)
            losses += block_losses.astype(float) * truth.shape[axis]
            sums += measured(kind, scores, truth)
        return Figures.from_sums(kind, losses, sums, targets.shape[axis])

    def before_statistics(self, x: Floats, layer: Layer) -> Floats:
        """What the hidden layer's batch normalisation takes statistics of, (m, n, h)."""
        z = linear.forward(x, layer.weights, layer.bias)[0]
        return self._activate(z) if self.architecture.batch_norm == "after" else z

    def normalised(self, z: Floats, layer: Layer, kept: Statistics | None) -> Floats:
        """The hidden layer's output from what `before_statistics` gives, (m, n, h)."""
        if kept is not None:
            z = batch_norm.inference(z, layer.gamma, layer.beta, kept)
        return z if self.architecture.batch_norm == "after" else self._activate(z)

    def _activate(self, z: Floats) -> Floats:
        return activation.FORWARD[self.architecture.activation](z, self._shape)[0]


@_quiet
def population_statistics(
    architecture: Architecture, members: Sequence[Member], parameters: Parameters, x: Floats
) -> tuple[Statistics | None, ...]:
    """The statistics of every hidden layer over all rows, each after the layers below.

    The rows x are (n, d), or (m, n, d) where members have their own. Sums are taken in float64. All
    rows' activations of one layer, (m, n, h), are held at a time.
    """
    if architecture.batch_norm == "none":
        return (None,) * (len(parameters) - 1)
    network = Network(architecture, tuple(members), parameters, ())
    blocks, rows = _blocks(x, x.ndim - 2), x.shape[-2]
    found: list[Statistics | None] = []
    for layer, at in zip(parameters[:-1], network.skips, strict=True):
        values = [network.before_statistics(block, layer) for block in blocks]
        mean = sum(v.sum(axis=1, keepdims=True, dtype=float) for v in values) / rows
        squares = sum(np.square(v - mean).sum(axis=1, keepdims=True) for v in values)
        dtype = values[0].dtype
        kept = Statistics(np.asarray(mean, dtype), np.asarray(squares / rows, dtype))
        below, blocks = blocks, [network.normalised(v, layer, kept) for v in values]
        if at is not None:
            blocks = [skip.added(y, x, at) for y, x in zip(blocks, below, strict=True)]
        found.append(kept)
    return tuple(found)


def _blocks(rows: _Rows, axis: int = 0) -> list[_Rows]:
    starts = range(0, rows.shape[axis], BLOCK_ROWS)
    if axis == 0:
        return [rows[at : at + BLOCK_ROWS] for at in starts]
    return [rows[:, at : at + BLOCK_ROWS] for at in starts]
