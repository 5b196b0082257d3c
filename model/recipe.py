"""How a stack is trained, where its members agree."""

import math
from dataclasses import dataclass
from typing import Literal

from model.errors import ModelError
from model.images import Images
from model.optimizer import Kind
from model.schedule import Schedule


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
