"""The folds of cross-validation: which rows are for training and which for validation in each.

The rows of the test part are set aside first, and are those that a split without folds sets aside.
Each of the others is a validation row in exactly one fold, and a training row in all others.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from model.data import splits
from model.data.column import Column
from model.data.fold import Fold
from model.data.splits import Part, Split
from model.data.standardise import Rows
from model.errors import ModelError
from model.seeding import generator


def folds(
    rows: int,
    count: int,
    *,
    test: Part | None = None,
    seed: int = 0,
    labels: npt.NDArray[np.int64] | None = None,
    stratified: bool = True,
    group: Column | None = None,
) -> tuple[Split, ...]:
    """All of the rows 0 … rows − 1 that are not for the test, and behind them their folds.

    Args:
        rows: How many there are, n.
        count: How many folds, k, 2 or more.
        test: The test part; None for none.
        seed: Decides by chance; 0 or more.
        labels: (n,), each row's class, from 0; None for regression.
        stratified: Whether each class has its share of each fold, within one row, as in
            scikit-learn's `StratifiedKFold`. The folds' sizes differ by one row at most either way.
        group: Rows with one value stay together, as in its `GroupKFold`: the largest group first,
            each goes to the fold with the fewest rows.

    Returns:
        A split that trains on all but the test rows, without validation, and k splits. Rows are in
        ascending order, and the test rows are the same in each.

    Raises:
        ModelError: As `splits.split`; or there are fewer rows or groups than folds, or a fold has
            no training row of a class.
    """
    if count < 2:
        raise ModelError(f"there must be 2 folds or more, not {count}")
    aside = splits.split(
        rows, test=test, seed=seed, labels=labels, stratified=stratified, group=group
    )
    others = aside.training
    draw = generator(seed, "folds")
    if group is not None:
        fold_of = _by_groups(group.values[others], count, draw)
    else:
        by_class = labels[others] if labels is not None and stratified else None
        fold_of = _dealt(len(others), by_class, count, draw)
    made = []
    for fold in range(count):
        held_out = fold_of == fold
        one = Split(others[~held_out], others[held_out], aside.test)
        _check_classes(one, labels, fold + 1, count)
        made.append(one)
    return Split(others, others[:0], aside.test), *made


def names(count: int) -> tuple[str, ...]:
    """What all rows, and behind them `count` folds, are called where prepared rows are kept."""
    return f"all of {count} folds", *(f"fold {fold} of {count}" for fold in range(1, count + 1))


def refolded(given: Fold, count: int) -> Iterator[Fold]:
    """All rows of a fold, for training and validation alike, and behind them their own folds.

    Nothing is kept of what was learned of the rows: it is found anew in each fold.

    Raises:
        ModelError: There cannot be so many folds.
    """
    rows = np.sort(np.concatenate(given.rows))
    y = given.raw.y[rows]
    made = folds(len(rows), count, seed=given.seed, labels=y if y.ndim == 1 else None)
    for one, name in zip(made, names(count), strict=True):
        yield replace(given, rows=(rows[one.training], rows[one.validation]), split=name)


def _dealt(
    rows: int, labels: npt.NDArray[np.int64] | None, count: int, draw: np.random.Generator
) -> Rows:
    """(rows,), each row's fold: dealt in turn by chance, one class after the other."""
    if rows < count:
        raise ModelError(f"{count} folds need {count} rows or more beside the test, not {rows}")
    order = draw.permutation(rows)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    found = np.empty(rows, np.int64)
    found[order] = np.arange(rows) % count
    return found


def _by_groups(groups: npt.NDArray[np.float64], count: int, draw: np.random.Generator) -> Rows:
    _, numbers = np.unique(groups, return_inverse=True)
    sizes = np.bincount(numbers)
    if len(sizes) < count:
        raise ModelError(
            f"{count} folds need {count} groups or more beside the test, not {len(sizes)}"
        )
    order = draw.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold_of, filled = np.empty(len(sizes), np.int64), np.zeros(count, np.int64)
    for group in order:
        fold_of[group] = filled.argmin()
        filled[fold_of[group]] += sizes[group]
    return fold_of[numbers]


def _check_classes(
    split: Split, labels: npt.NDArray[np.int64] | None, fold: int, count: int
) -> None:
    if labels is None:
        return
    lacking = np.setdiff1d(labels[split.validation], labels[split.training])
    if len(lacking):
        row = int((labels == lacking[0]).argmax()) + 1
        raise ModelError(
            f"all rows of the class of row {row:,} would be held out in fold {fold} of {count}, "
            "and none be learned; expected two rows or more of each class beside the test, in two "
            "groups or more"
        )
