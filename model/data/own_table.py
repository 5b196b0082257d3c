"""A table of a user's own as a data set: read, split, encoded, and its test rows left alone.

The file is read whole, and what is learned of it (categories, means, which columns have missing
values) comes from the training rows alone. Test rows are encoded when they are asked for.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from model.data import encoding, splits, table
from model.data.delimited import MOST_BYTES
from model.data.fold import Fold
from model.data.labelled import Labelled
from model.data.regular import check_regular
from model.data.source import Source, plain_name
from model.data.splits import Part, Split
from model.data.standardise import Rows
from model.data.table import Table
from model.data.table_options import TableOptions
from model.errors import DataFileError, ModelError

_BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class Parts:
    """Which rows are for what.

    Attributes:
        validation: A count or a share of the rows.
        test: Likewise.
        group: A column whose rows of one value stay together.
        time: A column by which the last rows are the test part, and those before validation.
        said: A column that says each row's part.
        stratified: Whether classes have equal shares in each part.
    """

    validation: Part = 0.2
    test: Part = 0.2
    group: str | None = None
    time: str | None = None
    said: str | None = None
    stratified: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return tuple(name for _, name in self.named())

    def named(self) -> tuple[tuple[str, str], ...]:
        """Each key of `[data]` that names a column, with the column."""
        keys = (("group", self.group), ("time", self.time), ("part_column", self.said))
        return tuple((key, name) for key, name in keys if name is not None)


@dataclass(frozen=True)
class OwnTable:
    """A table that has not been read yet.

    Attributes:
        path: The file.
        options: What the user says of its columns.
        parts: How it is split.
        seed: Of the split.
    """

    path: Path
    options: TableOptions
    parts: Parts
    seed: int

    @property
    def name(self) -> str:
        """The file's name as a data set's: lower-case letters, digits and single hyphens."""
        return plain_name(self.path.stem, most=40)

    def fold(self) -> Fold:
        """Its training and validation rows.

        Raises:
            DataFileError: The file is missing, no table that can be trained on, or changes while
                it is read.
            ModelError: It cannot be split as asked.
        """
        fingerprint = self.fingerprint()
        read, split, tested = self._read()
        if self.fingerprint() != fingerprint:  # else other rows would be kept under its hash
            raise DataFileError(f"{self.path}: changed while it was read; try again")
        fitted = encoding.fit(read.inputs, split.training, read.ignored)
        order = np.concatenate([split.training, split.validation])
        x = fitted.encode(read.inputs, order)
        rows = np.arange(len(split.training)), np.arange(len(split.training), len(order))
        return Fold(
            name=self.name,
            classes=read.classes,
            raw=Labelled(x, read.targets[order]),
            rows=rows,
            fingerprint=fingerprint,
            seed=self.seed,
            target_names=read.target_names,
            statistics=encoding.statistics(fitted, x, rows[0]),
            encoding=fitted.plain(),
            missing={
                column.name: count
                for column in read.inputs
                if column.name in read.missing and (count := int(column.is_missing[order].sum()))
            },
            tested=len(tested),
        )

    def source(self, classes: tuple[str, ...]) -> Source:
        """Its test rows, for `model.data.prepared.test_set`.

        Args:
            classes: As its fold has them.
        """
        return Source(self.name, classes, training=lambda: self.fold().raw, test=self._test)

    def _test(self) -> Labelled:
        read, split, rows = self._read()
        fitted = encoding.fit(read.inputs, split.training, read.ignored)
        return Labelled(fitted.encode(read.inputs, rows), read.targets[rows])

    def table(self) -> Table:
        """The table as it is read.

        Raises:
            DataFileError: The file is missing, or no table that can be trained on.
        """
        parts, said = self.parts, self.options
        exclude = tuple(name for name in said.exclude if name not in parts.columns)
        return table.read(self.path, replace(said, exclude=exclude, splitting=parts.named()))

    def _read(self) -> tuple[Table, Split, Rows]:
        """The table, its parts, and again the rows to test on."""
        parts, read = self.parts, self.table()
        split = splits.split(
            len(read),
            validation=None if parts.said else parts.validation,
            test=None if parts.said else parts.test,
            seed=self.seed,
            labels=read.targets if read.task == "classification" else None,
            stratified=parts.stratified,
            groups=None if parts.group is None else read.column(parts.group).values,
            time=None if parts.time is None else read.column(parts.time).values,
            said=None if parts.said is None else read.column(parts.said).values,
        )
        if split.test is None:
            raise ModelError(
                f"{self.path}: no row is for the test; expected at least one that {parts.said!r} "
                "says is for it"
            )
        return read, split, split.test

    def fingerprint(self) -> str:
        """SHA-256 of the file, and of what is said of it.

        Raises:
            DataFileError: The file is missing, or no regular file.
        """
        check_regular(self.path, least=1, most=MOST_BYTES)
        digest = hashlib.sha256(json.dumps([asdict(self.options), asdict(self.parts)]).encode())
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
        return digest.hexdigest()
