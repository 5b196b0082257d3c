"""The standard problem that every contender trains: its shape, its images, its arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

LEARNING_RATE, LEARNING_RATE_MIN = 1e-1, 1e-5
HALF_CYCLE_EPOCHS = 2
NEGATIVE_SLOPE = 0.02
BATCH_NORM_DECAY = 0.99
WEIGHT_DECAY = 3e-3


@dataclass(frozen=True)
class Problem:
    """How large a training is; the rest is as in `studies/lambda-coarse-to-fine.toml`.

    Attributes:
        rows: Training rows.
        validation: Validation rows, on which each epoch ends; may be 0.
        inputs: Numbers a row has.
        widths: Units of each hidden layer.
        classes: Units of the last layer.
        batch_size: Rows a step.
    """

    rows: int = 45_000
    validation: int = 5_000
    inputs: int = 3_072
    widths: tuple[int, ...] = (50, 50)
    classes: int = 10
    batch_size: int = 100

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Problem":
        """The problem from its fields as JSON carries them."""
        return cls(**{**values, "widths": tuple(values["widths"])})

    @property
    def name(self) -> str:
        """Its layers, such as 3072-50-50-10."""
        return "-".join(map(str, (self.inputs, *self.widths, self.classes)))

    @property
    def epoch_operations(self) -> float:
        """Floating-point operations of one network's matrix products in a pass of training.

        Forward, the weights' gradient, and the gradient of each layer's input but the first's:
        2 n·d·h each. Activations, normalisation, updates and evaluation are not counted.
        """
        layers = [2.0 * d * h for d, h in pairwise((self.inputs, *self.widths, self.classes))]
        return self.rows * (3 * sum(layers) - layers[0])


@dataclass(frozen=True)
class Images:
    """Training and validation rows: x (n, d) float32, labels (n,) int64."""

    x: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    validation_x: npt.NDArray[np.float32]
    validation_labels: npt.NDArray[np.int64]


def write_images(folder: Path, rows: int, inputs: int, classes: int) -> None:
    """Write standard normal rows x.npy (rows, inputs) and labels y.npy (rows,), for all processes.

    What the numbers are makes no difference to speed.
    """
    draw = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "x.npy", draw.standard_normal((rows, inputs), np.float32))
    np.save(folder / "y.npy", draw.integers(classes, size=rows))


def open_images(folder: Path, problem: Problem, *, in_memory: bool) -> Images:
    """The problem's rows, the validation rows behind the training rows.

    Args:
        folder: Holds x.npy and y.npy.
        problem: How many rows are wanted.
        in_memory: As the process's own array, or mapped from the file and shared by all.
    """
    x = np.load(folder / "x.npy", mmap_mode=None if in_memory else "r")
    y = np.load(folder / "y.npy")
    n, end = problem.rows, problem.rows + problem.validation
    return Images(x[:n], y[:n], x[n:end], y[n:end])
