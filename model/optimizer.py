"""How gradients change the parameters of a stack: what every optimizer does, and which there are.

One that is new is a class in a file of its own, and a line in `at_rest`.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Protocol

from model.adam import Adam
from model.arrays import Floats
from model.descent import Descent
from model.members import Member, column
from model.parameters import Gradients, Parameters

Kind = Literal["sgd", "nesterov", "adam", "adamw"]


class Optimizer(Protocol):
    """The optimizer of a stack, with its arrays, which every step changes in place.

    Attributes:
        optional: How the names begin of arrays that only some stacks have, since some member of
            theirs needs them.
    """

    optional: ClassVar[tuple[str, ...]]

    @property
    def scale(self) -> Floats | None:
        """What the weights of the parameters are to be multiplied by, (m, 1, 1); None for 1."""

    def step_in_place(
        self,
        parameters: Parameters,
        gradients: Gradients,
        learning_rate: Floats,
        buffers: Sequence[Floats],
    ) -> None:
        """Change `parameters`, and the own state, by one step.

        Args:
            parameters: Of the stack, with weights that `scale` multiplies; changed in place.
            gradients: Of the mean loss at the scaled weights and the other parameters.
            learning_rate: η of each member, (m, 1, 1), in float64.
            buffers: Like the weights of each layer; overwritten.
        """

    def fold(self, parameters: Parameters) -> None:
        """Make the weights of `parameters` what they are scaled, to rounding, and `scale` nearly 1.

        It is done after each epoch, and before the network is looked at.
        """

    def take(self, members: Sequence[int], widths: Sequence[int] | None = None) -> "Optimizer":
        """The state of some members, in the order given, in arrays of its own.

        `widths` are as of `parameters.take`.
        """

    def moments(self) -> Mapping[str, Parameters]:
        """Its arrays in the shapes of the parameters, by name."""

    def numbers(self) -> Mapping[str, Floats]:
        """Its numbers of the members, (m, 1, 1), by name."""

    def spared(self, place: int) -> tuple[str, ...]:
        """How the names begin of what the member at `place` has for its neighbours' sake alone."""


def at_rest(kind: Kind, members: Sequence[Member], parameters: Parameters) -> Optimizer:
    """The optimizer of a stack before the first step."""
    if kind in ("sgd", "nesterov"):
        return Descent.at_rest(members, parameters, nesterov=kind == "nesterov")
    return Adam.at_rest(members, parameters, decoupled=kind == "adamw")


def penalties(kind: Kind, members: Sequence[Member]) -> Floats:
    """What Σ‖W‖² is multiplied by in the cost of each member, (m, 1, 1), in float64.

    The weight decay of AdamW is no part of the cost.
    """
    decay = column(members, "weight_decay", float)
    return 0 * decay if kind == "adamw" else decay
