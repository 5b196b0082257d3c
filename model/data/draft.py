"""A column while its file is read, some rows at a time: what its values are is found on the way.

Where later rows show that an earlier value was read as the wrong kind, the file is read once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from model.data.column import (
    coded,
    first_decimal_comma,
    first_no_number,
    parsed,
    parsed_commas,
    texts_of,
)
from model.errors import DataFileError

Form = Literal["number", "comma number", "category"]


@dataclass
class Draft:
    """A column while the file is read.

    Attributes:
        path: Of the file, for messages.
        name: Of the column.
        forms: What its values may be, as far as it is known: the first is tried, and given up for
            the next at the first value that is something else.
        is_kept: Whether its values are stored; those of other columns can show decimal commas.
        most_texts: How many different ones it may have; None for any number.
        rows: How many were read.
        is_wrong: Whether a form was given up after values had been read in it.
        shows_commas: Whether a value can only be a number with a decimal comma.
        places: Each category, and its number.
        other: Row and text of the first value that is no number with a decimal point.
    """

    path: Path
    name: str
    forms: tuple[Form, ...]
    is_kept: bool
    most_texts: int | None
    rows: int = 0
    is_wrong: bool = False
    shows_commas: bool = False
    places: dict[str, int] = field(default_factory=dict)
    other: tuple[int, str] | None = None

    def begin(self) -> None:
        """Read the column from its first row, in the form that is known now."""
        self.rows, self.is_wrong, self.shows_commas, self.places = 0, False, False, {}

    def take(self, raw: Sequence[str] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
        """The values of the next rows, as a `Column` has them; None where they are not needed."""
        found = raw if isinstance(raw, np.ndarray) else self._values(raw)
        self.rows += len(raw)
        return found if self.is_kept and not self.is_wrong else None

    def _values(self, raw: Sequence[str]) -> npt.NDArray[np.float64] | None:
        if self.forms[0] == "number" and (found := parsed(raw)) is not None:
            return found  # as most are: none is missing
        if self.forms[0] == "category" and (self.is_wrong or not self.is_kept):
            return None
        texts = texts_of(raw)
        while (found := self._in_form(texts)) is None:
            self.forms = self.forms[1:]
            self.is_wrong |= self.rows > 0
        return found

    def _in_form(self, texts: Sequence[str | None]) -> npt.NDArray[np.float64] | None:
        if self.forms[0] == "number":
            found = parsed(texts)
            if found is None:
                place = first_no_number(texts) or 0
                self.other = self.rows + place + 1, str(texts[place])
            return found
        if self.forms[0] == "comma number":
            self.shows_commas |= first_decimal_comma(texts) is not None
            return parsed_commas(texts)
        found = coded(texts, self.places)
        if self.most_texts is not None and len(self.places) > self.most_texts:
            row, text = self.other or (1, next(iter(self.places)))
            raise DataFileError(
                f"{self.path}: column {self.name!r} has more than {self.most_texts:,} different "
                f"texts, such as {text!r} in row {row:,}; exclude it (or correct it, if its values "
                "should be numbers)"
            )
        return found


def amended(drafts: Sequence[Draft], *, has_commas: bool) -> bool:
    """Whether the file must be read once more, in the forms that the drafts have now.

    Args:
        drafts: Of all columns, as they are at the end of the file.
        has_commas: Whether decimal commas are meant, also where no value shows that.
    """
    if any(draft.is_wrong for draft in drafts if draft.is_kept or len(draft.forms) > 1):
        return True
    if has_commas or any(
        draft.shows_commas for draft in drafts if draft.forms[0] == "comma number"
    ):
        return False
    doubtful = [draft for draft in drafts if draft.forms[0] == "comma number"]
    for draft in doubtful:
        draft.forms = ("category",)
    return any(draft.is_kept for draft in doubtful)
