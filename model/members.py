"""What the members of a stack share (the architecture), and what each has for itself (a member)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from model import activation as activations
from model import loss as losses
from model.arrays import Floats
from model.errors import ModelError

Placement = Literal["none", "before", "after"]
Initialization = Literal["he", "xavier", "normal"]


@dataclass(frozen=True)
class Architecture:
    """What all members of a stack agree in.

    Attributes:
        inputs: d, numbers a row of the data has.
        outputs: c, scores a row has: one a class, or one a target.
        activation: Kind of activation of every hidden layer.
        batch_norm: Where batch normalisation stands in every hidden layer: before or after the
            activation, or not at all.
        batch_norm_affine: Whether it has scale γ and shift β.
        batch_norm_statistics: What inference normalises with: an exponential moving average of the
            batches' statistics, or the statistics of the whole training set.
        batch_norm_decay: Share of the old value in each update of the moving average.
        loss: Kind of loss.

    Raises:
        ModelError: A number is out of its range.
    """

    inputs: int
    outputs: int
    activation: activations.Kind = "relu"
    batch_norm: Placement = "none"
    batch_norm_affine: bool = True
    batch_norm_statistics: Literal["moving_average", "training_set"] = "moving_average"
    batch_norm_decay: float = 0.99
    loss: losses.Kind = "cross_entropy"

    def __post_init__(self) -> None:
        if self.inputs < 1 or self.outputs < 1:
            raise ModelError(
                f"inputs and outputs must be 1 or more, not {self.inputs} and {self.outputs}"
            )
        if not 0 <= self.batch_norm_decay <= 1:
            raise ModelError(f"batch_norm_decay must be in [0, 1], not {self.batch_norm_decay:g}")


@dataclass(frozen=True)
class Member:
    """One network of a stack, and how it is trained where it may differ from its neighbours.

    Attributes:
        widths: Units of each hidden layer; () is a linear classifier.
        seed: Of its initial weights.
        learning_rate: η, or the peak of its cycles.
        learning_rate_min: The floor of its cycles.
        weight_decay: λ of the cost: mean loss + λ Σ‖W‖². Of AdamW, whose cost is the mean loss
            alone, the share λ η of the weights that each step takes away.
        momentum: Share of the last step that the next one keeps; Adam and AdamW do not read it.
        initialization: He (σ² = 2/fan-in), Xavier (σ² = 1/fan-in), or N(0, init_sigma²).
        init_sigma: σ of the normal initialisation.
        negative_slope: Of leaky ReLU below zero.
        elu_alpha: a of ELU.
        jitter: σ of the Gaussian noise that is added to each training batch.
        beta_1: Of Adam and AdamW, the share of the mean gradient that each step keeps.
        beta_2: Likewise of the mean squared gradient.
        epsilon: Likewise, what is added to its root.
        ema_decay: Share of the averaged weights that each step leaves as it was; 0 for no average.
        dropout: Share of each hidden layer's outputs that a training batch does without.
        input_dropout: Share of the inputs that a training batch does without.
        label_smoothing: Share of a label that cross-entropy, in training, spreads over all classes.
        clip_norm: Largest norm of the gradient at all parameters together; None for no limit.
        skip: Whether the input of a hidden layer is added to its output, see `model.skip`.

    Raises:
        ModelError: A number is out of its range.
    """

    widths: tuple[int, ...]
    seed: int
    learning_rate: float
    learning_rate_min: float = 0.0
    weight_decay: float = 0.0
    momentum: float = 0.0
    initialization: Initialization = "he"
    init_sigma: float = 0.01
    negative_slope: float = 0.01
    elu_alpha: float = 1.0
    jitter: float = 0.0
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    ema_decay: float = 0.0
    dropout: float = 0.0
    input_dropout: float = 0.0
    label_smoothing: float = 0.0
    clip_norm: float | None = None
    skip: bool = False

    def __post_init__(self) -> None:
        if any(width < 1 for width in self.widths):
            raise ModelError(f"a width must be 1 or more, not {self.widths}")
        if not 0 <= self.learning_rate_min <= self.learning_rate:
            raise ModelError(
                "learning rates must satisfy 0 <= min <= max, not "
                f"{self.learning_rate_min:g} and {self.learning_rate:g}"
            )
        if not (self.weight_decay >= 0 and self.jitter >= 0 and 0 <= self.momentum < 1):
            raise ModelError(
                "weight_decay and jitter must be 0 or more and momentum in [0, 1), not "
                f"{self.weight_decay:g}, {self.jitter:g} and {self.momentum:g}"
            )
        if not (self.init_sigma >= 0 and self.elu_alpha >= 0 and 0 <= self.negative_slope < 1):
            raise ModelError(
                "init_sigma and elu_alpha must be 0 or more and negative_slope in [0, 1), not "
                f"{self.init_sigma:g}, {self.elu_alpha:g} and {self.negative_slope:g}"
            )
        if not 0 <= self.ema_decay < 1:
            raise ModelError(f"ema_decay must be in [0, 1), not {self.ema_decay:g}")
        if not (0 <= self.beta_1 < 1 and 0 <= self.beta_2 < 1 and self.epsilon > 0):
            raise ModelError(
                "beta_1 and beta_2 must be in [0, 1) and epsilon above 0, not "
                f"{self.beta_1:g}, {self.beta_2:g} and {self.epsilon:g}"
            )
        shares = (self.dropout, self.input_dropout, self.label_smoothing)
        if not all(0 <= share < 1 for share in shares):
            raise ModelError(
                "dropout, input_dropout and label_smoothing must be in [0, 1), not "
                f"{self.dropout:g}, {self.input_dropout:g} and {self.label_smoothing:g}"
            )
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise ModelError(f"clip_norm must be above 0, not {self.clip_norm:g}")
        if self.seed < 0:
            raise ModelError(f"a seed must be 0 or more, not {self.seed}")

    def deviation(self, fan_in: int) -> float:
        """σ of the initial weights of a layer with `fan_in` inputs.

        Sources: He, K. He et al., ICCV 2015, equation 10; Xavier, X. Glorot & Y. Bengio, AISTATS
        2010, in the form with the fan-in alone that experiment A2 uses.
        """
        if self.initialization == "normal":
            return self.init_sigma
        gain = 2.0 if self.initialization == "he" else 1.0
        return float(np.sqrt(gain / fan_in))


def column(members: Sequence[Member], name: str, dtype: DTypeLike) -> Floats:
    """The members' attribute `name` as an array (m, 1, 1), which broadcasts over a stack."""
    values = [getattr(member, name) for member in members]
    return np.array(values, dtype).reshape(-1, 1, 1)


def padded_widths(members: Sequence[Member]) -> tuple[int, ...]:
    """The width of each hidden layer of the stack: that of the widest member.

    Raises:
        ModelError: There is no member, or the members differ in depth.
    """
    if len({len(member.widths) for member in members}) != 1:
        raise ModelError(
            "the members of a stack need the same number of layers, and there must be at least "
            f"one; these have widths {[member.widths for member in members]}"
        )
    return tuple(max(column) for column in zip(*(m.widths for m in members), strict=True))
