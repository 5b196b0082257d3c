"""How good predictions are, as pure functions over stacks of them.

Of classes: probabilities (…, n, c) and labels (n,), 0 … c − 1, give (…). Of values: predictions
(…, n, c) and targets (n, c) give (…). Each agrees with the function of scikit-learn's `metrics`
that it is named after. A stack's entry with a NaN among its predictions scores NaN, and so does
every entry over no rows. All sums are in float64.

Sources: area under the ROC curve as the statistic of H. Mann & D. Whitney, Annals of Mathematical
Statistics 18 (1947), by J. Hanley & B. McNeil, Radiology 143 (1982); balanced accuracy,
K. Brodersen et al., ICPR 2010.
"""

import numpy as np

from model.arrays import Floats, Integers
from model.errors import ModelError

_quiet = np.errstate(invalid="ignore", divide="ignore")  # 0 / 0 is NaN, which is the answer


@_quiet
def accuracy(probabilities: Floats, labels: Integers) -> Floats:
    """Share of rows whose most probable class is the label; of equal ones the first counts."""
    hits = probabilities.argmax(axis=-1) == labels
    return _known(probabilities, hits.sum(axis=-1) / np.float64(len(labels)))


@_quiet
def balanced_accuracy(probabilities: Floats, labels: Integers) -> Floats:
    """Mean over the classes that occur in the labels of the share of their rows that is found."""
    right = probabilities.argmax(axis=-1) == labels
    there = np.unique(labels)
    of_class = labels[:, None] == there  # (n, classes that occur)
    recalls = right.astype(float) @ of_class / of_class.sum(axis=0)
    return _known(probabilities, recalls.sum(axis=-1) / np.float64(len(there)))


@_quiet
def log_loss(probabilities: Floats, labels: Integers) -> Floats:
    """Mean of −log p_y, with p clipped to [ε, 1 − ε], where ε is that of the probabilities' type.

    Without the clipping, one row that is surely wrong would make it infinite.
    """
    epsilon = np.finfo(probabilities.dtype).eps
    picked = probabilities[..., np.arange(len(labels)), labels]
    logarithms = np.log(np.clip(picked, epsilon, 1 - epsilon).astype(float))
    return _known(probabilities, -logarithms.sum(axis=-1) / np.float64(len(labels)))


@_quiet
def macro_f1(probabilities: Floats, labels: Integers) -> Floats:
    """Mean of F1 = 2 TP / (2 TP + FP + FN) over the classes that occur in labels or predictions."""
    classes = np.arange(probabilities.shape[-1])
    chosen = probabilities.argmax(axis=-1)[..., None] == classes  # (…, n, c)
    truth = labels[:, None] == classes  # (n, c)
    found = (chosen & truth).sum(axis=-2)
    occurring = chosen.sum(axis=-2) + truth.sum(axis=0)  # 2 TP + FP + FN
    f1 = 2 * found / np.maximum(occurring, 1)
    return _known(probabilities, f1.sum(axis=-1) / (occurring > 0).sum(axis=-1).astype(float))


@_quiet
def roc_auc(probabilities: Floats, labels: Integers) -> Floats:
    """Area under the ROC curve of class 1 against class 0; NaN where either has no row.

    It is the share of pairs of a row of each class in which that of class 1 has the higher
    probability of it; ties count half.

    Raises:
        ModelError: There are not 2 classes.
    """
    if probabilities.shape[-1] != 2:
        raise ModelError(f"roc_auc is of 2 classes, not of {probabilities.shape[-1]}")
    of_one = probabilities[..., 1]
    zeros, ones = np.sort(of_one[..., labels == 0], axis=-1), of_one[..., labels == 1]
    below = np.array(
        [
            np.searchsorted(low, high, "left").sum() + np.searchsorted(low, high, "right").sum()
            for low, high in zip(_flat(zeros), _flat(ones), strict=True)
        ],
        float,
    )
    pairs = np.float64(zeros.shape[-1] * ones.shape[-1])
    return _known(probabilities, below.reshape(of_one.shape[:-1]) / 2 / pairs)


@_quiet
def rmse(predictions: Floats, targets: Floats) -> Floats:
    """Root of the mean squared error over all rows and outputs."""
    squares = np.square(_residuals(predictions, targets))
    root: Floats = np.sqrt(squares.sum(axis=(-2, -1)) / np.float64(targets.size))
    return root


@_quiet
def mae(predictions: Floats, targets: Floats) -> Floats:
    """Mean absolute error over all rows and outputs."""
    off = np.abs(_residuals(predictions, targets))
    mean: Floats = off.sum(axis=(-2, -1)) / np.float64(targets.size)
    return mean


@_quiet
def r2(predictions: Floats, targets: Floats) -> Floats:
    """Mean over outputs of R² = 1 − Σ (y − ŷ)² / Σ (y − mean(y))²; NaN of fewer than 2 rows.

    An output whose targets are all equal has 1 where they are predicted exactly, and else 0.
    """
    errors = np.square(_residuals(predictions, targets)).sum(axis=-2)  # (…, c)
    y = targets.astype(float)
    spread = np.square(y - y.sum(axis=0) / np.float64(len(y))).sum(axis=0)  # (c,)
    explained = np.where(spread > 0, 1 - errors / spread, np.where(errors == 0, 1.0, 0.0))
    found = explained.mean(axis=-1)
    return _known(predictions, found if len(y) > 1 else np.full_like(found, np.nan))


def _residuals(predictions: Floats, targets: Floats) -> Floats:
    """Predictions less targets, (…, n, c).

    Raises:
        ModelError: Their shapes differ, where NumPy would stretch one.
    """
    if predictions.shape[-2:] != targets.shape:
        raise ModelError(f"targets must be (n, c) = {predictions.shape[-2:]}, not {targets.shape}")
    return predictions.astype(float) - targets


def _known(predictions: Floats, score: Floats) -> Floats:
    """The score (…), or NaN where one of the predictions (…, n, c) is NaN."""
    return np.where(np.isnan(predictions).any(axis=(-2, -1)), np.nan, score)


def _flat(rows: Floats) -> Floats:
    """The stack's axes (…, n) as one, (s, n)."""
    return rows.reshape(int(np.prod(rows.shape[:-1])), rows.shape[-1])
