"""The rows that a stack learns from and is measured on, with what each counts for in the loss."""

import numpy as np

from model import loss, training
from model.arrays import Floats, Targets
from model.data.prepared import Prepared
from search.objectives.network.sections import TrainingSection


def fold_of(section: TrainingSection, rows: Prepared, *, whole: bool = False) -> training.Data:
    """Prepared rows as a training takes them.

    Args:
        section: Says what the classes weigh.
        rows: Of training and validation.
        whole: Whether the validation rows are learned too; then there are none to measure on.
    """
    learned, held_out = (rows.both, rows.validation) if whole else (rows.training, rows.validation)
    measured = slice(0, 0 if whole else len(held_out))
    labels = held_out.y[measured]
    weights = class_weights(section, rows.classes, learned.y)
    return training.Data(
        learned.x,
        learned.y,
        held_out.x[measured],
        labels,
        weights=None if weights is None else weights[learned.y],
        validation_weights=None if weights is None else weights[labels],
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
