"""The networks among which all contenders of `benchmarks.equal_time` search, said once for all.

Fully connected, two hidden layers of ReLU with dropout, He's weights, batches of 128, descent with
Nesterov's momentum, and η along half a cosine. Without Optuna and PyTorch, so that it is tested
wherever tests run.
"""

import math
from dataclasses import dataclass

EPOCHS = 9  # of a training; powers of three are what Hyperband cuts evenly
BATCH_SIZE = 128
MOMENTUM = 0.9
LEARNING_RATE_MIN = 1e-5
NAME = "equal-time"
TRAININGS_PER_MINUTE = 9.5  # some more than two cores train of CIFAR-10; the clock cuts the rest
LEAST_TRAININGS = 24  # that a strategy needs


@dataclass(frozen=True)
class Range:
    """Where a hyperparameter is searched: on a log scale, evenly, or in whole steps."""

    low: float
    high: float
    log: bool = False
    step: int | None = None

    def toml(self) -> str:
        """As a study file has it."""
        ends = f"low = {self.low}, high = {self.high}"
        told = f"log = {str(self.log).lower()}" if self.step is None else f"step = {self.step}"
        return f"{{{ends}, {told}}}"


FAMILY = {
    "width_1": Range(32, 256, step=16),
    "width_2": Range(32, 256, step=16),
    "learning_rate": Range(1e-3, 0.3, log=True),
    "weight_decay": Range(1e-6, 1e-2, log=True),
    "dropout": Range(0.0, 0.5),
}
"""λ is klayer's: the cost has λ Σ‖W‖², of which PyTorch's `weight_decay` is twice the λ."""


def study_text(source: str, validation: int, seed: int, minutes: float) -> str:
    """The study file with which klayer searches for so long."""
    trainings = max(LEAST_TRAININGS, round(TRAININGS_PER_MINUTE * minutes))
    box = "\n".join(f"{name} = {one.toml()}" for name, one in FAMILY.items())
    return f"""\
name = "{NAME}"
seed = {seed}
strategy = "auto"
budget = {{trainings = {trainings}, hours = {minutes / 60:.6f}}}

[data]
source = "{source}"
validation = {validation}

[network]
widths = [128, 128]

[training]
batch_size = {BATCH_SIZE}
optimizer = "nesterov"
momentum = {MOMENTUM}
learning_rate_min = {LEARNING_RATE_MIN}
schedule = {{kind = "cosine", epochs = {EPOCHS}}}

[box]
{box}

[final]
train_on = "training+validation"
"""


def rate(learning_rate: float, step: int, per_epoch: int) -> float:
    """η of a step: from its largest to its least along half a cosine."""
    height = (1 + math.cos(math.pi * step / (EPOCHS * per_epoch))) / 2
    return LEARNING_RATE_MIN + (learning_rate - LEARNING_RATE_MIN) * height
