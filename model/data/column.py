"""One column of a table: numbers, or categories as text, with missing values in either.

Here is said what a text must look like to be missing, a number, or a date.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from model.errors import ModelError

MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?", "-"})

Kind = Literal["number", "category"]

_COMMA_NUMBER = re.compile(r"[+-]?(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})*(\.\d*)?")  # as 1,234 may be meant
_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?"
)


@dataclass(frozen=True, eq=False)
class Column:
    """A column's n values.

    Attributes:
        name: As in the file's header.
        kind: Whether its values are numbers or categories.
        values: (n,) float64 with NaN for missing, or (n,) objects: text, and None for missing.

    Raises:
        ModelError: The values are of another type or shape than the kind asks for.
    """

    name: str
    kind: Kind
    values: npt.NDArray[Any]

    def __post_init__(self) -> None:
        expected = np.float64 if self.kind == "number" else np.object_
        if self.values.ndim != 1 or self.values.dtype != expected:
            raise ModelError(
                f"column {self.name!r}: values of kind {self.kind!r} must be (n,) "
                f"{expected.__name__}, not {self.values.shape} {self.values.dtype}"
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_missing(self) -> npt.NDArray[np.bool_]:
        """(n,), whether each value is missing."""
        if self.kind == "number":
            return np.asarray(np.isnan(self.values))
        return np.array([value is None for value in self.values], np.bool_)

    def distinct(self) -> list[Any]:
        """The values that occur, each once, in ascending order and without missing ones."""
        if self.kind == "number":
            return [float(v) for v in np.unique(self.values[~np.isnan(self.values)])]
        return sorted({value for value in self.values if value is not None})

    def holds_dates(self) -> bool:
        """Whether it holds text, and every value that is not missing is a date in ISO form."""
        return self._all_match(_DATE)

    def holds_grouped_numbers(self) -> bool:
        """Whether it holds text, all of it numbers but for commas between groups of digits."""
        return self._all_match(_GROUPED)

    def holds_decimal_commas(self) -> bool:
        """Whether it holds text, all of it numbers, of which some can only have decimal commas."""
        return self.kind == "category" and shows_decimal_comma(self.values.tolist())

    def first_comma(self) -> str | None:
        """The first text with a comma that is none between groups of digits."""
        texts = (text for text in self.values if text is not None and "," in text)
        return next((text for text in texts if not _GROUPED.fullmatch(text)), None)

    def first_other(self) -> tuple[int, str] | None:
        """The first text that is no number, and its row, counted from 1; None where all are."""
        if self.kind == "category":
            for row, text in enumerate(self.values, 1):
                if text is not None and parsed([text]) is None:
                    return row, text
        return None

    def _all_match(self, pattern: re.Pattern[str]) -> bool:
        if self.kind == "number":
            return False
        present = {value for value in self.values if value is not None}
        return bool(present) and all(pattern.fullmatch(value) for value in present)


def texts_of(raw: npt.NDArray[Any]) -> list[str | None]:
    """Each text of raw (n,), stripped; None where it is one of `MISSING`."""
    return [None if text in MISSING else text for text in np.strings.strip(raw).tolist()]


def category_column(name: str, texts: Sequence[str | None]) -> Column:
    """The texts as categories."""
    seen: dict[str | None, str | None] = {}  # equal texts share their memory
    values = np.empty(len(texts), np.object_)
    values[:] = [seen.setdefault(text, text) for text in texts]
    return Column(name, "category", values)


def parsed(texts: Sequence[str | None]) -> npt.NDArray[np.float64] | None:
    """(n,), the numbers that the texts are, NaN where None; None where one text is no number.

    A number beyond the range of float64 is infinite, as is `inf`.
    """
    try:
        found = np.array([np.nan if text is None else float(text) for text in texts], np.float64)
    except ValueError:
        return None
    written = "".join(text for text in texts if text is not None)
    # Python also reads 1_000, and the digits of any script.
    return found if written.isascii() and "_" not in written else None


def parsed_commas(texts: Sequence[str | None]) -> npt.NDArray[np.float64] | None:
    """`parsed`, of texts with a decimal comma."""
    if not all(text is None or _COMMA_NUMBER.fullmatch(text) for text in texts):
        return None
    return parsed([text and text.replace(",", ".") for text in texts])


def shows_decimal_comma(texts: Sequence[str | None]) -> bool:
    """Whether all are numbers with a decimal comma, and one cannot be read as 1,234 is."""
    present = {text for text in texts if text is not None}
    return (
        any("," in text for text in present)
        and all(_COMMA_NUMBER.fullmatch(text) for text in present)
        and not all(_GROUPED.fullmatch(text) for text in present if "," in text)
    )


def shown(value: str | float) -> str:
    """A value as text: a whole number without a point, other numbers with the fewest digits."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
