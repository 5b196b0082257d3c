"""Training one stack of members, as a generator of epoch records.

Whoever iterates decides: to stop is to stop asking, and to drop members is to send the places of
those that go on,

    training = train(architecture, members, recipe, data)
    epoch = next(training)
    epoch = training.send([0, 2])      # the first and the third member go on alone

so training knows nothing of why. All members see the same rows, or each those of a fold, in the
same order, with the same noise; `model.regularisers` says what is done to them.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from model import batch_norm, inference, network, parameters
from model.arrays import Floats, Integers, Targets
from model.buffers import Buffers
from model.checkpoint import Checkpoint
from model.errors import ModelError
from model.images import Images
from model.inference import Figures, Network
from model.members import Architecture, Member
from model.mixup import Partners
from model.optimizer import Kind, penalties
from model.regularisers import Regularisers
from model.rows import Data, Folds
from model.schedule import Schedule, steps_per_epoch
from model.seeding import generator
from model.state import State


@dataclass(frozen=True)
class Recipe:
    """How a stack is trained, where its members agree.

    Attributes:
        batch_size: Rows a batch; the last batch of an epoch may be smaller.
        schedule: η over the steps, and the length of the training.
        seed: Of the order of the rows and of the noise.
        shuffle: Whether the rows are put in a new order in each epoch.
        jitter_relative: Whether jitter is a share of the batch's own standard deviation.
        mixup: α of the beta distribution by which rows of a batch are mixed; 0 for none.
        images: How the images of a batch are changed; None for nothing.
        figures: Training figures of an epoch: "running" means over its batches, which cost
            nothing, or a "full" pass over the training rows at its end.
        precision: Of the parameters and of all arithmetic.
        optimizer: How gradients change the parameters.

    Raises:
        ModelError: The batch size is below 1, or the seed or mixup below 0.
    """

    batch_size: int
    schedule: Schedule
    seed: int
    shuffle: bool = True
    jitter_relative: bool = False
    mixup: float = 0.0
    images: Images | None = None
    figures: Literal["running", "full"] = "running"
    precision: Literal["float32", "float64"] = "float32"
    optimizer: Kind = "sgd"

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ModelError(f"batch_size must be 1 or more, not {self.batch_size}")
        if self.seed < 0:
            raise ModelError(f"a seed must be 0 or more, not {self.seed}")
        if not 0 <= self.mixup < math.inf:
            raise ModelError(f"mixup must be 0 or more, not {self.mixup:g}")


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of one member.

    Attributes:
        epoch: Counted from 1.
        learning_rate: η of the epoch's last step.
        train_cost: Mean loss + λ Σ‖W‖², the weights as at the end of the epoch; of AdamW the mean
            loss alone.
        train_loss: Mean loss.
        train_measure: Accuracy of labels, root mean squared error of values: see `Figures`.
        validation_cost: As for training, over the validation rows.
        validation_loss: Likewise.
        validation_measure: Likewise.
    """

    epoch: int
    learning_rate: float
    train_cost: float
    train_loss: float
    train_measure: float
    validation_cost: float
    validation_loss: float
    validation_measure: float


@dataclass(frozen=True)
class Epoch:
    """What an epoch of a stack gives.

    Attributes:
        number: Counted from 1.
        last: The number of the last one.
        records: One a member, in the order of the stack.
        network: The stack as it is now. It is the one being trained: copy what should stay.
        snapshots: Copies of the stack, one for each cycle of η that ended in this epoch.
    """

    number: int
    last: int
    records: tuple[EpochRecord, ...]
    network: Network
    snapshots: tuple[Network, ...]
    _state: State

    def checkpoint(self, place: int) -> Checkpoint:
        """A copy of all that the member at `place` needs to go on from here, in any stack.

        To be asked for before the next epoch is.
        """
        return self._state.checkpoint(place, self.number)


def train(
    architecture: Architecture,
    members: Sequence[Member],
    recipe: Recipe,
    data: Data | Folds,
    start: Sequence[Checkpoint] | None = None,
) -> Generator[Epoch, Sequence[int] | None, None]:
    """Train a stack; yield an `Epoch` after each pass over the rows.

    The last epoch is a part of a pass where the schedule ends amid one. With batch normalisation a
    last batch of one row is passed over: normalised by itself it is 0, whatever it holds. A member
    that diverges goes on as NaN and does not touch its neighbours; `send` the places of the others
    to drop it.

    Args:
        architecture: What the members agree in.
        members: One or more.
        recipe: How they are trained.
        data: What they learn from.
        start: Where each member was put down, all after the same epoch of the same recipe; None to
            begin from the members' seeds.

    Raises:
        ModelError: The members differ in depth, or there is none; what was sent is no choice of
            members; the checkpoints are not of these members, or not of one epoch; values to learn
            are not (n, c).
    """
    dtype = np.dtype(recipe.precision)
    if start is None:
        done, state = 0, State.initial(architecture, members, dtype, recipe.optimizer)
    else:
        done = _epochs_done(start, members)
        state = State.resumed(architecture, members, dtype, start, recipe.optimizer)
    data = data.plain()
    buffers = Buffers.of(state.parameters, min(recipe.batch_size, data.rows))
    per_epoch = steps_per_epoch(data.rows, recipe.batch_size)
    total = recipe.schedule.steps(per_epoch)
    last = math.ceil(total / per_epoch)
    for first_step in range(done * per_epoch, total, per_epoch):
        number = first_step // per_epoch + 1
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            work = _Pass(architecture, recipe, data, state, buffers, number)
            for step in range(first_step, min(total, first_step + per_epoch)):
                work.update(step)
            now = work.network()
            state = replace(state, statistics=work.statistics)
            figures = work.training_figures(now)
            records = _records(number, recipe, state, now, figures, data, work.rate)
        kept = yield Epoch(number, last, records, now, tuple(work.snapshots), state)
        if kept is not None:
            state, data = state.take(kept), data.take(kept)
            buffers = Buffers.of(state.parameters, min(recipe.batch_size, data.rows))


class _Pass:
    """One pass over the rows: the updates, and the running figures over them."""

    def __init__(
        self,
        architecture: Architecture,
        recipe: Recipe,
        data: Data | Folds,
        state: State,
        buffers: Buffers,
        number: int,
    ) -> None:
        self._architecture, self._recipe, self._data = architecture, recipe, data
        self._state, self._buffers = state, buffers
        # Each epoch has draws of its own, so that a training is taken up at any of them.
        order = generator(recipe.seed, "order", number)
        everything = data.rows
        self._order = order.permutation(everything) if recipe.shuffle else np.arange(everything)
        self._regularisers = Regularisers(
            state.members,
            state.shape.dtype,
            seed=recipe.seed,
            epoch=number,
            images=recipe.images,
            mixup_alpha=recipe.mixup,
            jitter_relative=recipe.jitter_relative,
        )
        self._per_epoch = steps_per_epoch(everything, recipe.batch_size)
        normalised = architecture.batch_norm != "none" and len(state.parameters) > 1
        self._least = min(recipe.batch_size, 2) if normalised else 1
        self._losses = np.zeros(len(state.members))
        self._measured = np.zeros(len(state.members))
        self._rows = 0
        self.statistics = state.statistics
        self.rate = state.high
        self.snapshots: list[Network] = []

    def update(self, step: int) -> None:
        """One step of the optimizer on the step's batch."""
        state, recipe = self._state, self._recipe
        first = (step % self._per_epoch) * recipe.batch_size
        rows = self._order[first : first + recipe.batch_size]
        self.rate = recipe.schedule.rate(step, self._per_epoch, state.low, state.high)
        if len(rows) >= self._least or not first:
            self._learn(rows)
        if recipe.schedule.cycle_ends(step + 1, self._per_epoch):
            now = self.network()
            self.snapshots.append(replace(now, parameters=parameters.copy(now.parameters)))

    def _learn(self, rows: Integers) -> None:
        """Change the stack by what a batch of these rows says."""
        state, architecture = self._state, self._architecture
        regularisers = self._regularisers
        batch, regularisation = regularisers.of(self._data.batch(rows, self._buffers))

        scale = state.optimizer.scale
        if scale is not None:
            scale = scale.astype(batch.x.dtype)
        passed = network.forward(
            architecture,
            state.parameters,
            state.shape,
            batch.x,
            batch.targets,
            scale,
            batch.weights,
            regularisation,
            state.skips,
        )
        gradients = regularisers.clipped(network.backward(architecture, passed))
        state.optimizer.step_in_place(
            state.parameters, gradients, self.rate.reshape(-1, 1, 1), self._buffers.weights
        )
        if state.average is not None:
            state.average.update_in_place(
                state.parameters, state.optimizer.scale, self._buffers.weights
            )
        self.statistics = tuple(
            now and batch_norm.moving_average(kept, now, architecture.batch_norm_decay)
            for kept, now in zip(self.statistics, passed.statistics, strict=True)
        )
        self._losses += passed.losses.astype(float) * len(rows)
        self._measured += self._found(passed.scores, batch.targets, regularisation.partners)
        self._rows += len(rows)

    def _found(self, scores: Floats, targets: Targets, partners: Partners | None) -> Floats:
        """What the measure is a mean of; of mixed rows as each of the two is a part of them."""
        found = inference.measured(self._architecture.loss, scores, targets)
        if partners is None:
            return found
        others = inference.measured(self._architecture.loss, scores, partners.targets)
        return partners.share * found + (1 - partners.share) * others

    def network(self) -> Network:
        """The stack as it is now, ready for inference; where it has averaged weights, with those.

        No batch was normalised with averaged weights: their statistics are of the training set.
        """
        state, statistics, architecture = self._state, self.statistics, self._architecture
        state.optimizer.fold(state.parameters)
        shown = state.parameters if state.average is None else state.average.parameters
        if state.average is not None or architecture.batch_norm_statistics == "training_set":
            x = self._data.training(state.shape.dtype).x
            found = inference.population_statistics(architecture, state.members, shown, x)
            if state.average is not None and architecture.batch_norm_statistics != "training_set":
                averaged = state.average.decay > 0
                found = tuple(
                    one and own and one.of_some(averaged, own)
                    for one, own in zip(found, statistics, strict=True)
                )
            statistics = found
        return Network(architecture, state.members, shown, statistics)

    def training_figures(self, now: Network) -> Figures:
        """Loss and measure on the training rows, as the recipe says."""
        if self._recipe.figures == "full":
            every = self._data.training(self._state.shape.dtype)
            return now.figures(every.x, every.targets, every.weights)
        return Figures.from_sums(self._architecture.loss, self._losses, self._measured, self._rows)


def _epochs_done(start: Sequence[Checkpoint], members: Sequence[Member]) -> int:
    epochs = {checkpoint.epochs for checkpoint in start}
    if len(start) != len(members) or len(epochs) != 1:
        raise ModelError(
            f"{len(members)} members go on from one checkpoint each, all after one epoch; there "
            f"are {len(start)}, after epochs {sorted(epochs)}"
        )
    return epochs.pop()


def _records(
    number: int,
    recipe: Recipe,
    state: State,
    now: Network,
    training: Figures,
    data: Data | Folds,
    rate: Floats,
) -> tuple[EpochRecord, ...]:
    held_out = data.validation(state.shape.dtype)
    validation = now.figures(held_out.x, held_out.targets, held_out.weights)
    decay = penalties(recipe.optimizer, state.members).ravel()
    penalty = decay * parameters.squared_norm(now.parameters).astype(float)
    return tuple(
        EpochRecord(
            epoch=number,
            learning_rate=float(rate[i]),
            train_cost=float(training.loss[i] + penalty[i]),
            train_loss=float(training.loss[i]),
            train_measure=float(training.measure[i]),
            validation_cost=float(validation.loss[i] + penalty[i]),
            validation_loss=float(validation.loss[i]),
            validation_measure=float(validation.measure[i]),
        )
        for i in range(len(state.members))
    )
