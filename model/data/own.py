"""What data of a user's own are, whatever they are kept in: tables, arrays or images."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from model.data.fold import Fold
from model.data.labelled import Labelled
from model.data.source import Source


class Own(Protocol):
    """Data that have not been read yet. Pickling carries paths."""

    @property
    def path(self) -> Path:
        """The file or folder."""

    @property
    def seed(self) -> int:
        """Of the split."""

    @property
    def name(self) -> str:
        """As a data set's: lower-case letters, digits and single hyphens."""

    @property
    def files(self) -> str:
        """The paths of all its files, for messages."""

    def fold(self) -> Fold:
        """Its training and validation rows.

        Raises:
            DataFileError: A file is missing, is nothing that can be trained on, or changes while it
                is read.
            ModelError: The rows cannot be split as asked.
        """

    def source(self, classes: tuple[str, ...]) -> Source:
        """Its test rows, for `model.data.prepared.test_set`.

        Args:
            classes: As its fold has them.
        """

    def fingerprint(self) -> str:
        """SHA-256 of all files, and of what is said of them.

        Raises:
            DataFileError: One is missing, or no regular file.
        """


def source_of(own: Own, classes: tuple[str, ...], test: Callable[[], Labelled]) -> Source:
    """As `Own.source`, of data whose test rows `test` reads."""
    return Source(
        own.name,
        classes,
        training=lambda: own.fold().raw,
        test=test,
        is_checked=True,  # when they were opened
    )


def fingerprint_of(said: object, files: Sequence[tuple[str, Path]]) -> str:
    """SHA-256 of what is said of files, of a name that each is given, and of their bytes.

    Raises:
        OSError: A file cannot be read.
    """
    digest = hashlib.sha256(json.dumps(said).encode())
    for name, path in files:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        digest.update(f"\n{len(name.encode())} {name} ".encode() + content)
    return digest.hexdigest()
