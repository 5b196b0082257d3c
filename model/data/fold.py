"""The rows that a search may see, as they were read, with how they are split."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.labelled import Labelled
from model.data.standardise import Rows, Statistics


@dataclass(frozen=True, eq=False)
class Fold:
    """What training and validation rows are prepared from; test rows are not in it.

    Attributes:
        name: Of the data set: lower-case letters, digits and single hyphens.
        classes: The name of each class, in the order of the labels; () for values.
        raw: The rows as they were read. A NaN stands for a number that is missing.
        rows: Which of them are for training, and which for validation.
        fingerprint: SHA-256 of all that the rows follow from.
        seed: Of the split.
        split: How they are split, where the fingerprint does not say it.
        target_names: The columns that are to be learned, where they are a table's.
        statistics: What standardises the inputs, from the training rows alone; None for the mean
            and the standard deviation of each.
        tested: How many test rows there are of each class, or in all where values are learned; ()
            where that is not known.
        encoding: How the inputs were made of the columns of a table, as JSON has it; None where
            rows were numbers.
        missing: How many values are missing in each input column that lacks any; None where the
            rows have no columns.
        shape: Of a row that has more than one axis, such as an image.
        channels_of: The shape of images whose inputs of one colour are standardised alike; () where
            each input is by itself.
        components: How many principal components of the standardised inputs rows become; None where
            they stay what they are.
        is_bounded: Whether inputs are cut where no training row can be; see `standardise.bound_of`.
        still: Called when all rows were read from their files; raises DataFileError where those
            have changed meanwhile.
        notes: What a user should know of how they were read, each a sentence.
    """

    name: str
    classes: tuple[str, ...]
    raw: Labelled
    rows: tuple[Rows, Rows]
    fingerprint: str
    seed: int
    split: str = ""
    target_names: tuple[str, ...] = ()
    statistics: Statistics | None = None
    tested: tuple[int, ...] = ()
    encoding: Mapping[str, Any] | None = None
    missing: Mapping[str, int] | None = None
    shape: tuple[int, ...] = ()
    channels_of: tuple[int, ...] = ()
    components: int | None = None
    is_bounded: bool = False
    still: Callable[[], None] | None = None
    notes: tuple[str, ...] = ()


def counted(y: npt.NDArray[Any], classes: tuple[str, ...]) -> tuple[int, ...]:
    """How many rows there are of each class, or in all where `y` holds values (n, t)."""
    if not classes:
        return (len(y),)
    return tuple(np.bincount(y, minlength=len(classes)).tolist())
