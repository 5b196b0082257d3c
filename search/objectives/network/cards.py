"""The data card of a network's data: what is known of the rows that were prepared."""

import math
from collections.abc import Sequence

import numpy as np

from model.data.own import Own
from model.data.prepared import Prepared
from model.data.table_file import listed
from search.objective.data_card import DataCard, Quantity
from search.objectives.network.data_section import DataSection
from search.objectives.network.facts import NAMED, Facts
from search.runtime.formatting import share

MOST_COLUMNS = 100  # that lack values, which are recorded by name
MOSTLY = 0.8  # of the rows, from which one class is most of them


def card(
    rows: Prepared,
    folds: Sequence[Prepared],
    facts: Facts,
    section: DataSection,
    own: Own | None,
) -> DataCard:
    """The card; no row is read for it that is not in memory.

    Args:
        rows: The training and validation rows; with folds, all of them for training.
        folds: The folds, if any: classes are counted in the one that trains on fewest rows.
        facts: Their sizes.
        section: What the study file says of them.
        own: The data of the user's own that they are of; None for `digits` and `cifar10`.
    """
    missing = sorted((rows.missing or {}).items(), key=lambda item: -item[1])
    return DataCard(
        source=section.source if own is None or section.kind == "example" else own.path.name,
        fingerprint=rows.fingerprint,
        rows=facts.rows,
        held_out=facts.held_out,
        inputs=facts.inputs,
        shape=facts.shape,
        task=facts.task,
        classes=rows.classes,
        tested=NAMED[section.source].test if own is None else sum(rows.tested) or None,
        split=_split(facts, section),
        class_rows=_class_rows(min(folds or (rows,), key=lambda one: one.trained_on)),
        targets=_quantities(rows),
        missing=None if rows.missing is None else tuple(missing[:MOST_COLUMNS]),
        missing_columns=len(missing),
        explained=rows.explained,
    )


def unequal(rows: Prepared) -> tuple[str, ...]:
    """What a user should know of how the rows are shared among the classes, each a sentence."""
    counts = np.array(_class_rows(rows), int).reshape(-1, 2)
    if not len(counts):
        return ()
    told = []
    of_class, held_out = counts.sum(axis=1), counts[:, 1]
    most = int(of_class.argmax())
    if of_class[most] >= MOSTLY * of_class.sum():
        told.append(
            f"{share(int(100 * of_class[most] / of_class.sum()) / 100)} of the rows are of class "
            f"{rows.classes[most]!r}, and whoever always says so is as accurate; rank by another "
            'score, such as score = "balanced_accuracy" in [objective], and try class_weights = '
            '"balanced" in [training]'
        )
    absent = [rows.classes[place] for place in np.flatnonzero(held_out == 0)]
    if held_out.any() and absent:
        told.append(f"no validation row is of {listed(absent)}: nothing is chosen by such rows")
    return tuple(told)


def _class_rows(rows: Prepared) -> tuple[tuple[int, int], ...]:
    if not rows.classes:
        return ()
    counts = [
        np.bincount(labels, minlength=len(rows.classes)).tolist()
        for labels in (rows.both.y[: rows.trained_on], rows.both.y[rows.trained_on :])
    ]
    return tuple(zip(*counts, strict=True))


def _quantities(rows: Prepared) -> tuple[Quantity, ...]:
    scale, found = rows.targets, rows.training.y
    if scale is None:
        return ()
    names = rows.target_names or ("",) * len(scale.mean)
    return tuple(
        Quantity(
            name,
            _unscaled(found[:, place].min(), float(scale.mean[place]), float(scale.std[place])),
            _unscaled(found[:, place].max(), float(scale.mean[place]), float(scale.std[place])),
            float(scale.mean[place]),
            float(scale.std[place]),
        )
        for place, name in enumerate(names)
    )


def _unscaled(value: np.float32, mean: float, deviation: float) -> float:
    """In the target's own unit, to as many places as float32 has of rows that are standardised."""
    places = math.floor(-math.log10(deviation * np.finfo(np.float32).eps))
    return float(np.float32(round(float(value) * deviation + mean, places))) + 0.0  # -0.0 is 0


def _split(facts: Facts, section: DataSection) -> str:
    if section.folds is not None:
        folds = f"{section.folds} folds, of which each is held out in turn"
        if not section.is_own:
            return f"{folds}; the test rows are those of the data set"
        one = section.model_copy(update={"folds": None})
        return f"{folds}; {_split(facts, one)}"
    if not section.is_own:
        return "validation rows by chance; the test rows are those of the data set"
    parts = (("validation", section.validation), ("test", section.test))
    files = [f"{part} rows from {size!r}" for part, size in parts if isinstance(size, str)]
    return "; ".join(files if len(files) == len(parts) else [_way(facts, section), *files])


def _way(facts: Facts, section: DataSection) -> str:
    """How the rows of one file are split."""
    if section.part_column is not None:
        return f"as the column {section.part_column!r} says"
    if section.group is not None:
        return f"by chance; rows of one {section.group!r} are in one part"
    if section.time is not None:
        return f"in the order of {section.time!r}; the last rows are for the test"
    way, shares = "by chance", "; each class has the same share in every part"
    if section.kind in ("arrays", "images") and None in (section.validation, section.test):
        way = "by chance where the data have no such part themselves"
    return f"{way}{shares if facts.task == 'classification' else ''}"
