"""A table that a program has in its memory, as the columns that an encoding reads."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from model.data.column import Column, category_column, parsed, texts_of
from model.data.encoding import Encoding
from model.data.table_file import matched
from model.errors import ModelError

_WHERE = "the rows"
_MISSING = frozenset({"<NA>", "NaT"})  # as pandas writes what is missing


class Frame(Protocol):
    """A data frame, such as polars' or pandas'."""

    @property
    def columns(self) -> Iterable[Any]:
        """The names of its columns."""

    def __getitem__(self, name: Any, /) -> Any: ...


def given_inputs(
    rows: Mapping[str, Iterable[Any]] | Frame, encoding: Encoding
) -> tuple[Column, ...]:
    """As `model.data.encoding.read_inputs`, of rows that are in memory.

    Args:
        rows: The values of each column, by its name. Values are numbers, text, booleans, dates,
            or None or NaN for missing; a text is read as it would be in a file, with a decimal
            point.
        encoding: What the columns must be.

    Raises:
        ModelError: It is nothing of that kind, or is no such table.
    """
    names = list(_names(rows))
    categories = {
        column.name: frozenset(column.categories)
        for column in encoding.columns
        if column.kind == "category"
    }
    found: dict[str, Column] = {}
    for name in names:
        if not isinstance(name, str):
            raise ModelError(f"{_WHERE}: the name of a column is a text, not {name!r:.100}")
        key = name.strip()
        if key in found:
            raise ModelError(f"{_WHERE}: there are two columns {key!r}; expected each name once")
        if key not in encoding.ignored:
            found[key] = _column(key, rows[name], categories)
    lengths = {len(column) for column in found.values()}
    if lengths == {0} or len(lengths) > 1:
        raise ModelError(
            f"{_WHERE}: each column must have as many values as the others, 1 or more, not "
            f"{sorted(lengths)}"
        )
    return matched(_WHERE, found, [column.name for column in encoding.columns])


def _names(rows: object) -> Iterable[Any]:
    names = rows if isinstance(rows, Mapping) else getattr(rows, "columns", None)
    if not isinstance(names, Iterable):
        raise ModelError(
            f"{_WHERE}: found {type(rows).__name__}; expected the path of a table, a data frame, "
            "or a mapping from each column's name to its values"
        )
    return names


def _column(name: str, given: Any, categories: Mapping[str, Collection[str]]) -> Column:
    values = given.tolist() if isinstance(given, np.ndarray) else given
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ModelError(
            f"{_WHERE}: column {name!r} is {values!r:.100}; expected a list with a value for each "
            "row"
        )
    known = categories.get(name, ())
    texts = texts_of([_text(value, known) for value in values])
    column = category_column(name, texts)
    if name not in categories:
        numbers = parsed(texts)
        if numbers is None:
            row, text = column.first_other() or (1, "")
            raise ModelError(f"{_WHERE}: row {row:,} of {name!r} is {text!r}; expected a number")
        column = Column(name, "number", numbers)
    return column


def _text(value: object, known: Collection[str]) -> str:
    """As a file has it; of a truth or a whole number as one of the known categories is written."""
    text = "" if value is None else str(value)
    if text in _MISSING:
        return ""
    forms = [text]
    if isinstance(value, bool | np.bool_):
        forms = [text.lower(), text, text.upper()]
    elif isinstance(value, float | np.floating) and value.is_integer():
        forms.append(str(int(value)))
    elif isinstance(value, int | np.integer):
        forms.append(str(float(value)))
    return next((form for form in forms if form in known), forms[0])
