"""Arrays of a user's own as a data set: NumPy's `.npy` and `.npz`, and IDX files as MNIST's.

Rows are the first axis. They stay on the disk until they are standardised, some at a time.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data import array_files, own_rows
from model.data.array_target import Target, of_another_part, target_of
from model.data.fold import Fold, counted
from model.data.kinds import ARRAYS, is_idx
from model.data.labelled import Labelled, is_real
from model.data.own import fingerprint_of, source_of
from model.data.own_rows import Places
from model.data.regular import check_regular
from model.data.row_form import image_of
from model.data.source import Source, plain_name
from model.data.splits import Part
from model.data.table_options import Task
from model.errors import DataFileError, ModelError

Array = npt.NDArray[Any]

_NAMES = {
    "training": ("x", "y"),
    "validation": ("x_val", "y_val"),
    "test": ("x_test", "y_test"),
}  # of the arrays in an .npz


@dataclass(frozen=True)
class Pair:
    """The files of a part.

    Attributes:
        rows: The rows, and in an `.npz` their target too.
        target: What is to be learned of them; None for an `.npz`, and of IDX files for the one
            that is called as usual.
    """

    rows: Path
    target: Path | None = None


@dataclass(frozen=True)
class OwnArrays:
    """Arrays that have not been read yet.

    Attributes:
        training: Of the rows that are split, or that are for training.
        validation: A count, a share, or files; None for those of the `.npz`, else
            `DEFAULT_PART`; 0 for none but those.
        test: Likewise; of IDX files also those beside it that are called as usual.
        task: None for what the target's type says.
        seed: Of the split.
        scratch: Where packed files are unpacked to; None for the system's place.
        by_channel: Whether all inputs of a colour are standardised alike, where rows are images.
    """

    training: Pair
    seed: int
    validation: Part | Pair | None = None
    test: Part | Pair | None = None
    task: Task | None = None
    scratch: Path | None = field(default=None, compare=False)
    by_channel: bool = False

    @property
    def path(self) -> Path:
        """The file of the rows."""
        return self.training.rows

    @property
    def name(self) -> str:
        """The file's name as a data set's."""
        path = self.path
        return plain_name(path.stem if path.suffix.lower() in (*ARRAYS, ".gz") else path.name, 40)

    @property
    def files(self) -> str:
        """As `Own.files`."""
        pairs = (self.training, self.validation, self.test)
        given = [pair for pair in pairs if isinstance(pair, Pair)]
        paths = [path for pair in given for path in (pair.rows, pair.target) if path is not None]
        return " or ".join(map(str, paths))

    def fold(self) -> Fold:
        """As `Own.fold`."""
        fingerprint = self.fingerprint()

        def still() -> None:
            if self.fingerprint() != fingerprint:
                raise DataFileError(f"{self.path}: changed while it was read; try again")

        read = self._read()
        raw, places = read.parts["training"], self._places(read)
        rows = places.training, places.validation
        if "validation" in read.parts:
            raw = own_rows.joined(raw, read.parts["validation"], self.scratch)
            rows = places.training, np.arange(len(read.parts["training"]), len(raw))
        if self.by_channel and image_of(read.shape) is None:
            raise ModelError(
                f"{self.path}: rows of shape {read.shape} are no images, and have no channels to "
                "be standardised by"
            )
        tested = read.parts["test"].y if "test" in read.parts else read.target.y[places.test]
        return Fold(
            name=self.name,
            classes=read.target.classes,
            raw=raw,
            rows=rows,
            fingerprint=fingerprint,
            seed=self.seed,
            target_names=read.target.names,
            shape=read.shape if len(read.shape) > 1 else (),
            channels_of=read.shape if self.by_channel else (),
            is_bounded=True,
            tested=counted(tested, read.target.classes),
            still=still,
            notes=self._notes(read),
        )

    def source(self, classes: tuple[str, ...]) -> Source:
        """As `Own.source`."""
        return source_of(self, classes, self._test)

    def _test(self) -> Labelled:
        read = self._read()
        if "test" in read.parts:
            return read.parts["test"]
        rows, whole = self._places(read).test, read.parts["training"]
        return Labelled(whole.x[rows], whole.y[rows])

    def fingerprint(self) -> str:
        """As `Own.fingerprint`."""
        named = {
            f"{part} {role}": path
            for part, files in self._files().items()
            for role, path in (("rows", files.rows), ("target", files.target))
            if path is not None
        }
        for path in named.values():
            check_regular(path, least=1, most=array_files.MOST_BYTES)
        target = self._files()["training"].target
        named_as = None if target is None else target.stem  # in plots and predictions
        said = ["arrays", self.task, named_as, *map(_plain, (self.validation, self.test))]
        said += ["by channel"] * self.by_channel
        try:
            return fingerprint_of(said, list(named.items()))
        except OSError as error:
            raise DataFileError(f"{error.filename}: cannot be read ({error.strerror})") from error

    def _files(self) -> dict[str, Pair]:
        """The files of each part that has its own, with every partner."""
        said = {"training": self.training, "validation": self.validation, "test": self.test}
        given = {part: pair for part, pair in said.items() if isinstance(pair, Pair)}
        if self.test is None and is_idx(self.path.name):
            beside = _test_beside(self.path)
            given |= {} if beside is None else {"test": Pair(beside)}
        return {part: _whole(pair) for part, pair in given.items()}

    def _read(self) -> "_Read":
        found = self._found()
        first = found["training"]
        _check(first)
        target = target_of(first.path, first.name, np.asarray(first.y), self.task)
        rows = own_rows.checked(first.where, first.x)
        own_rows.check_varied(first.where, rows)
        parts = {"training": Labelled(rows, target.y)}
        for part in found.keys() & {"validation", "test"}:
            raw = found[part]
            _check(raw, like=first)
            y = of_another_part(raw.path, raw.name, np.asarray(raw.y), target)
            parts[part] = Labelled(own_rows.checked(raw.where, raw.x), y)
        return _Read(target, first.x.shape[1:], parts)

    def _notes(self, read: "_Read") -> tuple[str, ...]:
        found = []
        if "test" in read.parts and self.test is None:
            beside = self._files().get("test")
            named = "x_test" if beside is None else f"those of {beside.rows.name}, beside it"
            found.append(f"the test rows are {named}")
        x = read.parts["training"].x
        if missing := own_rows.missing(x):
            found.append(f"{missing:,} of {x.size:,} numbers are missing")
        return tuple(found)

    def _places(self, read: "_Read") -> Places:
        validation, test = (
            None if isinstance(size, Pair) else size for size in (self.validation, self.test)
        )
        return own_rows.places_of(
            read.target.y,
            read.parts,
            self.path,
            validation=validation,
            test=test,
            seed=self.seed,
        )

    def _found(self) -> dict[str, "_Raw"]:
        """What the files have of each part."""
        found: dict[str, _Raw] = {}
        for part, pair in self._files().items():
            if not _is_npz(pair.rows):
                found[part] = _of_pair(pair, self.scratch)
            elif part == "training":
                found = _of_npz(pair.rows, self.scratch) | found
                for one in found.keys() & {"validation", "test"}:
                    if getattr(self, one):
                        raise ModelError(
                            f"{pair.rows}: has an array of its own for the {one}, and {one} is "
                            "given too; leave out one of them"
                        )
            else:
                found[part] = _of_npz(pair.rows, self.scratch)["training"]
        return found


@dataclass(frozen=True, eq=False)
class _Read:
    """What the files hold.

    Attributes:
        target: Of the training rows, before they are split.
        shape: The axes of a row.
        parts: The rows of each part that came by itself, and of "training".
    """

    target: Target
    shape: tuple[int, ...]
    parts: dict[str, Labelled]


@dataclass(frozen=True, eq=False)
class _Raw:
    """The arrays of a part.

    Attributes:
        where: What messages call the rows.
        x: (n, ...).
        path: The file of the target.
        name: What the target is called.
        y: (n,) or (n, t).
    """

    where: str
    x: Array
    path: Path
    name: str
    y: Array


def _of_pair(pair: Pair, folder: Path | None) -> _Raw:
    if pair.target is None:
        raise ModelError(f"{pair.rows}: its target is missing; name the file that has it")
    x, y = (array_files.array(path, folder) for path in (pair.rows, pair.target))
    name = "label" if is_idx(pair.target.name) else pair.target.stem
    return _Raw(str(pair.rows), x, pair.target, name, y)


def _of_npz(path: Path, folder: Path | None) -> dict[str, _Raw]:
    there = array_files.arrays(path, folder)
    named = dict(_NAMES)
    if "x" not in there and "x_train" in there:
        named["training"] = ("x_train", "y_train")
    found = {}
    for part, (x, y) in named.items():
        if part != "training" and not {x, y} & set(there):
            continue
        for name in (x, y):
            if name not in there:
                listed = ", ".join(map(repr, list(there)[:8])) or "no array"
                raise DataFileError(
                    f"{path}: has {listed}, and not {name!r}; expected x and y, or x_train, "
                    "y_train, x_test and y_test"
                )
        where = f"{path}: {x!r}"
        found[part] = _Raw(where, there[x].array(), path, y, there[y].array())
    return found


def partner(path: Path) -> Path | None:
    """The labels of an IDX file of images, where they are beside it and called as usual."""
    name = re.sub(r"idx\d+", "idx1", path.name.replace("images", "labels"))
    return _beside(path, name) if name != path.name else None


def _test_beside(path: Path) -> Path | None:
    name = re.sub(r"(^|-)train-", lambda m: f"{m[1]}test-" if m[1] else "t10k-", path.name, count=1)
    return _beside(path, name) if name != path.name else None


def _beside(path: Path, name: str) -> Path | None:
    plain = name.removesuffix(".gz")
    found = (path.with_name(one) for one in (name, plain, f"{plain}.gz"))
    return next((one for one in found if one.is_file()), None)


def _whole(pair: Pair) -> Pair:
    """With the partner that is called as usual, where none is named."""
    if pair.target is not None or not is_idx(pair.rows.name):
        return pair
    found = partner(pair.rows)
    if found is None:
        raise DataFileError(
            f"{pair.rows}: has no file of labels beside it that is called as usual (labels-idx1 "
            "for images-idx3); name it"
        )
    return Pair(pair.rows, found)


def _is_npz(path: Path) -> bool:
    return path.suffix.lower() == ".npz"


def _plain(said: Part | Pair | None) -> object:
    """As the fingerprint has it: of files only that there are some."""
    return "files" if isinstance(said, Pair) else said


def _check(raw: _Raw, like: _Raw | None = None) -> None:
    if not is_real(raw.x.dtype):
        raise DataFileError(f"{raw.where}: holds the type {raw.x.dtype}; expected real numbers")
    if len(raw.x) != len(raw.y):
        raise DataFileError(
            f"{raw.where}: has {len(raw.x):,} rows, and {raw.path.name} has {len(raw.y):,} of "
            f"{raw.name!r}; expected equally many"
        )
    if like is not None and raw.x.shape[1:] != like.x.shape[1:]:
        raise DataFileError(
            f"{raw.where}: has rows of the shape {raw.x.shape[1:]}; expected {like.x.shape[1:]}, "
            "as the training rows have"
        )
