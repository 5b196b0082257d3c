"""The rows that a stack learns from and is measured on, with what each counts for in the loss."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from model import loss
from model.arrays import Floats, Targets
from model.data.prepared import Prepared
from model.rows import Data
from search.objectives.network.data import Dataset
from search.objectives.network.own_data import scale_of
from search.objectives.network.sections import TrainingSection

# Up to so many numbers in a batch, and in a fold, folds are trained as one stack: what a step costs
# beside its arithmetic then counts for more than that each fold has rows of its own
# (`python -m benchmarks.folds`).
STACKED_BATCH, STACKED_ROWS = 20_000, 1_000_000


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows to learn from and to measure on, and the unit that errors are told in.

    Attributes:
        data: The rows.
        scale: What errors of standardised targets are multiplied by.
    """

    data: Data
    scale: float


def folds_of(section: TrainingSection, data: Dataset) -> list[Fold]:
    """What a trial is trained and measured on: each fold, or the one split."""
    return [Fold(fold_of(section, one), scale_of(one)) for one in data.searched_on]


def stacked(folds: Sequence[Fold], batch_size: int) -> list[list[int]]:
    """The places of folds that are trained as one stack, stack by stack.

    They are few and short enough rows for that, and equally many.
    """
    groups: dict[Hashable, list[int]] = {}
    for place, fold in enumerate(folds):
        rows, inputs = fold.data.x.shape
        key = (rows, inputs, fold.data.held_out)
        groups.setdefault(key if is_stacked(rows, inputs, batch_size) else place, []).append(place)
    return list(groups.values())


def is_stacked(rows: int, inputs: int, batch_size: int) -> bool:
    """Whether folds of this size are trained as one stack."""
    return batch_size * inputs <= STACKED_BATCH and rows * inputs <= STACKED_ROWS


def fold_of(section: TrainingSection, rows: Prepared, *, whole: bool = False) -> Data:
    """Prepared rows as a training takes them.

    Args:
        section: Says what the classes weigh.
        rows: Of training and validation.
        whole: Whether the validation rows are learned too; then there are none to measure on.
    """
    both, end = rows.both, len(rows.both) if whole else rows.trained_on
    learned, held_out = both.y[:end], both.y[end:]
    weights = class_weights(section, rows.classes, learned)
    return Data(
        both.x[:end],
        learned,
        both.x[end:],
        held_out,
        weights=None if weights is None else weights[learned],
        validation_weights=None if weights is None else weights[held_out],
        components=None if rows.components is None else rows.components.astype(both.x.dtype),
    )


def class_weights(
    section: TrainingSection, classes: tuple[str, ...], labels: Targets
) -> Floats | None:
    """The weight of each class in the loss, (c,), where these rows are learned; None for 1."""
    said = section.class_weights
    if said is None:
        return None
    if said == "balanced":
        return loss.balanced(labels.astype(np.int64), len(classes))
    return np.array([said.get(name, 1.0) for name in classes])
