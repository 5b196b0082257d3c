"""A stack in training: how it begins, keeps some members, is put down and taken up.

`parameters` and the optimizer's arrays are changed in place by every step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from model import network, parameters, skip
from model.arrays import Floats
from model.average import PREFIX, Average
from model.batch_norm import Statistics
from model.checkpoint import Checkpoint
from model.errors import ModelError
from model.members import Architecture, Member, column, padded_widths
from model.optimizer import Kind, Optimizer, at_rest
from model.parameters import Parameters


@dataclass(frozen=True)
class State:
    """A stack between two steps.

    Attributes:
        members: m of them.
        parameters: Of the stack; the weights as `optimizer` keeps them.
        optimizer: With its own arrays.
        average: The averaged parameters; None where no member has any.
        statistics: Of batch normalisation, kept for inference, one a hidden layer; None before the
            first step, and without batch normalisation.
        shape: Of the activation, (m, 1, 1).
        skips: The members' skip connections, as `skip.places` gives them.
        low: η_min, (m,), in float64.
        high: η_max, (m,), in float64.
    """

    members: tuple[Member, ...]
    parameters: Parameters
    optimizer: Optimizer
    average: Average | None
    statistics: tuple[Statistics | None, ...]
    shape: Floats
    skips: skip.Places
    low: Floats
    high: Floats

    @classmethod
    def initial(
        cls,
        architecture: Architecture,
        members: Sequence[Member],
        dtype: np.dtype[np.floating],
        optimizer: Kind = "sgd",
    ) -> "State":
        """Before the first step.

        Raises:
            ModelError: The members differ in depth, or there is none.
        """
        start = parameters.initialise(architecture, members, dtype)
        return cls(
            members=tuple(members),
            parameters=start,
            optimizer=at_rest(optimizer, members, start),
            average=Average.at_rest(members, start),
            statistics=(None,) * (len(start) - 1),
            shape=network.activation_shape(architecture, members, dtype),
            skips=skip.places(members),
            low=column(members, "learning_rate_min", float).ravel(),
            high=column(members, "learning_rate", float).ravel(),
        )

    @classmethod
    def resumed(
        cls,
        architecture: Architecture,
        members: Sequence[Member],
        dtype: np.dtype[np.floating],
        checkpoints: Sequence[Checkpoint],
        optimizer: Kind = "sgd",
    ) -> "State":
        """Where each member was put down, one checkpoint a member.

        Raises:
            ModelError: A checkpoint is not of such a member, or the members differ in depth.
        """
        state = cls.initial(architecture, members, dtype, optimizer)
        if architecture.batch_norm != "none":
            empty = [np.zeros_like(layer.bias) for layer in state.parameters[:-1]]
            kept = tuple(Statistics(zeros, zeros.copy()) for zeros in empty)
            state = replace(state, statistics=kept)
        for place, checkpoint in enumerate(checkpoints):
            state._put_back(place, checkpoint)
        return state

    def checkpoint(self, place: int, epochs: int) -> Checkpoint:
        """A copy of what the member at `place` needs to go on after `epochs` epochs."""
        first, last = self.parameters[0].weights, self.parameters[-1].weights
        widths = self.members[place].widths
        sizes = (first.shape[1], *widths, last.shape[2])
        found = parameters.named(
            parameters.cut(self.parameters, place, sizes),
            parameters.cut_statistics(self.statistics, place, widths),
        )
        moments, numbers = dict(self.optimizer.moments()), dict(self.optimizer.numbers())
        if self.average is not None:
            moments[PREFIX] = self.average.parameters
            numbers |= self.average.numbers()
        for name, whole in moments.items():
            found |= parameters.named(parameters.cut(whole, place, sizes), what=name)
        found |= {name: array[place : place + 1].copy() for name, array in numbers.items()}
        return Checkpoint(epochs, found)

    def take(self, at: Sequence[int]) -> "State":
        """The stack of some members, as wide as these alone are: as if they were resumed.

        Raises:
            ModelError: There is no such choice of members.
        """
        kept = list(at)
        if not kept or sorted(set(kept) & set(range(len(self.members)))) != sorted(kept):
            raise ModelError(
                f"the members that go on must be some of 0 … {len(self.members) - 1}, each once, "
                f"not {kept}"
            )
        members = tuple(self.members[i] for i in kept)
        widths = padded_widths(members)
        return State(
            members,
            parameters.take(self.parameters, kept, widths),
            self.optimizer.take(kept, widths),
            self.average and self.average.take(kept, widths),
            parameters.take_statistics(self.statistics, kept, widths),
            self.shape[kept],
            skip.places(members),
            self.low[kept],
            self.high[kept],
        )

    def _put_back(self, place: int, checkpoint: Checkpoint) -> None:
        """Write a checkpoint over the member at `place`."""
        own = self.checkpoint(place, 0).arrays
        spared = self.optimizer.spared(place)
        spared = spared if self.members[place].ema_decay else (*spared, PREFIX)
        optional = (*self.optimizer.optional, PREFIX)
        odd = [n for n in checkpoint.arrays if n not in own and not n.startswith(optional)]
        if odd:
            raise ModelError(f"member {place} has no checkpoint of this network: it has {odd[0]}")
        for name, array in self._arrays().items():
            found = checkpoint.arrays.get(name)
            if name.startswith(spared):
                continue
            if name == "scale" and found is None:
                continue  # it moved, or lay beside one that did: then its weights are W, and s is 1
            right = (own[name].shape, own[name].dtype)
            if found is None or (found.shape, found.dtype) != right:
                raise ModelError(
                    f"member {place} has no checkpoint of this network: {name} must be "
                    f"{right[0]} {right[1]}, "
                    + ("and is missing" if found is None else f"not {found.shape} {found.dtype}")
                )
            _, rows, columns = found.shape
            array[place] = 0
            array[place, :rows, :columns] = found[0]

    def _arrays(self) -> dict[str, Floats]:
        """Every array that training changes, by name: (m, rows, columns) each."""
        found = parameters.named(self.parameters, self.statistics)
        for name, moments in self.optimizer.moments().items():
            found |= parameters.named(moments, what=name)
        found |= dict(self.optimizer.numbers())
        return found if self.average is None else found | self.average.arrays()
