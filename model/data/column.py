"""One column of a table: numbers, or categories as text, with missing values in either.

Here is said what a text must look like to be missing, a number, or a date.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from model.errors import ModelError

MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?", "-"})

Kind = Literal["number", "category"]

_BLOCK_ROWS = 2**16
_COMMA_NUMBER = re.compile(r"[+-]?(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})*(\.\d*)?")  # as 1,234 may be meant
_MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DATE = re.compile(
    rf"(\d{{4}}([-/.])\d{{1,2}}\2\d{{1,2}}|\d{{1,2}}([-/.])\d{{1,2}}\3(\d{{4}}|\d{{2}})"
    rf"|\d{{1,2}}\.?[ -]{_MONTH}\.?[ -]\d{{2,4}}|{_MONTH}\.? \d{{1,2}},? \d{{4}})"
    r"([T ,]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?"
)
_MEASURED = re.compile(
    r"[$€£¥]? ?[+\-−]?(\d{1,3}([.,' \u00a0\u202f]\d{3})+|\d+)([.,]\d*)?"
    r"(?P<unit> ?[^\d+\-.,][^\d]{0,8})?"
)
FEW_TEXTS = 20  # numbers with a unit are names of kinds where there are no more, as 16 GB and 32 GB


@dataclass(frozen=True)
class Doubt:
    """That a column of text is hardly meant as categories.

    Attributes:
        holds: What it holds, as a sentence about it goes on.
        remedy: What to do about that.
        may_be_names: Whether its texts may be names of classes all the same.
    """

    holds: str
    remedy: str
    may_be_names: bool = False


@dataclass(frozen=True, eq=False)
class Column:
    """A column's n values; they may lie in a file that is mapped into memory.

    Attributes:
        name: As in the file's header.
        kind: Whether its values are numbers or categories.
        values: (n,) float64, NaN for missing: numbers, or the place of each text in `texts`.
        texts: The categories, each once, in the order in which they first occur; none of numbers.

    Raises:
        ModelError: The values are of another type or shape.
    """

    name: str
    kind: Kind
    values: npt.NDArray[np.float64]
    texts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.dtype != np.float64:
            raise ModelError(
                f"column {self.name!r}: values must be (n,) float64, "
                f"not {self.values.shape} {self.values.dtype}"
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_missing(self) -> npt.NDArray[np.bool_]:
        """(n,), whether each value is missing."""
        return np.isnan(self.values)

    @property
    def extent(self) -> tuple[float, float]:
        """The lowest and the highest of the values; NaN where all are missing."""
        return float(np.fmin.reduce(self.values)), float(np.fmax.reduce(self.values))

    def places(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The place of each of these rows' text in `texts`; −1 where it is missing."""
        return np.nan_to_num(self.values[rows], nan=-1).astype(np.int64)

    def occurring(self, rows: npt.NDArray[np.int64]) -> list[str | None]:
        """The texts of these rows, each once, and None where one is missing."""
        seen = np.zeros(len(self.texts) + 1, np.bool_)
        for start in range(0, len(rows), _BLOCK_ROWS):
            seen[self.places(rows[start : start + _BLOCK_ROWS])] = True  # -1 is the last
        return [text for text, is_seen in zip((*self.texts, None), seen, strict=True) if is_seen]

    def distinct(self) -> npt.NDArray[Any]:
        """(k,), the numbers or texts that occur, each once, ascending, without missing ones."""
        if self.kind == "category":
            return np.array(sorted(self.texts), np.object_)
        found = np.unique(self.values)
        return found[~np.isnan(found)]

    def doubt(self) -> Doubt | None:
        """What speaks against taking its texts for categories, if anything does."""
        if self.holds_dates():
            return Doubt("holds dates", "make numbers of them (such as the month)")
        if self.holds_grouped_numbers():
            holds = f"holds numbers with commas, such as {min(self.texts)!r}"
            return Doubt(holds, "write them without")
        if self.holds_decimal_commas():
            holds = f"holds numbers with decimal commas, such as {self.first_comma()!r}"
            return Doubt(holds, "write them with points, or separate values by semicolons")
        if (other := self.holds_numbers_and()) is not None:
            row, text = other
            holds = f"holds numbers, but {text!r} in row {row:,}"
            return Doubt(holds, "correct that value", may_be_names=True)
        if self.holds_measured_numbers():
            holds = f"holds numbers with a currency, a unit or blanks, such as {min(self.texts)!r}"
            return Doubt(holds, "write the number alone, as 1234.5", may_be_names=True)
        return None

    def holds_dates(self) -> bool:
        """Whether it holds text, and every value that is not missing is a date.

        Its parts are numbers, or it has an English month; a time of the day may follow.
        """
        return bool(self.texts) and all(map(_DATE.fullmatch, self.texts))

    def holds_grouped_numbers(self) -> bool:
        """Whether it holds text, all of it numbers but for commas between groups of digits."""
        return bool(self.texts) and all(map(_GROUPED.fullmatch, self.texts))

    def holds_decimal_commas(self) -> bool:
        """Whether it holds text, all of it numbers, of which some can only have decimal commas."""
        return parsed_commas(self.texts) is not None and self.first_comma() is not None

    def holds_numbers_and(self) -> tuple[int, str] | None:
        """Row and text of the first value that keeps a column of many numbers from being one.

        None where it has few different texts, or fewer numbers among them than others.
        """
        if len(self.texts) <= FEW_TEXTS:
            return None
        others = [
            place
            for place, text in enumerate(self.texts)
            if parsed([text]) is None and parsed_commas([text]) is None
        ]
        if not others or 2 * len(others) >= len(self.texts):
            return None
        return self.first_row(others[0]), self.texts[others[0]]

    def holds_measured_numbers(self) -> bool:
        """Whether it holds many texts, each a number with a currency, the same unit, or blanks."""
        if len(self.texts) <= FEW_TEXTS:
            return False
        found = list(map(_MEASURED.fullmatch, self.texts))
        return all(found) and len({one["unit"] for one in found if one is not None}) == 1

    def first_comma(self) -> str | None:
        """The first text with a comma that is none between groups of digits."""
        return first_decimal_comma(self.texts)

    def first_other(self) -> tuple[int, str] | None:
        """The first text that is no number, and its row, counted from 1; None where all are."""
        place = first_no_number(self.texts)
        return None if place is None else (self.first_row(place), self.texts[place])

    def first_row(self, value: float) -> int:
        """The first row with that value, or the text at that place; counted from 1."""
        return int((self.values == value).argmax()) + 1


def category_column(name: str, texts: Sequence[str | None]) -> Column:
    """The texts as categories."""
    places: dict[str, int] = {}
    values = coded(texts, places)
    return Column(name, "category", values, tuple(places))


def coded(texts: Sequence[str | None], places: dict[str, int]) -> npt.NDArray[np.float64]:
    """(n,), the place of each text in `places`, NaN where None; new texts are added there."""
    return np.array(
        [np.nan if t is None else places.setdefault(t, len(places)) for t in texts], np.float64
    )


def texts_of(raw: Sequence[str]) -> list[str | None]:
    """Each text, stripped; None where it is one of `MISSING`."""
    return [None if (text := one.strip()) in MISSING else text for one in raw]


def parsed(texts: Sequence[str | None]) -> npt.NDArray[np.float64] | None:
    """(n,), the numbers that the texts are, NaN where None; None where one text is no number.

    A number beyond the range of float64 is infinite, as is `inf`.
    """
    written = ["nan" if text is None else text for text in texts]
    try:
        found = np.fromiter(map(float, written), np.float64, len(written))
    except ValueError:
        return None
    whole = "".join(written)
    # Python also reads 1_000, and the digits of any script.
    return found if whole.isascii() and "_" not in whole else None


def parsed_commas(texts: Sequence[str | None]) -> npt.NDArray[np.float64] | None:
    """`parsed`, of texts with a decimal comma."""
    if not all(text is None or _COMMA_NUMBER.fullmatch(text) for text in texts):
        return None
    return parsed([text and text.replace(",", ".") for text in texts])


def first_no_number(texts: Sequence[str | None]) -> int | None:
    """The place of the first text that `parsed` does not take; None where it takes all."""
    places = enumerate(texts)
    return next((at for at, text in places if text is not None and parsed([text]) is None), None)


def first_decimal_comma(texts: Iterable[str | None]) -> str | None:
    """The first text with a comma that is none between groups of digits."""
    found = (text for text in texts if text is not None and "," in text)
    return next((text for text in found if not _GROUPED.fullmatch(text)), None)


def shown(value: str | float) -> str:
    """A value as text: a whole number without a point, other numbers with the fewest digits."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(float(value))
