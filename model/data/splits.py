"""Which rows of a table are for training, for validation and for the test.

A pure function of its arguments: by chance, alike in every class (stratified), by groups that stay
together, by time, or as a column says. Rows of each part are in ascending order.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.column import Column, shown
from model.data.standardise import Rows
from model.errors import ModelError
from model.seeding import generator

Part = int | float  # a count of rows, or a share of them, above 0 and below 1

_Parts = npt.NDArray[np.int8]  # (n,): 0 for training, 1 for validation, 2 for the test

SAID = {
    "train": 0,
    "training": 0,
    "validation": 1,
    "valid": 1,
    "val": 1,
    "test": 2,
}  # what a column may say, in letters of any case


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of each part, ascending; no row is in two.

    Attributes:
        training: (a,) int64, at least one.
        validation: (b,) int64; empty where no such part is asked for.
        test: (c,) int64; empty where there is no test part.
    """

    training: Rows
    validation: Rows
    test: Rows


def split(
    rows: int,
    *,
    validation: Part | None = None,
    test: Part | None = None,
    seed: int = 0,
    labels: npt.NDArray[np.int64] | None = None,
    stratified: bool = True,
    group: Column | None = None,
    time: Column | None = None,
    said: Column | None = None,
) -> Split:
    """Split the rows 0 … rows − 1.

    By chance, unless `group`, `time` or `said` is given; of these at most one is. Where labels
    are given, each class keeps at least one training row, or the split is refused.

    Args:
        rows: How many there are, n.
        validation: The validation part; None for none.
        test: The test part; None or 0 for none.
        seed: Decides by chance; 0 or more.
        labels: (n,), each row's class, from 0; None for regression.
        stratified: Whether a split by chance gives each class its share of each part, within one
            row where the class has rows enough, while the part's size is exact.
        group: Rows with one value stay together; the parts are as large as asked for only as
            nearly as a greedy choice of groups comes to it.
        time: Numbers, or dates as ISO text. The last rows are the test part, those before
            them are the validation part. Sizes are exact: rows of equal time are in the order
            of the table, and may lie on both sides of a border.
        said: Text: a key of `SAID`, in letters of any case.

    Raises:
        ModelError: A part has no row, or the parts leave none for training; an array has another
            length, or misses a value; a text is none of `SAID`, or no date; there are fewer groups
            than parts; a class has no training row; or arguments exclude each other.
    """
    _check(rows, seed, labels, {"group": group, "time": time, "part_column": said})
    if said is not None:
        if validation is not None or test is not None:
            raise ModelError("the column says each row's part; expected no sizes beside it")
        found = _as_said(said)
    else:
        sizes = _sizes(rows, validation, test)
        if group is not None:
            found = _by_groups(group, sizes, seed)
        elif time is not None:
            found = _assigned_in_order(np.argsort(_moments(time), kind="stable"), sizes)
        elif labels is not None and stratified:
            found = _by_labels(labels, sizes, seed)
        else:
            order = generator(seed, "split").permutation(rows)
            found = _assigned_in_order(order, sizes)
    _check_found(found, labels, has_validation=said is not None or validation is not None)
    return Split(*(np.flatnonzero(found == part).astype(np.int64) for part in range(3)))


def _check(
    rows: int,
    seed: int,
    labels: npt.NDArray[np.int64] | None,
    columns: dict[str, Column | None],
) -> None:
    if seed < 0:
        raise ModelError(f"seed must be 0 or more, not {seed}")
    if labels is not None and labels.shape != (rows,):
        raise ModelError(f"labels must have a value for each of {rows:,} rows: {labels.shape}")
    given = {key: column for key, column in columns.items() if column is not None}
    if len(given) > 1:
        raise ModelError(f"rows are split by one of group, time and part_column, not by {[*given]}")
    for key, column in given.items():
        if len(column) != rows:
            raise ModelError(f"{key} must have a value for each of {rows:,} rows: {len(column):,}")
        if (missing := column.is_missing).any():
            raise ModelError(
                f"row {int(missing.argmax()) + 1:,} has no value in {column.name!r}, which {key} "
                "names; expected one in each"
            )


def _sizes(rows: int, validation: Part | None, test: Part | None) -> tuple[int, int]:
    """How many rows the validation part and the test part have."""
    sizes = (
        0 if validation is None else _size("validation", rows, validation),
        0 if test is None or test == 0 else _size("test", rows, test),
    )
    if sum(sizes) >= rows:
        raise ModelError(
            f"validation {sizes[0]:,} and test {sizes[1]:,} leave none of {rows:,} rows for "
            "training; expected smaller parts"
        )
    return sizes


def _size(name: str, rows: int, part: Part) -> int:
    is_count = isinstance(part, int) and not isinstance(part, bool)
    if (is_count and part < 1) or (not is_count and not 0 < part < 1) or isinstance(part, bool):
        raise ModelError(
            f"{name} must be a whole number of rows from 1, or a share between 0 and 1, not {part}"
        )
    return int(part) if is_count else max(1, int(part * rows + 0.5))


def _assigned_in_order(order: Rows, sizes: tuple[int, int]) -> _Parts:
    """(n,), each row's part: the last rows of `order` are for test, those before for validation."""
    found = np.zeros(len(order), np.int8)
    last = len(order) - sizes[1]
    found[order[last:]] = 2
    found[order[last - sizes[0] : last]] = 1
    return found


def _by_labels(labels: npt.NDArray[np.int64], sizes: tuple[int, int], seed: int) -> _Parts:
    random = generator(seed, "split")
    counts = np.bincount(labels)
    occurring = int((counts > 0).sum())
    if sum(sizes) > len(labels) - occurring:
        raise ModelError(
            f"validation {sizes[0]:,} and test {sizes[1]:,} of {len(labels):,} rows leave too few "
            f"for training; expected one row of each of {occurring:,} classes there at least"
        )
    room = np.maximum(counts - 1, 0)
    test = _shares(counts, room, sizes[1], random)
    validation = _shares(counts, room - test, sizes[0], random)
    order = random.permutation(len(labels))
    small = labels[order].astype(np.min_scalar_type(len(counts)))  # sorted in less memory
    order = order[np.argsort(small, kind="stable")]  # by class, by chance within each
    found = np.zeros(len(labels), np.int8)
    for start, tested, held_out in zip(np.cumsum(counts) - counts, test, validation, strict=True):
        found[order[start : start + tested]] = 2
        found[order[start + tested : start + tested + held_out]] = 1
    return found


def _shares(
    counts: npt.NDArray[np.int64],
    room: npt.NDArray[np.int64],
    size: int,
    random: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """How many of `size` rows each class gives: its share, by the largest remainders.

    Args:
        counts: (c,), how many rows each class has.
        room: (c,), how many it can give; their sum is at least `size`.
        size: The sum of what is returned.
        random: Decides between equal remainders.
    """
    total = int(counts.sum())
    given: npt.NDArray[np.int64] = np.minimum(counts * size // total, room)
    ties = random.random(len(counts))
    while (lacking := size - int(given.sum())) > 0:
        can = np.flatnonzero(given < room)
        remainder = counts[can] * size - given[can] * total  # in whole numbers, so that ties are
        given[can[np.lexsort((ties[can], -remainder))[:lacking]]] += 1
    return given


def _by_groups(group: Column, sizes: tuple[int, int], seed: int) -> _Parts:
    _, first, places = np.unique(group.values, return_index=True, return_inverse=True)
    numbers = np.argsort(np.argsort(first))[places]  # in the order in which groups first occur
    counts = np.bincount(numbers)
    parts = 1 + (sizes[0] > 0) + (sizes[1] > 0)
    if len(counts) < parts:
        raise ModelError(
            f"{parts} parts need {parts} groups or more, but {group.name!r}, which group names, "
            f"has {len(counts)}"
        )
    order = generator(seed, "split").permutation(len(counts))
    part_of = np.zeros(len(counts), np.int8)
    for part, size in ((2, sizes[1]), (1, sizes[0])):
        if size:
            left = [int(one) for one in order if part_of[one] == 0]
            kept = 1 + (part == 2 and sizes[0] > 0)  # for each part that is still to come
            part_of[_chosen(left, counts, size, most=len(left) - kept)] = part
    return part_of[numbers]


def _chosen(groups: list[int], counts: npt.NDArray[np.int64], size: int, *, most: int) -> list[int]:
    """At least one and at most `most` of the groups, whose rows come near `size`.

    Groups are taken in their order while they fit. Then one more is taken where that comes nearer.
    """
    chosen: list[int] = []
    lacking = size
    for group in groups:
        if len(chosen) < most and counts[group] <= lacking:
            chosen.append(group)
            lacking -= int(counts[group])
    taken = set(chosen)
    others = [group for group in groups if group not in taken]
    if others and len(chosen) < most:
        nearest = min(others, key=lambda group: int(counts[group]))
        if not chosen or counts[nearest] - lacking < lacking:
            chosen.append(nearest)
    return chosen


def _moments(time: Column) -> npt.NDArray[Any]:
    """(n,) numbers in the order of the times."""
    if time.kind == "number":
        return time.values
    found = []
    for place, text in enumerate(time.texts):
        try:
            found.append(datetime.fromisoformat(text))
        except ValueError as error:
            raise ModelError(
                f"row {time.first_row(place):,} of {time.name!r}, which time names, holds "
                f"{text!r}; expected numbers, or dates such as 2024-12-31 or 2024-12-31 23:59"
            ) from error
    if len({moment.tzinfo is None for moment in found}) > 1:
        raise ModelError(
            f"some values of {time.name!r}, which time names, have a time zone and some have "
            "none; expected one form"
        )
    places = {moment: i for i, moment in enumerate(sorted(set(found)))}
    return np.array([places[moment] for moment in found])[time.values.astype(np.int64)]


def _as_said(said: Column) -> _Parts:
    texts = said.texts or (shown(float(said.values[0])),)  # numbers say nothing
    found = [SAID.get(text.strip().lower(), -1) for text in texts]
    if -1 in found:
        place = found.index(-1)
        row = said.first_row(place) if said.texts else 1
        raise ModelError(
            f"row {row:,} of {said.name!r}, which part_column names, holds {texts[place]!r}; "
            "expected train, validation or test"
        )
    return np.array(found, np.int8)[said.values.astype(np.int64)]


def _check_found(
    found: _Parts, labels: npt.NDArray[np.int64] | None, *, has_validation: bool
) -> None:
    for part, name in enumerate(("training", "validation")[: 1 + has_validation]):
        if not (found == part).any():
            raise ModelError(f"no row is for {name}; expected at least one")
    if labels is not None:
        counts = np.bincount(labels)
        learned = np.bincount(labels[found == 0], minlength=len(counts))
        lacking = np.flatnonzero((counts > 0) & (learned == 0))
        if len(lacking):
            row = int((labels == lacking[0]).argmax()) + 1
            raise ModelError(
                f"no training row is of the class of row {row:,} ({len(lacking):,} such in all); "
                "expected one of each class, so use another seed, smaller parts, or other groups"
            )
