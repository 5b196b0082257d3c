"""Read a Parquet file as columns of numbers or text, some rows at a time.

polars reads it, which is an extra.

Every kind of value that a text file can hold comes out as a text file would hold it: `true` and
`false`, dates in ISO form, an empty text for a missing value. So one table gives one result in
either form. Numbers are taken as they are, unless their digits are asked for.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.regular import check_regular
from model.errors import DataFileError

MOST_BYTES = 100_000_000_000
MOST_VALUES = 20_000_000_000
_BLOCK_VALUES = 2**19
_TEXT_TYPES = frozenset(
    {"Boolean", "String", "Categorical", "Enum", "Date", "Datetime", "Time", "Null"}
)


@dataclass(frozen=True)
class Parquet:
    """A Parquet file whose columns are known.

    Attributes:
        path: The file.
        names: Of its columns, stripped.
        skipped: Columns of a type that cannot be read, such as a list.
        rows: How many it has, n; 1 or more.
    """

    path: Path
    names: tuple[str, ...]
    skipped: frozenset[str]
    rows: int
    _read: tuple[tuple[str, bool], ...]

    def blocks(self) -> Iterator[tuple[npt.NDArray[np.float64] | list[str], ...]]:
        """Some rows at a time: for each name numbers, with NaN for missing, or texts.

        Raises:
            DataFileError: The file is damaged.
        """
        step = max(1, _BLOCK_VALUES // max(1, len(self.names)))
        with _faults(self.path) as polars:
            chosen = polars.scan_parquet(self.path, glob=False).select([n for n, _ in self._read])
            for start in range(0, self.rows, step):
                frame = chosen.slice(start, step).collect()
                yield tuple(
                    _texts(series) if as_text else _numbers(series)
                    for series, (_, as_text) in zip(frame, self._read, strict=True)
                )


def read_parquet(
    path: Path, *, as_text: Collection[str] = (), skip: Collection[str] = ()
) -> Parquet:
    """Find out the columns of the file.

    Args:
        path: The file.
        as_text: Columns whose numbers come as text, with all their digits.
        skip: Columns that may be of a type that cannot be read; they are left out then.

    Raises:
        DataFileError: polars is not installed; the file is no regular file, is damaged or holds
            more than `MOST_VALUES`; it has no row; a column is of another type; or two names are
            equal once they are stripped.
    """
    check_regular(path, least=1, most=MOST_BYTES)
    with _faults(path) as polars:
        lazy = polars.scan_parquet(path, glob=False)
        schema = lazy.collect_schema()
        rows = lazy.select(polars.len()).collect().item()
    # Rows of one repeated value take no room in the file, and much once they are read.
    if (values := len(schema) * rows) > MOST_VALUES:
        raise DataFileError(f"{path}: holds {values:,} values; expected at most {MOST_VALUES:,}")
    if not rows:
        raise DataFileError(f"{path}: has no rows; expected at least one")
    read: dict[str, tuple[str, bool]] = {}
    skipped = set()
    for given, kind in schema.items():
        name = given.strip()
        if name in read or name in skipped:
            raise DataFileError(f"{path}: has two columns {name!r}; expected each name once")
        if kind.is_numeric() or kind.base_type().__name__ in _TEXT_TYPES:
            read[name] = (given, not kind.is_numeric() or name in as_text)
        elif name in skip:
            skipped.add(name)
        else:
            raise DataFileError(
                f"{path}: column {name!r} holds values of type {kind}; expected numbers, "
                "text, booleans or dates, or exclude it"
            )
    return Parquet(path, tuple(read), frozenset(skipped), rows, tuple(read.values()))


@contextmanager
def _faults(path: Path) -> Iterator[Any]:
    """polars, whose exceptions say that the file is damaged."""
    try:
        polars = import_module("polars")
    except ImportError:
        raise DataFileError(
            f"{path}: Parquet files need polars, which is not installed here; "
            "pip install 'klayer[tables]', or save the table as CSV"
        ) from None
    # A panic of polars' own code on hostile bytes is a BaseException.
    faults = (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError)
    try:
        yield polars
    except faults as error:
        first = str(error).partition("\n")[0]
        raise DataFileError(
            f"{path}: is damaged or cut short ({first}); expected a Parquet file"
        ) from error


def _numbers(series: Any) -> npt.NDArray[np.float64]:
    polars = import_module("polars")
    return np.array(series.cast(polars.Float64).fill_null(float("nan")).to_numpy(), np.float64)


def _texts(series: Any) -> list[str]:
    polars = import_module("polars")
    found: list[str] = series.cast(polars.String).fill_null("").to_list()
    return found
