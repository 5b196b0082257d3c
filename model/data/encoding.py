"""From a table's columns to a network's inputs: numbers stay numbers, categories become 0 and 1.

Everything is fitted on the training rows alone. A category is an output of its own (one-hot); a
number with missing values in the training rows gets a second output that marks them.

A missing number is NaN in the encoded rows. `statistics` ignores NaN, and
`model.data.standardise.standardised` puts 0 there, which is the training rows' mean.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data import quantiles, standardise
from model.data.column import Column, Kind
from model.data.standardise import Rows, Statistics
from model.data.table_file import near, read_alike
from model.data.table_options import Scaling
from model.errors import ModelError

MISSING_CATEGORY = "(missing)"
MOST_OUTPUTS = 100_000  # a row would take more than 400 kB


@dataclass(frozen=True)
class EncodedColumn:
    """How one column is encoded.

    Attributes:
        name: The column's name.
        kind: Whether it holds numbers or categories.
        categories: The categories of the training rows, in ascending order; none for numbers.
        marks_missing: Whether an output of its own says that the value is missing.
        origin: What is subtracted from a number, in float64, before it is rounded to float32: so
            a large number of small spread, such as a time stamp, keeps its digits. It is the mean
            of the training rows; 0 for categories.
        quantiles: What a number is scaled by before it is rounded to float32; () for none, and
            the origin is 0 then if there are some.
    """

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    marks_missing: bool = False
    origin: float = 0.0
    quantiles: tuple[float, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of its outputs."""
        if self.kind == "number":
            return (self.name, f"{self.name} is missing")[: 1 + self.marks_missing]
        missing = (MISSING_CATEGORY,) if self.marks_missing else ()
        return tuple(f"{self.name}={category}" for category in (*self.categories, *missing))

    def scaled(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Numbers (n,) as they are encoded."""
        return quantiles.scaled(values, self.quantiles) if self.quantiles else values - self.origin

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        found = {**asdict(self), "categories": list(self.categories)}
        if not found.pop("quantiles"):
            return found
        return {**found, "quantiles": list(self.quantiles)}


@dataclass(frozen=True)
class Encoding:
    """How a table's input columns become d outputs.

    Attributes:
        columns: Each input column, in the order of the outputs.
        ignored: Names of columns that a file may have and that are not used: the target, and what
            was excluded or left out.
        has_commas: Whether the table had decimal commas: those of others are read likewise.

    Raises:
        ModelError: There is no output, there are more than `MOST_OUTPUTS`, or two columns have one
            name.
    """

    columns: tuple[EncodedColumn, ...]
    ignored: tuple[str, ...] = ()
    has_commas: bool = False

    def __post_init__(self) -> None:
        counts = Counter(column.name for column in self.columns)
        twice = sorted(name for name, count in counts.items() if count > 1)
        if twice or not self.width:
            raise ModelError(
                f"an encoding has an output or more, and a column once, not {self.width} outputs "
                f"and columns {twice} twice"
            )
        if self.width > MOST_OUTPUTS:
            widest = max(self.columns, key=lambda column: len(column.outputs))
            raise ModelError(
                f"the inputs are {self.width:,} numbers in each row, {len(widest.outputs):,} of "
                f"them for {widest.name!r}; expected at most {MOST_OUTPUTS:,}, so exclude it"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each output: NAME, NAME is missing, NAME=CATEGORY."""
        return tuple(name for column in self.columns for name in column.outputs)

    @property
    def width(self) -> int:
        """How many outputs there are, d."""
        return sum(len(column.outputs) for column in self.columns)

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        """The places of the outputs that are numbers, and neither categories nor marks."""
        places, place = [], 0
        for column in self.columns:
            if column.kind == "number":
                places.append(place)
            place += len(column.outputs)
        return np.array(places, np.int64)

    def encode(self, inputs: Sequence[Column], rows: Rows) -> npt.NDArray[np.float32]:
        """The given rows of the input columns, (len(rows), d), with NaN for a missing number.

        A category that the training rows lack is 0 in all outputs of its column, see `unknown`; so
        is a missing category, where none is missing in the training rows.

        Args:
            inputs: The columns of this encoding, in any order; others may be among them.
            rows: Which rows; calling this for some at a time bounds the memory.

        Raises:
            ModelError: A column is not among the inputs, or is of the other kind.
        """
        found = self._matched(inputs)
        matrix = np.zeros((len(rows), self.width), np.float32)
        place = 0
        for column, given in zip(self.columns, found, strict=True):
            if column.kind == "number":
                values = given.values[rows]
                matrix[:, place] = column.scaled(values)
                if column.marks_missing:
                    matrix[:, place + 1] = np.isnan(values)
            else:
                codes = _codes(column, given, rows)
                known = np.flatnonzero(codes >= 0)
                matrix[known, place + codes[known]] = 1
            place += len(column.outputs)
        return matrix

    def unknown(self, inputs: Sequence[Column], rows: Rows) -> dict[str, tuple[str, ...]]:
        """For each column, the categories of these rows that the training rows lack, if any.

        Raises:
            ModelError: As `encode`.
        """
        found = {}
        for column, given in zip(self.columns, self._matched(inputs), strict=True):
            if column.kind == "category":
                others = {text for text in given.occurring(rows) if text is not None}
                if others := others - set(column.categories):
                    found[column.name] = tuple(sorted(others))
        return found

    def plain(self) -> dict[str, Any]:
        """The encoding as values that JSON can hold; `of` is the way back."""
        found = {
            "columns": [column.plain() for column in self.columns],
            "ignored": list(self.ignored),
        }
        return found | ({"has_commas": True} if self.has_commas else {})

    def _matched(self, inputs: Sequence[Column]) -> list[Column]:
        by_name = {column.name: column for column in inputs}
        for column in self.columns:
            if column.name not in by_name:
                raise ModelError(f"no input is named {column.name!r}; {near(column.name, by_name)}")
            kind = by_name[column.name].kind
            if kind != column.kind:
                raise ModelError(f"input {column.name!r} must be a {column.kind}, not a {kind}")
        return [by_name[column.name] for column in self.columns]


def fit(
    inputs: Sequence[Column],
    rows: Rows,
    ignored: Sequence[str] = (),
    scaling: Scaling = "standard",
    *,
    has_commas: bool = False,
) -> Encoding:
    """The encoding that follows from the given rows of the inputs.

    Args:
        inputs: The input columns, of equally many values.
        rows: The training rows; one or more.
        ignored: See `Encoding`; `Table.ignored` has them.
        scaling: Of numbers.
        has_commas: See `Encoding`.

    Raises:
        ModelError: There is no row or no column, or there would be too many outputs.
    """
    if not len(rows):
        raise ModelError("an encoding follows from one training row or more, not from none")
    scaled = sum(column.kind == "number" for column in inputs) if scaling == "quantile" else 0
    fitted = tuple(_fitted(column, rows, scaled) for column in inputs)
    return Encoding(fitted, tuple(ignored), has_commas)


def of(plain: Mapping[str, Any]) -> Encoding:
    """The encoding that `Encoding.plain` gave, also when it was JSON in between.

    Raises:
        ModelError: It is anything else.
    """
    try:
        columns = tuple(
            EncodedColumn(
                **{
                    **column,
                    "categories": tuple(column["categories"]),
                    "quantiles": tuple(column.get("quantiles", ())),
                }
            )
            for column in plain["columns"]
        )
        found = Encoding(columns, tuple(plain["ignored"]), plain.get("has_commas", False))
        is_right = set(plain) - {"has_commas"} == {"columns", "ignored"}
        is_right = is_right and all(map(_is_valid, columns)) and type(found.has_commas) is bool
    except (AttributeError, KeyError, TypeError) as error:
        raise ModelError(f"expected an encoding as `plain` gives it ({error!r})") from error
    if not is_right or not all(isinstance(name, str) for name in found.ignored):
        raise ModelError("expected an encoding as `plain` gives it, with values of its types")
    return found


def read_inputs(path: Path, encoding: Encoding) -> tuple[Column, ...]:
    """The input columns of a file to predict from, in the encoding's order.

    They are found by their names, in whatever order the file has them.

    Raises:
        DataFileError: The file cannot be read as a table; it lacks a column, or has one that is
            neither an input nor ignored; a column of numbers has a text, or a number that is
            infinite or too large.
    """
    kinds = {column.name: column.kind for column in encoding.columns}
    return read_alike(path, kinds, encoding.ignored, has_commas=encoding.has_commas)


def statistics(encoding: Encoding, matrix: npt.NDArray[np.float32], rows: Rows) -> Statistics:
    """Mean and standard deviation of each output over the given rows of matrix (n, d).

    Of numbers, without those that are missing; where none is left, 0 and 1. Outputs that are 0 or
    1 stay so: mean 0, std 1. A number that is constant has std 1.
    """
    given, places = standardise.statistics(matrix, rows), encoding.numbers
    mean, std = np.zeros(encoding.width), np.ones(encoding.width)
    mean[places], std[places] = given.mean[places], given.std[places]
    return Statistics(mean, std)


def _fitted(column: Column, rows: Rows, scaled: int) -> EncodedColumn:
    """Of a column; `scaled` is how many numbers are scaled by quantiles, 0 where none are."""
    if column.kind == "category":
        occurring = set(column.occurring(rows))
        categories = tuple(sorted(text for text in occurring if text is not None))
        return EncodedColumn(column.name, "category", categories, marks_missing=None in occurring)
    values = column.values[rows]
    missing = np.isnan(values)
    present = values[~missing] if missing.any() else values
    marks = bool(missing.any())
    if scaled and len(present):
        points = quantiles.fit(present, scaled)
        return EncodedColumn(column.name, "number", marks_missing=marks, quantiles=points)
    origin = float(present.mean()) if len(present) else 0.0
    return EncodedColumn(column.name, "number", marks_missing=marks, origin=origin)


def _codes(column: EncodedColumn, given: Column, rows: Rows) -> npt.NDArray[np.int64]:
    """(n,), the place of each row's output among the column's; -1 where it has none."""
    places: dict[str | None, int] = {category: i for i, category in enumerate(column.categories)}
    if column.marks_missing:
        places[None] = len(places)
    # The last is found by the place -1, of what is missing.
    found = np.array([places.get(text, -1) for text in (*given.texts, None)], np.int64)
    return found[given.places(rows)]


def _is_valid(column: EncodedColumn) -> bool:
    """Whether a column that was read from JSON has values of the types and ranges it must have."""
    texts = (column.name, *column.categories)
    return (
        all(isinstance(text, str) for text in texts)
        and column.kind in ("number", "category")
        and list(column.categories) == sorted(set(column.categories))
        and not (column.kind == "number" and column.categories)
        and isinstance(column.marks_missing, bool)
        and all(isinstance(one, float) and math.isfinite(one) for one in column.quantiles)
        and list(column.quantiles) == sorted(column.quantiles)
        and not (column.kind == "category" and column.quantiles)
        and isinstance(column.origin, float)
        and math.isfinite(column.origin)
    )
