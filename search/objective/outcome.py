"""What comes out of training, in words that hold for whatever is trained behind the objective."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from search.space.space import Point


@dataclass(frozen=True)
class EpochFigures:
    """One epoch of one trial; a figure that the training does not have is NaN.

    Attributes:
        epoch: Counted from 1.
        learning_rate: η of the epoch's last step.
        train_cost: Mean loss and the penalty of the weights, on the training data.
        train_loss: Mean loss.
        train_accuracy: A share, 0 … 1.
        validation_cost: As for training, on the validation data.
        validation_loss: Likewise.
        validation_accuracy: Likewise.
    """

    epoch: int
    learning_rate: float
    train_cost: float
    train_loss: float
    train_accuracy: float
    validation_cost: float
    validation_loss: float
    validation_accuracy: float

    def finite(self) -> dict[str, float | int | None]:
        """The figures by name; None for what is NaN or infinite, which JSON and SQL cannot hold."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: v if math.isfinite(v) else None for name, v in values.items()}


@dataclass(frozen=True)
class Report:
    """How a trial stands after an epoch.

    Attributes:
        figures: Of this epoch.
        value: What the trial would be worth if it ended now; larger is better. NaN where it has
            diverged, or where there is no validation data.
        diverged: Whether a figure is no finite number any more, so that the trial is at its end.
    """

    figures: EpochFigures
    value: float
    diverged: bool


@dataclass(frozen=True)
class Assignment:
    """One training to be done: a point of the search space, and the seed of its own draws."""

    parameters: Point
    seed: int


@dataclass(frozen=True)
class GradientError:
    """How far the analytic gradient of one array of parameters is from a finite difference.

    Attributes:
        layer: Counted from 1.
        parameter: Which array of the layer.
        worst: Largest relative error of the entries compared; NaN where there was none.
        checked: Entries that were compared.
        kinked: Entries left out because their difference crosses a kink.
    """

    layer: int
    parameter: str
    worst: float
    checked: int
    kinked: int


@dataclass(frozen=True)
class TestReport:
    """What the test set said of the trained winner; accuracies are shares, 0 … 1.

    Attributes:
        accuracies: Of each final network by itself, the winner first; None where it diverged.
        snapshot_ensemble: Of the winner's snapshots voting together; None without cycles.
        snapshot_ensembles: Of each network's snapshots voting together, the winner first; None
            where it diverged, or without cycles.
        finalist_ensemble: Of all final networks, or all their snapshots, voting together; None
            where the winner is alone.
        images: How many test images there are.
        fingerprint: Hash of the test set.
    """

    accuracies: tuple[float | None, ...]
    snapshot_ensemble: float | None
    snapshot_ensembles: tuple[float | None, ...]
    finalist_ensemble: float | None
    images: int
    fingerprint: str

    __test__ = False  # a report on the test set; who collects test cases must pass it by


@dataclass(frozen=True, eq=False)
class Portrait:
    """What pictures of one trained network are drawn from, when it is gone.

    Attributes:
        gradient_counts: (k, bins) int64; of each layer, first to last, how many entries of the
            gradient of the cost at its weights lie in each bin.
        gradient_edges: (k, bins + 1) float64, the edges of those bins.
        images: Of a network of one layer the weights of each class as an image, unscaled:
            (classes, height, width) float32, or (classes, height, width, 3) with colours red, green
            and blue; None of deeper ones.
        classes: The name of each class, in the order of the images.
    """

    gradient_counts: npt.NDArray[np.int64]
    gradient_edges: npt.NDArray[np.float64]
    images: npt.NDArray[np.float32] | None
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """What the final leaves.

    Attributes:
        report: What the test set said.
        portraits: Of each network that did not diverge, by its place among the final's trials.
    """

    report: TestReport
    portraits: Mapping[int, Portrait]
