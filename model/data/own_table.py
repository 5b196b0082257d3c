"""A table of a user's own as a data set: read, split, encoded, and its test rows left alone.

What is learned of it (categories, means, which columns have missing values) comes from the
training rows alone. Validation and test rows may be in files of their own: those are looked through
when the table is read, so that no search ends at a value that cannot be read, and that is all.
Test rows are encoded when they are asked for.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.data import array_file, cross_validation, encoding, splits, table, table_notes
from model.data.delimited import MOST_BYTES
from model.data.encoding import Encoding
from model.data.fold import Fold, counted
from model.data.kinds import DEFAULT_PART
from model.data.labelled import Labelled
from model.data.own import source_of
from model.data.regular import check_regular
from model.data.source import Source, plain_name
from model.data.splits import Part
from model.data.standardise import BLOCK_ROWS, Rows
from model.data.table import Table
from model.data.table_options import TableOptions
from model.errors import DataFileError, ModelError

_BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class Parts:
    """Which rows are for what.

    Attributes:
        validation: A count or a share of the rows, or a file that has them.
        test: Likewise.
        group: A column whose rows of one value stay together.
        time: A column by which the last rows are the test part, and those before validation.
        said: A column that says each row's part.
        stratified: Whether classes have equal shares in each part.
        folds: How many folds the rows that are not for the test are split into; None for one
            validation part.
    """

    validation: Part | Path = DEFAULT_PART
    test: Part | Path = DEFAULT_PART
    group: str | None = None
    time: str | None = None
    said: str | None = None
    stratified: bool = True
    folds: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return tuple(name for _, name in self.named())

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of their own that it names."""
        return tuple(one for one in (self.validation, self.test) if isinstance(one, Path))

    def named(self) -> tuple[tuple[str, str], ...]:
        """Each key of `[data]` that names a column, with the column."""
        keys = (("group", self.group), ("time", self.time), ("part_column", self.said))
        return tuple((key, name) for key, name in keys if name is not None)


@dataclass(frozen=True, eq=False)
class ReadTable:
    """A table's files as they were read and split.

    Attributes:
        table: The source.
        training: Its rows to train on.
        validation: A table, which is the source or that of another file, and its rows for
            validation.
        test: Likewise.
        encoding: Fitted on the training rows.
        fingerprint: Of the files, which had it before they were read and afterwards.
    """

    table: Table
    training: Rows
    validation: tuple[Table, Rows]
    test: tuple[Table, Rows]
    encoding: Encoding
    fingerprint: str


@dataclass(frozen=True)
class OwnTable:
    """A table that has not been read yet.

    Attributes:
        path: The file.
        options: What the user says of its columns.
        parts: How it is split.
        seed: Of the split.
        scratch: A folder for temporary files, about as large as the table and its encoded rows;
            None for the system's own.
    """

    path: Path
    options: TableOptions
    parts: Parts
    seed: int
    scratch: Path | None = None

    @property
    def name(self) -> str:
        """The file's name as a data set's: lower-case letters, digits and single hyphens."""
        return plain_name(self.path.stem, most=40)

    @property
    def files(self) -> str:
        """The paths of its files, for messages."""
        return " or ".join(map(str, (self.path, *self.parts.files)))

    def read(self) -> ReadTable:
        """The table, split; with folds, without validation.

        Raises:
            DataFileError: A file is missing, no table that can be trained on, another table, or
                changes while it is read.
            ModelError: It cannot be split as asked.
        """
        parts, fingerprint = self.parts, self.fingerprint()
        exclude = tuple(name for name in self.options.exclude if name not in parts.columns)
        options = replace(self.options, exclude=exclude, splitting=parts.named())
        read = table.read(self.path, options, self.scratch)
        found = self._splits(read)[0]
        validation = self._part(parts.validation, read, found.validation)
        test = self._part(parts.test, read, found.test)
        if not len(test[1]):
            raise ModelError(
                f"{self.path}: no row is for the test; expected at least one that {parts.said!r} "
                "says is for it"
            )
        if self.fingerprint() != fingerprint:  # else other rows would be kept under its hash
            raise DataFileError(f"{self.files}: changed while it was read; try again")
        fitted = self._fitted(read, found.training)
        return ReadTable(read, found.training, validation, test, fitted, fingerprint)

    def fold(self) -> Fold:
        """Its training and validation rows; with folds, all that are not for the test.

        Raises:
            DataFileError: As `read`, or a temporary file cannot be written.
            ModelError: As `read`.
        """
        return next(self.every_fold())

    def every_fold(self) -> Iterator[Fold]:
        """As `fold`, and behind it each fold, encoded as its own training rows have it.

        Raises:
            DataFileError: As `fold`.
            ModelError: As `fold`.
        """
        whole = self.read()
        count = self.parts.folds
        if count is None:
            yield self._fold(whole)
            return
        first, *names = cross_validation.names(count)
        yield self._fold(whole, first)
        for one, name in zip(self._splits(whole.table)[1:], names, strict=True):
            own = replace(
                whole,
                training=one.training,
                validation=(whole.table, one.validation),
                encoding=self._fitted(whole.table, one.training),
            )
            yield self._fold(own, name)

    def _fitted(self, read: Table, training: Rows) -> Encoding:
        return encoding.fit(
            read.inputs,
            training,
            read.ignored,
            self.options.scaling,
            has_commas=read.has_commas,
        )

    def _fold(self, read: ReadTable, name: str = "") -> Fold:
        learned = (read.table, read.training)
        x = self._encoded(read.encoding, learned, read.validation)
        rows = np.arange(len(read.training)), np.arange(len(read.training), len(x))
        y = [one.targets[chosen] for one, chosen in (learned, read.validation)]
        return Fold(
            name=self.name,
            classes=read.table.classes,
            raw=Labelled(x, np.concatenate(y)),
            rows=rows,
            fingerprint=read.fingerprint,
            seed=self.seed,
            split=name,
            target_names=read.table.target_names,
            is_bounded=True,
            tested=counted(read.test[0].targets[read.test[1]], read.table.classes),
            statistics=encoding.statistics(read.encoding, x, rows[0]),
            encoding=read.encoding.plain(),
            missing=_missing(learned, read.validation),
            notes=(*table_notes.notes(read.table), *table_notes.telling(*learned)),
        )

    def source(self, classes: tuple[str, ...]) -> Source:
        """Its test rows, for `model.data.prepared.test_set`.

        Args:
            classes: As its fold has them.
        """
        return source_of(self, classes, self._test)

    def _test(self) -> Labelled:
        read = self.read()
        tested, rows = read.test
        return Labelled(self._encoded(read.encoding, read.test), tested.targets[rows])

    def _splits(self, read: Table) -> tuple[splits.Split, ...]:
        """The parts of the source's rows, as `fold` has them, and behind them those of each fold.

        A part that has a file of its own is empty.
        """
        said = self.parts
        sizes = [
            None if said.said or isinstance(one, Path) else one
            for one in (said.validation, said.test)
        ]
        group, time, column = (
            None if name is None else read.column(name)
            for name in (said.group, said.time, said.said)
        )
        labels = read.targets if read.task == "classification" else None
        try:
            if said.folds is not None:
                return cross_validation.folds(
                    len(read),
                    said.folds,
                    test=sizes[1],
                    seed=self.seed,
                    labels=labels,
                    stratified=said.stratified,
                    group=group,
                )
            found = splits.split(
                len(read),
                validation=sizes[0],
                test=sizes[1],
                seed=self.seed,
                labels=labels,
                stratified=said.stratified,
                group=group,
                time=time,
                said=column,
            )
        except ModelError as error:
            raise ModelError(f"{self.path}: {error}") from error
        return (found,)

    def _part(self, said: Part | Path, read: Table, rows: Rows) -> tuple[Table, Rows]:
        """Rows of the source, or all those of a file of their own."""
        if not isinstance(said, Path):
            return read, rows
        more = table.read_more(said, read, self.path.name, self.scratch)
        return more, np.arange(len(more))

    def _encoded(self, fitted: Encoding, *parts: tuple[Table, Rows]) -> npt.NDArray[np.float32]:
        """The rows of the parts one after another, in a temporary file."""
        blocks = (
            fitted.encode(one.inputs, rows[start : start + BLOCK_ROWS])
            for one, rows in parts
            for start in range(0, len(rows), BLOCK_ROWS)
        )
        shape = (sum(len(rows) for _, rows in parts), fitted.width)
        return array_file.temporary(shape, "<f4", blocks, self.scratch)

    def fingerprint(self) -> str:
        """SHA-256 of the files, and of what is said of them.

        Raises:
            DataFileError: A file is missing, or no regular file.
        """
        options = asdict(self.options)
        if options["scaling"] == "standard":
            del options["scaling"]  # as it was before there were others
        parts = asdict(self.parts)
        del parts["folds"]  # which prepared rows are named after
        said = json.dumps([options, parts], default=lambda _: "file")
        digest = hashlib.sha256(said.encode())
        for block in _blocks(self.path):
            digest.update(block)
        for file in self.parts.files:
            own = hashlib.sha256()
            for block in _blocks(file):
                own.update(block)
            digest.update(own.digest())
        return digest.hexdigest()


def _missing(*parts: tuple[Table, Rows]) -> dict[str, int]:
    """How many values the rows of the parts lack, of each input column that lacks any."""
    counts: dict[str, int] = {}
    for one, rows in parts:
        for column in one.inputs:
            counts[column.name] = counts.get(column.name, 0) + int(
                np.isnan(column.values[rows]).sum()
            )
    return {name: count for name, count in counts.items() if count}


def _blocks(path: Path) -> Iterator[bytes]:
    check_regular(path, least=1, most=MOST_BYTES)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block
