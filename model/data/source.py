"""Where a data set comes from: its name, its classes, and how to read its two parts."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from model.data.labelled import Labelled
from model.errors import ModelError


def plain_name(text: str, most: int) -> str:
    """A text as lower-case letters, digits and single hyphens, `most` at most; else "own".

    Letters lose their accents; those of other scripts are left out.
    """
    letters = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:most].strip("-") or "own"


@dataclass(frozen=True)
class Source:
    """A data set that has not been read yet.

    Reading is put off to the two calls, so that whoever holds a source can look at the training
    images and leave the test images unread.

    Attributes:
        name: Lower-case letters, digits and hyphens; it becomes part of a folder's name.
        classes: The name of each class, in the order of the labels; () where values are learned.
        training: Reads the training images, as they were published.
        test: Reads the test images. Only `model.data.prepared.test_set` may call it.
        is_checked: Whether what is read was looked at, and a NaN is a number that is missing.

    Raises:
        ModelError: The name has other characters, or there is one class alone.
    """

    name: str
    classes: tuple[str, ...]
    training: Callable[[], Labelled]
    test: Callable[[], Labelled]
    is_checked: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.name):
            raise ModelError(
                "a data set's name must be lower-case letters, digits and single hyphens, "
                f"not {self.name!r}"
            )
        if len(self.classes) == 1:
            raise ModelError(f"a data set needs two classes or more, not {list(self.classes)}")
