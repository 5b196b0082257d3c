"""Read a Parquet file as columns of numbers or text. polars reads it, which is an extra.

Every kind of value that a text file can hold comes out as a text file would hold it: `true` and
`false`, dates in ISO form, an empty text for a missing value. So one table gives one result in
either form. Numbers are taken as they are, unless their digits are asked for.
"""

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.regular import read_regular
from model.errors import DataFileError

MOST_BYTES = 4_000_000_000
MOST_VALUES = 1_000_000_000
_TEXT_TYPES = frozenset(
    {"Boolean", "String", "Categorical", "Enum", "Date", "Datetime", "Time", "Null"}
)


@dataclass(frozen=True, eq=False)
class ParquetColumns:
    """A Parquet file's columns.

    Attributes:
        columns: Each by its name, stripped: (n,) float64 with NaN for missing, or (n,)
            `numpy.dtypes.StringDType`; n is 1 or more.
        skipped: Columns of a type that cannot be read, such as a list.
    """

    columns: Mapping[str, npt.NDArray[Any]]
    skipped: frozenset[str]


def read_parquet(
    path: Path, *, as_text: Collection[str] = (), skip: Collection[str] = ()
) -> ParquetColumns:
    """Read the file.

    Args:
        path: The file.
        as_text: Columns whose numbers come as text, with all their digits.
        skip: Columns that may be of a type that cannot be read; they are left out then.

    Raises:
        DataFileError: polars is not installed; the file is no regular file, is damaged or holds
            more than `MOST_VALUES`; it has no row; a column is of another type; or two names are
            equal once they are stripped.
    """
    content = read_regular(path, least=1, most=MOST_BYTES)
    frame = _frame(path, content)
    if not frame.height:
        raise DataFileError(f"{path}: has no rows; expected at least one")
    columns: dict[str, npt.NDArray[Any]] = {}
    skipped = set()
    for series in frame:
        name = series.name.strip()
        if name in columns or name in skipped:
            raise DataFileError(f"{path}: has two columns {name!r}; expected each name once")
        kind = series.dtype.base_type().__name__
        if series.dtype.is_numeric() and name not in as_text:
            columns[name] = _numbers(series)
        elif series.dtype.is_numeric() or kind in _TEXT_TYPES:
            columns[name] = _texts(series)
        elif name in skip:
            skipped.add(name)
        else:
            raise DataFileError(
                f"{path}: column {name!r} holds values of type {series.dtype}; expected numbers, "
                "text, booleans or dates, or exclude it"
            )
    return ParquetColumns(columns, frozenset(skipped))


def _polars(path: Path) -> Any:
    try:
        return import_module("polars")
    except ImportError:
        raise DataFileError(
            f"{path}: Parquet files need polars, which is not installed here; "
            "pip install 'klayer[tables]', or save the table as CSV"
        ) from None


def _frame(path: Path, content: bytes) -> Any:
    polars = _polars(path)
    # A panic of polars' own code on hostile bytes is a BaseException.
    faults = (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError)
    try:
        lazy = polars.scan_parquet(io.BytesIO(content))
        width = len(lazy.collect_schema())
        # Rows of one repeated value take no room in the file, and much in memory.
        values = width * lazy.select(polars.len()).collect().item()
        if values <= MOST_VALUES:
            return polars.read_parquet(io.BytesIO(content))
    except faults as error:
        first = str(error).partition("\n")[0]
        raise DataFileError(
            f"{path}: is damaged or cut short ({first}); expected a Parquet file"
        ) from error
    raise DataFileError(f"{path}: holds {values:,} values; expected at most {MOST_VALUES:,}")


def _numbers(series: Any) -> npt.NDArray[np.float64]:
    polars = import_module("polars")
    return np.array(series.cast(polars.Float64).fill_null(float("nan")).to_numpy(), np.float64)


def _texts(series: Any) -> npt.NDArray[Any]:
    polars = import_module("polars")
    values = series.cast(polars.String).fill_null("").to_list()
    return np.array(values, np.dtypes.StringDType())
