"""What an epoch of a training gives: figures of each member, and the stack as it is then."""

from dataclasses import dataclass

from model import parameters
from model.arrays import Floats
from model.checkpoint import Checkpoint
from model.inference import Figures, Network
from model.optimizer import penalties
from model.recipe import Recipe
from model.rows import Data, Folds
from model.state import State


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


def records_of(
    number: int,
    recipe: Recipe,
    state: State,
    now: Network,
    training: Figures,
    data: Data | Folds,
    rate: Floats,
) -> tuple[EpochRecord, ...]:
    """The records of an epoch, one a member, in the order of the stack.

    Args:
        number: Of the epoch, counted from 1.
        recipe: How the stack is trained.
        state: The training, at the end of the epoch.
        now: The stack as it is judged.
        training: Its figures on the training rows.
        data: Whose validation rows it is judged on.
        rate: η of the last step, (members,).
    """
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
